// net/socket.c: recvfrom, recvmsg and recvmmsg of a client on a modelled socket, blocking included. What a call took
// from the queue goes back to its front when the answer reached nobody, so nothing is lost to a signal.
import * as abi from '../abi.js';
import type { ClientTask } from '../clients.js';
import { hostClock } from '../kernel.js';
import { BASE, IN, OUT, OUT_SIZE, u8, view } from '../libc.js';
import { readClient, regions, writeClient } from '../memory.js';
import { ImportedMsg } from '../msghdr.js';
import type { Placeholder, Unreceived } from '../placeholder.js';
import type { Supervisor } from '../supervisor.js';
import { ERESTARTSYS } from '../signals.js';
import { LATER } from '../verdict.js';
import { onSocket, writeAddress } from './socket.js';
import type { Received } from '../../linux/net/socket.js';
import { EAGAIN, EFAULT, EINTR, EINVAL } from '../../uapi/asm-generic/errno.js';

const MMSGHDR_SIZE = 64;
const MSG_LEN = 56;
const NAMELEN = 8;
const CONTROLLEN = 40;

const msg = new ImportedMsg();

/** One try of a call: its result, -EAGAIN when nothing waits. `copy` is a copy of the client's end. */
type Attempt = (copy: number) => number;

/** Scatters a datagram over the imported buffers, in one write together with `extra` regions added before. */
function addPayload(data: Uint8Array, from: number): boolean {
  if (from + data.length > OUT + OUT_SIZE) return false;
  u8.set(data, from);
  let rest = data.length;
  for (let i = 0; rest > 0 && i < msg.bases.length; i++) {
    const part = Math.min(rest, msg.lengths[i]!);
    regions.add(msg.bases[i]!, part);
    rest -= part;
  }
  return true;
}

/** Writes name, header fields and payload of a recvmsg(2); 0 or a negative errno. */
function deliver(task: ClientTask, r: Received): number {
  const named = msg.name !== 0;
  const room = Math.min(msg.namelen, r.name.length);
  regions.reset();
  let at = OUT;
  if (named) {
    const name = room === r.name.length ? r.name : r.name.subarray(0, room);
    if (!msg.holds(msg.name, name)) at = addBytes(at, msg.name, name);
    if (r.name.length !== msg.namelen) at = addWord(at, msg.address + NAMELEN, r.name.length);
  }
  const control = r.control.length;
  if (control !== 0) at = addBytes(at, msg.control, r.control);
  if (control !== msg.controllen || r.flags !== msg.flags) at = addLengthAndFlags(at, control, r.flags);
  return addPayload(r.data, at) ? regions.write(task.pid, BASE + OUT) : -EFAULT;
}

function addBytes(at: number, address: number, bytes: Uint8Array): number {
  u8.set(bytes, at);
  regions.add(address, bytes.length);
  return at + bytes.length;
}

function addWord(at: number, address: number, value: number): number {
  view.setUint32(at, value, true);
  regions.add(address, 4);
  return at + 4;
}

/** msg_controllen and msg_flags stand side by side. */
function addLengthAndFlags(at: number, controllen: number, flags: number): number {
  view.setUint32(at, controllen, true);
  view.setUint32(at + 4, 0, true);
  view.setInt32(at + 8, flags, true);
  regions.add(msg.address + CONTROLLEN, 12);
  return at + 12;
}

function tryRecvmsg(
  { tap }: Supervisor,
  task: ClientTask,
  placeholder: Placeholder,
  header: number,
  flags: number,
  copy: number,
): number {
  const error = msg.load(task.pid, header);
  if (error !== 0) return error;
  const controllen = Math.min(msg.controllen, 0x7fffffff);
  const r = placeholder.receive(task, msg.total, flags, controllen, copy);
  tap?.received(task, placeholder, flags, r);
  if (typeof r === 'number') return r;
  r.flags |= flags & abi.MSG_CMSG_CLOEXEC;
  return deliver(task, r) || r.ret;
}

/** Makes a call that may block: answers what the first try gives, or waits. */
function receive(sv: Supervisor, task: ClientTask, placeholder: Placeholder, flags: number, attempt: Attempt): number {
  sv.consumed = () => {
    const kept = placeholder.keep();
    return kept === undefined ? [] : [kept];
  };
  const consumed = sv.consumed;
  const result = attempt(sv.copy);
  if (result !== -EAGAIN || mayNotBlock(sv, flags)) return result;
  return wait(sv, task, placeholder, (copy) => {
    sv.consumed = consumed;
    const later = attempt(copy);
    return later === -EAGAIN ? LATER : later;
  });
}

function mayNotBlock(sv: Supervisor, flags: number): boolean {
  return (flags & (abi.MSG_DONTWAIT | abi.MSG_ERRQUEUE)) !== 0 || sv.native.isNonblocking(sv.copy);
}

