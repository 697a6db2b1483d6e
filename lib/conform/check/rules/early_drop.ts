// net/sched/sch_red.c, sch_sfq.c, include/net/red.h: options of the qdiscs that drop early, and of sfq, which may.
import * as P from '../../../uapi/linux/pkt_sched.js';
import { TCA } from '../../../uapi/linux/rtnetlink.js';
import type { Attributes } from '../attributes.js';
import { liberally } from '../attributes.js';
import { C } from '../codes.js';
import { noteLongStruct, options } from './tc.js';

const { OPTIONS } = TCA;
const INT_MAX = 0x7fffffff;
const MAX_SHIFT = 32;
const SFQ_MAX_FLOWS = 0xff00;
const SFQ_MAX_DIVISOR = 65536;
const SFQ_DEPTH = 127;
const SFQ_FLOWS = 128;
const QUANTUM_MAX = 1 << 20;
/** Ticks a second that kernels are built with: a period in seconds becomes ticks. */
const [LEAST_HZ, MOST_HZ] = [100, 1000];

const bitsOf = (value: number): number => 32 - Math.clz32(value);

interface Thresholds {
  readonly qth_min: number;
  readonly qth_max: number;
  readonly Wlog: number;
  readonly Scell_log: number;
}

/** What is wrong with the thresholds of an average; undefined = nothing. red_check_params() */
function wrongThreshold({ qth_min, qth_max, Wlog, Scell_log }: Thresholds): string | undefined {
  for (const [name, value] of [
    ['qth_min', qth_min],
    ['qth_max', qth_max],
  ] as const)
    if (bitsOf(value) + Wlog >= MAX_SHIFT) return `${name} ${value} has no room for Wlog ${Wlog} in 32 bits`;
  if (Scell_log >= MAX_SHIFT) return `Scell_log ${Scell_log} is no shift of 32 bits`;
  return qth_max < qth_min ? `qth_max ${qth_max} is below qth_min ${qth_min}` : undefined;
}

function checkThresholds(run: Attributes): void {
  const { judge } = run;
  const { PARMS, STAB } = P.TCA_RED;
  const at = run.start(PARMS.type);
  const { offsetof } = P.tc_red_qopt;
  const wrong = wrongThreshold({
    qth_min: judge.view.getUint32(at + offsetof.qth_min, true),
    qth_max: judge.view.getUint32(at + offsetof.qth_max, true),
    Wlog: judge.u8[at + offsetof.Wlog]!,
    Scell_log: judge.u8[at + offsetof.Scell_log]!,
  });
  if (wrong !== undefined) judge.deny(C.badValue, 'EINVAL', undefined, run.place(PARMS.type), wrong);
  if (!judge.has('red-flags')) return;
  const from = run.start(STAB.type);
  const long = judge.u8.subarray(from, from + P.RED_STAB_SIZE).find((shift) => shift >= MAX_SHIFT);
  if (long !== undefined)
    judge.deny(C.badValue, 'EINVAL', undefined, run.place(STAB.type), `${long} is no shift of 32 bits`);
}

/** red_get_flags(), red_validate_flags() */
function checkFlags(run: Attributes, isNew: boolean): void {
  const { judge } = run;
  const { PARMS, FLAGS } = P.TCA_RED;
  const given = judge.u8[run.start(PARMS.type) + P.tc_red_qopt.offsetof.flags]!;
  if (given !== 0 && run.ok(FLAGS.type)) {
    const msg = 'sch_red: flags should be passed either through qopt, or through a dedicated attribute';
    judge.deny(C.exclusiveAttributes, 'EINVAL', msg, run.place(FLAGS.type), `TCA_RED_PARMS has flags as well`);
  }
  if (!run.ok(FLAGS.type)) return;
  const msg = 'sch_red: nodrop mode is only meaningful with ECN';
  const value = judge.view.getUint32(run.start(FLAGS.type), true);
  if (!isNew) judge.may(`EINVAL: ${msg}`);
  else if ((value & (P.TC_RED_NODROP | P.TC_RED_ECN)) === P.TC_RED_NODROP)
    judge.deny(C.badValue, 'EINVAL', msg, run.place(FLAGS.type), 'TC_RED_NODROP without TC_RED_ECN');
}

