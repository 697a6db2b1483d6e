// Timing for `npm run bench`: the two sides of a ratio are run in turn, several times, and the best of each counts, so
// that a machine busy with something else slows both or neither.
import { spawnSync } from 'node:child_process';

/** One line of the report: a ratio, a figure of the model alone, or the reason why there is none. */
export type Row = Ratio | Figure | Skipped;

export interface Ratio {
  readonly name: string;
  /** Both in microseconds. */
  readonly tcbox: number;
  readonly reference: number;
  /** tcbox / reference must not exceed this. */
  readonly target?: number;
}

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The value must reach this, or must not exceed that. */
  readonly least?: number;
  readonly most?: number;
}

export interface Skipped {
  readonly name: string;
  readonly skipped: string;
}

export interface Context {
  /** Path of the launcher. */
  readonly tcbox: string;
  readonly rounds: number;
  readonly isRoot: boolean;
  /** Packets after which memory must be as before. */
  readonly packets: number;
  /** Called after each measurement. */
  readonly progress: () => void;
}

export type Bench = (context: Context) => Row[];

export interface Program {
  readonly file: string;
  readonly args: readonly string[];
}

/** Microseconds a call of `run` takes. */
export function elapsed(run: () => void): number {
  const start = process.hrtime.bigint();
  run();
  return Number(process.hrtime.bigint() - start) / 1000;
}

/**
 * Microseconds of work in `run`: of the time that passed and the time that all threads of this process were busy the
 * lesser. This thread has worked no longer than either; the first is right on a quiet machine, the second on a busy one.
 */
export function busy(run: () => void): number {
  const before = process.cpuUsage();
  const passed = elapsed(run);
  const { user, system } = process.cpuUsage(before);
  return Math.min(passed, user + system);
}

/** Runs a program to its end and returns what it printed; throws when it fails. */
export function output(program: Program): string {
  const { status, signal, error, stdout, stderr } = spawnSync(program.file, program.args, {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    timeout: 300_000,
  });
  if (error) throw error;
  if (status === 0) return stdout;
  throw new Error(`${program.file} ended with ${signal ?? status ?? '?'}\n${stderr.slice(0, 2000)}`);
}

/** Takes each measurement once a round and returns the smallest of each. */
export function best(rounds: number, measurements: readonly (() => number)[], progress: () => void): number[] {
  const least = measurements.map(() => Infinity);
  for (let round = 0; round < rounds; round++) {
    for (const [i, measurement] of measurements.entries()) {
      least[i] = Math.min(least[i]!, measurement());
      progress();
    }
  }
  return least;
}
