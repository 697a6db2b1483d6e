// net/socket.c: socket, bind, connect, listen, accept, shutdown, getsockname, getpeername, getsockopt and setsockopt of
// a client. A new socket becomes a placeholder that is installed in the client and answered in one step.
import { readFileSync } from 'node:fs';
import * as abi from '../abi.js';
import type { ClientTask } from '../clients.js';
import { IN, OUT, OUT_SIZE, close, put64, u8, view } from '../libc.js';
import { readClient, writeClient } from '../memory.js';
import { Placeholder } from '../placeholder.js';
import type { Handler, Supervisor } from '../supervisor.js';
import { ANSWERED } from '../verdict.js';
import type { SharedRing } from '../../linux/net/socket.js';
import { EFAULT, EINVAL, ENFILE, EOPNOTSUPP } from '../../uapi/asm-generic/errno.js';
import { PACKET_RX_RING, SOL_PACKET } from '../../uapi/linux/if_packet.js';

const SOCKADDR_STORAGE = 128;
/** Longest option value that is read; the longest any modelled option takes is far below. */
const OPTLEN_MAX = 65536;

/** A handler for calls on one socket: its fd is argument 0, anything but a placeholder goes to the real kernel. */
export function onSocket(serve: (sv: Supervisor, task: ClientTask, placeholder: Placeholder) => number): Handler {
  return (sv, task) => {
    const found = sv.identify(task, sv.listener.notification.int(0));
    return found === 0 ? serve(sv, task, sv.placeholder!) : found;
  };
}

export const socket: Handler = (sv, task) => {
  const call = sv.listener.notification;
  const family = call.int(0);
  const flags = call.int(1) & ~abi.SOCK_TYPE_MASK;
  if ((flags & ~(abi.SOCK_CLOEXEC | abi.SOCK_NONBLOCK)) !== 0) return -EINVAL;
  sv.reap(task.tgid);
  const made = sv.machine.socket(task, family, call.int(1) & abi.SOCK_TYPE_MASK, call.int(2));
  if (typeof made === 'number') {
    sv.tap?.refused(task, family, call.int(1), call.int(2), made);
    return made;
  }
  const pair = sv.native.pair((flags & abi.SOCK_NONBLOCK) !== 0);
  if (typeof pair === 'number') {
    made.release();
    return -ENFILE;
  }
  const placeholder = new Placeholder(sv.native, made, task, pair);
  const cloexec = (flags & abi.SOCK_CLOEXEC) !== 0;
  const fd = sv.listener.answerFd(call.idLow, call.idHigh, pair.clientEnd, cloexec);
  if (fd < 0) {
    sv.native.closePair(pair);
    made.release();
    // ENOENT or ESRCH: nobody waits any more, and the answer will find nobody either; else the client's table is full.
    return fd;
  }
  placeholder.clientFd = fd;
  sv.adopt(placeholder, pair.clientEnd);
  sv.tap?.opened(task, placeholder);
  return ANSWERED;
};

/** move_addr_to_kernel(): the address, or a negative errno. */
export function readAddress(task: ClientTask, address: number, length: number): Uint8Array | number {
  if (length < 0 || length > SOCKADDR_STORAGE) return -EINVAL;
  if (length === 0) return u8.subarray(IN, IN);
  const error = readClient(task.pid, address, length, IN);
  return error === 0 ? u8.subarray(IN, IN + length) : error;
}

export const bind = onSocket((sv, task, placeholder) => {
  const call = sv.listener.notification;
  sv.reap(task.tgid);
  const address = readAddress(task, call.ptr(1), call.int(2));
  if (typeof address === 'number') return address;
  const result = placeholder.socket.bind(task, address);
  sv.tap?.bound(task, placeholder, address, false, result);
  return result;
});

export const connect = onSocket((sv, task, placeholder) => {
  const call = sv.listener.notification;
  const address = readAddress(task, call.ptr(1), call.int(2));
  if (typeof address === 'number') return address;
  const result = placeholder.socket.connect(task, address);
  sv.tap?.bound(task, placeholder, address, true, result);
  return result;
});

export const listen = onSocket((sv, _task, { socket }) => socket.listen(sv.listener.notification.int(1)));

export const accept = onSocket((_sv, _task, { socket }) => socket.accept());

export const shutdown = onSocket((sv, _task, { socket }) => socket.shutdown(sv.listener.notification.int(1)));

