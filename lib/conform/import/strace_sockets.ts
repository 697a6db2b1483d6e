// The netlink sockets of the processes in a trace: which fd is which socket, its protocol, port and options. Threads share
// the fds of their process, a child has copies; what strace itself says of an fd (-yy) is believed.
import { AF_NETLINK, NETLINK_DROP_MEMBERSHIP, NETLINK_ROUTE, SOL_NETLINK } from '../../uapi/linux/netlink.js';
import { Conversation } from './conversation.js';
import type { StraceCall } from './strace_line.js';
import { numberOf } from './strace_names.js';

export interface TracedSocket {
  /** Unlike that of any other socket of the trace. */
  readonly name: string;
  readonly protocol: number | undefined;
  options: readonly number[];
  readonly conversation: Conversation;
}

type Table = Map<number, TracedSocket>;

/** Processes that are remembered. */
const REMEMBERED = 4096;

const protocols: Readonly<Record<string, number>> = { ROUTE: NETLINK_ROUTE, GENERIC: 16 };
const ofFd = /^\d+<NETLINK:\[([A-Z0-9_]+)/;
const isFlag = (args: string, flag: string, bit: number): boolean =>
  args.includes(flag) || ((numberOf(/flags=(0x[0-9a-f]+)/.exec(args)?.[1] ?? '') ?? 0) & bit) !== 0;
const CLONE_FILES = 0x400;

export class TracedSockets {
  readonly #tables = new Map<string, Table>();
  /** Processes that are making another one, the latest last. */
  #parents: string[] = [];
  #made = 0;

  /** The socket that a call is about; undefined = the fd is none that is known. */
  of({ pid, args }: StraceCall): TracedSocket | undefined {
    const fd = parseInt(args, 10);
    const known = this.#table(pid).get(fd);
    if (known !== undefined) return known;
    const protocol = ofFd.exec(args)?.[1];
    return protocol === undefined ? undefined : this.#open(pid, fd, protocols[protocol]);
  }

  /** A socket of which nothing is known but that it is one. */
  unknown({ pid, args }: StraceCall): TracedSocket {
    return this.#open(pid, parseInt(args, 10), undefined);
  }

  /** Calls whose ends are awaited. */
  started(pid: string | undefined, name: string): void {
    if (!/^(?:clone3?|v?fork)$/.test(name)) return;
    this.#parents = [...this.#parents.filter((parent) => parent !== pid), pid ?? ''].slice(-64);
  }

  ended(pid: string | undefined): void {
    this.#tables.delete(pid ?? '');
  }

  /** What a call changes about fds. */
  call({ pid, name, args, result }: StraceCall): void {
    const value = parseInt(result, 10);
    if (!(value >= 0)) return;
    const fd = parseInt(args, 10);
    if (name === 'socket') this.#socket(pid, args, value);
    else if (name === 'close') this.#table(pid).delete(fd);
    else if (name === 'setsockopt') this.#option(pid, fd, args);
    else if (/^dup[23]?$/.test(name) || (name === 'fcntl' && /F_DUPFD/.test(args))) this.#copy(pid, fd, value);
    else if (/^(?:clone3?|v?fork)$/.test(name))
      this.#fork(pid, String(value), isFlag(args, 'CLONE_FILES', CLONE_FILES));
  }

  #table(pid = ''): Table {
    let table = this.#tables.get(pid);
    if (table !== undefined) return table;
    // A child whose parent is still in the call that makes it, or the first process.
    const parent = this.#parents.at(-1);
    table = new Map(parent === undefined ? [] : this.#tables.get(parent));
    this.#tables.set(pid, table);
    if (this.#tables.size > REMEMBERED) this.#tables.delete(this.#tables.keys().next().value!);
    return table;
  }

  #open(pid: string | undefined, fd: number, protocol: number | undefined): TracedSocket {
    const name = `${pid === undefined ? '' : `process ${pid} `}socket ${fd} #${++this.#made}`;
    const socket = { name, protocol, options: [], conversation: new Conversation() };
    this.#table(pid).set(fd, socket);
    return socket;
  }

  #socket(pid: string | undefined, args: string, fd: number): void {
    const [domain = '', , protocol = ''] = args.split(',').map((text) => text.trim());
    if (numberOf(domain) === AF_NETLINK) this.#open(pid, fd, numberOf(protocol.replace(/\s.*/, '')));
    else this.#table(pid).delete(fd);
  }

  #copy(pid: string | undefined, from: number, to: number): void {
    const socket = this.#table(pid).get(from);
    if (socket === undefined) this.#table(pid).delete(to);
    else this.#table(pid).set(to, socket);
  }

  #fork(pid: string | undefined, child: string, shares: boolean): void {
    const table = this.#table(pid);
    this.#parents = this.#parents.filter((parent) => parent !== (pid ?? ''));
    if (shares) this.#tables.set(child, table);
    else if (!this.#tables.has(child)) this.#tables.set(child, new Map(table));
  }

  #option(pid: string | undefined, fd: number, args: string): void {
    const [, level = '', option = '', value = ''] = args.split(',').map((text) => text.trim());
    const number = numberOf(option.replace(/\s.*/, ''));
    const socket = this.#table(pid).get(fd);
    if (socket === undefined || numberOf(level) !== SOL_NETLINK || number === undefined) return;
    if (number <= NETLINK_DROP_MEMBERSHIP) return;
    const rest = socket.options.filter((set) => set !== number);
    socket.options = /[1-9]/.test(value) ? [...rest, number] : rest;
  }
}