function wait(
  sv: Supervisor,
  task: ClientTask,
  placeholder: Placeholder,
  attempt: Attempt,
  kept: readonly Unreceived[] = [],
  partial = (): number => 0,
): number {
  const call = sv.listener.notification;
  const timeout = placeholder.socket.rcvtimeo;
  const interrupted = timeout === Infinity ? -ERESTARTSYS : -EINTR;
  return sv.waiters.add({
    idLow: call.idLow,
    idHigh: call.idHigh,
    tid: task.pid,
    tgid: task.tgid,
    placeholder,
    identity: call.identity(),
    deadline: sv.inherited ?? (timeout === Infinity ? Infinity : hostClock.now() + timeout * 1e6),
    kept,
    attempt,
    onTimeout: () => partial() || -EAGAIN,
    onSignal: () => partial() || interrupted,
  });
}

export const recvmsg = onSocket((sv, task, placeholder) => {
  const call = sv.listener.notification;
  const [header, flags] = [call.ptr(1), call.int(2)];
  if ((flags & abi.MSG_CMSG_COMPAT) !== 0) return -EINVAL;
  return receive(sv, task, placeholder, flags, (copy) => tryRecvmsg(sv, task, placeholder, header, flags, copy));
});

export const recvfrom = onSocket((sv, task, placeholder) => {
  const call = sv.listener.notification;
  const [buffer, length, flags, address, lengthAt] = [call.ptr(1), call.ptr(2), call.int(3), call.ptr(4), call.ptr(5)];
  return receive(sv, task, placeholder, flags, (copy) => {
    const error = msg.single(buffer, length);
    if (error !== 0) return error;
    const r = placeholder.receive(task, msg.total, flags, 0, copy);
    sv.tap?.received(task, placeholder, flags, r);
    if (typeof r === 'number') return r;
    const { name, ret } = r;
    regions.reset();
    if (!addPayload(r.data, OUT) || regions.write(task.pid, BASE + OUT) !== 0) return -EFAULT;
    return address === 0 ? ret : writeAddress(task, name, address, lengthAt) || ret;
  });
});

/** State of one recvmmsg(2) over its tries. */
interface Batch {
  readonly vector: number;
  readonly count: number;
  readonly deadline: number;
  flags: number;
  done: number;
  readonly kept: Unreceived[];
}

/** Receives until the vector is full or nothing waits; the number received, or a negative errno when none was. */
function tryBatch(sv: Supervisor, task: ClientTask, placeholder: Placeholder, batch: Batch, copy: number): number {
  while (batch.done < batch.count) {
    const at = batch.vector + MMSGHDR_SIZE * batch.done;
    const result = tryRecvmsg(sv, task, placeholder, at, batch.flags & ~abi.MSG_WAITFORONE, copy);
    if (result < 0) return result === -EAGAIN || batch.done === 0 ? result : batch.done;
    const kept = placeholder.keep();
    if (kept !== undefined) batch.kept.push(kept);
    view.setUint32(OUT, result, true);
    if (writeClient(task.pid, at + MSG_LEN, 4, OUT) !== 0) return batch.done === 0 ? -EFAULT : batch.done;
    batch.done++;
    if ((batch.flags & abi.MSG_WAITFORONE) !== 0) batch.flags |= abi.MSG_DONTWAIT;
    if (hostClock.now() >= batch.deadline) break;
  }
  return batch.done;
}

/** The timeout of a recvmmsg(2) as a deadline in ns, or a negative errno. It is looked at after each datagram only. */
function batchDeadline(task: ClientTask, address: number): number {
  if (address === 0) return Infinity;
  if (readClient(task.pid, address, 16, IN) !== 0) return -EFAULT;
  const [seconds, ns] = [Number(view.getBigInt64(IN, true)), Number(view.getBigInt64(IN + 8, true))];
  if (seconds < 0 || ns < 0 || ns >= 1e9) return -EINVAL;
  return hostClock.now() + seconds * 1e9 + ns;
}

export const recvmmsg = onSocket((sv, task, placeholder) => {
  const call = sv.listener.notification;
  const deadline = batchDeadline(task, call.ptr(4));
  if (deadline < 0) return deadline;
  const count = Math.min(call.int(2) >>> 0, abi.UIO_MAXIOV);
  const batch: Batch = { vector: call.ptr(1), count, deadline, flags: call.int(3), done: 0, kept: [] };
  const settled = (result: number): number => (result === -EAGAIN && batch.done > 0 ? batch.done : result);
  const consumed = (): readonly Unreceived[] => batch.kept;
  sv.consumed = consumed;
  const result = tryBatch(sv, task, placeholder, batch, sv.copy);
  if (result !== -EAGAIN || mayNotBlock(sv, batch.flags)) return settled(result);
  const retry = (copy: number): number => {
    sv.consumed = consumed;
    const later = tryBatch(sv, task, placeholder, batch, copy);
    return later === -EAGAIN && (batch.flags & abi.MSG_DONTWAIT) === 0 ? LATER : settled(later);
  };
  return wait(sv, task, placeholder, retry, batch.kept, () => batch.done);
});