/** move_addr_to_user(): the address cut to the room given, then its true length; 0 or a negative errno. */
export function writeAddress(task: ClientTask, name: Uint8Array, address: number, lengthAt: number): number {
  if (readClient(task.pid, lengthAt, 4, IN) !== 0) return -EFAULT;
  const room = Math.min(view.getInt32(IN, true), name.length);
  if (room < 0) return -EINVAL;
  u8.set(name, OUT);
  if (room > 0 && writeClient(task.pid, address, room, OUT) !== 0) return -EFAULT;
  view.setInt32(OUT, name.length, true);
  return writeClient(task.pid, lengthAt, 4, OUT);
}

const getname = (peer: boolean): Handler =>
  onSocket((sv, task, { socket }) => {
    const call = sv.listener.notification;
    const name = socket.getname(peer);
    return typeof name === 'number' ? name : writeAddress(task, name, call.ptr(1), call.ptr(2));
  });

export const getsockname = getname(false);
export const getpeername = getname(true);

/** Whether an fd of a process is closed when it starts another program. */
function isCloexec(task: ClientTask, fd: number): boolean {
  try {
    const flags = /^flags:\t(\d+)$/m.exec(readFileSync(`/proc/${task.pid}/fdinfo/${fd}`, 'latin1'));
    return flags !== null && (parseInt(flags[1]!, 8) & abi.O_CLOEXEC) !== 0;
  } catch {
    return false;
  }
}

/** PACKET_RX_RING of a packet socket: what the client maps takes the place of its fd. */
function setRing(sv: Supervisor, task: ClientTask, placeholder: Placeholder, optval: Uint8Array): number {
  const { socket } = placeholder;
  if (sv.clients.descriptors.lookEveryMs !== Infinity) {
    sv.log('PACKET_RX_RING needs pidfd_getfd(2), which is refused here');
    return -EOPNOTSUPP;
  }
  socket.shareRing ??= (size): SharedRing | undefined => sv.rings.make(placeholder, size);
  const cloexec = isCloexec(task, placeholder.clientFd);
  const kept = sv.rings.keptEnd(placeholder);
  const result = socket.setsockopt(task, SOL_PACKET, PACKET_RX_RING, optval.slice());
  // A ring that was never mapped has gone: its memory file leaves the client.
  if (result === 0 && kept >= 0) sv.listener.replaceFd(kept, placeholder.clientFd, cloexec);
  if (result === 0) sv.rings.swapIn(sv.listener, placeholder, sv.copy, cloexec);
  if (kept >= 0) close(kept);
  return result;
}

export const setsockopt = onSocket((sv, task, placeholder) => {
  const { socket } = placeholder;
  const call = sv.listener.notification;
  const [level, optname, length] = [call.int(1), call.int(2), call.int(4)];
  if (length < 0) return -EINVAL;
  const size = Math.min(length, OPTLEN_MAX);
  if (readClient(task.pid, call.ptr(3), size, IN) !== 0) return -EFAULT;
  const optval = u8.subarray(IN, IN + size);
  if (level === SOL_PACKET && optname === PACKET_RX_RING) return setRing(sv, task, placeholder, optval);
  const result = socket.setsockopt(task, level, optname, optval);
  sv.tap?.option(task, placeholder, { level, name: optname, value: optval, result });
  // A native read() of the placeholder has to give up at the same time.
  const timeout = optname === abi.SO_RCVTIMEO_OLD || optname === abi.SO_RCVTIMEO_NEW;
  if (result === 0 && level === abi.SOL_SOCKET && timeout) sv.native.setOption(sv.copy, optname, IN, size);
  return result;
});

/** What stands at the place of a value, as much of it as an option is asked by; null when it cannot be read. */
function givenValue(task: ClientTask, address: number, optlen: number): Uint8Array | undefined | null {
  if (optlen < 4) return undefined;
  return readClient(task.pid, address, 4, OUT) === 0 ? u8.slice(OUT, OUT + 4) : null;
}

export const getsockopt = onSocket((sv, task, placeholder) => {
  const { socket } = placeholder;
  const call = sv.listener.notification;
  const lengthAt = call.ptr(4);
  if (readClient(task.pid, lengthAt, 4, IN) !== 0) return -EFAULT;
  const [level, optlen] = [call.int(1), view.getInt32(IN, true)];
  const given = level === SOL_PACKET ? givenValue(task, call.ptr(3), optlen) : undefined;
  if (given === null) return -EFAULT;
  const got = socket.getsockopt(task, level, call.int(2), optlen, given);
  placeholder.calm(sv.copy);
  if (typeof got === 'number') return got;
  if (got.value.length > OUT_SIZE) return -EFAULT;
  u8.set(got.value, OUT);
  if (got.value.length > 0 && writeClient(task.pid, call.ptr(3), got.value.length, OUT) !== 0) return -EFAULT;
  put64(OUT, got.length);
  return writeClient(task.pid, lengthAt, 4, OUT);
});
