// Receive queue of a netlink socket: what a message costs, when one is dropped, how the loss is reported.
// net/netlink/af_netlink.c netlink_attachskb(), netlink_broadcast_deliver(), netlink_overrun().
import { ENOBUFS } from '../../../../uapi/asm-generic/errno.js';
import type { NetlinkSock } from './sock.js';

/** A message in a receive queue. */
export interface Datagram {
  readonly data: Uint8Array;
  /** Port id of the sender; 0 = the kernel. */
  readonly portid: number;
  /** Multicast group it was sent to; 0 = unicast. */
  readonly group: number;
  /** Sender's credentials for SCM_CREDENTIALS. */
  readonly creds: Credentials;
  /** Memory it is charged with, bytes. */
  readonly truesize: number;
}

export interface Credentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

export const kernelCreds: Credentials = { pid: 0, uid: 0, gid: 0 };

/** sizeof(struct skb_shared_info) and sizeof(struct sk_buff), both cache-aligned, x86-64. */
const SHARED_INFO = 320;
const SK_BUFF = 256;
/** Object size of skb_small_head_cache, which serves every smaller buffer (observed on 6.18). */
const SMALL_HEAD = 576;
/** Payloads above this are sent from vmalloc'ed memory, which has no size classes. */
const LARGE = 3776;

const cacheAligned = (bytes: number): number => (bytes + 63) & ~63;

/**
 * Memory charged for a kernel buffer of `room` data bytes: the slab class it comes from plus the sk_buff.
 *
 * @differs the sum of what alloc_skb() charges
 */
export function truesizeOf(room: number): number {
  const needed = cacheAligned(room) + SHARED_INFO;
  if (needed <= SMALL_HEAD) return SMALL_HEAD + SK_BUFF;
  return 2 ** (32 - Math.clz32(needed - 1)) + SK_BUFF;
}

/**
 * Memory charged for a message of `length` bytes from a user (netlink_alloc_large_skb()).
 *
 * @models net/netlink/af_netlink.c netlink_alloc_large_skb()
 */
export function userTruesizeOf(length: number): number {
  return length > LARGE ? cacheAligned(length) + SHARED_INFO + SK_BUFF : truesizeOf(length);
}

/** skb_queue_tail() and sk_data_ready(). @models net/netlink/af_netlink.c __netlink_sendskb() */
export function queueTail(sock: NetlinkSock, datagram: Datagram): void {
  sock.receiveQueue.push(datagram);
  sock.rmem += datagram.truesize;
  const { events } = sock.net.machine;
  if (events.sink !== undefined)
    events.emit({ type: 'message-out', portid: sock.portid, group: datagram.group, data: datagram.data });
  sock.dataReady?.();
}

/**
 * Whether the queue has room: an empty queue takes anything.
 *
 * @differs a condition in netlink_attachskb() and netlink_broadcast_deliver()
 */
export function hasRoom(sock: NetlinkSock, truesize: number): boolean {
  return sock.rmem === 0 || sock.rmem + truesize <= sock.opts.rcvbuf;
}

/** Whether a fault lets a message of the kernel be lost. */
function overrunsOnPurpose(sock: NetlinkSock, { data, portid }: Datagram): boolean {
  const { active } = sock.net.machine.faults;
  return active !== undefined && portid === 0 && active.overruns(data[4]! | (data[5]! << 8));
}

/**
 * Records a lost message: ENOBUFS at the next receive, unless the socket does not want to know.
 * @models net/netlink/af_netlink.c netlink_overrun()
 */
export function overrun(sock: NetlinkSock): void {
  sock.dropped++;
  if (sock.noEnobufs || sock.congested) return;
  sock.congested = true;
  sock.err = ENOBUFS;
  sock.dataReady?.();
}

/**
 * A connected socket hears nobody but its peer; the kernel is peer 0. netlink_getsockbyportid().
 *
 * @models net/netlink/af_netlink.c netlink_getsockbyportid()
 */
export function hears(sock: NetlinkSock, portid: number): boolean {
  return !sock.connected || sock.dstPortid === portid;
}

/**
 * A message from the kernel, or from another socket, to one socket. Returns false when it was dropped.
 * @models net/netlink/af_netlink.c netlink_attachskb()
 */
export function deliver(sock: NetlinkSock, datagram: Datagram): boolean {
  if (!hears(sock, datagram.portid)) return false;
  if (!hasRoom(sock, datagram.truesize) || sock.congested || overrunsOnPurpose(sock, datagram)) {
    if (datagram.portid === 0) overrun(sock);
    return false;
  }
  queueTail(sock, datagram);
  return true;
}

/**
 * A message to every subscriber of `group` but the socket with port id `exclude` (0 = none) and `sender`.
 * @models net/netlink/af_netlink.c netlink_broadcast_filtered()
 */
export function broadcast(
  subscribers: readonly NetlinkSock[],
  datagram: Datagram,
  exclude: number,
  sender?: NetlinkSock,
): void {
  for (const sock of subscribers) {
    if (sock === sender || (exclude !== 0 && sock.portid === exclude) || !sock.groups.has(datagram.group)) continue;
    if (sock.congested || !hasRoom(sock, datagram.truesize) || overrunsOnPurpose(sock, datagram)) overrun(sock);
    else queueTail(sock, datagram);
  }
}
