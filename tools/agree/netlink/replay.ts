// Replays one netlink recording on the model: a fresh machine, its setup by real ip and tc in a box, then the recorded
// calls by a process inside the model.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configs } from '../../../lib/linux/config.js';
import { Machine } from '../../../lib/linux/machine.js';
import type { Outcome } from '../outcome.js';
import { NotModelled, differs, judged, notRun } from '../outcome.js';
import { clientPath, missingProgram } from '../programs.js';
import type { Shell } from '../shell.js';
import type { Settings } from '../suite.js';
import { compare } from './compare.js';
import type { RunCommand } from './play.js';
import { SetupError, play } from './play.js';
import type { NetlinkRecord } from './record.js';

/** What one command takes on a real machine, more or less. */
const COMMAND_MS = 5;
const MS = 1e6;

const needsShell = ({ setup, steps }: NetlinkRecord): string[] => [
  ...setup,
  ...steps.flatMap(({ action }) =>
    'call' in action && action.call.name === 'shell' ? [String(action.call.args[0])] : [],
  ),
];

/** Commands run in a box; each takes its time. */
function inBox(shell: Shell | string, machine: Machine, cwd: string): RunCommand {
  return (command) => {
    if (typeof shell === 'string') throw new SetupError(shell);
    const env = { ...process.env, PATH: clientPath, LC_ALL: 'C' };
    const result = shell.run(machine, command, { cwd, env, timeoutMs: 30_000 });
    machine.advance(COMMAND_MS * MS);
    return result;
  };
}

/** A machine as the record wants it. Throws SetupError for an unknown configuration. */
export function boot(
  record: NetlinkRecord,
  { kernel, config }: Pick<Settings, 'kernel' | 'config'>,
  gaps: string[],
): Machine {
  const named = configs[config ?? record.config];
  if (named === undefined) throw new SetupError(`configuration '${config ?? record.config}' is not modelled`);
  const disableIpv6 = record.ipv6 === undefined ? named.disableIpv6 : !record.ipv6;
  return new Machine({
    version: kernel ?? named.version,
    config: { ...named, disableIpv6 },
    onGap: (what) => gaps.push(`not modelled: ${what}`),
  });
}

/** Why the model does not stand up to a record, as lines. */
export function explain(error: unknown): string[] {
  if (error instanceof SetupError || error instanceof NotModelled) return [error.message];
  const { stack, message } = error as Error;
  return [`the model failed: ${message}`, ...(stack ?? '').split('\n').slice(1, 4)];
}

export function replay(record: NetlinkRecord, settings: Settings): Outcome {
  if (record.obstacle !== undefined) return notRun(record.obstacle);
  const commands = needsShell(record);
  if (commands.length > 0 && typeof settings.shell === 'string') return notRun(settings.shell);
  const missing = missingProgram(commands);
  if (missing !== undefined) return notRun(`needs ${missing}`);
  const gaps: string[] = [];
  const cwd = mkdtempSync(join(tmpdir(), 'agree-'));
  try {
    const machine = boot(record, settings, gaps);
    const lines = compare(record, play(record, machine, inBox(settings.shell, machine, cwd)));
    return judged(lines.length === 0 ? [] : [...new Set(gaps), ...lines]);
  } catch (error) {
    return differs(...new Set(gaps), ...explain(error));
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}
