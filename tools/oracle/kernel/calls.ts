// System calls on the kernel of this computer, by number, on the calling thread alone: the wrappers of the C library
// would change the credentials of all threads, and these change the network namespace of one. Structures are passed
// in one block of memory. Results are those of the kernel: a negative errno.
import { Bytes } from '../../../lib/codec/bytes.js';
import { abiOf } from '../../../lib/host/abi.js';
import { addressOf, errno, syscall } from '../../../lib/host/libc.js';
import type { Received, SockOptValue } from '../../../lib/linux/net/socket.js';

/** What lib/host has no use for, x86-64. */
const x64 = { close: 3, poll: 7, nanosleep: 35, setresuid: 117, unshare: 272 };
const CLONE_NEWNET = 0x40000000;

export const supported = process.arch === 'x64' && abiOf('x64') !== undefined;

const nr = abiOf('x64')!.nr;

/** Places in the block. */
const NAME = 0;
const NAME_SIZE = 128;
const MSGHDR = 128;
const IOVEC = 192;
const WORDS = 256;
const CONTROL = 1024;
const CONTROL_SIZE = 4096;
const DATA = 8192;
const DATA_SIZE = 1 << 20;

const block = Bytes.zeroed(DATA + DATA_SIZE);
const base = addressOf(block.u8);

function call(number: number, a = 0, b = 0, c = 0, d = 0, e = 0, f = 0): number {
  const ret = syscall(number, a, b, c, d, e, f);
  return ret < 0 ? -errno() : ret;
}

function put64(offset: number, value: number): void {
  block.view.setBigUint64(offset, BigInt(value), true);
}

/** Copies bytes into the block; the address of the copy, 0 for none. */
function place(offset: number, room: number, bytes: Uint8Array | null): number {
  if (bytes === null) return 0;
  if (bytes.length > room) throw new RangeError(`${bytes.length} bytes, room for ${room}`);
  block.u8.set(bytes, offset);
  return base + offset;
}

/** Puts this thread into a new network namespace; 0 or a negative errno. */
export const newNetwork = (): number => call(x64.unshare, CLONE_NEWNET);

/** Real and effective uid of this thread; the saved one stays 0, so that it can come back. */
export const setUid = (uid: number): number => call(x64.setresuid, uid, uid, 0);

/** Sleeps for `ns`. */
export function sleep(ns: number): void {
  put64(WORDS, Math.floor(ns / 1e9));
  put64(WORDS + 8, ns % 1e9);
  call(x64.nanosleep, base + WORDS);
}

export const socket = (family: number, type: number, protocol: number): number =>
  call(nr.socket, family, type, protocol);
export const close = (fd: number): number => call(x64.close, fd);
export const listen = (fd: number, backlog: number): number => call(nr.listen, fd, backlog);
export const shutdown = (fd: number, how: number): number => call(nr.shutdown, fd, how);
export const accept = (fd: number): number => call(nr.accept, fd);

export const bind = (fd: number, address: Uint8Array): number =>
  call(nr.bind, fd, place(NAME, NAME_SIZE, address), address.length);
export const connect = (fd: number, address: Uint8Array): number =>
  call(nr.connect, fd, place(NAME, NAME_SIZE, address), address.length);

export function getname(fd: number, peer: boolean): Uint8Array | number {
  block.view.setInt32(WORDS, NAME_SIZE, true);
  const ret = call(peer ? nr.getpeername : nr.getsockname, fd, base + NAME, base + WORDS);
  return ret < 0 ? ret : block.u8.slice(NAME, NAME + block.view.getInt32(WORDS, true));
}

export const setsockopt = (fd: number, level: number, name: number, value: Uint8Array): number =>
  call(nr.setsockopt, fd, level, name, place(DATA, DATA_SIZE, value), value.length);

export function getsockopt(fd: number, level: number, name: number, length: number): SockOptValue | number {
  block.view.setInt32(WORDS, length, true);
  const ret = call(nr.getsockopt, fd, level, name, base + DATA, base + WORDS);
  if (ret < 0) return ret;
  const got = block.view.getInt32(WORDS, true);
  return { value: block.u8.slice(DATA, DATA + Math.min(got, Math.max(length, 0))), length: got };
}

export const sendto = (fd: number, data: Uint8Array, flags: number, address: Uint8Array | null): number =>
  call(
    nr.sendto,
    fd,
    place(DATA, DATA_SIZE, data),
    data.length,
    flags,
    place(NAME, NAME_SIZE, address),
    address?.length,
  );

/** One recvmsg(2); with `length` 0 there is no buffer. What it gives lies in the block until the next call. */
export function recvmsg(fd: number, length: number, flags: number, controllen: number): Received | number {
  put64(MSGHDR, base + NAME);
  put64(MSGHDR + 8, NAME_SIZE);
  put64(MSGHDR + 16, base + IOVEC);
  put64(MSGHDR + 24, 1);
  put64(MSGHDR + 32, controllen === 0 ? 0 : base + CONTROL);
  put64(MSGHDR + 40, Math.min(controllen, CONTROL_SIZE));
  put64(IOVEC, length === 0 ? 0 : base + DATA);
  put64(IOVEC + 8, Math.min(length, DATA_SIZE));
  const ret = call(nr.recvmsg, fd, base + MSGHDR, flags);
  if (ret < 0) return ret;
  const { u8, view } = block;
  return {
    ret,
    data: u8.subarray(DATA, DATA + Math.min(ret, length)),
    name: u8.slice(NAME, NAME + view.getInt32(MSGHDR + 8, true)),
    control: u8.slice(CONTROL, CONTROL + (controllen === 0 ? 0 : view.getUint32(MSGHDR + 40, true))),
    flags: view.getInt32(MSGHDR + 48, true),
  };
}

/** poll(2) without waiting, for everything; the events that are ready. */
export function poll(fd: number): number {
  const everything = 0x7fff;
  block.view.setInt32(WORDS, fd, true);
  block.view.setUint32(WORDS + 4, everything, true);
  return call(x64.poll, base + WORDS, 1, 0) <= 0 ? 0 : block.view.getUint16(WORDS + 6, true);
}

/** ioctl(2) with a buffer that is changed in place. */
export function ioctl(fd: number, request: number, arg: Uint8Array): number {
  const at = place(WORDS, CONTROL - WORDS, arg);
  const ret = call(nr.ioctl, fd, request, at);
  arg.set(block.u8.subarray(WORDS, WORDS + arg.length));
  return ret;
}

/** bpf(2): `attr` and the buffers it points to (offset of the address in attr, bytes). */
export function bpf(command: number, attr: Bytes, pointers: readonly (readonly [number, Uint8Array])[]): number {
  let at = DATA;
  for (const [offset, bytes] of pointers) {
    attr.view.setBigUint64(offset, BigInt(place(at, DATA + DATA_SIZE - at, bytes)), true);
    at += (bytes.length + 7) & ~7;
  }
  const ret = call(nr.bpf, command, place(at, DATA + DATA_SIZE - at, attr.u8), attr.length);
  return ret;
}
