// Runs the commands of a transcript by real programs in a box and compares what they print.
import { closeSync, openSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { possibleCpus } from '../../../lib/host/cpus.js';
import { configs } from '../../../lib/linux/config.js';
import { Machine } from '../../../lib/linux/machine.js';
import type { Outcome } from '../outcome.js';
import { differs as caseDiffers, judged, notRun } from '../outcome.js';
import type { CommandResult, Shell } from '../shell.js';
import type { Settings } from '../suite.js';
import { differs } from './compare.js';
import type { Programs } from './programs.js';
import type { Output, Transcript } from './record.js';

/** Differing commands that are shown. */
const shown = 3;
const timeoutMs = 120_000;

/** A monotonic clock from 0 on, as of boot. */
function clockFromNow(): { now: () => number } {
  const start = performance.now();
  return { now: () => Math.round((performance.now() - start) * 1e6) };
}

const outputOf = ({ status, signal, stdout, stderr }: CommandResult): Output => ({
  stdout,
  stderr,
  rc: status ?? -(signal ?? 0),
});

/** bash -c, without core files. */
const argvOf = (cmd: string): string[] => ['/bin/bash', '-c', 'ulimit -c 0; exec /bin/bash -c "$1"', 'bash', cmd];

function environment(record: Transcript, home: string, bin: string): Record<string, string> {
  const places: Readonly<Record<string, string>> = { '<home>': home, '<dir of gonl goeb craw>': bin };
  const filled = (value: string): string => value.replace(/<[^>]*>/g, (place) => places[place] ?? place);
  return Object.fromEntries(Object.entries(record.env).map(([name, value]) => [name, filled(value)]));
}

function runAll(record: Transcript, machine: Machine, shell: Shell, programs: Programs): string[] {
  const { cwd, home, remove } = programs.workspace();
  const input = openSync('/dev/null', 'r');
  const env = environment(record, home, programs.bin);
  try {
    return record.commands.flatMap((command, i) => {
      const got = outputOf(shell.runFreely(machine, argvOf(command.cmd), { cwd, env, input, timeoutMs }));
      const found = command.judged ? differs(command, got) : undefined;
      return found === undefined ? [] : [`#${i} $ ${command.cmd.slice(0, 100)}`, `   ${found}`];
    });
  } finally {
    closeSync(input);
    remove();
  }
}

/** The first differing commands with what differs; how many more there are. */
function shorten(lines: readonly string[]): string[] {
  const rest = lines.length / 2 - shown;
  return [...lines.slice(0, 2 * shown), ...(rest > 0 ? [`${rest} more commands differ`] : [])];
}

export function rerun(record: Transcript, programs: Programs, { shell, kernel, config }: Settings): Outcome {
  if (typeof shell === 'string') return notRun(shell);
  const missing = programs.missing(record, environment(record, '', programs.bin)['PATH'] ?? '');
  if (missing !== undefined) return notRun(`needs ${missing}`);
  if (record.needs.includes('mount') && shell.noMounts !== '')
    return notRun(`needs user namespaces: ${shell.noMounts}`);
  const cpus = record.needs.map((need) => /^(\d+)-cpus$/.exec(need)?.[1]).find((count) => count !== undefined);
  if (cpus !== undefined && Number(cpus) !== possibleCpus()) return notRun(`needs a computer of ${cpus} CPUs`);
  const named = configs[config ?? record.config];
  if (named === undefined) return caseDiffers(`configuration '${config ?? record.config}' is not modelled`);
  const gaps: string[] = [];
  const machine = new Machine({
    version: kernel ?? named.version,
    config: { ...named, ipv6: named.ipv6 || record.ipv6, disableIpv6: !record.ipv6 },
    clock: clockFromNow(),
    possibleCpus: possibleCpus(),
    onGap: (what) => gaps.push(`not modelled: ${what}`),
  });
  try {
    const lines = shorten(runAll(record, machine, shell, programs));
    return judged(lines.length === 0 ? [] : [...gaps, ...lines]);
  } catch (error) {
    const { message, stack } = error as Error;
    return caseDiffers(...gaps, `the model failed: ${message}`, ...(stack ?? '').split('\n').slice(1, 4));
  }
}
