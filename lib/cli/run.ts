// `tcbox run`: boots a kernel, starts one program in it and serves it and everything it starts until it ends. Loads as
// little as it can, because every command in a box waits for it. The caller has parsed the arguments.
import { readFileSync } from 'node:fs';
import { Box } from '../host/box.js';
import { possibleCpus } from '../host/cpus.js';
import { HostError } from '../host/host_error.js';
import { hostClock } from '../host/kernel.js';
import { inheritedFiles, withOpenFiles } from '../host/limits.js';
import { Namespaces } from '../host/namespaces.js';
import { SpawnError } from '../host/program.js';
import { Entropy } from '../linux/entropy.js';
import { Machine } from '../linux/machine.js';
import { configurationOf, type Configuration } from './configuration.js';
import { faultsOf } from './faults_option.js';
import type { RunOptions } from './options.js';
import { requireText } from './plain_text.js';
import { CANNOT_START, say } from './say.js';

/** Signals a terminal sends to the whole foreground group, the command included. */
const terminalSignals = ['SIGINT', 'SIGQUIT', 'SIGWINCH'] as const;
const otherSignals = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGCONT', 'SIGALRM'] as const;

/** Whether this process is in the foreground of its terminal: then ^C reaches the command without us. */
function inForeground(): boolean {
  const [, , group, , , foreground] = readFileSync('/proc/self/stat', 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ');
  return group === foreground;
}

/**
 * Signals sent to this process go on to a program; which ones. To be called before the program starts, which may ask for
 * one at once; `pid` is asked when one has come.
 */
export function forwardSignals(pid: () => number): readonly NodeJS.Signals[] {
  const forward = (signal: NodeJS.Signals): void => {
    try {
      process.kill(pid(), signal);
    } catch {
      // It has just ended; its status is about to be seen.
    }
  };
  for (const signal of otherSignals) process.on(signal, forward);
  for (const signal of terminalSignals) {
    process.on(signal, () => {
      if (!inForeground()) forward(signal);
    });
  }
  return [...otherSignals, ...terminalSignals];
}

async function serve(box: Box, argv: readonly string[]): Promise<number> {
  // Handlers run in turns of the event loop: none before there is a program.
  forwardSignals(() => client.pid);
  const client = withOpenFiles(inheritedFiles(), () => box.spawn(argv));
  const ended = (): boolean => client.waitStatus !== undefined;
  while (box.pump(ended) !== 'done') await new Promise((resolve) => setImmediate(resolve));
  const status = client.waitStatus!;
  return (status & 0x7f) === 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f);
}

/** Told of the box before the program starts. */
export type Attend = (box: Box, configuration: Configuration) => void;

/** Runs `argv` in a new box; the exit code for this process: the command's own, 128 + n for a signal. */
export async function runCommand(options: RunOptions, argv: readonly string[], attend?: Attend): Promise<number> {
  requireText(argv);
  const configuration = configurationOf(options);
  const faults = await faultsOf(options);
  try {
    const namespaces = new Namespaces();
    const machine = new Machine({
      clock: hostClock,
      possibleCpus: possibleCpus(),
      entropy: new Entropy(Math.floor(Math.random() * 2 ** 32)),
      onGap: (what) => {
        say(`not modelled: ${what}`);
      },
      ...configuration,
      ...faults,
    });
    const box = new Box(machine, { spawner: 'inline', namespaces });
    try {
      attend?.(box, configuration);
      return await serve(box, argv);
    } finally {
      box.close();
    }
  } catch (error) {
    if (!(error instanceof HostError || error instanceof SpawnError)) throw error;
    say(error.message);
    return error instanceof SpawnError ? error.status : CANNOT_START;
  }
}
