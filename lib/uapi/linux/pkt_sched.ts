// include/uapi/linux/pkt_sched.h: handles, the statistics of old, and the option structs of the queueing disciplines.
import { attrs } from '../../codec/attrs.js';
import {
  atLeast,
  binary,
  bitfield32,
  exactly,
  flag,
  int,
  intMax,
  nested,
  nlaU32,
  nlaU64,
  nlaU8,
  opaque,
  unchecked,
} from '../../codec/kind.js';
import { bytes, s16, s32, s64, s8, u16, u32, u64, u8 } from '../../codec/scalar.js';
import { struct } from '../../codec/struct.js';

/** Special parents and class ids. */
export const TC_H_UNSPEC = 0;
export const TC_H_ROOT = 0xffffffff;
export const TC_H_INGRESS = 0xfffffff1;
export const TC_H_CLSACT = TC_H_INGRESS;
export const TC_H_MIN_PRIORITY = 0xffe0;
export const TC_H_MIN_INGRESS = 0xfff2;
export const TC_H_MIN_EGRESS = 0xfff3;

export const TC_H_MAJ = (h: number): number => (h & 0xffff0000) >>> 0;
export const TC_H_MIN = (h: number): number => h & 0xffff;
export const TC_H_MAKE = (major: number, minor: number): number => ((major & 0xffff0000) | (minor & 0xffff)) >>> 0;

export const TC_PRIO_MAX = 15;

export const tc_stats = struct('tc_stats', {
  bytes: u64,
  packets: u32,
  drops: u32,
  overlimits: u32,
  bps: u32,
  pps: u32,
  qlen: u32,
  backlog: u32,
});

export const tc_estimator = struct('tc_estimator', { interval: s8, ewma_log: u8 });

export const tc_ratespec = struct('tc_ratespec', {
  cell_log: u8,
  linklayer: u8,
  overhead: u16,
  cell_align: s16,
  mpu: u16,
  rate: u32,
});

export const tc_sizespec = struct('tc_sizespec', {
  cell_log: u8,
  size_log: u8,
  cell_align: s16,
  overhead: s32,
  linklayer: u32,
  mpu: u32,
  mtu: u32,
  tsize: u32,
});

/** Input policy of net/sched/sch_api.c stab_policy. */
export const TCA_STAB = attrs('TCA_STAB', {
  BASE: [1, atLeast(tc_sizespec)],
  DATA: [2, binary()],
});

/** Greatest cell_log and size_log of a size table. */
export const STAB_SIZE_LOG_MAX = 30;

/** Options of pfifo and bfifo. */
export const tc_fifo_qopt = struct('tc_fifo_qopt', { limit: u32 });

/** Options of prio, and what pfifo_fast shows. */
export const tc_prio_qopt = struct('tc_prio_qopt', { bands: s32, priomap: bytes(TC_PRIO_MAX + 1) });

/** Least and greatest number of bands of prio. */
export const TCQ_MIN_PRIO_BANDS = 2;
export const TCQ_PRIO_BANDS = 16;

/** Size of a rate table in bytes: 256 words. */
export const TC_RTAB_SIZE = 1024;

/** Values of tc_ratespec.linklayer. */
export const TC_LINKLAYER_UNAWARE = 0;
export const TC_LINKLAYER_ETHERNET = 1;
export const TC_LINKLAYER_ATM = 2;
export const TC_LINKLAYER_MASK = 0x0f;

export const tc_tbf_qopt = struct('tc_tbf_qopt', {
  rate: bytes(tc_ratespec.size),
  peakrate: bytes(tc_ratespec.size),
  limit: u32,
  buffer: u32,
  mtu: u32,
});

/** Input policy of net/sched/sch_tbf.c tbf_policy. */
export const TCA_TBF = attrs('TCA_TBF', {
  PARMS: [1, atLeast(tc_tbf_qopt)],
  RTAB: [2, binary(TC_RTAB_SIZE)],
  PTAB: [3, binary(TC_RTAB_SIZE)],
  RATE64: [4, nlaU64],
  PRATE64: [5, nlaU64],
  BURST: [6, nlaU32],
  PBURST: [7, nlaU32],
  PAD: [8, unchecked, 'dump'],
});

/** Priorities of htb classes are below this. */
export const TC_HTB_NUMPRIO = 8;
/** Levels of a tree of htb classes. */
export const TC_HTB_MAXDEPTH = 8;
/** What tc_htb_glob.version must be. */
export const TC_HTB_PROTOVER = 3;

export const tc_htb_opt = struct('tc_htb_opt', {
  rate: bytes(tc_ratespec.size),
  ceil: bytes(tc_ratespec.size),
  buffer: u32,
  cbuffer: u32,
  quantum: u32,
  level: u32,
  prio: u32,
});

export const tc_htb_glob = struct('tc_htb_glob', {
  version: u32,
  rate2quantum: u32,
  defcls: u32,
  debug: u32,
  direct_pkts: u32,
});

