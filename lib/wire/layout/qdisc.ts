// Options of queueing disciplines and their classes, by TCA_KIND.
import { s16, s32, s64, u16, u32, u64, u8 } from '../../codec/scalar.js';
import * as sch from '../../uapi/linux/pkt_sched.js';
import { toHex } from '../../codec/bytes.js';
import { anonymous, attributes, array, level, octets, structure, value } from './level.js';
import { byteRate, bytesOf, linkLayer, rate, rateTable } from './rate.js';
import type { Shape } from './shape.js';
import { shown } from './values.js';

const rate64 = value(shown(u64, byteRate));

/** A time of the packet scheduler: ticks of 64 ns. */
const pschedTicks = shown(u32, (value) => `${value} (${Number((value * 0.064).toFixed(3))} µs)`);
const micros = value(shown(u32, (value) => `${value} µs`));

const htbRules = {
  PARMS: structure(sch.tc_htb_opt, { shown: { rate, ceil: rate, buffer: pschedTicks, cbuffer: pschedTicks } }),
  INIT: structure(sch.tc_htb_glob, { shown: { defcls: shown(u32, (value) => `0x${value.toString(16)}`) } }),
  CTAB: rateTable,
  RTAB: rateTable,
  RATE64: rate64,
  CEIL64: rate64,
};

const htb = level(
  sch.TCA_HTB,
  { reads: 'net/sched/sch_htb.c htb_init()', writes: 'net/sched/sch_htb.c htb_dump()' },
  htbRules,
);
const htbClass = level(
  sch.TCA_HTB,
  { reads: 'net/sched/sch_htb.c htb_change_class()', writes: 'net/sched/sch_htb.c htb_dump_class()' },
  htbRules,
);

const tbf = level(
  sch.TCA_TBF,
  { reads: 'net/sched/sch_tbf.c tbf_change()', writes: 'net/sched/sch_tbf.c tbf_dump()' },
  {
    PARMS: structure(sch.tc_tbf_qopt, { shown: { rate, peakrate: rate, buffer: pschedTicks, mtu: pschedTicks } }),
    RTAB: rateTable,
    PTAB: rateTable,
    RATE64: rate64,
    PRATE64: rate64,
  },
);

const fqCodel = level(
  sch.TCA_FQ_CODEL,
  { reads: 'net/sched/sch_fq_codel.c fq_codel_change()', writes: 'net/sched/sch_fq_codel.c fq_codel_dump()' },
  { TARGET: micros, INTERVAL: micros, CE_THRESHOLD: micros },
);

const codel = level(
  sch.TCA_CODEL,
  { reads: 'net/sched/sch_codel.c codel_change()', writes: 'net/sched/sch_codel.c codel_dump()' },
  { TARGET: micros, INTERVAL: micros, CE_THRESHOLD: micros },
);

const byteRate32 = value(shown(u32, byteRate));
const fq = level(
  sch.TCA_FQ,
  { reads: 'net/sched/sch_fq.c fq_change()', writes: 'net/sched/sch_fq.c fq_dump()' },
  {
    FLOW_DEFAULT_RATE: byteRate32,
    FLOW_MAX_RATE: byteRate32,
    LOW_RATE_THRESHOLD: byteRate32,
    FLOW_REFILL_DELAY: micros,
    CE_THRESHOLD: micros,
    HORIZON: micros,
    OFFLOAD_HORIZON: micros,
    PRIOMAP: structure(sch.tc_prio_qopt, { shown: { bands: s32, priomap: bytesOf(sch.TC_PRIO_MAX + 1) } }),
    WEIGHTS: array(s32, (band) => `band ${band}`),
  },
);

/** A part of 2^32 - 1. */
const share = shown(u32, (part) => `${part} (${Number(((100 * part) / 0xffffffff).toFixed(3))} %)`);
const nanos = value(shown(s64, (time) => `${time} ns`));
const chance = { shown: { probability: share, correlation: share } };

const giModel = { p13: share, p31: share, p32: share, p14: share, p23: share };
const geModel = { p: share, r: share, h: share, k1: share };
const loss = level(
  sch.NETEM_LOSS,
  { reads: 'net/sched/sch_netem.c get_loss_clg()', writes: 'net/sched/sch_netem.c dump_loss_model()' },
  {
    GI: structure(sch.tc_netem_gimodel, { shown: giModel }),
    GE: structure(sch.tc_netem_gemodel, { shown: geModel }),
  },
);

const netemAttributes = level(
  sch.TCA_NETEM,
  { reads: 'net/sched/sch_netem.c netem_change()', writes: 'net/sched/sch_netem.c netem_dump()' },
  {
    CORR: structure(sch.tc_netem_corr, { shown: { delay_corr: share, loss_corr: share, dup_corr: share } }),
    LOSS: attributes(loss),
    DELAY_DIST: array(s16),
    SLOT_DIST: array(s16),
    REORDER: structure(sch.tc_netem_reorder, chance),
    CORRUPT: structure(sch.tc_netem_corrupt, chance),
    RATE: structure(sch.tc_netem_rate, { shown: { rate: shown(u32, byteRate) } }),
    RATE64: rate64,
    LATENCY64: nanos,
    JITTER64: nanos,
  },
);
const netem = structure(sch.tc_netem_qopt, {
  shown: { latency: pschedTicks, jitter: pschedTicks, loss: share, duplicate: share },
  then: attributes(netemAttributes),
});

const red = level(
  sch.TCA_RED,
  { reads: 'net/sched/sch_red.c __red_change()', writes: 'net/sched/sch_red.c red_dump()' },
  { STAB: array(u8) },
);

const drrClass = level(sch.TCA_DRR, {
  reads: 'net/sched/sch_drr.c drr_change_class()',
  writes: 'net/sched/sch_drr.c drr_dump_class()',
});

const fifo = structure(sch.tc_fifo_qopt);
const prio = structure(sch.tc_prio_qopt, { shown: { bands: s32, priomap: bytesOf(sch.TC_PRIO_MAX + 1) } });

export const qdiscOptions: Readonly<Record<string, Shape>> = {
  htb: attributes(htb),
  tbf: attributes(tbf),
  fq_codel: attributes(fqCodel),
  codel: attributes(codel),
  fq: attributes(fq),
  netem,
  red: attributes(red),
  sfq: structure(sch.tc_sfq_qopt, { then: octets(toHex) }),
  pfifo: fifo,
  bfifo: fifo,
  pfifo_head_drop: fifo,
  prio,
  pfifo_fast: prio,
  clsact: attributes(anonymous),
  ingress: attributes(anonymous),
};

/** Options of classes. */
export const classOptions: Readonly<Record<string, Shape>> = {
  ...qdiscOptions,
  htb: attributes(htbClass),
  drr: attributes(drrClass),
};

/** TCA_STAB: sizes that packets are counted as. */
export const sizeTable = attributes(
  level(
    sch.TCA_STAB,
    { reads: 'net/sched/sch_api.c qdisc_get_stab()', writes: 'net/sched/sch_api.c qdisc_dump_stab()' },
    { BASE: structure(sch.tc_sizespec, { shown: { linklayer: shown(u32, linkLayer) } }), DATA: array(u16) },
  ),
);
