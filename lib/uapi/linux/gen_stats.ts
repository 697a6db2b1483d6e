// include/uapi/linux/gen_stats.h: the statistics blocks inside TCA_STATS2 and TCA_ACT_STATS, and the rate estimator.
import { attrs } from '../../codec/attrs.js';
import { output, unchecked } from '../../codec/kind.js';
import { s8, u32, u64, u8 } from '../../codec/scalar.js';
import { struct } from '../../codec/struct.js';

export const gnet_stats_basic = struct('gnet_stats_basic', { bytes: u64, packets: u32 });
export const gnet_stats_rate_est = struct('gnet_stats_rate_est', { bps: u32, pps: u32 });
export const gnet_stats_rate_est64 = struct('gnet_stats_rate_est64', { bps: u64, pps: u64 });
export const gnet_stats_queue = struct('gnet_stats_queue', {
  qlen: u32,
  backlog: u32,
  drops: u32,
  requeues: u32,
  overlimits: u32,
});
export const gnet_estimator = struct('gnet_estimator', { interval: s8, ewma_log: u8 });

export const TCA_STATS = attrs('TCA_STATS', {
  BASIC: [1, output(gnet_stats_basic), 'dump'],
  RATE_EST: [2, output(gnet_stats_rate_est), 'dump'],
  QUEUE: [3, output(gnet_stats_queue), 'dump'],
  APP: [4, unchecked, 'dump'],
  RATE_EST64: [5, output(gnet_stats_rate_est64), 'dump'],
  PAD: [6, unchecked, 'dump'],
  BASIC_HW: [7, output(gnet_stats_basic), 'dump'],
  PKT64: [8, output(u64), 'dump'],
});
