// The Unix socket between a box that stays and its callers: stream sockets, fds passed along, the peer's credentials.
// Both ends call C directly, since Node.js passes no fds; the box's end does so past its own filter.
import * as abi from './abi.js';
import { addressOf, close, errno, memfdCreate, syscall, write } from './libc.js';
import type { NativeCalls } from './native.js';
import { EAGAIN, EINTR, EMFILE, ENFILE } from '../uapi/asm-generic/errno.js';

/** sizeof(sun_path) without the final zero. */
export const PATH_MAX = 107;

const CHUNK = 65536;
/** How long a box may take to take in what a caller sends: as long as one that is overworked. */
const PATIENCE_S = 15;
const SO_SNDTIMEO = 21;
const MFD_CLOEXEC = 1;
/** More fds than any caller sends; the kernel drops those that find no room. */
const FDS_MAX = 16;

/** struct msghdr, struct iovec, control buffer, sockaddr_un and payload, in one block that never moves. */
const [MSG, IOV, CONTROL, ADDRESS, DATA] = [0, 64, 128, 256, 512];
const block = new ArrayBuffer(DATA + CHUNK);
const bytes = new Uint8Array(block);
const view = new DataView(block);
const base = addressOf(bytes);
const CMSG_HEADER = 16;

function putAddress(path: string): number {
  const name = new TextEncoder().encode(path);
  if (name.length > PATH_MAX) throw new Error(`${path}: longer than ${PATH_MAX} bytes`);
  bytes.fill(0, ADDRESS, ADDRESS + 110);
  view.setUint16(ADDRESS, abi.AF_UNIX, true);
  bytes.set(name, ADDRESS + 2);
  return 2 + name.length + 1;
}

function putMessage(length: number, controllen: number): void {
  bytes.fill(0, MSG, IOV);
  view.setBigUint64(IOV, BigInt(base + DATA), true);
  view.setBigUint64(IOV + 8, BigInt(length), true);
  view.setBigUint64(MSG + 16, BigInt(base + IOV), true);
  view.setBigUint64(MSG + 24, 1n, true);
  if (controllen === 0) return;
  view.setBigUint64(MSG + 32, BigInt(base + CONTROL), true);
  view.setBigUint64(MSG + 40, BigInt(controllen), true);
}

function table(): abi.Abi['nr'] {
  const found = abi.abiOf(process.arch);
  if (found === undefined) throw new Error(`no system calls for ${process.arch}`);
  return found.nr;
}

function open(flags: number): number {
  return syscall(table().socket, abi.AF_UNIX, abi.SOCK_STREAM | abi.SOCK_CLOEXEC | flags, 0, 0, 0, 0);
}

/** A listening socket at a path where nothing is; or a negative errno. Not for a filtered thread. */
export function listenAt(path: string, backlog: number): number {
  const nr = table();
  const fd = open(abi.SOCK_NONBLOCK);
  if (fd < 0) return -errno();
  const length = putAddress(path);
  if (syscall(nr.bind, fd, base + ADDRESS, length, 0, 0, 0) === 0 && syscall(nr.listen, fd, backlog, 0, 0, 0, 0) === 0)
    return fd;
  const error = errno();
  close(fd);
  return -error;
}

/** A socket connected to a path, or a negative errno; EAGAIN where somebody listens but takes nobody in. */
export function connectTo(path: string): number {
  const fd = open(0);
  if (fd < 0) return -errno();
  view.setBigInt64(DATA, BigInt(PATIENCE_S), true);
  view.setBigInt64(DATA + 8, 0n, true);
  syscall(table().setsockopt, fd, abi.SOL_SOCKET, SO_SNDTIMEO, base + DATA, 16, 0);
  const length = putAddress(path);
  for (;;) {
    if (syscall(table().connect, fd, base + ADDRESS, length, 0, 0, 0) === 0) return fd;
    const error = errno();
    if (error === EINTR) continue;
    close(fd);
    return -error;
  }
}

