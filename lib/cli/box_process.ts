// The process of a box that stays: takes its name, boots a kernel, and serves programs and callers until one of them
// stops it. Started by lib/cli/start.ts under its guardian; says on fd 3 that it serves, or why not.
import { closeSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { Box } from '../host/box.js';
import { Control } from '../host/control.js';
import { connectTo, listenAt } from '../host/control_socket.js';
import { possibleCpus } from '../host/cpus.js';
import { HostError } from '../host/host_error.js';
import { hostClock } from '../host/kernel.js';
import { close, prctl } from '../host/libc.js';
import { ECONNREFUSED, ENOENT } from '../uapi/asm-generic/errno.js';
import { Entropy } from '../linux/entropy.js';
import { Machine } from '../linux/machine.js';
import { answerAsk } from './ask_answer.js';
import { locked, logPath, removeFiles, socketPath } from './boxes.js';
import { configurationOf } from './configuration.js';
import { faultsOf } from './faults_option.js';
import { parseOptions } from './options.js';
import { CANNOT_START } from './say.js';
import { recordingTo } from './record_file.js';
import { answerSend, answerSendAll } from './send_answer.js';
import { READY } from './start.js';
import { version } from './version.js';

/** Callers that wait to be taken in. */
const BACKLOG = 511;
/** How often daemons that have ended are reaped. */
const REAP_MS = 1000;
/** How often a box that waits looks whether it can still be reached. */
const LOOK_MS = 5000;
const PR_SET_PDEATHSIG = 1;
const SIGTERM = 15;
const ANSWER_FD = 3;

/** The listening socket under the box's name; a killed box of that name leaves it free. */
function takeName(folder: string, name: string): number {
  const path = socketPath(folder, name);
  return locked(folder, () => {
    const living = connectTo(path);
    if (living >= 0) close(living);
    if (living !== -ENOENT && living !== -ECONNREFUSED) {
      throw new HostError('exists', `there is a box '${name}' already`, `tcbox stop ${name} ends it`);
    }
    rmSync(path, { force: true });
    truncateSync(logPath(folder, name));
    const fd = listenAt(path, BACKLOG);
    if (fd >= 0) return fd;
    throw new HostError('socket', `no socket can be made at ${path} (errno ${-fd})`, 'is there room in that folder?');
  });
}

/** Gives the name back, unless it is another box's by now. */
function giveBack(folder: string, name: string, ino: number): void {
  locked(folder, () => {
    if (inode(folder, name) === ino) removeFiles(folder, name);
  });
}

function inode(folder: string, name: string): number | undefined {
  return statSync(socketPath(folder, name), { throwIfNoEntry: false })?.ino;
}

async function serve(folder: string, name: string, args: readonly string[]): Promise<void> {
  const options = parseOptions(args);
  const { config, version: kernel } = configurationOf(options);
  const faults = await faultsOf(options);
  const fd = takeName(folder, name);
  const ino = inode(folder, name)!;
  let control: Control | undefined;
  const notice = (line: string): void => {
    control?.notice(line);
  };
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    control?.end();
    giveBack(folder, name, ino);
  };
  try {
    const onGap = (what: string): void => {
      notice(`not modelled: ${what}`);
    };
    const entropy = new Entropy(Math.floor(Math.random() * 2 ** 32));
    const machine = new Machine({
      clock: hostClock,
      possibleCpus: possibleCpus(),
      entropy,
      onGap,
      config,
      version: kernel,
      ...faults,
    });
    const box = new Box(machine, { spawner: 'inline', namespaces: true, log: notice });
    const about = { kernel, config: config.name, started: Date.now(), guardian: process.ppid, version: version() };
    control = new Control(box, fd, about, stop, {
      send: (request) => answerSend(machine, request),
      sendAll: (request) => answerSendAll(machine, request),
      ask: (request) => answerAsk(machine, request),
      record: (to, argv) => recordingTo(to, argv, { kernel, config: config.name }),
    });
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop);
    endWithGuardian(about.guardian, stop);
    answer(READY);
    // A box whose socket somebody has removed can never be stopped.
    await pump(
      box,
      () => stopping,
      () => inode(folder, name) !== ino,
    );
    box.close();
  } finally {
    stop();
  }
}

/** A killed guardian is followed by its box: without it, what a killed box leaves behind would live on. */
function endWithGuardian(guardian: number, stop: () => void): void {
  prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
  if (process.ppid !== guardian) stop();
}

async function pump(box: Box, stopped: () => boolean, lost: () => boolean): Promise<void> {
  while (!stopped() && !lost()) {
    if (box.reapOrphans()) box.pump(stopped, REAP_MS);
    else box.pump(() => stopped() || box.programs !== 0, LOOK_MS);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function answer(text: string): void {
  try {
    writeSync(ANSWER_FD, text);
    closeSync(ANSWER_FD);
  } catch {
    // Whoever started the box has gone.
  }
}

/** The youngest objects get no more room than at first: a third less memory, and no time that could be measured. */
function staySmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

/** Serves a box; the exit code for this process. */
export async function boxProcess(args: readonly string[]): Promise<number> {
  const [folder, name, ...options] = args as [string, string, ...string[]];
  staySmall();
  try {
    await serve(folder, name, options);
    return 0;
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    answer(error.message);
    return CANNOT_START;
  }
}
