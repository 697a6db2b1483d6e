// net/sched/sch_sfq.c: stochastic fairness queueing: options, which are fixed once it exists, and dumps; sch_sfq_slots.ts
// queues. Slots are classes while they have packets; none can be addressed, created or grafted to.
import type { Extack } from '../../../codec/extack.js';
import type { Nla } from '../../../codec/nla.js';
import type { StructValue } from '../../../codec/struct.js';
import { EINVAL } from '../../../uapi/asm-generic/errno.js';
import * as P from '../../../uapi/linux/pkt_sched.js';
import { tc_sfq_qopt, tc_sfq_qopt_v1 } from '../../../uapi/linux/pkt_sched.js';
import { TCA, tcmsg } from '../../../uapi/linux/rtnetlink.js';
import { NSEC_PER_SEC, type Work } from '../../clock.js';
import { errno, refuse } from '../../errno.js';
import type { GnetDump } from '../core/gen_stats.js';
import { noQueue } from '../core/gen_stats.js';
import type { MessageWriter } from '../netlink/message.js';
import { type TcfBlock, tcfBlockGet, tcfBlockPut } from './cls_api/block.js';
import { pschedMtu } from './psched_ratecfg.js';
import * as R from './red.js';
import { type SfqLimits, SfqSlots } from './sch_sfq_slots.js';
import { type ClassRef, type Qdisc, type QdiscOps, TCQ_F_CAN_BYPASS } from './sch_generic.js';

const SFQ_MAX_DEPTH = 127;
const SFQ_DEFAULT_FLOWS = 128;
const SFQ_MAX_FLOWS = 0x10000 - SFQ_MAX_DEPTH - 1;
const SFQ_DEFAULT_HASH_DIVISOR = 1024;
const SFQ_MAX_DIVISOR = 65536;
const LEAST_QUANTUM = 256;
const GREATEST_QUANTUM = 1 << 20;
const INT_MAX = 0x7fffffff;
const U8 = 0xff;

type Options = StructValue<typeof tc_sfq_qopt.members>;
type MoreOptions = StructValue<typeof tc_sfq_qopt_v1.members>;

/** struct sfq_sched_data. */
interface SfqSchedData extends SfqLimits {
  /** Seconds; 0 = never. */
  readonly perturbPeriod: number;
}

interface Private {
  readonly block: TcfBlock;
  /** Undefined until the options are accepted. */
  data: SfqSchedData | undefined;
  slots: SfqSlots | undefined;
  perturbing: Work | undefined;
}

const privOf = (sch: Qdisc): Private => sch.priv as Private;

const clamp = (value: number, least: number, most: number): number => Math.min(Math.max(value, least), most);

function defaultsFor(sch: Qdisc, block: TcfBlock): SfqSchedData {
  return {
    block,
    limit: SFQ_MAX_DEPTH,
    divisor: SFQ_DEFAULT_HASH_DIVISOR,
    maxdepth: SFQ_MAX_DEPTH,
    maxflows: SFQ_DEFAULT_FLOWS,
    quantum: clamp(pschedMtu(sch.dev), LEAST_QUANTUM, GREATEST_QUANTUM),
    ...{ headdrop: 0, flags: 0, red: undefined, perturbPeriod: 0 },
  };
}

function check(sch: Qdisc, ctl: Options, more: MoreOptions | undefined, extack: Extack | undefined): void {
  const { divisor } = ctl;
  if ((divisor & (divisor - 1)) !== 0 || divisor > SFQ_MAX_DIVISOR) throw errno(EINVAL);
  if (ctl.quantum > INT_MAX) refuse(extack, EINVAL, 'sch_sfq: invalid quantum');
  const longest = Math.floor(INT_MAX / sch.dev.net.machine.config.HZ);
  if (ctl.perturb_period < 0 || ctl.perturb_period > longest) refuse(extack, EINVAL, 'sch_sfq: invalid perturb period');
  if (more !== undefined && !R.redCheckParams(more, undefined)) throw errno(EINVAL);
}

/** No table: a slot is never idle. */
const noTable = new Uint8Array(P.RED_STAB_SIZE);

/** What a request of today says beyond the old options. */
function extended(data: SfqSchedData, more: MoreOptions | undefined): Partial<SfqSchedData> {
  if (more === undefined) return {};
  const { depth, qth_min, max_P, flags, headdrop } = more;
  return {
    maxdepth: depth === 0 ? data.maxdepth : Math.min(depth, SFQ_MAX_DEPTH),
    red: qth_min === 0 ? undefined : R.redParms(more, noTable, max_P),
    flags,
    headdrop: headdrop & U8,
  };
}

/**
 * @models net/sched/sch_sfq.c sfq_change()
 * @differs it is called by init() alone, so that there are no packets yet
 */
