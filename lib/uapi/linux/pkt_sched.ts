// include/uapi/linux/pkt_sched.h: handles, the statistics of old, and the option structs of the queueing disciplines.
import { attrs } from '../../codec/attrs.js';
import { atLeast, binary } from '../../codec/kind.js';
import { bytes, s16, s32, s8, u16, u32, u64, u8 } from '../../codec/scalar.js';
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

export const tc_tbf_qopt = struct('tc_tbf_qopt', {
  rate: bytes(tc_ratespec.size),
  peakrate: bytes(tc_ratespec.size),
  limit: u32,
  buffer: u32,
  mtu: u32,
});

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
