// include/net/red.h: random early detection, for the qdiscs that have it. The average length of a queue, kept with Wlog
// binary places, decides: below the least nothing happens, above the greatest every packet is marked or dropped, and
// between them some are, by chance, the more the longer the queue.
import { RED_STAB_SIZE } from '../../../uapi/linux/pkt_sched.js';
import type { Machine } from '../../machine.js';

const NSEC_PER_USEC = 1000;
const RED_STAB_MASK = RED_STAB_SIZE - 1;
const MAX_P_MIN = Math.round(2 ** 32 / 100);
const MAX_P_MAX = 50 * MAX_P_MIN;

/** struct red_parms. */
export interface RedParms {
  /** With Wlog binary places. */
  readonly qthMin: number;
  readonly qthMax: number;
  readonly Wlog: number;
  readonly Plog: number;
  readonly Scell_log: number;
  /** Greatest time that the table has an entry for, µs. */
  readonly cellMax: number;
  /** The greatest probability, as a part of 2^32. */
  maxP: number;
  /** The same for a byte of what lies between the thresholds. */
  maxPDelta: number;
  readonly delta: number;
  /** What the average is to be kept within, bytes. */
  readonly targetMin: number;
  readonly targetMax: number;
  /** How far the average sinks in idle time, as a shift. */
  readonly stab: Uint8Array;
}

/** What the parameters are made from. */
export interface RedSettings {
  readonly qth_min: number;
  readonly qth_max: number;
  readonly Wlog: number;
  readonly Plog: number;
  readonly Scell_log: number;
}

/** struct red_vars. */
export interface RedVars {
  /** Packets since the last one by chance. */
  count: number;
  random: number;
  average: number;
  /** When the queue became empty, ns; undefined while it is not. */
  idleSince: number | undefined;
}

/** @models include/net/red.h red_set_vars() */
export const redVars = (): RedVars => ({ count: -1, random: 0, average: 0, idleSince: undefined });

/** Bits of a number. */
const fls = (value: number): number => 32 - Math.clz32(value);

/** @models include/net/red.h red_check_params() */
export function redCheckParams(given: RedSettings, stab: Uint8Array | undefined): boolean {
  const { qth_min: min, qth_max: max, Wlog, Scell_log } = given;
  if (fls(min) + Wlog >= 32 || fls(max) + Wlog >= 32 || Scell_log >= 32 || max < min) return false;
  return stab?.every((shift) => shift < 32) ?? true;
}

/** The probability as users of old gave it. @models include/net/red.h red_maxp() */
const probability = (Plog: number): number => (Plog < 32 ? 0xffffffff >>> Plog : 0xffffffff);

/** `maxP` 0: by Plog. @models include/net/red.h red_set_parms() */
export function redParms(given: RedSettings, stab: Uint8Array, maxP: number): RedParms {
  const { qth_min: min, qth_max: max, Wlog, Plog, Scell_log } = given;
  const delta = Math.max((max - min) | 0, 1);
  const most = maxP === 0 ? Math.imul(probability(Plog), delta) >>> 0 : maxP;
  const fifth = Math.floor(delta / 5);
  return {
    qthMin: (min << Wlog) >>> 0,
    qthMax: (max << Wlog) >>> 0,
    ...{ Wlog, Plog, Scell_log },
    cellMax: (255 << Scell_log) >>> 0,
    maxP: most,
    maxPDelta: Math.max(Math.floor(most / delta), 1),
    delta,
    targetMin: min + 2 * fifth,
    targetMax: min + 3 * fifth,
    stab,
  };
}

/** floor(a × b / 2^shift). */
function scaled(a: number, b: number, shift: number): number {
  const product = a * b;
  if (Number.isSafeInteger(product)) return Math.floor(product / 2 ** shift);
  return Number((BigInt(a) * BigInt(b)) >> BigInt(shift));
}

/** @models include/net/red.h red_calc_qavg_from_idle_time() */
function averageAfterIdle(p: RedParms, v: RedVars, idleSince: number, now: number): number {
  const idle = Math.min(Math.floor((now - idleSince) / NSEC_PER_USEC), p.cellMax);
  const shift = p.stab[Math.floor(idle / 2 ** p.Scell_log) & RED_STAB_MASK]!;
  if (shift !== 0) return Math.floor(v.average / 2 ** shift);
  const half = Math.floor(v.average / 2);
  const lost = scaled(v.average, idle, p.Scell_log);
  return lost < half ? v.average - lost : half;
}

/** What the average becomes with `backlog` bytes in the queue. @models include/net/red.h red_calc_qavg() */
export function redAverage(p: RedParms, v: RedVars, backlog: number, now: number): number {
  if (v.idleSince !== undefined) return averageAfterIdle(p, v, v.idleSince, now);
  return v.average + backlog - Math.floor(v.average / 2 ** p.Wlog);
}

export const RED_DONT_MARK = 0;
export const RED_PROB_MARK = 1;
export const RED_HARD_MARK = 2;
export type RedAction = typeof RED_DONT_MARK | typeof RED_PROB_MARK | typeof RED_HARD_MARK;

/** @models include/net/red.h red_random() */
const random = (machine: Machine, p: RedParms): number => Math.floor(machine.entropy.u32() / p.maxPDelta);

/** What is to be done to the next packet. @models include/net/red.h red_action() */
export function redAction(machine: Machine, p: RedParms, v: RedVars): RedAction {
  if (v.average < p.qthMin || v.average >= p.qthMax) {
    v.count = -1;
    return v.average < p.qthMin ? RED_DONT_MARK : RED_HARD_MARK;
  }
  const first = ++v.count === 0;
  if (!first && Math.floor((v.average - p.qthMin) / 2 ** p.Wlog) * v.count < v.random) return RED_DONT_MARK;
  if (!first) v.count = 0;
  v.random = random(machine, p);
  return first ? RED_DONT_MARK : RED_PROB_MARK;
}

/** Moves the probability so that the average comes to lie within the target. @models include/net/red.h red_adaptative_algo() */
export function redAdapt(p: RedParms, v: RedVars, now: number): void {
  const average = v.idleSince === undefined ? v.average : averageAfterIdle(p, v, v.idleSince, now);
  const bytes = Math.floor(average / 2 ** p.Wlog);
  if (bytes > p.targetMax && p.maxP <= MAX_P_MAX) p.maxP += Math.min(MAX_P_MIN, Math.floor(p.maxP / 4));
  else if (bytes < p.targetMin && p.maxP >= MAX_P_MIN) p.maxP = Math.floor(p.maxP / 10) * 9;
  p.maxPDelta = Math.max(Math.floor((p.maxP + Math.floor(p.delta / 2)) / p.delta), 1);
}
