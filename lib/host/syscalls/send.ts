// net/socket.c: sendto, sendmsg and sendmmsg of a client on a modelled socket. A send is never done twice: one whose
// answer reached nobody is known again by its call and its content.
import { UIO_MAXIOV } from '../abi.js';
import type { ClientTask } from '../clients.js';
import { OUT, view } from '../libc.js';
import { writeClient } from '../memory.js';
import { ImportedMsg } from '../msghdr.js';
import type { Placeholder } from '../placeholder.js';
import type { Supervisor } from '../supervisor.js';
import { onSocket, readAddress } from './socket.js';
import type { SendRequest } from '../../linux/net/socket.js';
import { EFAULT } from '../../uapi/asm-generic/errno.js';

const MMSGHDR_SIZE = 64;
const MSG_LEN = 56;

const msg = new ImportedMsg();

/** Sends what was imported, unless it is the repeat of an undelivered send. */
function send(sv: Supervisor, task: ClientTask, placeholder: Placeholder, flags: number): number {
  seeNativeReads(sv, placeholder);
  const { nameBytes: name, payload: data } = msg;
  sv.content = data;
  const repeated = sv.replay.take(sv.listener.notification, data);
  return repeated ?? sendOnce(sv, task, placeholder, { name, data, flags });
}

function sendOnce(sv: Supervisor, task: ClientTask, placeholder: Placeholder, request: SendRequest): number {
  const result = placeholder.socket.sendmsg(task, request);
  sv.tap?.sent(task, placeholder, request, msg, result);
  return result;
}

/** What was read natively since must not fill the receive buffer that the answer goes to. */
function seeNativeReads(sv: Supervisor, placeholder: Placeholder): void {
  if (placeholder.unread) placeholder.sync(sv.native.available(sv.copy));
}

export const sendto = onSocket((sv, task, placeholder) => {
  const call = sv.listener.notification;
  let error = msg.single(call.ptr(1), call.ptr(2));
  if (error !== 0) return error;
  const nameAt = call.ptr(4);
  const namelen = nameAt === 0 ? 0 : call.int(5);
  if (namelen !== 0) {
    const checked = readAddress(task, nameAt, namelen);
    if (typeof checked === 'number') return checked;
    msg.name = nameAt;
    msg.namelen = namelen;
  }
  error = msg.loadContent(task.pid);
  return error === 0 ? send(sv, task, placeholder, call.int(3)) : error;
});

export const sendmsg = onSocket((sv, task, placeholder) => {
  const call = sv.listener.notification;
  const error = msg.load(task.pid, call.ptr(1)) || msg.loadContent(task.pid);
  return error === 0 ? send(sv, task, placeholder, call.int(2)) : error;
});

export const sendmmsg = onSocket((sv, task, placeholder) => {
  seeNativeReads(sv, placeholder);
  const call = sv.listener.notification;
  const [vector, count, flags] = [call.ptr(1), Math.min(call.int(2) >>> 0, UIO_MAXIOV), call.int(3)];
  for (let sent = 0; sent < count; sent++) {
    const at = vector + MMSGHDR_SIZE * sent;
    let result = msg.load(task.pid, at) || msg.loadContent(task.pid);
    if (result === 0) result = sendOnce(sv, task, placeholder, { name: msg.nameBytes, data: msg.payload, flags });
    view.setUint32(OUT, result, true);
    if (result >= 0 && writeClient(task.pid, at + MSG_LEN, 4, OUT) !== 0) result = -EFAULT;
    if (result < 0) return sent === 0 ? result : sent;
  }
  return count;
});
