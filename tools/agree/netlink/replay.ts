// Replays one netlink recording: a fresh machine, its setup by real ip and tc in a box, then the recorded calls by a
// process inside the model.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromHex } from '../../../lib/codec/bytes.js';
import { configs } from '../../../lib/linux/config.js';
import { Machine } from '../../../lib/linux/machine.js';
import type { Outcome } from '../outcome.js';
import { NotModelled, differs, judged, notRun } from '../outcome.js';
import { clientPath, missingProgram } from '../programs.js';
import type { CommandResult, Shell } from '../shell.js';
import type { Settings } from '../suite.js';
import { drain, makeCall } from './calls.js';
import { compare } from './compare.js';
import { Process } from './process.js';
import type { NetlinkRecord, Result, SocketSpec, Step } from './record.js';

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const [SOL_SOCKET, SO_RCVBUF] = [1, 8];
const [SOL_NETLINK, NETLINK_ADD_MEMBERSHIP] = [270, 1];

/** What one command takes on a real machine, more or less. */
const COMMAND_MS = 5;
const MS = 1e6;

const u32 = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer);

class SetupError extends Error {}

class Replay {
  readonly #record: NetlinkRecord;
  readonly #machine: Machine;
  readonly #process: Process;
  readonly #shell: Shell | string;
  readonly #cwd: string;

  constructor(record: NetlinkRecord, machine: Machine, shell: Shell | string, cwd: string) {
    this.#record = record;
    this.#machine = machine;
    this.#process = new Process(machine);
    this.#shell = shell;
    this.#cwd = cwd;
  }

  run(): Result[] {
    const { setup, settleMs, monitor, socket, objects, steps } = this.#record;
    for (const command of setup) this.#setUp(command);
    this.#machine.advance(settleMs * MS);
    if (monitor) this.#open('monitor', monitor);
    if (socket) {
      this.#process.become(socket.uid);
      this.#open('nl', socket);
    }
    for (const object of objects) this.#process.make(object);
    return steps.map((step, i) => this.#step(step, i));
  }

  #command(command: string): CommandResult {
    if (typeof this.#shell === 'string') throw new SetupError(this.#shell);
    const env = { ...process.env, PATH: clientPath, LC_ALL: 'C' };
    const result = this.#shell.run(this.#machine, command, { cwd: this.#cwd, env, timeoutMs: 30_000 });
    this.#machine.advance(COMMAND_MS * MS);
    return result;
  }

  #setUp(command: string): void {
    const { status, signal, stdout, stderr } = this.#command(command);
    if (status === 0) return;
    const how = status === null ? `died of signal ${signal}` : `exited with ${status}`;
    throw new SetupError(`setup '${command}' ${how}: ${(stdout + stderr).trim().split('\n').slice(0, 3).join(' | ')}`);
  }

  #open(name: string, spec: SocketSpec): void {
    const process = this.#process;
    const must = (what: string, ret: number): void => {
      if (ret < 0) throw new SetupError(`${what} of the socket '${name}' gives errno ${-ret}`);
    };
    must('socket()', process.open(name, AF_NETLINK, SOCK_RAW, spec.protocol));
    const socket = process.socket(name);
    if (typeof socket === 'number') return;
    const option = (level: number, optname: number, value: number): void => {
      must(`option ${optname}`, socket.setsockopt(process.task, level, optname, u32(value)));
    };
    if (spec.rcvbuf !== undefined) option(SOL_SOCKET, SO_RCVBUF, spec.rcvbuf);
    must('bind()', process.bind(name, Uint8Array.of(AF_NETLINK, 0, 0, 0, ...u32(spec.pid), 0, 0, 0, 0), 12));
    for (const group of spec.groups) option(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group);
    for (const optname of spec.opts) option(SOL_NETLINK, optname, 1);
  }

  #step({ action, waitMs }: Step, i: number): Result {
    if ('send' in action) return this.#send(action, waitMs, i);
    const { call } = action;
    const got =
      call.name === 'shell' ? { ret: this.#command(String(call.args[0])).status ?? -1 } : makeCall(this.#process, call);
    this.#machine.advance(waitMs * MS);
    return got;
  }

  #send({ send, sock, bufsize }: Extract<Step['action'], { send: string }>, waitMs: number, i: number): Result {
    const process = this.#process;
    const monitored = this.#record.monitor !== undefined;
    if (monitored) drain(process, 'monitor', 65536);
    const data = fromHex(send);
    for (const fixup of this.#record.fixups)
      if (fixup.step === i) data.set(u32(process.fd(fixup.object)), fixup.offset);
    const sent = process.send(sock, data, 0, Uint8Array.of(AF_NETLINK, ...new Uint8Array(11)));
    this.#machine.advance(waitMs * MS);
    const received = drain(process, sock, bufsize);
    const notified = monitored ? drain(process, 'monitor', 65536) : [];
    return {
      ...(sent >= 0 ? { send_ret: sent } : { errno: -sent }),
      recv: received.map((d) => d.reply),
      recv_flags: received.map((d) => d.flags),
      recv_addr: received.map((d) => d.address),
      notify: notified.map((d) => d.reply),
    };
  }
}

const needsShell = ({ setup, steps }: NetlinkRecord): string[] => [
  ...setup,
  ...steps.flatMap(({ action }) =>
    'call' in action && action.call.name === 'shell' ? [String(action.call.args[0])] : [],
  ),
];

function boot(record: NetlinkRecord, { kernel, config }: Settings, gaps: string[]): Machine {
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
function explain(error: unknown): string[] {
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
    const lines = compare(record, new Replay(record, machine, settings.shell, cwd).run());
    return judged(lines.length === 0 ? [] : [...new Set(gaps), ...lines]);
  } catch (error) {
    return differs(...new Set(gaps), ...explain(error));
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}
