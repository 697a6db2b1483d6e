// The system calls of traced programs that are recorded. Each is looked at twice: on the way in, where what goes to the kernel
// is read, and when it has returned, where what came back is. Nothing of the program is changed.
import { MSG_PEEK, MSG_TRUNC, SOCK_TYPE_MASK, UIO_MAXIOV, type Abi, type SyscallNumbers } from '../abi.js';
import { ancillaryOf, type Recorder } from '../recorder.js';
import { EAGAIN, EINTR } from '../../uapi/asm-generic/errno.js';
import { AF_NETLINK } from '../../uapi/linux/netlink.js';
import type { TracedSockets } from './sockets.js';
import type { Tracee } from './tracee.js';

const none = new Uint8Array(0);
const ADDRESS_MAX = 128;
const OPTION_MAX = 65536;
const CONTROL_MAX = 65536;
/** More than any netlink datagram. */
const DATA_MAX = 16 << 20;
const MSGHDR_SIZE = 56;
const MMSGHDR_SIZE = 64;
const MSG_LEN = 56;
/** Results from here down are not told to the program: the call begins again. */
const ERESTARTSYS = 512;

/** What is done on the way in; what it returns, when the call has returned. */
type Begin = (tracee: Tracee, args: readonly number[]) => ((result: number) => void) | undefined;

interface Msg {
  readonly name: number;
  readonly namelen: number;
  readonly iov: readonly (readonly [base: number, length: number])[];
  readonly control: number;
  readonly controllen: number;
  readonly flags: number;
}

const int = (value: number): number => value | 0;

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

const u64 = (view: DataView, at: number): number => Number(view.getBigUint64(at, true));

function iovOf(tracee: Tracee, address: number, count: number): [number, number][] {
  const bytes = count > UIO_MAXIOV ? undefined : tracee.read(address, 16 * count);
  if (bytes === undefined) return [];
  const view = viewOf(bytes);
  return Array.from({ length: count }, (_, i) => [u64(view, 16 * i), u64(view, 16 * i + 8)]);
}

function msgOf(tracee: Tracee, address: number): Msg | undefined {
  const bytes = tracee.read(address, MSGHDR_SIZE);
  if (bytes === undefined) return undefined;
  const view = viewOf(bytes);
  return {
    name: u64(view, 0),
    namelen: view.getUint32(8, true),
    iov: iovOf(tracee, u64(view, 16), u64(view, 24)),
    control: u64(view, 32),
    controllen: Math.min(u64(view, 40), CONTROL_MAX),
    flags: view.getUint32(48, true),
  };
}

