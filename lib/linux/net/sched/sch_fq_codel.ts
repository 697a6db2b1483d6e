// net/sched/sch_fq_codel.c: fair queueing with controlled delay: options and dumps; sch_fq_codel_flows.ts queues. Flows are classes only
// while they have packets; none can be addressed, created or grafted to.
import type { Extack } from '../../../codec/extack.js';
import type { Nla } from '../../../codec/nla.js';
import { NL_VALIDATE_LIBERAL, parseNested } from '../../../codec/parse.js';
import { EINVAL } from '../../../uapi/asm-generic/errno.js';
import * as P from '../../../uapi/linux/pkt_sched.js';
import { TCA_FQ_CODEL, TCA_FQ_CODEL_4_1 } from '../../../uapi/linux/pkt_sched.js';
import { TCA } from '../../../uapi/linux/rtnetlink.js';
import { errno, refuse } from '../../errno.js';
import type { Machine } from '../../machine.js';
import type { GnetDump } from '../core/gen_stats.js';
import type { MessageWriter } from '../netlink/message.js';
import { type TcfBlock, tcfBlockGet, tcfBlockPut } from './cls_api/block.js';
import { pschedMtu } from './psched_ratecfg.js';
import { FqCodelFlows } from './sch_fq_codel_flows.js';
import { type Qdisc, type QdiscOps, TCQ_F_CAN_BYPASS } from './sch_generic.js';

const MAX_FLOWS = 65536;
const LEAST_QUANTUM = 256;
const FQ_CODEL_QUANTUM_MAX = 1 << 20;

/** Times are kept in units of 1024 ns (CODEL_SHIFT). */
const codelTime = (us: number): number => Math.floor((us * 1000) / 1024) >>> 0;
/** @models include/net/codel.h codel_time_to_us() */
const codelTimeToUs = (time: number): number => Math.floor((time * 1024) / 1000) >>> 0;

/** struct fq_codel_sched_data. */
interface FqCodelSchedData {
  /** Undefined until the options are accepted. */
  block: TcfBlock | undefined;
  limit: number;
  flows: number;
  quantum: number;
  batch: number;
  memoryLimit: number;
  target: number;
  interval: number;
  ecn: boolean;
  /** Mark above this delay; undefined = never. */
  ceThreshold: number | undefined;
  ceSelector: number;
  ceMask: number;
  mtu: number;
  /** Undefined until the options are accepted. */
  queue: FqCodelFlows | undefined;
}

const privOf = (sch: Qdisc): FqCodelSchedData => sch.priv as FqCodelSchedData;
const isModern = (machine: Machine): boolean => machine.has('fq-codel-batches');

function defaultsFor(sch: Qdisc): FqCodelSchedData {
  const mtu = pschedMtu(sch.dev);
  const modern = isModern(sch.dev.net.machine);
  return {
    block: undefined,
    limit: 10 * 1024,
    flows: 1024,
    quantum: modern ? Math.min(Math.max(mtu, LEAST_QUANTUM), FQ_CODEL_QUANTUM_MAX) : mtu,
    batch: 64,
    memoryLimit: 32 << 20,
    target: codelTime(5_000),
    interval: codelTime(100_000),
    ecn: true,
    ceThreshold: undefined,
    ceSelector: 0,
    ceMask: 0,
    mtu,
    queue: undefined,
  };
}

/** Parsed without extack. */
function parseOptions(machine: Machine, opt: Nla) {
  const set = isModern(machine) ? TCA_FQ_CODEL : TCA_FQ_CODEL_4_1;
  return parseNested(set, opt, NL_VALIDATE_LIBERAL, undefined);
}
type Options = ReturnType<typeof parseOptions>;

/** Flows are allocated once. */
function flowsOf(priv: FqCodelSchedData, flows: number): number {
  if (priv.block !== undefined || flows === 0 || flows > MAX_FLOWS) throw errno(EINVAL);
  return flows;
}

function quantumOf(machine: Machine, given: number, extack: Extack | undefined): number {
  const quantum = Math.max(LEAST_QUANTUM, given);
  if (isModern(machine) && quantum > FQ_CODEL_QUANTUM_MAX) refuse(extack, EINVAL, 'Invalid quantum');
  return quantum;
}

const given = <T, U>(value: T | undefined, change: (value: T) => U, otherwise: U): U =>
  value === undefined ? otherwise : change(value);

/** What `priv` is to be. */
function changed(priv: FqCodelSchedData, tb: Options): Partial<FqCodelSchedData> {
  return {
    target: given(tb.TARGET, codelTime, priv.target),
    ceThreshold: given(tb.CE_THRESHOLD, codelTime, priv.ceThreshold),
    ceSelector: tb.CE_THRESHOLD_SELECTOR ?? priv.ceSelector,
    ceMask: tb.CE_THRESHOLD_MASK ?? priv.ceMask,
    interval: given(tb.INTERVAL, codelTime, priv.interval),
    limit: tb.LIMIT ?? priv.limit,
    ecn: given(tb.ECN, (ecn) => ecn !== 0, priv.ecn),
    batch: given(tb.DROP_BATCH_SIZE, (size) => Math.max(1, size), priv.batch),
    memoryLimit: given(tb.MEMORY_LIMIT, (bytes) => Math.min(0x80000000, bytes), priv.memoryLimit),
  };
}

