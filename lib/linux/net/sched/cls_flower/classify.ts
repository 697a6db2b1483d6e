// net/sched/cls_flower.c fl_classify(): the filter of a packet. Masks are asked in their order, each looks into the packet
// for the keys it needs.
import * as P from '../../../../uapi/linux/pkt_cls.js';
import { traceMatch } from '../../core/dev/trace.js';
import { skbFlowDissect } from '../../core/flow_dissector/dissect.js';
import { FLOW_DISSECTOR_F_STOP_BEFORE_ENCAP } from '../../core/flow_dissector/dissector.js';
import * as I from '../../core/flow_dissector/skb_info.js';
import type { SkBuff } from '../../core/skbuff/sk_buff.js';
import type { ClassifyResult } from '../cls_api/classify.js';
import { tcfExtsExec } from '../cls_api/exts.js';
import type { TcfProto } from '../cls_api/proto.js';
import type { FlowerFilter, FlowerHead } from './filter.js';
import type { FlowerMask } from './mask.js';

function find(head: FlowerHead, mask: FlowerMask, skb: SkBuff): FlowerFilter | undefined {
  const { key } = head;
  const { dissector } = mask;
  mask.clear(key);
  I.skbFlowDissectMeta(skb, dissector, key);
  I.skbFlowDissectTunnelInfo(skb, dissector, key);
  I.skbFlowDissectHash(skb, dissector, key);
  skbFlowDissect(skb, dissector, key, FLOW_DISSECTOR_F_STOP_BEFORE_ENCAP);
  return mask.lookup(key);
}

/**
 * The verdict of the first filter that is the packet's.
 *
 * @models net/sched/cls_flower.c fl_classify()
 */
export function classify(tp: TcfProto, skb: SkBuff, res: ClassifyResult): number {
  const head = tp.root as FlowerHead;
  const { masks } = head;
  for (let i = 0; i < masks.length; i++) {
    const filter = find(head, masks[i]!, skb);
    if (filter === undefined || (filter.flags & P.TCA_CLS_FLAGS_SKIP_SW) !== 0) continue;
    res.cl = filter.res.cl;
    res.classid = filter.res.classid;
    traceMatch(skb, tp, filter.handle);
    return tcfExtsExec(skb, filter.exts, res);
  }
  return P.TC_ACT_UNSPEC;
}
