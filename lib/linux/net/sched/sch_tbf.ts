// net/sched/sch_tbf.c: one token bucket (and a second one for the peak rate) before one child, a bfifo unless another is
// grafted. It has a single class, which answers to every id, and no filters.
import type { Nla } from '../../../codec/nla.js';
import { NL_VALIDATE_LIBERAL, parseNested } from '../../../codec/parse.js';
import { EINVAL } from '../../../uapi/asm-generic/errno.js';
import { tc_ratespec, tc_tbf_qopt, TC_LINKLAYER_UNAWARE, TCA_TBF } from '../../../uapi/linux/pkt_sched.js';
import { TCA } from '../../../uapi/linux/rtnetlink.js';
import { errno } from '../../errno.js';
import { nlaPutU64 } from '../../lib/nlattr.js';
import type { SkBuff } from '../core/skbuff/sk_buff.js';
import type { MessageWriter } from '../netlink/message.js';
import { type HasChild, onlyChildClassOps } from './only_child.js';
import * as R from './psched_ratecfg.js';
import { qdiscGetRtab } from './sch_api/rtab.js';
import * as Q from './qdisc_run.js';
import { QdiscWatchdog } from './qdisc_watchdog.js';
import { fifoCreateDflt, fifoSetLimit } from './sch_fifo.js';
import * as S from './sch_generic.js';

const U32_MAX = 0xffffffffn;
const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const { offsetof } = tc_tbf_qopt;

/** struct tbf_sched_data. Times in ns. */
interface TbfSchedData {
  limit: number;
  buffer: bigint;
  mtu: bigint;
  rate: R.PschedRatecfg;
  peak: R.PschedRatecfg | undefined;
  /** Greatest packet that ever passes, bytes. */
  maxSize: number;
}

/** The child; and the parameters, once there are some. */
interface Private extends HasChild {
  data: TbfSchedData | undefined;
  /** ns; the buckets were as full as this says at `checkpoint`. */
  tokens: number;
  ptokens: number;
  checkpoint: number;
  readonly watchdog: QdiscWatchdog;
}

const privOf = (sch: S.Qdisc): Private => sch.priv as Private;

/** Parsed without extack: refusals carry no text. */
function parseOptions(opt: Nla) {
  const tb = parseNested(TCA_TBF, opt, NL_VALIDATE_LIBERAL, undefined);
  const parms = tb.$nla[TCA_TBF.PARMS.type];
  if (parms === undefined) throw errno(EINVAL);
  return { tb, parms };
}
type Options = ReturnType<typeof parseOptions>;

/** Old programs say the link layer by a table. */
function detectLinklayer({ tb, parms }: Options): void {
  const tables = [
    [parms.start + offsetof.rate, tb.$nla[TCA_TBF.RTAB.type]],
    [parms.start + offsetof.peakrate, tb.$nla[TCA_TBF.PTAB.type]],
  ] as const;
  for (const [at, table] of tables) {
    const { linklayer } = tc_ratespec.get(parms.msg, at);
    if (linklayer === TC_LINKLAYER_UNAWARE) qdiscGetRtab(parms.msg, at, table, undefined);
  }
}

/** A bucket: how long it takes to fill (as kept), and the greatest packet that fits. */
interface Bucket {
  readonly depth: bigint;
  readonly maxSize: bigint;
}

function bucketOf(rate: R.PschedRatecfg, ticks: number, bytes: number | undefined): Bucket {
  if (bytes !== undefined) return { depth: R.pschedL2tNs(rate, bytes), maxSize: BigInt(bytes) };
  const depth = R.pschedTicksToNs(ticks);
  return { depth, maxSize: least(R.pschedNsT2l(rate, least(depth, U32_MAX)), U32_MAX) };
}

/** The peak rate; it must be above `rate`. */
function peakOf(sch: S.Qdisc, { tb, parms }: Options, rate: R.PschedRatecfg): R.PschedRatecfg | undefined {
  const at = parms.start + offsetof.peakrate;
  if (tc_ratespec.get(parms.msg, at).rate === 0) return undefined;
  const peak = R.pschedRatecfgPrecompute(sch.dev.net.machine, parms.msg, at, tb.PRATE64 ?? 0n);
  if (peak.rateBytesPs <= rate.rateBytesPs) throw errno(EINVAL);
  return peak;
}

/** The parameters of a request. Refuses what no packet could pass. */
function dataOf(sch: S.Qdisc, options: Options): TbfSchedData {
  const { tb, parms } = options;
  detectLinklayer(options);
  const qopt = tc_tbf_qopt.get(parms.msg, parms.start);
  const at = parms.start + offsetof.rate;
  const rate = R.pschedRatecfgPrecompute(sch.dev.net.machine, parms.msg, at, tb.RATE64 ?? 0n);
  const bucket = bucketOf(rate, qopt.buffer, tb.BURST);
  const peak = peakOf(sch, options, rate);
  const second = bucketOf(peak ?? rate, qopt.mtu, peak && tb.PBURST);
  if (bucket.maxSize === 0n || (peak !== undefined && second.maxSize === 0n)) throw errno(EINVAL);
  const mtu = tb.PBURST !== undefined && peak === undefined ? least(second.depth, U32_MAX) : second.depth;
  const maxSize = Number(peak === undefined ? bucket.maxSize : least(bucket.maxSize, second.maxSize));
  return { limit: qopt.limit, buffer: bucket.depth, mtu, rate, peak, maxSize };
}

