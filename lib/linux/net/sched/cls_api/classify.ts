// net/sched/cls_api.c tcf_classify(): a packet goes through the filters of a chain in the order of their priorities, until
// one decides; a verdict may send it to another chain, or back to the start.
import * as A from '../../../../uapi/linux/pkt_cls.js';
import { ModelGap } from '../../../errno.js';
import { traceDrop, traceFilter } from '../../core/dev/trace.js';
import * as L from '../../core/skbuff/layout.js';
import type { SkBuff } from '../../core/skbuff/sk_buff.js';
import type { TcfBlock } from './block.js';
import type { TcfChain } from './chain.js';

/** ETH_P_ALL as it would stand in a packet. */
const ETH_P_ALL = 0x0300;
/** How often a packet may start again. */
const MAX_REC_LOOP = 16;

/** Where a classifier says which class, and an action which chain. */
export class ClassifyResult {
  classid = 0;
  /** The class as its qdisc knows it; 0 = look it up by classid. */
  cl = 0;
  /** The chain that TC_ACT_GOTO_CHAIN goes to. */
  gotoChain: TcfChain | undefined;
}

/** The protocol that filters ask for, as it stands in the packet: that of a tag beside it first. @models include/linux/if_vlan.h skb_protocol() */
const protocolOf = (skb: SkBuff): number => skb.get16(skb.vlanTagPresent ? L.SKB_VLAN_PROTO : L.SKB_PROTOCOL);

/** One round through a chain. @models net/sched/cls_api.c __tcf_classify() */
function classifyChain(skb: SkBuff, chain: TcfChain, res: ClassifyResult, compat: boolean): number {
  const protocol = protocolOf(skb);
  for (const tp of chain.ordered()) {
    if (tp.protocol !== protocol && tp.protocol !== ETH_P_ALL) continue;
    if (tp.ops.classify === undefined) throw new ModelGap(`packets in ${tp.label}`);
    const verdict = tp.ops.classify(tp, skb, res);
    if (verdict >= 0) traceFilter(tp, verdict, res.classid);
    if (verdict === A.TC_ACT_RECLASSIFY && !compat) return verdict;
    if (verdict >= 0) return verdict;
  }
  return A.TC_ACT_UNSPEC;
}

/**
 * The verdict on a packet, TC_ACT_UNSPEC when no filter decides; `block.result` says which class. `compat`: the caller
 * treats TC_ACT_RECLASSIFY itself, as qdiscs with classes do.
 *
 * @models net/sched/cls_api.c tcf_classify()
 */
export function tcfClassify(skb: SkBuff, block: TcfBlock, compat: boolean): number {
  const res = block.result;
  res.classid = res.cl = 0;
  const start = block.chains.get(0);
  let at = start;
  for (let limit = 0; ; limit++) {
    if (at === undefined) return A.TC_ACT_UNSPEC;
    const verdict = classifyChain(skb, at, res, compat);
    if (verdict === A.TC_ACT_RECLASSIFY && !compat) at = start;
    else if (verdict > 0 && A.TC_ACT_EXT_CMP(verdict, A.TC_ACT_GOTO_CHAIN)) at = res.gotoChain;
    else return verdict;
    if (limit >= MAX_REC_LOOP) {
      traceDrop(skb, 'TC_RECLASSIFY_LOOP');
      return A.TC_ACT_SHOT;
    }
  }
}
