// Calls that clients are asked about, when the supervisor makes them itself. On a filtered thread such a call would
// stop and wait for the supervisor, for ever; so each carries the filter's cookie in its unused sixth argument.
import * as abi from './abi.js';
import { Buffer } from 'node:buffer';
import {
  BASE,
  OUT,
  STAT,
  WORDS,
  close,
  fcntl,
  fstat,
  get64,
  i32,
  ioctl,
  socketpair,
  syscall,
  syscallAt,
  u32,
  u8,
} from './libc.js';
import { errno } from './libc.js';

/** A fresh pair: the supervisor's end (never blocking), the client's end and its inode. */
export interface Pair {
  readonly fd: number;
  readonly clientEnd: number;
  readonly ino: number;
}

export class NativeCalls {
  readonly #nr: abi.SyscallNumbers;
  readonly #cookie: number;

  /** `cookie` as in filterProgram(), or undefined when the calling thread is not filtered. */
  constructor(table: abi.Abi, cookie: readonly [number, number] | undefined) {
    this.#nr = table.nr;
    this.#cookie = cookie === undefined ? 0 : cookie[0] + cookie[1] * 0x100000000;
  }

  /** A SOCK_SEQPACKET pair, or a negative errno. */
  pair(nonblock: boolean): Pair | number {
    const type = abi.SOCK_SEQPACKET | abi.SOCK_CLOEXEC | abi.SOCK_NONBLOCK;
    if (socketpair(abi.AF_UNIX, type, 0, BASE + WORDS) !== 0) return -errno();
    const fd = i32[WORDS >> 2]!;
    const clientEnd = i32[(WORDS + 4) >> 2]!;
    if (!nonblock) fcntl(clientEnd, abi.F_SETFL, abi.O_RDWR);
    fstat(clientEnd, BASE + STAT);
    return { fd, clientEnd, ino: get64(STAT + 8) };
  }

  closePair(pair: Pair): void {
    close(pair.fd);
    close(pair.clientEnd);
  }

  /** Takes one datagram out of the socket's queue; false when there is none. */
  discard(fd: number): boolean {
    return syscall(this.#nr.recvfrom, fd, BASE + OUT, 0, abi.MSG_DONTWAIT, 0, this.#cookie) >= 0;
  }

  /** An empty datagram to the other end; false when there is no room. */
  sendEmpty(fd: number): boolean {
    return syscall(this.#nr.sendto, fd, BASE + OUT, 0, abi.MSG_DONTWAIT, 0, this.#cookie) >= 0;
  }

  /** Both ends hang up. */
  shutdown(fd: number): void {
    syscall(this.#nr.shutdown, fd, 2, 0, 0, 0, this.#cookie);
  }

  /** Bytes waiting in the socket's queue. */
  available(fd: number): number {
    if (this.#cookie === 0) return ioctl(fd, abi.FIONREAD, BASE + WORDS) === 0 ? u32[WORDS >> 2]! : 0;
    return syscall(this.#nr.ioctl, fd, abi.FIONREAD, BASE + WORDS, 0, 0, this.#cookie) === 0 ? u32[WORDS >> 2]! : 0;
  }

  /** Whether everything that was written to this end has been read at the other. */
  isDrained(fd: number): boolean {
    return syscall(this.#nr.ioctl, fd, abi.SIOCOUTQ, BASE + WORDS, 0, 0, this.#cookie) === 0 && u32[WORDS >> 2] === 0;
  }

  /** Sets a SOL_SOCKET option from `length` bytes of the arena at `offset`. */
  setOption(fd: number, optname: number, offset: number, length: number): void {
    syscall(this.#nr.setsockopt, fd, abi.SOL_SOCKET, optname, BASE + offset, length, this.#cookie);
  }

  /** A socket call that uses at most five arguments, by its number, past the filter. */
  call(nr: number, fd: number, a: number, b: number, c: number, d = 0): number {
    return syscall(nr, fd, a, b, c, d, this.#cookie);
  }

  /** Where a link points, as bytes of Latin-1; undefined when there is none. */
  readlink(path: string): string | undefined {
    const length = syscallAt(this.#nr.readlinkat, abi.AT_FDCWD, path, BASE + OUT, 4096, 0, this.#cookie);
    return length < 0 ? undefined : Buffer.from(u8.buffer, OUT, length).toString('latin1');
  }

  isNonblocking(fd: number): boolean {
    return (fcntl(fd, abi.F_GETFL, 0) & abi.O_NONBLOCK) !== 0;
  }
}