export const tc_htb_xstats = struct('tc_htb_xstats', {
  lends: u32,
  borrows: u32,
  giants: u32,
  tokens: s32,
  ctokens: s32,
});

/** Input policy of net/sched/sch_htb.c htb_policy. */
export const TCA_HTB = attrs('TCA_HTB', {
  PARMS: [1, atLeast(tc_htb_opt)],
  INIT: [2, atLeast(tc_htb_glob)],
  CTAB: [3, binary(TC_RTAB_SIZE)],
  RTAB: [4, binary(TC_RTAB_SIZE)],
  DIRECT_QLEN: [5, nlaU32],
  RATE64: [6, nlaU64],
  CEIL64: [7, nlaU64],
  PAD: [8, unchecked, 'dump'],
  OFFLOAD: [9, flag],
});

/** The same in kernels that cannot offload. */
export const TCA_HTB_4_1: typeof TCA_HTB = { ...TCA_HTB, $max: TCA_HTB.CEIL64.type };

/** Input policy of net/sched/sch_fq_codel.c fq_codel_policy; also the order of a dump, but for FLOWS. */
export const TCA_FQ_CODEL = attrs('TCA_FQ_CODEL', {
  TARGET: [1, nlaU32],
  LIMIT: [2, nlaU32],
  INTERVAL: [3, nlaU32],
  ECN: [4, nlaU32],
  FLOWS: [5, nlaU32],
  QUANTUM: [6, nlaU32],
  CE_THRESHOLD: [7, nlaU32],
  DROP_BATCH_SIZE: [8, nlaU32],
  MEMORY_LIMIT: [9, nlaU32],
  CE_THRESHOLD_SELECTOR: [10, nlaU8],
  CE_THRESHOLD_MASK: [11, nlaU8],
});

/** The same in kernels before the batch size. */
export const TCA_FQ_CODEL_4_1: typeof TCA_FQ_CODEL = { ...TCA_FQ_CODEL, $max: TCA_FQ_CODEL.QUANTUM.type };

export const TCA_FQ_CODEL_XSTATS_QDISC = 0;
export const TCA_FQ_CODEL_XSTATS_CLASS = 1;

/** struct tc_fq_codel_xstats with the member `qdisc_stats` of its union. */
export const tc_fq_codel_xstats = struct('tc_fq_codel_xstats', {
  type: u32,
  maxpacket: u32,
  drop_overlimit: u32,
  ecn_mark: u32,
  new_flow_count: u32,
  new_flows_len: u32,
  old_flows_len: u32,
  ce_mark: u32,
  memory_usage: u32,
  drop_overmemory: u32,
});

export const tc_netem_qopt = struct('tc_netem_qopt', {
  latency: u32,
  limit: u32,
  loss: u32,
  gap: u32,
  duplicate: u32,
  jitter: u32,
});
export const tc_netem_corr = struct('tc_netem_corr', { delay_corr: u32, loss_corr: u32, dup_corr: u32 });
export const tc_netem_reorder = struct('tc_netem_reorder', { probability: u32, correlation: u32 });
export const tc_netem_corrupt = struct('tc_netem_corrupt', { probability: u32, correlation: u32 });
export const tc_netem_rate = struct('tc_netem_rate', {
  rate: u32,
  packet_overhead: s32,
  cell_size: u32,
  cell_overhead: s32,
});

export const tc_netem_slot = struct('tc_netem_slot', {
  min_delay: s64,
  max_delay: s64,
  max_packets: s32,
  max_bytes: s32,
  dist_delay: s64,
  dist_jitter: s64,
});

/** Probabilities of a model with four states. */
export const tc_netem_gimodel = struct('tc_netem_gimodel', { p13: u32, p31: u32, p32: u32, p14: u32, p23: u32 });
/** Probabilities of the model of Gilbert and Elliott. */
export const tc_netem_gemodel = struct('tc_netem_gemodel', { p: u32, r: u32, h: u32, k1: u32 });

/** What is inside TCA_NETEM_LOSS; net/sched/sch_netem.c get_loss_clg() wants these sizes or more. */
export const NETEM_LOSS = attrs('NETEM_LOSS', {
  GI: [1, atLeast(tc_netem_gimodel)],
  GE: [2, atLeast(tc_netem_gemodel)],
});

/** Attributes behind a struct tc_netem_qopt; input policy of net/sched/sch_netem.c netem_policy. */
export const TCA_NETEM = attrs('TCA_NETEM', {
  CORR: [1, atLeast(tc_netem_corr)],
  DELAY_DIST: [2, unchecked],
  REORDER: [3, atLeast(tc_netem_reorder)],
  CORRUPT: [4, atLeast(tc_netem_corrupt)],
  LOSS: [5, nested],
  RATE: [6, atLeast(tc_netem_rate)],
  ECN: [7, nlaU32],
  RATE64: [8, nlaU64],
  PAD: [9, unchecked, 'dump'],
  LATENCY64: [10, int(s64)],
  JITTER64: [11, int(s64)],
  SLOT: [12, atLeast(tc_netem_slot)],
  SLOT_DIST: [13, unchecked],
  PRNG_SEED: [14, nlaU64],
});

