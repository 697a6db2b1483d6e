// Writes a recording (lib/record/recording.ts) of calls as they end: numbers the sockets, names the processes, keeps what the
// fds are that a datagram or a bpf(2) call names. The tap of a box (tap.ts) and the tracer of programs on the real
// kernel (trace/) feed it. Nothing here waits for anything.
import { readFileSync } from 'node:fs';
import { BASE, STAT, get64, stat } from './libc.js';
import { cutText, fdInfoOf, fdsInAttr, makesFd, pointedAt, type FdInfo, type Pointed } from '../record/bpf_call.js';
import { fdsInMessages } from '../record/named_fds.js';
import {
  RecordingWriter,
  type Ancillary,
  type Bind,
  type EntryToWrite,
  type Fd,
  type HeaderToWrite,
  type Memory,
  type Open,
  type Option,
  type Received,
  type Sent,
} from '../record/recording.js';
import { NETLINK_ROUTE } from '../uapi/linux/netlink.js';

/** The thread that made a call. */
export interface Caller {
  readonly pid: number;
  readonly tgid: number;
}

/** What a recorder asks about the caller of the call at hand. */
export interface CallerView extends Caller {
  /** Undefined where it cannot be read. */
  read(address: number, length: number): Uint8Array | undefined;
  /** Undefined: no open fd. */
  describe(fd: number): FdInfo | undefined;
}

const CMSG_HEADER = 16;
/** Longer attributes than any kernel takes. */
const ATTR_MAX = 4096;

/** Control messages in the layout of 64-bit machines. */
export function ancillaryOf(control: Uint8Array): Ancillary[] {
  const found: Ancillary[] = [];
  const view = new DataView(control.buffer, control.byteOffset, control.length);
  for (let at = 0; at + CMSG_HEADER <= control.length;) {
    const length = view.getUint32(at, true);
    if (length < CMSG_HEADER || at + length > control.length) break;
    const [level, type] = [view.getUint32(at + 8, true), view.getUint32(at + 12, true)];
    found.push({ level, type, data: control.slice(at + CMSG_HEADER, at + length) });
    at += (length + 7) & ~7;
  }
  return found;
}

/** What a process runs, from /proc; undefined when it has gone. */
function processOf(tgid: number): { parent: number; name: string; command: string[] } | undefined {
  try {
    const status = readFileSync(`/proc/${tgid}/status`, 'utf8');
    const name = /^Name:\t(.*)$/m.exec(status)?.[1] ?? '';
    const parent = Number(/^PPid:\t(\d+)$/m.exec(status)?.[1] ?? 0);
    const command = readFileSync(`/proc/${tgid}/cmdline`, 'utf8').split('\0').slice(0, -1);
    return { parent, name, command };
  } catch {
    return undefined;
  }
}

/** A bpf(2) call that has not returned. */
export interface BegunCall {
  readonly cmd: number;
  readonly uattr: number;
  readonly size: number;
  readonly attr: Uint8Array;
  readonly fds: readonly Fd[];
  readonly memory: readonly (Pointed & { readonly before: Uint8Array })[];
}

/** What a returned call has left in memory. */
export interface ReturnedCall {
  readonly attrAfter: Uint8Array | undefined;
  readonly memory: readonly Memory[];
}

const differ = (a: Uint8Array, b: Uint8Array): boolean => a.length !== b.length || a.some((byte, i) => byte !== b[i]);

export class Recorder {
  readonly #writer: RecordingWriter;
  readonly #now: () => number;
  /** Numbers by whatever the feeder knows sockets by. */
  readonly #sockets = new Map<unknown, number>();
  readonly #routes = new Set<number>();
  #numbered = 0;
  /** Inode of what each process runs. */
  readonly #programs = new Map<number, number>();
  /** Datagrams of a call whose answer has not arrived for certain. */
  #pending: (() => void)[] = [];

  /** `now`: nanoseconds since the beginning of the recording. */
  constructor(write: (bytes: Uint8Array) => void, header: HeaderToWrite, now: () => number) {
    this.#writer = new RecordingWriter(write, header);
    this.#now = now;
  }

  /** Whether a socket has a number. */
  knows(key: unknown): boolean {
    return this.#sockets.has(key);
  }

  get sockets(): ReadonlyMap<unknown, number> {
    return this.#sockets;
  }

  /** `key` is undefined for a call that failed. */
  open(caller: Caller, key: unknown, open: Omit<Open, 'socket'>): void {
    const socket = key === undefined ? 0 : ++this.#numbered;
    if (key !== undefined) this.#sockets.set(key, socket);
    if (open.protocol === NETLINK_ROUTE) this.#routes.add(socket);
    this.#put(caller, { open: { socket, ...open } });
  }

  bind(caller: Caller, key: unknown, bind: Omit<Bind, 'socket'>): void {
    this.#put(caller, { bind: { socket: this.#numberOf(key), ...bind } });
  }

  option(caller: Caller, key: unknown, option: Omit<Option, 'socket'>): void {
    this.#put(caller, { option: { socket: this.#numberOf(key), ...option } });
  }

  sent(caller: CallerView, key: unknown, sent: Omit<Sent, 'socket' | 'fds'>): void {
    const socket = this.#numberOf(key);
    const fds = this.#routes.has(socket) ? fdsInMessages(sent.data).map((fd) => this.#described(caller, fd)) : [];
    this.#put(caller, { sent: { socket, fds, ...sent } });
  }

