// Plays one netlink recording to a kernel, the model's or a real one: its setup by shell commands, then the recorded
// calls by one process, with what came back in the recording's form.
import { fromHex } from '../../../lib/codec/bytes.js';
import type { CommandResult } from '../shell.js';
import { drain, makeCall } from './calls.js';
import type { Subject } from './process.js';
import { Process } from './process.js';
import type { NetlinkRecord, Result, SocketSpec, Step } from './record.js';

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const [SOL_SOCKET, SO_RCVBUF] = [1, 8];
const [SOL_NETLINK, NETLINK_ADD_MEMBERSHIP] = [270, 1];

const MS = 1e6;

const u32 = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer);

/** What a recording needs before its first step could not be made. */
export class SetupError extends Error {}

/** Runs one command line of sh(1) on the subject. */
export type RunCommand = (command: string) => CommandResult;

class Player {
  readonly #record: NetlinkRecord;
  readonly #subject: Subject;
  readonly #process: Process;
  readonly #command: RunCommand;

  constructor(record: NetlinkRecord, subject: Subject, command: RunCommand) {
    this.#record = record;
    this.#subject = subject;
    this.#process = new Process(subject);
    this.#command = command;
  }

  run(): Result[] {
    const { setup, settleMs, monitor, socket, objects, steps } = this.#record;
    for (const command of setup) this.#setUp(command);
    this.#subject.advance(settleMs * MS);
    if (monitor) this.#open('monitor', monitor);
    if (socket) {
      this.#process.become(socket.uid);
      this.#open('nl', socket);
    }
    for (const object of objects) this.#process.make(object);
    return steps.map((step, i) => this.#step(step, i));
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
    this.#subject.advance(waitMs * MS);
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
    this.#subject.advance(waitMs * MS);
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

/** The results of all steps. Throws SetupError, or NotModelled for what the subject lacks. */
export const play = (record: NetlinkRecord, subject: Subject, command: RunCommand): Result[] =>
  new Player(record, subject, command).run();