/** Sends all of `data`, with copies of `fds` at its first byte; 0 or a negative errno. */
export function sendAll(fd: number, data: Uint8Array, fds: readonly number[]): number {
  const nr = table();
  for (let at = 0; at < data.length;) {
    const length = Math.min(CHUNK, data.length - at);
    bytes.set(data.subarray(at, at + length), DATA);
    const controllen = at === 0 && fds.length !== 0 ? CMSG_HEADER + 4 * fds.length : 0;
    view.setBigUint64(CONTROL, BigInt(controllen), true);
    view.setUint32(CONTROL + 8, abi.SOL_SOCKET, true);
    view.setUint32(CONTROL + 12, abi.SCM_RIGHTS, true);
    fds.forEach((passed, i) => {
      view.setInt32(CONTROL + CMSG_HEADER + 4 * i, passed, true);
    });
    putMessage(length, controllen);
    const sent = syscall(nr.sendmsg, fd, base + MSG, abi.MSG_NOSIGNAL, 0, 0, 0);
    if (sent < 0 && errno() !== EINTR) return -errno();
    at += Math.max(0, sent);
  }
  return 0;
}

/** Closes fds and empties the list. */
export function closeAll(fds: number[]): void {
  for (const fd of fds.splice(0)) close(fd);
}

/** Writes `data`, at most some kilobytes, at once or not at all. */
export function sendNow(fd: number, data: Uint8Array): void {
  bytes.set(data, DATA);
  write(fd, base + DATA, data.length);
}

const spare = (): number => memfdCreate('reserve', MFD_CLOEXEC);
let reserve: number | undefined;

/** The next caller of a listening socket, never blocking; one for whom there is no fd left is hung up. */
export function accept(native: NativeCalls, fd: number): number | undefined {
  const next = (): number => native.call(table().accept4, fd, 0, 0, abi.SOCK_CLOEXEC | abi.SOCK_NONBLOCK);
  reserve ??= spare();
  for (;;) {
    const caller = next();
    if (caller >= 0) return caller;
    if (errno() !== EMFILE && errno() !== ENFILE) return undefined;
    // The one in reserve makes room for taking it in, and for nothing more.
    close(reserve);
    const unlucky = next();
    if (unlucky >= 0) close(unlucky);
    reserve = spare();
    if (unlucky < 0) return undefined;
  }
}

export interface Peer {
  readonly pid: number;
  readonly uid: number;
}

/** The process at the other end of a connection; `native` for a filtered thread. */
export function peerOf(fd: number, native?: NativeCalls): Peer | undefined {
  const UCRED_SIZE = 12;
  view.setUint32(CONTROL, UCRED_SIZE, true);
  const args = [fd, abi.SOL_SOCKET, abi.SO_PEERCRED, base + DATA, base + CONTROL] as const;
  const got = native?.call(table().getsockopt, ...args) ?? syscall(table().getsockopt, ...args, 0);
  return got === 0 ? { pid: view.getInt32(DATA, true), uid: view.getInt32(DATA + 4, true) } : undefined;
}

/** Whether the caller has hung up, and sends nothing more. */
export function hasLeft(native: NativeCalls, fd: number): boolean {
  putMessage(1, 0);
  return native.call(table().recvmsg, fd, base + MSG, abi.MSG_DONTWAIT | abi.MSG_PEEK, 0) === 0;
}

/** Bytes and fds that have come, the bytes valid until the next call; 'end' after the last, undefined when none wait. */
export function receive(native: NativeCalls, fd: number): { data: Uint8Array; fds: number[] } | 'end' | undefined {
  putMessage(CHUNK, CMSG_HEADER + 4 * FDS_MAX);
  const length = native.call(table().recvmsg, fd, base + MSG, abi.MSG_DONTWAIT | abi.MSG_CMSG_CLOEXEC, 0);
  if (length < 0) return errno() === EAGAIN || errno() === EINTR ? undefined : 'end';
  const fds = received();
  if (length !== 0) return { data: bytes.subarray(DATA, DATA + length), fds };
  closeAll(fds);
  return 'end';
}

function received(): number[] {
  const controllen = Number(view.getBigUint64(MSG + 40, true));
  if (controllen < CMSG_HEADER || view.getUint32(CONTROL + 12, true) !== abi.SCM_RIGHTS) return [];
  const count = (Number(view.getBigUint64(CONTROL, true)) - CMSG_HEADER) >> 2;
  return Array.from({ length: count }, (_, i) => view.getInt32(CONTROL + CMSG_HEADER + 4 * i, true));
}
