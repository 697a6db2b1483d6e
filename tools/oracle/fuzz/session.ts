// One session on both sides: what the real kernel gave becomes the expectation, and the comparison of recordings says
// where the model departs from it.
import type { Json } from '../../agree/input.js';
import { compare } from '../../agree/netlink/compare.js';
import type { RunCommand } from '../../agree/netlink/play.js';
import { play } from '../../agree/netlink/play.js';
import type { Subject } from '../../agree/netlink/process.js';
import type { NetlinkRecord, Result } from '../../agree/netlink/record.js';
import { netlinkRecord } from '../../agree/netlink/record.js';
import { boot, explain } from '../../agree/netlink/replay.js';
import { recorded, withResults } from '../record/recorder.js';

/** Plays a record and gives the results of its steps. */
export type Side = (record: NetlinkRecord) => Result[];

/** A side that can also say what it has no model of. */
export interface ModelSide {
  readonly results: Result[];
  readonly gaps: readonly string[];
  /** How the model failed, if it did. */
  readonly failure: readonly string[];
}

const noCommands: RunCommand = (command) => {
  throw new Error(`a fuzzed session runs no '${command}'`);
};

/** Plays a record to a new machine, or to what `make` puts in its place. */
export function playToModel(
  record: NetlinkRecord,
  make: (record: NetlinkRecord, gaps: string[]) => Subject = (r, gaps) =>
    boot(r, { kernel: undefined, config: undefined }, gaps),
): ModelSide {
  const gaps: string[] = [];
  try {
    return { results: play(record, make(record, gaps), noCommands), gaps, failure: [] };
  } catch (error) {
    return { results: [], gaps, failure: explain(error) };
  }
}

export interface Sides {
  readonly kernel: Side;
  readonly model: (record: NetlinkRecord) => ModelSide;
}

export interface Difference {
  readonly definition: Json;
  /** The step it shows at; the last one when the model failed. */
  readonly step: number;
  readonly lines: readonly string[];
  /** What that step gave on both sides; absent when the model failed. */
  readonly real?: Result;
  readonly got?: Result;
  /** What the model said it lacks at that step, and not before. */
  readonly gaps: readonly string[];
}

const stepIn = (line: string): number | undefined => {
  const found = /^step (\d+) /.exec(line);
  return found === null ? undefined : Number(found[1]);
};

const upTo = (definition: Json, step: number): Json => ({
  ...definition,
  steps: (definition['steps'] as Json[]).slice(0, step + 1),
});

/** The first step two sides differ at, or undefined. */
export function differenceOf(definition: Json, { kernel, model }: Sides): Difference | undefined {
  const record = netlinkRecord(definition);
  const real = kernel(record);
  const { results, gaps, failure } = model(record);
  const lines = failure.length > 0 ? failure : compare(withResults(record, real), results);
  if (lines.length === 0) return undefined;
  const step = failure.length > 0 ? record.steps.length - 1 : (stepIn(lines[0]!) ?? record.steps.length - 1);
  const here = lines.filter((line) => (stepIn(line) ?? step) === step);
  const until = (last: number): readonly string[] => model(netlinkRecord(upTo(definition, last))).gaps;
  const before = gaps.length === 0 ? gaps : until(step).filter((gap) => !until(step - 1).includes(gap));
  return {
    definition,
    step,
    lines: here,
    gaps: before,
    ...(results[step] && { real: real[step]!, got: results[step] }),
  };
}

/** A definition with the kernel's results, to be kept. */
export const vector = (definition: Json, kernel: Side): Json =>
  recorded(definition, netlinkRecord(definition), kernel(netlinkRecord(definition)));