function withOptions(sch: Qdisc, defaults: SfqSchedData, opt: Nla, extack: Extack | undefined): SfqSchedData {
  if (opt.len < tc_sfq_qopt.size) throw errno(EINVAL);
  const ctl = tc_sfq_qopt.get(opt.msg, opt.start);
  const more = opt.len < tc_sfq_qopt_v1.size ? undefined : tc_sfq_qopt_v1.get(opt.msg, opt.start);
  check(sch, ctl, more, extack);
  const data = { ...defaults, ...extended(defaults, more) };
  const divisor = ctl.divisor === 0 ? data.divisor : ctl.divisor;
  const flows = ctl.flows === 0 ? data.maxflows : Math.min(ctl.flows, SFQ_MAX_FLOWS);
  const maxflows = ctl.divisor === 0 ? flows : Math.min(flows, divisor);
  const limit = ctl.limit === 0 ? data.limit : Math.min(ctl.limit, data.maxdepth * maxflows);
  if (limit === 1) refuse(extack, EINVAL, 'sch_sfq: invalid limit');
  return {
    ...data,
    ...{ divisor, limit, perturbPeriod: ctl.perturb_period },
    maxflows: ctl.limit === 0 ? maxflows : Math.min(maxflows, limit),
    quantum: ctl.quantum === 0 ? data.quantum : ctl.quantum,
  };
}

/** @models net/sched/sch_sfq.c sfq_perturbation() */
function perturbLater(sch: Qdisc, seconds: number): void {
  const priv = privOf(sch);
  const { machine } = sch.dev.net;
  priv.perturbing = machine.work.schedule(seconds * NSEC_PER_SEC, 'sfq_perturbation', () => {
    priv.slots!.perturbation = machine.entropy.u32();
    priv.slots!.rehash();
    perturbLater(sch, seconds);
  });
}

/** @models net/sched/sch_sfq.c sfq_init() */
function init(sch: Qdisc, opt: Nla | undefined, extack: Extack | undefined): void {
  const block = tcfBlockGet(sch, 0);
  const priv: Private = { block, data: undefined, slots: undefined, perturbing: undefined };
  sch.priv = priv;
  const defaults = defaultsFor(sch, block);
  const data = opt === undefined ? defaults : withOptions(sch, defaults, opt, extack);
  priv.data = data;
  priv.slots = new SfqSlots(sch, data);
  if (data.perturbPeriod > 0) perturbLater(sch, data.perturbPeriod);
  sch.flags |= TCQ_F_CAN_BYPASS;
}

/** @models net/sched/sch_sfq.c sfq_destroy() */
function destroy(sch: Qdisc): void {
  const priv = sch.priv as Private | undefined;
  if (priv === undefined) return;
  tcfBlockPut(priv.block, sch);
  priv.perturbing?.cancel();
}

/** What is shown of the average that slots keep to. */
function shownOf(red: R.RedParms | undefined) {
  if (red === undefined) return {};
  const { qthMin, qthMax, Wlog, Plog, Scell_log, maxP } = red;
  return { qth_min: qthMin >>> Wlog, qth_max: qthMax >>> Wlog, Wlog, Plog, Scell_log, max_P: maxP };
}

/** @models net/sched/sch_sfq.c sfq_dump() */
function dump(sch: Qdisc, skb: MessageWriter): void {
  const { data, slots } = privOf(sch);
  const { quantum, perturbPeriod, limit, divisor, maxflows, maxdepth, headdrop, flags, red } = data!;
  const v0 = tc_sfq_qopt.bytes({ quantum, perturb_period: perturbPeriod, limit, divisor, flows: maxflows });
  const stats = P.tc_sfqred_stats.bytes(slots!.stats);
  const opt = { v0, depth: maxdepth, headdrop, ...shownOf(red), flags, stats };
  skb.putRaw(TCA.OPTIONS.type, tc_sfq_qopt_v1.bytes(opt));
}

/** @models net/sched/sch_sfq.c sfq_dump_class() */
function dumpClass(sch: Qdisc, cl: ClassRef, skb: MessageWriter, tcm: number): void {
  skb.buffer.view.setUint32(tcm + tcmsg.offsetof.tcm_handle, P.TC_H_MAKE(sch.handle, cl), true);
}

/** @models net/sched/sch_sfq.c sfq_dump_class_stats() */
function dumpClassStats(sch: Qdisc, cl: ClassRef, d: GnetDump): void {
  const { allot, qlen, backlog } = privOf(sch).slots!.countersOf(cl - 1);
  d.copyQueue({ ...noQueue(), qlen, backlog });
  d.copyApp(P.tc_sfq_xstats.bytes({ allot }));
}

export const sfqQdiscOps: QdiscOps = {
  id: 'sfq',
  init,
  enqueue: (sch, skb) => privOf(sch).slots!.enqueue(skb),
  dequeue: (sch) => privOf(sch).slots!.dequeue(),
  reset: (sch) => {
    privOf(sch).slots?.reset();
  },
  destroy,
  dump,
  classOps: {
    leaf: () => undefined,
    find: () => 0,
    walk: (sch) => privOf(sch).slots!.active.map((hash) => hash + 1),
    tcfBlock: (sch, cl) => (cl === 0 ? privOf(sch).block : undefined),
    bindTcf: () => 0,
    dump: dumpClass,
    dumpStats: dumpClassStats,
  },
};
