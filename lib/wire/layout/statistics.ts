// Counters of traffic control objects: the blocks of TCA_STATS2 and TCA_ACT_STATS, the struct of old, and what a kind of
// qdisc adds.
import { TCA_STATS } from '../../uapi/linux/gen_stats.js';
import {
  tc_drr_stats,
  tc_fq_codel_xstats,
  tc_htb_xstats,
  tc_red_xstats,
  tc_sfq_xstats,
} from '../../uapi/linux/pkt_sched.js';
import { attributes, byName, bytes, level, structure } from './level.js';
import type { Level, Shape } from './shape.js';

const writes = { writes: 'net/core/gen_stats.c gnet_stats_copy()' };

/** What a kind counts itself: TCA_XSTATS, TCA_STATS_APP. */
const extra: Readonly<Record<string, Shape>> = {
  htb: structure(tc_htb_xstats),
  fq_codel: structure(tc_fq_codel_xstats),
  drr: structure(tc_drr_stats),
  red: structure(tc_red_xstats),
  sfq: structure(tc_sfq_xstats),
};

export const extraStatistics = (kind: string): Shape => byName(extra, kind) ?? bytes;

export const statistics: Level = level(TCA_STATS, writes);

const ofKind: Readonly<Record<string, Shape>> = Object.fromEntries(
  Object.entries(extra).map(([kind, shape]) => [kind, attributes(level(TCA_STATS, writes, { APP: shape }))]),
);

/** The nest of a qdisc or class of this kind. */
export const statisticsOf = (kind: string): Shape => byName(ofKind, kind) ?? attributes(statistics);
