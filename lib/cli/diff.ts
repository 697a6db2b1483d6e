// `tcbox diff A B` and `tcbox diff -- CMD1 … -- CMD2 …`: what two recordings, or two programs in a fresh kernel each, say
// differently. Programs are recorded as `tcbox record` does it; what they print goes to standard error.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isatty } from 'node:tty';
import type { Datagram } from '../conform/datagram.js';
import { diff } from '../conform/diff/diff.js';
import { jsonDifference, showDifference, showSummary } from '../conform/diff/show.js';
import { showProblem } from '../conform/import/importer.js';
import { type FileOptions, importOptions } from './import_options.js';
import { InputFile, InputProgress, TextOutput } from './input_file.js';
import type { RunOptions } from './options.js';
import { requireText } from './plain_text.js';
import { CANNOT_START, say } from './say.js';
import { UsageError } from './usage_error.js';

/** Options of `tcbox diff`, as they are on the command line. */
export interface DiffCommandOptions extends RunOptions, FileOptions {
  requests?: boolean;
  all?: boolean;
  json?: boolean;
}

/** From here on a program was not run: tcbox could not start, or the program was not found. */
const NOT_RUN = CANNOT_START;

interface Source {
  readonly path: string;
  /** What it is called in places. */
  readonly name: string;
}

interface Read {
  readonly datagrams: Datagram[];
  readonly failed: boolean;
}

function readAll({ path, name }: Source, options: DiffCommandOptions, progress: InputProgress): Read {
  const datagrams: Datagram[] = [];
  let failed = false;
  let calls = 0;
  const input = new InputFile(path, {
    ...importOptions(options),
    file: name,
    call: () => {
      calls++;
    },
    problem: (problem) => {
      failed = true;
      progress.clear();
      say(showProblem(problem));
    },
  });
  for (const datagram of input.datagrams()) {
    datagrams.push(datagram);
    progress.show(input, name, datagrams.length);
  }
  progress.clear();
  const inexact = datagrams.filter(({ lost }) => lost !== undefined).length;
  if (inexact > 0) say(`${name}: bytes of ${inexact} datagrams are missing; they are compared as zero`);
  if (calls > 0) say(`${name}: ${calls} bpf(2) calls are not compared`);
  return { datagrams, failed };
}

function compareFiles(first: Source, second: Source, options: DiffCommandOptions, numbers = false): number {
  const progress = new InputProgress(isatty(2));
  const [a, b] = [readAll(first, options, progress), readAll(second, options, progress)];
  const { requests = false, all = false, json = false } = options;
  const result = diff(a.datagrams, b.datagrams, { requests, all });
  const output = new TextOutput();
  for (const difference of result.differences)
    output.print(json ? jsonDifference(difference) : showDifference(difference, { numbers }));
  if (!json) output.print(showSummary(result));
  output.flush();
  return result.differences.length > 0 || a.failed || b.failed ? 1 : 0;
}

/** Records a command in a kernel of its own; the status it ended with. */
function record(command: readonly string[], file: string, { kernel, config, fault }: DiffCommandOptions): number {
  const options = [
    ...(kernel === undefined ? [] : ['--kernel', kernel]),
    ...(config === undefined ? [] : ['--config', config]),
    ...(fault ?? []).flatMap((spec) => ['--fault', spec]),
  ];
  const argv = [process.argv[1]!, 'record', ...options, '-o', file, '--', ...command];
  const { status, error } = spawnSync(process.execPath, argv, { stdio: ['inherit', 2, 2] });
  if (error !== undefined) throw error;
  return status ?? NOT_RUN;
}

function compareCommands(commands: readonly (readonly string[])[], options: DiffCommandOptions): number {
  const folder = mkdtempSync(join(tmpdir(), 'tcbox-diff-'));
  try {
    const files = commands.map((command, index) => {
      const name = 'ab'[index]!;
      const path = join(folder, name);
      const status = record(command, path, options);
      if (status >= NOT_RUN && status < 128) throw new UsageError(`'${command.join(' ')}' could not be run`);
      if (status !== 0) say(`'${command.join(' ')}' ended with ${status}`);
      return { path, name };
    });
    return compareFiles(files[0]!, files[1]!, options, true);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The commands between the `--`. */
function commandsOf(args: readonly string[]): string[][] {
  const commands: string[][] = [[]];
  for (const argument of args)
    if (argument === '--') commands.push([]);
    else commands.at(-1)!.push(argument);
  return commands;
}

/** Compares two files, or two commands with `--` between them; 0 = they say the same, 1 = they do not. */
export function diffCommand(args: readonly string[], options: DiffCommandOptions): number {
  requireText(args);
  const commands = commandsOf(args);
  if (commands.length === 1) {
    const [first, second, ...more] = args;
    if (first === undefined || second === undefined || more.length > 0)
      throw new UsageError('diff needs two files, or two commands: -- COMMAND … -- COMMAND …');
    if (first === '-' && second === '-') throw new UsageError('standard input can be read once: name a file beside it');
    return compareFiles({ path: first, name: first }, { path: second, name: second }, options);
  }
  if (commands.length !== 2 || commands.some((command) => command.length === 0))
    throw new UsageError('diff compares two commands: -- COMMAND … -- COMMAND …');
  return compareCommands(commands, options);
}
