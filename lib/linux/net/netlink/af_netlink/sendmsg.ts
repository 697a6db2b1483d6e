// Sending: the checks of sendmsg(2) in their order, then delivery to a group, to another socket, or to the kernel, which
// answers before the call returns.
import * as E from '../../../../uapi/asm-generic/errno.js';
import { AF_NETLINK, sockaddr_nl } from '../../../../uapi/linux/netlink.js';
import { MSG_OOB } from '../../../../uapi/linux/socket.js';
import type { Task } from '../../../kernel/task.js';
import type { SendRequest } from '../../socket.js';
import { allowed, lowestGroup } from './bind.js';
import { autobind } from './create.js';
import type { Datagram } from './queue.js';
import { broadcast, deliver, hasRoom, hears, userTruesizeOf } from './queue.js';
import type { NetlinkSock } from './sock.js';

/** What a message needs of the send buffer beyond its bytes. */
const SEND_OVERHEAD = 32;

interface Destination {
  readonly portid: number;
  readonly group: number;
  readonly addressed: boolean;
}

const kernel: Destination = { portid: 0, group: 0, addressed: true };

/** A little-endian u32; no view is made for an address that is almost always the kernel's. */
function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

function destinationOf(sock: NetlinkSock, task: Task, name: Uint8Array | null): Destination | number {
  if (name === null || name.length === 0) return { portid: sock.dstPortid, group: sock.dstGroup, addressed: false };
  if (name.length < sockaddr_nl.size) return -E.EINVAL;
  if ((word(name, 0) & 0xffff) !== AF_NETLINK) return -E.EINVAL;
  const portid = word(name, sockaddr_nl.offsetof.nl_pid);
  const groups = word(name, sockaddr_nl.offsetof.nl_groups);
  if (portid === 0 && groups === 0) return kernel;
  if (!allowed(sock, task, 'nonrootSend')) return -E.EPERM;
  return { portid, group: lowestGroup(groups), addressed: true };
}

/** To another socket of the protocol: -ECONNREFUSED when there is none, or it talks to somebody else. */
function unicastToUser(sock: NetlinkSock, datagram: Datagram, portid: number): number {
  const target = sock.table.byPortid.get(portid);
  if (target === undefined || !hears(target, sock.portid)) return -E.ECONNREFUSED;
  if (!hasRoom(target, datagram.truesize) || target.congested) return -E.EAGAIN;
  deliver(target, datagram);
  return datagram.data.length;
}

function unicastToKernel(sock: NetlinkSock, task: Task, data: Uint8Array, addressed: boolean): number {
  const { machine } = sock.net;
  if (sock.table.kernelInput === undefined) {
    machine.gap(`requests of netlink protocol ${sock.protocol}`);
    return -E.ECONNREFUSED;
  }
  const { events } = machine;
  if (events.sink !== undefined)
    events.emit({ type: 'message-in', portid: sock.portid, protocol: sock.protocol, data });
  sock.table.kernelInput({ sender: sock, task, data, addressed });
  return data.length;
}

/**
 * sendmsg(2): the number of bytes, even when the request in them was refused; or a negative errno.
 * @models net/netlink/af_netlink.c netlink_sendmsg()
 */
export function sendmsg(sock: NetlinkSock, task: Task, request: SendRequest): number {
  if (request.flags & MSG_OOB) return -E.EOPNOTSUPP;
  if (request.data.length === 0 && sock.net.machine.has('netlink-empty-enodata')) return -E.ENODATA;
  const destination = destinationOf(sock, task, request.name);
  if (typeof destination === 'number') return destination;
  if (!sock.bound) autobind(sock, task);
  if (request.data.length > sock.opts.sndbuf - SEND_OVERHEAD) return -E.EMSGSIZE;
  const data = sock.net.requests.copy(request.data);
  const { portid, group, addressed } = destination;
  if (group === 0 && portid === 0) return unicastToKernel(sock, task, data, addressed);
  const creds = { pid: task.tgid, uid: task.uid, gid: task.gid };
  const datagram = { data, portid: sock.portid, group, creds, truesize: userTruesizeOf(data.length) };
  if (group !== 0) broadcast(sock.table.subscribers, datagram, portid, sock);
  return portid === 0
    ? unicastToKernel(sock, task, data, addressed)
    : unicastToUser(sock, { ...datagram, group }, portid);
}
