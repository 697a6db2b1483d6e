// `tcbox start NAME`: a box that outlives this command. Three processes: this one waits for the answer and ends; a
// guardian (lib/host/guardian.ts) stays above the box, so that what a killed box leaves behind falls to it; the box
// itself (lib/cli/box_process.ts) serves. The answer comes through fd 3, which all three share until it is given.
import { spawn } from 'node:child_process';
import { accessSync, constants, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { F_SETFD, FD_CLOEXEC } from '../host/abi.js';
import { HostError } from '../host/host_error.js';
import { fcntl } from '../host/libc.js';
import { configs } from '../linux/config.js';
import { boxFolder, checkName, logPath, openLog, socketPath } from './boxes.js';
import { configurationOf } from './configuration.js';
import { faultsOf } from './faults_option.js';
import { execCommand } from './exec.js';
import type { StartOptions } from './options.js';
import { CANNOT_START, say } from './say.js';
import { stopCommand } from './stop.js';
import { UsageError } from './usage_error.js';

/** What the box says on fd 3 once it serves. */
export const READY = 'ready\n';

/** Keeps what this command has inherited from the processes that stay: whoever reads a pipe waits for its end. */
function closeOnExec(): void {
  for (const name of readdirSync('/proc/self/fd')) {
    if (Number(name) > 2) fcntl(Number(name), F_SETFD, FD_CLOEXEC);
  }
}

/** Starts the processes; what came on fd 3, READY when all is well. */
function launch(args: readonly string[], log: number): Promise<string> {
  closeOnExec();
  const guardian = spawn(process.execPath, [process.argv[1]!, 'guardian', ...args], {
    cwd: '/',
    detached: true,
    stdio: ['ignore', log, log, 'pipe'],
  });
  return new Promise((done, failed) => {
    let answer = '';
    guardian.on('error', failed);
    guardian.stdio[3]!.on('data', (data: Buffer) => (answer += data.toString()));
    guardian.stdio[3]!.on('end', () => {
      done(answer);
    });
  });
}

/** The command that runs a setup script: itself when it is executable, else the shell with it. */
export function scriptCommand(script: string): string[] {
  const path = resolve(script);
  try {
    accessSync(path, constants.R_OK);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  try {
    accessSync(path, constants.X_OK);
    return [path];
  } catch {
    return ['/bin/sh', path];
  }
}

/** The options for another process in another folder: values that are names stay, paths become absolute. */
function passedOn({ kernel, config, fault = [] }: StartOptions): string[] {
  const isFile = config !== undefined && !Object.hasOwn(configs, config);
  return [
    ...(kernel === undefined ? [] : [`--kernel=${kernel}`]),
    ...(config === undefined ? [] : [`--config=${isFile ? resolve(config) : config}`]),
    ...fault.map((spec) => `--fault=${spec}`),
  ];
}

/** Starts a box and, in it, its setup script; the exit code. */
export async function startCommand(options: StartOptions, name: string): Promise<number> {
  configurationOf(options);
  await faultsOf(options);
  checkName(name);
  const script = options.script === undefined ? undefined : scriptCommand(options.script);
  try {
    const folder = boxFolder();
    socketPath(folder, name);
    const log = openLog(folder, name);
    const answer = await launch([folder, name, ...passedOn(options)], log);
    if (answer !== READY) {
      say(answer.trim() || `box '${name}' did not start; see ${logPath(folder, name)}`);
      return CANNOT_START;
    }
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    say(error.message);
    return CANNOT_START;
  }
  const status = script === undefined ? 0 : await execCommand(name, script);
  if (status === 0) return 0;
  say(`the setup script ended with ${status}; box '${name}' is stopped`);
  await stopCommand([name]);
  return CANNOT_START;
}
