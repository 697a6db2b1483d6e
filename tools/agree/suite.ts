// What a kind of recording makes of one file: named cases that are run one after the other.
import { Machine } from '../../lib/linux/machine.js';
import type { KernelVersion } from '../../lib/linux/version.js';
import { netlinkRecord } from './netlink/record.js';
import { replay } from './netlink/replay.js';
import { compareClassic } from './execution/classic.js';
import { compareConformance, compareExtended } from './execution/extended.js';
import type { ExecutionRecord } from './execution/record.js';
import { executionRecord } from './execution/record.js';
import { readLines, readWhole } from './input.js';
import type { Kind, Options } from './options.js';
import type { Outcome } from './outcome.js';
import { judged } from './outcome.js';
import type { Shell } from './shell.js';
import { syscallRecord } from './syscalls/record.js';
import { replaySyscalls } from './syscalls/replay.js';
import { Programs } from './transcripts/programs.js';
import { transcript } from './transcripts/record.js';
import { rerun } from './transcripts/rerun.js';
import { verifierRecord } from './verifier/record.js';
import { type Counts, replayVerifier } from './verifier/replay.js';

export interface Settings {
  readonly kernel: KernelVersion | undefined;
  readonly config: string | undefined;
  /** A box, or the reason why there is none. */
  readonly shell: Shell | string;
}

export interface Suite {
  readonly file: string;
  readonly cases: readonly { readonly name: string; run(settings: Settings): Outcome }[];
  /** What was counted beside the outcomes. */
  summary?(): string;
  /** Gives back what the cases had made. */
  close(): void;
}

const nothing = (): void => {};

function netlinkSuite(file: string): Suite {
  const records = readLines(file, netlinkRecord);
  return {
    file,
    close: nothing,
    cases: records.map((r) => ({ name: r.name, run: (settings) => replay(r, settings) })),
  };
}

function transcriptSuite(file: string, { fixtures }: Options): Suite {
  const programs = new Programs(fixtures);
  const record = readWhole(file, transcript);
  const run = (settings: Settings): Outcome => rerun(record, programs, settings);
  return {
    file,
    cases: [{ name: record.scenario, run }],
    close: () => {
      programs.close();
    },
  };
}

function verifierSuite(file: string): Suite {
  const counts: Counts = { logs: 0, equalLogs: 0, programs: 0, equalPrograms: 0 };
  const cases = readLines(file, verifierRecord).map((record) => ({
    name: record.name,
    run: (settings: Settings) => replayVerifier(record, settings, counts),
  }));
  const summary = (): string =>
    `compared: verdict, errno, last words of the log; of ${counts.logs} logs ${counts.equalLogs} are the same, ` +
    `of ${counts.programs} rewritten programs ${counts.equalPrograms}`;
  return { file, close: nothing, cases, summary };
}

function syscallSuite(file: string): Suite {
  const cases = readLines(file, syscallRecord).map((record) => ({
    name: record.name,
    run: (settings: Settings) => replaySyscalls(record, settings),
  }));
  return { file, close: nothing, cases };
}

function compareExecution(record: ExecutionRecord, { kernel, config }: Settings): Outcome {
  const machine = new Machine({ ...(kernel && { version: kernel }), ...(config && { config }) });
  if (record.kind === 'classic') return judged(compareClassic(machine, record));
  if (record.kind === 'extended') return judged(compareExtended(machine, record));
  return judged(compareConformance(machine, record));
}

function executionSuite(file: string): Suite {
  const cases = readLines(file, executionRecord).map((record) => ({
    name: record.name,
    run: (settings: Settings) => compareExecution(record, settings),
  }));
  return { file, close: nothing, cases };
}

const makers: Readonly<Record<Kind, (file: string, options: Options) => Suite>> = {
  netlink: netlinkSuite,
  transcripts: transcriptSuite,
  verifier: verifierSuite,
  execution: executionSuite,
  syscalls: syscallSuite,
};

/** Reads a file as a whole; throws InputError. */
export const openSuite = (file: string, options: Options): Suite => makers[options.kind](file, options);