  /** What is received counts once the next call is told, unless takeBack() comes before. */
  received(caller: Caller, key: unknown, received: Omit<Received, 'socket'>): void {
    const [socket, time] = [this.#numberOf(key), this.#now()];
    const own = { ...received, data: received.data.slice(), address: received.address.slice() };
    this.#pending.push(() => {
      this.#write(caller, { received: { socket, ...own } }, time);
    });
  }

  /** Nobody got what the call at hand received. */
  takeBack(): void {
    this.#pending = [];
  }

  /** The call at hand has been answered. */
  settle(): void {
    const pending = this.#pending;
    this.#pending = [];
    for (const write of pending) write();
  }

  closed(key: unknown): void {
    const socket = this.#sockets.get(key);
    if (socket === undefined) return;
    this.#sockets.delete(key);
    this.#routes.delete(socket);
    this.#put(undefined, { closed: { socket } });
  }

  /** A bpf(2) call begins. */
  bpfBegins(caller: CallerView, cmd: number, uattr: number, size: number): BegunCall {
    const attr = caller.read(uattr, Math.min(size, ATTR_MAX)) ?? new Uint8Array(0);
    const fds = fdsInAttr(cmd, attr).map((fd) => this.#described(caller, fd));
    const memory = pointedAt(cmd, attr, (fd) => caller.describe(fd)).flatMap((pointed) => {
      const before = readPointed(caller, pointed);
      return before === undefined ? [] : [{ ...pointed, before: pointed.out ? new Uint8Array(0) : before }];
    });
    return { cmd, uattr, size, attr, fds, memory };
  }

  /** It returns; to be called before its caller goes on. */
  bpfReturns(caller: CallerView, { uattr, attr, memory }: BegunCall): ReturnedCall {
    const after = caller.read(uattr, attr.length) ?? attr;
    return {
      attrAfter: differ(attr, after) ? after : undefined,
      memory: memory.map((pointed) => {
        const { field, before, out } = pointed;
        const now = out ? readPointed(caller, pointed) : undefined;
        return now === undefined ? { field, before } : { field, before, after: now };
      }),
    };
  }

  bpf(caller: CallerView, { cmd, size, attr, fds }: BegunCall, returned: ReturnedCall, result: number): void {
    const { attrAfter, memory } = returned;
    const made = result >= 0 && makesFd(cmd) ? [this.#described(caller, result)] : [];
    const changed = attrAfter === undefined ? {} : { attrAfter };
    this.#put(caller, { bpf: { cmd, size, attr, ...changed, result, fds: [...fds, ...made], memory } });
  }

  lost(caller: Caller | undefined, what: string, count = 1, key?: unknown): void {
    this.#put(caller, { lost: { what, count, socket: this.#sockets.get(key) ?? 0 } });
  }

  end(status: number): void {
    this.settle();
    this.#writer.end(status, this.#now());
  }

  #numberOf(key: unknown): number {
    return this.#sockets.get(key) ?? 0;
  }

  #described(caller: CallerView, fd: number): Fd {
    const { kind = '', id = 0 } = caller.describe(fd) ?? {};
    return { fd, kind, id };
  }

  #put(caller: Caller | undefined, entry: EntryToWrite): void {
    this.settle();
    this.#write(caller, entry, this.#now());
  }

  #write(caller: Caller | undefined, entry: EntryToWrite, time: number): void {
    if (caller === undefined) {
      this.#writer.entry({ ...entry, time });
      return;
    }
    this.#noticeProcess(caller, time);
    this.#writer.entry({ ...entry, time, thread: caller.pid, processId: caller.tgid });
  }

  /** An entry for a process that is new or runs another program than before. */
  #noticeProcess({ tgid }: Caller, time: number): void {
    const ino = stat(`/proc/${tgid}/exe`, BASE + STAT) === 0 ? get64(STAT + 8) : -1;
    const known = this.#programs.get(tgid);
    if (known === ino || (known !== undefined && ino < 0)) return;
    this.#programs.set(tgid, ino);
    const process = processOf(tgid);
    if (process !== undefined) this.#writer.entry({ process, time, processId: tgid });
  }
}

function readPointed(caller: CallerView, { address, length, text }: Pointed): Uint8Array | undefined {
  if (!text) return caller.read(address, length);
  return cutText(readText(caller, address, length));
}

const PAGE = 4096;

/** Page by page, because a text may end where memory does. */
function readText(caller: CallerView, address: number, length: number): Uint8Array {
  const parts: number[] = [];
  for (let at = address; at < address + length;) {
    const end = Math.min(address + length, Math.floor(at / PAGE + 1) * PAGE);
    const part = caller.read(at, end - at);
    if (part === undefined) break;
    for (const byte of part) parts.push(byte);
    if (part.includes(0)) break;
    at = end;
  }
  return Uint8Array.from(parts);
}

/** FdInfo from /proc; undefined when there is no such fd. */
export function describeNative(pid: number, fd: number, link: string | undefined): FdInfo | undefined {
  if (link === undefined) return undefined;
  const kind = /^anon_inode:\[?([^\]]*)\]?$/.exec(link)?.[1] ?? /^(net|mnt|user):\[/.exec(link)?.[1] ?? '';
  if (!kind.startsWith('bpf') && kind !== 'btf') return { kind, id: 0 };
  try {
    return fdInfoOf(kind, readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'latin1'));
  } catch {
    return { kind, id: 0 };
  }
}