/** A tbf without a child gets a bfifo; a child that is a fifo gets the limit. */
function limitChild(sch: S.Qdisc, limit: number): void {
  const priv = privOf(sch);
  if ((priv.child.flags & S.TCQ_F_BUILTIN) === 0) {
    fifoSetLimit(priv.child, limit);
  } else if (limit > 0) {
    priv.child = fifoCreateDflt(sch, limit);
    S.qdiscHashAdd(priv.child, true);
  }
}

/** @models net/sched/sch_tbf.c tbf_change() */
function change(sch: S.Qdisc, opt: Nla): void {
  const data = dataOf(sch, parseOptions(opt));
  limitChild(sch, data.limit);
  const priv = privOf(sch);
  priv.data = data;
  priv.tokens = Number(data.buffer);
  priv.ptokens = Number(data.mtu);
  priv.checkpoint = sch.dev.net.machine.clock.now();
}

/** @models net/sched/sch_tbf.c tbf_init() */
function init(sch: S.Qdisc, opt: Nla | undefined): void {
  const priv: Private = {
    child: S.pktSched(sch.dev.net).noop,
    data: undefined,
    tokens: 0,
    ptokens: 0,
    checkpoint: 0,
    watchdog: new QdiscWatchdog(sch),
  };
  sch.priv = priv;
  if (opt === undefined) throw errno(EINVAL);
  change(sch, opt);
}

/** @models net/sched/sch_tbf.c tbf_destroy() */
function destroy(sch: S.Qdisc): void {
  const priv = sch.priv as Private | undefined;
  if (priv === undefined) return;
  priv.watchdog.cancel();
  S.qdiscPut(priv.child, sch);
}

/** @models net/sched/sch_tbf.c tbf_dump() */
function dump(sch: S.Qdisc, skb: MessageWriter): void {
  const { limit, buffer, mtu, rate, peak } = privOf(sch).data!;
  const padded = sch.dev.net.machine.config.padAttributes;
  const nest = skb.nest(TCA.OPTIONS.type);
  const parms = {
    rate: R.pschedRatecfgGetrate(rate),
    ...(peak && { peakrate: R.pschedRatecfgGetrate(peak) }),
    limit,
    buffer: R.pschedNsToTicks(buffer),
    mtu: R.pschedNsToTicks(mtu),
  };
  skb.putRaw(TCA_TBF.PARMS.type, tc_tbf_qopt.bytes(parms));
  const pad = padded ? TCA_TBF.PAD.type : undefined;
  if (rate.rateBytesPs > U32_MAX) nlaPutU64(skb, TCA_TBF.RATE64.type, rate.rateBytesPs, pad);
  if (peak !== undefined && peak.rateBytesPs > U32_MAX) nlaPutU64(skb, TCA_TBF.PRATE64.type, peak.rateBytesPs, pad);
  skb.nestEnd(nest);
}

/** @models net/sched/sch_tbf.c tbf_enqueue() */
function enqueue(sch: S.Qdisc, skb: SkBuff): number {
  const { child, data } = privOf(sch);
  const length = Q.qdiscPktLen(skb);
  if (length > data!.maxSize) return Q.qdiscDrop(skb, sch);
  return Q.qdiscChildTook(sch, Q.qdiscEnqueue(skb, child), length);
}

/** The next packet, when both buckets hold enough for it; else it is looked for again when they do. @models net/sched/sch_tbf.c tbf_dequeue() */
function dequeue(sch: S.Qdisc): SkBuff | undefined {
  const priv = privOf(sch);
  const first = Q.qdiscPeek(priv.child);
  if (first === undefined) return undefined;
  const { buffer, mtu, rate, peak } = priv.data!;
  const now = sch.dev.net.machine.clock.now();
  const length = Q.qdiscPktLen(first);
  const gained = Math.min(now - priv.checkpoint, Number(buffer));
  const tokens = Math.min(gained + priv.tokens, Number(buffer)) - R.pschedPacketNs(rate, length);
  const ptokens =
    peak === undefined ? 0 : Math.min(gained + priv.ptokens, Number(mtu)) - R.pschedPacketNs(peak, length);
  if (tokens >= 0 && ptokens >= 0) {
    const skb = Q.qdiscDequeuePeeked(priv.child)!;
    priv.checkpoint = now;
    priv.tokens = tokens;
    priv.ptokens = ptokens;
    return Q.qdiscChildGave(sch, skb);
  }
  priv.watchdog.schedule(now + Math.max(-tokens, -ptokens));
  sch.qstats.overlimits++;
  return undefined;
}

/** @models net/sched/sch_tbf.c tbf_reset() */
function reset(sch: S.Qdisc): void {
  const priv = privOf(sch);
  Q.qdiscReset(priv.child);
  priv.checkpoint = sch.dev.net.machine.clock.now();
  priv.tokens = Number(priv.data!.buffer);
  priv.ptokens = Number(priv.data!.mtu);
  priv.watchdog.cancel();
}

export const tbfQdiscOps: S.QdiscOps = {
  id: 'tbf',
  init,
  enqueue,
  dequeue,
  reset,
  change,
  destroy,
  dump,
  classOps: onlyChildClassOps,
};