/** Input policy of net/sched/sch_codel.c codel_policy. */
export const TCA_CODEL = attrs('TCA_CODEL', {
  TARGET: [1, nlaU32],
  LIMIT: [2, nlaU32],
  INTERVAL: [3, nlaU32],
  ECN: [4, nlaU32],
  CE_THRESHOLD: [5, nlaU32],
});

/** Greatest credit of a new flow. */
const FQ_INITIAL_QUANTUM_MAX = 1 << 20;
/** Bands of fq, each with a weight. */
const FQ_BANDS = 3;

/** Input policy of net/sched/sch_fq.c fq_policy. */
export const TCA_FQ = attrs(
  'TCA_FQ',
  {
    PLIMIT: [1, nlaU32],
    FLOW_PLIMIT: [2, nlaU32],
    QUANTUM: [3, nlaU32],
    INITIAL_QUANTUM: [4, intMax(u32, FQ_INITIAL_QUANTUM_MAX)],
    RATE_ENABLE: [5, nlaU32],
    FLOW_DEFAULT_RATE: [6, nlaU32],
    FLOW_MAX_RATE: [7, nlaU32],
    BUCKETS_LOG: [8, nlaU32],
    FLOW_REFILL_DELAY: [9, nlaU32],
    ORPHAN_MASK: [10, nlaU32],
    LOW_RATE_THRESHOLD: [11, nlaU32],
    CE_THRESHOLD: [12, nlaU32],
    TIMER_SLACK: [13, nlaU32],
    HORIZON: [14, nlaU32],
    HORIZON_DROP: [15, nlaU8],
    PRIOMAP: [16, exactly(tc_prio_qopt.size)],
    WEIGHTS: [17, exactly(FQ_BANDS * s32.size)],
    OFFLOAD_HORIZON: [18, nlaU32],
  },
  undefined,
  { strictFrom: 13 },
);

/** struct tc_sfq_qopt; kernels since 3.2 take and show more behind it. */
export const tc_sfq_qopt = struct('tc_sfq_qopt', {
  quantum: u32,
  perturb_period: s32,
  limit: u32,
  divisor: u32,
  flows: u32,
});

export const tc_red_qopt = struct('tc_red_qopt', {
  limit: u32,
  qth_min: u32,
  qth_max: u32,
  Wlog: u8,
  Plog: u8,
  Scell_log: u8,
  flags: u8,
});

/** Entries of the table of red. */
export const RED_STAB_SIZE = 256;

/** Flags of red, the first three of which tc_red_qopt may give. */
export const TC_RED_ECN = 1;
export const TC_RED_HARDDROP = 2;
export const TC_RED_ADAPTATIVE = 4;
export const TC_RED_NODROP = 8;
export const TC_RED_HISTORIC_FLAGS = TC_RED_ECN | TC_RED_HARDDROP | TC_RED_ADAPTATIVE;

const TCA_RED_FLAGS = 4;

/** Input policy of net/sched/sch_red.c red_policy. */
export const TCA_RED = attrs(
  'TCA_RED',
  {
    PARMS: [1, atLeast(tc_red_qopt)],
    STAB: [2, opaque(RED_STAB_SIZE)],
    MAX_P: [3, nlaU32],
    FLAGS: [TCA_RED_FLAGS, bitfield32(TC_RED_HISTORIC_FLAGS | TC_RED_NODROP)],
    EARLY_DROP_BLOCK: [5, nlaU32],
    MARK_BLOCK: [6, nlaU32],
  },
  undefined,
  { strictFrom: TCA_RED_FLAGS },
);

/** The same in kernels before the flags. */
export const TCA_RED_4_1: typeof TCA_RED = { ...TCA_RED, $max: TCA_RED.MAX_P.type };

export const tc_red_xstats = struct('tc_red_xstats', { early: u32, pdrop: u32, other: u32, marked: u32 });

/** Input policy of net/sched/sch_drr.c drr_policy. */
export const TCA_DRR = attrs('TCA_DRR', { QUANTUM: [1, nlaU32] });

export const tc_drr_stats = struct('tc_drr_stats', { deficit: u32 });

export const tc_sfqred_stats = struct('tc_sfqred_stats', {
  prob_drop: u32,
  forced_drop: u32,
  prob_mark: u32,
  forced_mark: u32,
  prob_mark_head: u32,
  forced_mark_head: u32,
});

/** struct tc_sfq_qopt_v1: a tc_sfq_qopt, what flows keep to, and how many packets that has cost. */
export const tc_sfq_qopt_v1 = struct('tc_sfq_qopt_v1', {
  v0: bytes(tc_sfq_qopt.size),
  depth: u32,
  headdrop: u32,
  limit: u32,
  qth_min: u32,
  qth_max: u32,
  Wlog: u8,
  Plog: u8,
  Scell_log: u8,
  flags: u8,
  max_P: u32,
  stats: bytes(tc_sfqred_stats.size),
});

export const tc_sfq_xstats = struct('tc_sfq_xstats', { allot: s32 });