function checkBlocks(run: Attributes, isNew: boolean): void {
  const { judge } = run;
  for (const { type } of [P.TCA_RED.EARLY_DROP_BLOCK, P.TCA_RED.MARK_BLOCK]) {
    if (!run.ok(type) || type > run.set.$max) continue;
    if (run.u32(type) === 0)
      judge.deny(C.badValue, 'EINVAL', 'Block number may not be zero', run.place(type), 'no block has number 0');
    else if (!isNew) judge.may('EINVAL: Change of blocks is not supported');
  }
}

/** Options of red, which every new one needs. red_init(), red_change() */
export function red(tca: Attributes, isNew: boolean): void {
  const { judge } = tca;
  const run = options(tca, OPTIONS.type, judge.has('red-flags') ? P.TCA_RED : P.TCA_RED_4_1, liberally);
  const { PARMS, STAB } = P.TCA_RED;
  if (!isNew) checkBlocks(run, isNew);
  noteLongStruct(run, PARMS.type, P.tc_red_qopt.size);
  for (const { type, name } of [PARMS, STAB])
    if (!run.has(type)) judge.deny(C.missingAttribute, 'EINVAL', undefined, run.whole, `${name} is missing`, run);
  if (!run.ok(PARMS.type) || !run.ok(STAB.type)) return;
  checkThresholds(run);
  checkFlags(run, isNew);
  if (isNew) checkBlocks(run, isNew);
}

/** The fields of a struct tc_sfq_qopt, and of what may follow it. */
function sfqOf(tca: Attributes) {
  const { view, u8 } = tca.judge;
  const at = tca.start(OPTIONS.type);
  const { quantum, perturb_period, limit, divisor, flows } = P.tc_sfq_qopt.offsetof;
  const more = P.tc_sfq_qopt_v1.offsetof;
  const whole = tca.len(OPTIONS.type) >= P.tc_sfq_qopt_v1.size;
  return {
    quantum: view.getUint32(at + quantum, true),
    period: view.getInt32(at + perturb_period, true),
    limit: view.getUint32(at + limit, true),
    divisor: view.getUint32(at + divisor, true),
    flows: view.getUint32(at + flows, true),
    depth: whole ? view.getUint32(at + more.depth, true) : 0,
    thresholds: whole
      ? {
          qth_min: view.getUint32(at + more.qth_min, true),
          qth_max: view.getUint32(at + more.qth_max, true),
          Wlog: u8[at + more.Wlog]!,
          Scell_log: u8[at + more.Scell_log]!,
        }
      : undefined,
  };
}

type Sfq = ReturnType<typeof sfqOf>;

/** Packets a new sfq keeps. */
function limitOf({ limit, divisor, flows, depth }: Sfq): number {
  if (limit === 0) return SFQ_DEPTH;
  const wanted = flows === 0 ? SFQ_FLOWS : Math.min(flows, SFQ_MAX_FLOWS);
  const most = (depth === 0 ? SFQ_DEPTH : Math.min(depth, SFQ_DEPTH)) * Math.min(wanted, divisor || wanted);
  return Math.min(limit, most);
}

/** Options of sfq: a struct in one of two lengths. sfq_change() */
export function sfq(tca: Attributes, isNew: boolean): void {
  const { judge } = tca;
  const given = sfqOf(tca);
  const deny = (msg: string | undefined, text: string): void => {
    judge.deny(C.badValue, 'EINVAL', msg, tca.place(OPTIONS.type), text);
  };
  const { divisor, quantum, period, thresholds } = given;
  if ((divisor & (divisor - 1)) !== 0 || divisor > SFQ_MAX_DIVISOR)
    deny(undefined, `the divisor ${divisor} is no power of two up to ${SFQ_MAX_DIVISOR}`);
  if (quantum > INT_MAX) deny('sch_sfq: invalid quantum', `a quantum of ${quantum}`);
  else if (quantum > QUANTUM_MAX) judge.may('EINVAL: sch_sfq: quantum too large');
  if (period < 0 || period > INT_MAX / LEAST_HZ)
    deny('sch_sfq: invalid perturb period', `a period of ${period} seconds`);
  else if (period > INT_MAX / MOST_HZ) judge.may('EINVAL: sch_sfq: invalid perturb period');
  const wrong = thresholds === undefined ? undefined : wrongThreshold(thresholds);
  if (wrong !== undefined) deny(undefined, wrong);
  if (!isNew) judge.may('EINVAL: sch_sfq: invalid limit');
  else if (limitOf(given) === 1) deny('sch_sfq: invalid limit', 'a queue of one packet');
}