/** @models net/sched/sch_fq_codel.c fq_codel_change() */
function change(sch: Qdisc, opt: Nla, extack: Extack | undefined): void {
  const { machine } = sch.dev.net;
  const priv = privOf(sch);
  const tb = parseOptions(machine, opt);
  const flows = given(tb.FLOWS, (count) => flowsOf(priv, count), priv.flows);
  const quantum = given(tb.QUANTUM, (bytes) => quantumOf(machine, bytes, extack), priv.quantum);
  Object.assign(priv, changed(priv, tb), { flows, quantum });
  priv.queue?.shrink();
}

/** @models net/sched/sch_fq_codel.c fq_codel_init() */
function init(sch: Qdisc, opt: Nla | undefined, extack: Extack | undefined): void {
  const priv = defaultsFor(sch);
  sch.priv = priv;
  if (opt !== undefined) change(sch, opt, extack);
  priv.block = tcfBlockGet(sch, 0);
  priv.queue = new FqCodelFlows(sch, priv, priv);
  sch.flags = priv.limit >= 1 ? sch.flags | TCQ_F_CAN_BYPASS : sch.flags & ~TCQ_F_CAN_BYPASS;
}

/** @models net/sched/sch_fq_codel.c fq_codel_destroy() */
function destroy(sch: Qdisc): void {
  const { block } = privOf(sch);
  if (block !== undefined) tcfBlockPut(block, sch);
}

/** @models net/sched/sch_fq_codel.c fq_codel_dump() */
function dump(sch: Qdisc, skb: MessageWriter): void {
  const q = privOf(sch);
  const modern = isModern(sch.dev.net.machine);
  const nest = skb.nest(TCA.OPTIONS.type);
  skb.put(TCA_FQ_CODEL.TARGET, codelTimeToUs(q.target));
  skb.put(TCA_FQ_CODEL.LIMIT, q.limit);
  skb.put(TCA_FQ_CODEL.INTERVAL, codelTimeToUs(q.interval));
  skb.put(TCA_FQ_CODEL.ECN, Number(q.ecn));
  skb.put(TCA_FQ_CODEL.QUANTUM, q.quantum);
  if (modern) skb.put(TCA_FQ_CODEL.DROP_BATCH_SIZE, q.batch);
  if (modern) skb.put(TCA_FQ_CODEL.MEMORY_LIMIT, q.memoryLimit);
  skb.put(TCA_FQ_CODEL.FLOWS, q.flows);
  if (q.ceThreshold !== undefined) {
    skb.put(TCA_FQ_CODEL.CE_THRESHOLD, codelTimeToUs(q.ceThreshold));
    skb.put(TCA_FQ_CODEL.CE_THRESHOLD_SELECTOR, q.ceSelector);
    skb.put(TCA_FQ_CODEL.CE_THRESHOLD_MASK, q.ceMask);
  }
  skb.nestEnd(nest);
}

/** @models net/sched/sch_fq_codel.c fq_codel_dump_stats() */
function dumpStats(sch: Qdisc, d: GnetDump): void {
  const q = privOf(sch).queue!;
  const st = P.tc_fq_codel_xstats.bytes({
    type: P.TCA_FQ_CODEL_XSTATS_QDISC,
    maxpacket: q.stats.maxpacket,
    drop_overlimit: q.dropOverlimit,
    ecn_mark: q.stats.ecnMark,
    new_flow_count: q.newFlowCount,
    new_flows_len: q.newLength,
    old_flows_len: q.oldLength,
    ce_mark: q.stats.ceMark,
    memory_usage: q.memoryUsage,
    drop_overmemory: q.dropOvermemory,
  });
  d.copyApp(isModern(sch.dev.net.machine) ? st : st.subarray(0, P.tc_fq_codel_xstats.offsetof.ce_mark));
}

export const fqCodelQdiscOps: QdiscOps = {
  id: 'fq_codel',
  init,
  enqueue: (sch, skb) => privOf(sch).queue!.enqueue(skb),
  dequeue: (sch) => privOf(sch).queue!.dequeue(),
  reset: (sch) => {
    privOf(sch).queue!.reset();
  },
  change,
  destroy,
  dump,
  dumpStats,
  classOps: {
    leaf: () => undefined,
    find: () => 0,
    walk: () => [],
    tcfBlock: (sch, cl) => (cl === 0 ? privOf(sch).block : undefined),
    bindTcf: () => 0,
  },
};
