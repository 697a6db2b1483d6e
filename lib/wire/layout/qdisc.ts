// Options of queueing disciplines and their classes, by TCA_KIND.
import { s32, u16, u32, u64 } from '../../codec/scalar.js';
import * as sch from '../../uapi/linux/pkt_sched.js';
import { anonymous, attributes, array, level, structure, value } from './level.js';
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

const fifo = structure(sch.tc_fifo_qopt);
const prio = structure(sch.tc_prio_qopt, { shown: { bands: s32, priomap: bytesOf(sch.TC_PRIO_MAX + 1) } });

export const qdiscOptions: Readonly<Record<string, Shape>> = {
  htb: attributes(htb),
  tbf: attributes(tbf),
  fq_codel: attributes(fqCodel),
  pfifo: fifo,
  bfifo: fifo,
  pfifo_head_drop: fifo,
  prio,
  pfifo_fast: prio,
  clsact: attributes(anonymous),
  ingress: attributes(anonymous),
};

/** Options of classes. */
export const classOptions: Readonly<Record<string, Shape>> = { ...qdiscOptions, htb: attributes(htbClass) };

/** TCA_STAB: sizes that packets are counted as. */
export const sizeTable = attributes(
  level(
    sch.TCA_STAB,
    { reads: 'net/sched/sch_api.c qdisc_get_stab()', writes: 'net/sched/sch_api.c qdisc_dump_stab()' },
    { BASE: structure(sch.tc_sizespec, { shown: { linklayer: shown(u32, linkLayer) } }), DATA: array(u16) },
  ),
);
