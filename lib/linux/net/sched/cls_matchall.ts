// net/sched/cls_matchall.c: one filter a tcf_proto, which every packet matches. There is no second one and no change: a
// tcf_proto with its filter refuses both.
import { NL_VALIDATE_LIBERAL, parseNested } from '../../../codec/parse.js';
import { EEXIST, EINVAL, EOPNOTSUPP } from '../../../uapi/asm-generic/errno.js';
import * as P from '../../../uapi/linux/pkt_cls.js';
import { TCA_MATCHALL } from '../../../uapi/linux/pkt_cls.js';
import { TCA } from '../../../uapi/linux/rtnetlink.js';
import { errno } from '../../errno.js';
import { traceMatch } from '../core/dev/trace.js';
import type { SkBuff } from '../core/skbuff/sk_buff.js';
import type { MessageWriter } from '../netlink/message.js';
import { bindFilter, type TcfResult, unbindFilter } from './cls_api/bind.js';
import type { ClassifyResult } from './cls_api/classify.js';
import * as exts from './cls_api/exts.js';
import { flagsValid } from './cls_api/flags.js';
import { type FilterChange, TcfFilter, type TcfProto, type TcfProtoOps } from './cls_api/proto.js';
import { tcfQueueWork } from './cls_api/work.js';

/** No old-style policer. */
const extsAttributes: exts.ExtsAttributes = { action: TCA_MATCHALL.ACT.type, police: 0 };

/** struct cls_mall_head: the filter. Its tcf_proto holds it, then the work queue. */
class MatchallFilter extends TcfFilter {
  readonly handle: number;
  /** TCA_CLS_FLAGS_* */
  readonly flags: number;
  readonly res: TcfResult;
  exts: exts.TcfExts | undefined = undefined;
  /** Packets it has seen. */
  hits = 0;
  /** It was deleted, and goes with its tcf_proto. */
  deleting = false;

  constructor({ tp, handle }: Change, classid: number, flags: number) {
    super(tp.chain.block.net.machine, tp);
    this.handle = handle === 0 ? 1 : handle;
    this.flags = flags | P.TCA_CLS_FLAGS_NOT_IN_HW;
    this.res = { classid, cl: 0 };
  }

  get label(): string {
    return `matchall filter 0x${this.handle.toString(16)}`;
  }

  /** @models net/sched/cls_matchall.c __mall_destroy() */
  protected destroy(): void {
    exts.tcfExtsDestroy(this.exts);
  }
}

type Change = FilterChange<MatchallFilter>;

const filterOf = (tp: TcfProto): MatchallFilter | undefined => tp.root as MatchallFilter | undefined;

/** @models net/sched/cls_matchall.c mall_destroy() */
function destroy(tp: TcfProto): void {
  const filter = filterOf(tp);
  if (filter === undefined) return;
  unbindFilter(tp, filter.res);
  tcfQueueWork(tp.chain.block.net, filter, tp);
}

/**
 * Makes the filter. The caller is not told which: the notification names none.
 *
 * @models net/sched/cls_matchall.c mall_change()
 */
function change(request: Change): undefined {
  const { t, tp, base } = request;
  const options = t.tca[TCA.OPTIONS.type];
  if (options === undefined) throw errno(EINVAL);
  if (filterOf(tp) !== undefined) throw errno(EEXIST);
  const tb = parseNested(TCA_MATCHALL, options, NL_VALIDATE_LIBERAL, undefined);
  const flags = tb.FLAGS ?? 0;
  if (!flagsValid(flags)) throw errno(EINVAL);
  const given = { action: tb.$nla[TCA_MATCHALL.ACT.type], police: undefined, filterFlags: flags };
  const filter = new MatchallFilter(request, tb.CLASSID ?? 0, flags);
  try {
    filter.exts = exts.tcfExtsValidate(t, tp, given);
    if ((flags & P.TCA_CLS_FLAGS_SKIP_SW) !== 0) throw errno(EOPNOTSUPP);
  } catch (refusal) {
    filter.release(tp);
    throw refusal;
  }
  if (tb.CLASSID !== undefined) bindFilter(tp, filter.res, base);
  tp.root = filter;
  tp.version++;
  return undefined;
}

/** @models net/sched/cls_matchall.c mall_dump() */
function dump(tp: TcfProto, filter: MatchallFilter, skb: MessageWriter): void {
  const nest = skb.nest(TCA.OPTIONS.type);
  if (filter.res.classid !== 0) skb.putU32(TCA_MATCHALL.CLASSID.type, filter.res.classid);
  skb.putU32(TCA_MATCHALL.FLAGS.type, filter.flags);
  const { padAttributes } = tp.chain.block.net.machine.config;
  if (padAttributes && skb.length % 8 === 0) skb.reserveAttr(TCA_MATCHALL.PAD.type, 0);
  skb.put(TCA_MATCHALL.PCNT, { rhit: BigInt(filter.hits) });
  exts.tcfExtsDump(skb, filter.exts, extsAttributes);
  skb.nestEnd(nest);
  exts.tcfExtsDumpStats(skb, filter.exts);
}

/** @models net/sched/cls_matchall.c mall_classify() */
function classify(tp: TcfProto, skb: SkBuff, res: ClassifyResult): number {
  const filter = filterOf(tp);
  if (filter === undefined || (filter.flags & P.TCA_CLS_FLAGS_SKIP_SW) !== 0) return P.TC_ACT_UNSPEC;
  res.cl = filter.res.cl;
  res.classid = filter.res.classid;
  filter.hits++;
  traceMatch(skb, tp, filter.handle);
  return exts.tcfExtsExec(skb, filter.exts, res);
}

export const clsMatchallOps: TcfProtoOps = {
  kind: 'matchall',
  classify,
  init: () => {},
  destroy,
  get: (tp, handle) => (filterOf(tp)?.handle === handle ? filterOf(tp) : undefined),
  change,
  delete: (_tp, filter: MatchallFilter) => {
    filter.deleting = true;
    return true;
  },
  next: (tp, filter: MatchallFilter | undefined) => {
    const only = filter === undefined ? filterOf(tp) : undefined;
    return only?.deleting === true ? undefined : only;
  },
  dump,
  losesUnfit: true,
};