/** At most `length` bytes of what the vector points at. */
function gather(tracee: Tracee, iov: Msg['iov'], length: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let left = Math.min(length, DATA_MAX);
  for (const [base, room] of iov) {
    const part = Math.min(left, room);
    if (part === 0) continue;
    parts.push(tracee.read(base, part) ?? new Uint8Array(part));
    left -= part;
  }
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

const textOf = (tracee: Tracee, address: number, length: number): Uint8Array =>
  address === 0 || length === 0 ? none : (tracee.read(address, Math.min(length, ADDRESS_MAX)) ?? none);

export class TracedCalls {
  readonly #recorder: Recorder;
  readonly #sockets: TracedSockets;
  readonly #begin: ReadonlyMap<number, Begin>;
  readonly #abi: Abi;
  /** Told when a socket may have lost its last holder. */
  readonly #onClose: () => void;
  readonly #strangers = new Set<number>();

  constructor(abi: Abi, recorder: Recorder, sockets: TracedSockets, onClose: () => void) {
    this.#abi = abi;
    this.#recorder = recorder;
    this.#sockets = sockets;
    this.#onClose = onClose;
    this.#begin = this.#table(abi.nr);
  }

  /** A call begins; its arguments are asked for when they matter. */
  begin(tracee: Tracee, arch: number, nr: number, args: () => readonly number[]): void {
    if (arch !== this.#abi.auditArch || nr >= this.#abi.foreignFrom) this.#stranger(tracee);
    else tracee.onReturn = this.#begin.get(nr)?.(tracee, args());
  }

  /** Calls of another architecture are not looked at. */
  #stranger(tracee: Tracee): void {
    if (this.#strangers.has(tracee.tgid)) return;
    this.#strangers.add(tracee.tgid);
    this.#recorder.lost(tracee, 'the calls of a 32-bit program', 0);
  }

  #table(nr: SyscallNumbers): Map<number, Begin> {
    const entries: [number, Begin][] = [
      [nr.socket, (tracee, args) => this.#socket(tracee, args)],
      [nr.bind, (tracee, args) => this.#bind(tracee, args, false)],
      [nr.connect, (tracee, args) => this.#bind(tracee, args, true)],
      [nr.setsockopt, (tracee, args) => this.#setsockopt(tracee, args)],
      [nr.sendto, (tracee, args) => this.#sendto(tracee, args)],
      [nr.sendmsg, (tracee, args) => this.#sendmsg(tracee, args)],
      [nr.sendmmsg, (tracee, args) => this.#sendmmsg(tracee, args)],
      [nr.recvfrom, (tracee, args) => this.#recvfrom(tracee, args)],
      [nr.recvmsg, (tracee, args) => this.#recvmsg(tracee, args)],
      [nr.recvmmsg, (tracee, args) => this.#recvmmsg(tracee, args)],
      [nr.write, (tracee, [fd, base, length]) => this.#write(tracee, fd!, [[base!, length!]])],
      [nr.writev, (tracee, [fd, iov, count]) => this.#write(tracee, fd!, () => iovOf(tracee, iov!, count!))],
      [nr.read, (tracee, [fd, base, length]) => this.#read(tracee, fd!, [[base!, length!]])],
      [nr.readv, (tracee, [fd, iov, count]) => this.#read(tracee, fd!, () => iovOf(tracee, iov!, count!))],
      [nr.close, (tracee, [fd]) => (this.#sockets.known(tracee, int(fd!)) === undefined ? undefined : this.#onClose)],
      [nr.bpf, (tracee, args) => this.#bpf(tracee, args)],
      [
        nr.io_uring_setup,
        (tracee) => {
          this.#ring(tracee);
        },
      ],
    ];
    return new Map(entries);
  }

  #socket(tracee: Tracee, [family, type, protocol]: readonly number[]): ReturnType<Begin> {
    if (int(family!) !== AF_NETLINK) return undefined;
    return (result) => {
      this.#sockets.opened(tracee, int(type!) & SOCK_TYPE_MASK, protocol! >>> 0, result);
    };
  }

  #bind(tracee: Tracee, [fd, at, length]: readonly number[], connect: boolean): ReturnType<Begin> {
    const ino = this.#sockets.found(tracee, int(fd!));
    if (ino === undefined) return undefined;
    const address = textOf(tracee, at!, int(length!));
    return (result) => {
      const name = this.#sockets.nameOf(tracee, int(fd!), connect);
      this.#recorder.bind(tracee, ino, { address, connect, result, name });
    };
  }

  #setsockopt(tracee: Tracee, [fd, level, name, at, length]: readonly number[]): ReturnType<Begin> {
    const ino = this.#sockets.found(tracee, int(fd!));
    if (ino === undefined) return undefined;
    const value = tracee.read(at!, Math.max(0, Math.min(int(length!), OPTION_MAX))) ?? none;
    return (result) => {
      this.#recorder.option(tracee, ino, { level: level! >>> 0, name: name! >>> 0, value, result });
    };
  }

  #sent(tracee: Tracee, ino: number, msg: Omit<Msg, 'flags'>, flags: number): (result: number) => void {
    const data = gather(tracee, msg.iov, Infinity);
    const address = textOf(tracee, msg.name, msg.namelen);
    const control = msg.controllen === 0 ? none : (tracee.read(msg.control, msg.controllen) ?? none);
    const ancillary = ancillaryOf(control);
    return (result) => {
      if (isRestarted(result)) return;
      const sent = { data, address, ancillary, flags: flags >>> 0, result, unanswered: false };
      this.#recorder.sent(tracee, ino, sent);
    };
  }

  #sendto(tracee: Tracee, [fd, base, length, flags, name, namelen]: readonly number[]): ReturnType<Begin> {
    const ino = this.#sockets.found(tracee, int(fd!));
    if (ino === undefined) return undefined;
    const iov = [[base!, length!]] as const;
    return this.#sent(tracee, ino, { name: name!, namelen: int(namelen!), iov, control: 0, controllen: 0 }, flags!);
  }

  #sendmsg(tracee: Tracee, [fd, header, flags]: readonly number[]): ReturnType<Begin> {
    const ino = this.#sockets.found(tracee, int(fd!));
    const msg = ino === undefined ? undefined : msgOf(tracee, header!);
    return msg === undefined ? undefined : this.#sent(tracee, ino!, msg, flags!);
  }

  #sendmmsg(tracee: Tracee, [fd, vector, count, flags]: readonly number[]): ReturnType<Begin> {
    const ino = this.#sockets.found(tracee, int(fd!));
    if (ino === undefined) return undefined;
    const ends: ((result: number) => void)[] = [];
    for (let i = 0; i < Math.min(int(count!), UIO_MAXIOV); i++) {
      const msg = msgOf(tracee, vector! + MMSGHDR_SIZE * i);
      if (msg !== undefined) ends.push(this.#sent(tracee, ino, msg, flags!));
    }
    return (result) => {
      // What comes behind the first that was refused was not sent, and the refusal is not told.
      if (result < 0) ends[0]?.(result);
      for (let i = 0; i < result; i++) ends[i]?.(lengthAt(tracee, vector! + MMSGHDR_SIZE * i + MSG_LEN));
    };
  }

  #write(tracee: Tracee, fd: number, iov: Msg['iov'] | (() => Msg['iov'])): ReturnType<Begin> {
    const ino = this.#sockets.known(tracee, int(fd));
    if (ino === undefined) return undefined;
    const all = typeof iov === 'function' ? iov() : iov;
    return this.#sent(tracee, ino, { name: 0, namelen: 0, iov: all, control: 0, controllen: 0 }, 0);
  }

  /** What a receive has brought; `msg` as it stands when the call has returned. */
  #received(tracee: Tracee, ino: number, msg: Msg, flags: number, result: number): void {
    const peeked = (flags & MSG_PEEK) !== 0;
    const cut = (msg.flags & MSG_TRUNC) !== 0 && (flags & MSG_TRUNC) === 0;
    const control = msg.controllen === 0 ? none : (tracee.read(msg.control, msg.controllen) ?? none);
    this.#recorder.received(tracee, ino, {
      data: peeked || result < 0 ? none : gather(tracee, msg.iov, result),
      address: result < 0 ? none : textOf(tracee, msg.name, msg.namelen),
      ancillary: result < 0 ? [] : ancillaryOf(control),
      flags: flags >>> 0,
      resultFlags: result < 0 ? 0 : msg.flags,
      result,
      length: cut || result < 0 ? 0 : result,
    });
    this.#recorder.settle();
  }

  #recvfrom(tracee: Tracee, [fd, base, length, flags, name, lengthAddress]: readonly number[]): ReturnType<Begin> {
    const ino = this.#sockets.found(tracee, int(fd!));
    if (ino === undefined) return undefined;
    return (result) => {
      if (isNothing(result)) return;
      const namelen = name === 0 || result < 0 ? 0 : lengthAt(tracee, lengthAddress!);
      // That a datagram was cut is not told; one that fills the room may have been.
      const filled = result === length! && (flags! & MSG_TRUNC) === 0 ? MSG_TRUNC : 0;
      const msg = { name: name!, namelen, iov: [[base!, length!]] as const, control: 0, controllen: 0 };
      this.#received(tracee, ino, { ...msg, flags: filled }, flags!, result);
    };
  }

  #recvmsg(tracee: Tracee, [fd, header, flags]: readonly number[]): ReturnType<Begin> {
    const ino = this.#sockets.found(tracee, int(fd!));
    if (ino === undefined) return undefined;
    return (result) => {
      const msg = isNothing(result) ? undefined : msgOf(tracee, header!);
      if (msg !== undefined) this.#received(tracee, ino, msg, flags!, result);
    };
  }

  #recvmmsg(tracee: Tracee, [fd, vector, , flags]: readonly number[]): ReturnType<Begin> {
    const ino = this.#sockets.found(tracee, int(fd!));
    if (ino === undefined) return undefined;
    return (result) => {
      if (isNothing(result)) return;
      for (let i = 0; i < Math.max(1, result); i++) {
        const at = vector! + MMSGHDR_SIZE * i;
        const msg = msgOf(tracee, at);
        const length = result < 0 ? result : lengthAt(tracee, at + MSG_LEN);
        if (msg !== undefined && result !== 0) this.#received(tracee, ino, msg, flags!, length);
      }
    };
  }

  #read(tracee: Tracee, fd: number, iov: Msg['iov'] | (() => Msg['iov'])): ReturnType<Begin> {
    const ino = this.#sockets.known(tracee, int(fd));
    if (ino === undefined) return undefined;
    return (result) => {
      if (isNothing(result)) return;
      const all = typeof iov === 'function' ? iov() : iov;
      const room = all.reduce((sum, [, length]) => sum + length, 0);
      const flags = result === room ? MSG_TRUNC : 0;
      this.#received(tracee, ino, { name: 0, namelen: 0, iov: all, control: 0, controllen: 0, flags }, 0, result);
    };
  }

  #bpf(tracee: Tracee, [cmd, uattr, size]: readonly number[]): ReturnType<Begin> {
    const begun = this.#recorder.bpfBegins(tracee, int(cmd!), uattr!, size! >>> 0);
    return (result) => {
      if (isRestarted(result)) return;
      this.#recorder.bpf(tracee, begun, this.#recorder.bpfReturns(tracee, begun), result);
    };
  }

  #ring(tracee: Tracee): undefined {
    this.#recorder.lost(tracee, 'what a program does through io_uring', 0);
    return undefined;
  }
}

const isRestarted = (result: number): boolean => result <= -ERESTARTSYS;

/** A receive that found nothing is no part of a conversation. */
const isNothing = (result: number): boolean => isRestarted(result) || result === -EAGAIN || result === -EINTR;

function lengthAt(tracee: Tracee, address: number): number {
  const bytes = tracee.read(address, 4);
  return bytes === undefined ? 0 : viewOf(bytes).getUint32(0, true);
}
