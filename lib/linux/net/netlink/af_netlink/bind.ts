// Addresses and group membership of a netlink socket: bind, connect, getsockname, getpeername.
import { Bytes } from '../../../../codec/bytes.js';
import * as E from '../../../../uapi/asm-generic/errno.js';
import { CAP_NET_ADMIN } from '../../../../uapi/linux/capability.js';
import { AF_NETLINK, sockaddr_nl } from '../../../../uapi/linux/netlink.js';
import { AF_UNSPEC } from '../../../../uapi/linux/socket.js';
import type { Task } from '../../../kernel/task.js';
import { autobind, insert } from './create.js';
import type { NetlinkSock } from './sock.js';

/** Groups that fit the mask of a sockaddr_nl. */
const MASK_GROUPS = 32;

/**
 * Whether the caller may do what the protocol's flag leaves free.
 * @models net/netlink/af_netlink.c netlink_allowed()
 */
export function allowed(sock: NetlinkSock, task: Task, flag: 'nonrootRecv' | 'nonrootSend'): boolean {
  return sock.table[flag] || task.capable(CAP_NET_ADMIN);
}

/**
 * netlink_group_mask(): the bit of group 1 to 32, 0 for the rest.
 *
 * @models net/netlink/af_netlink.c netlink_group_mask()
 */
export function groupMask(group: number): number {
  return group >= 1 && group <= MASK_GROUPS ? (1 << (group - 1)) >>> 0 : 0;
}

/** ffs(): the lowest group of a mask, 0 when empty. @differs the kernel calls ffs() */
export function lowestGroup(mask: number): number {
  return mask === 0 ? 0 : 32 - Math.clz32(mask & -mask);
}

/** The first 32 groups as a mask. */
function lowGroups(sock: NetlinkSock): number {
  let mask = 0;
  for (const group of sock.groups) mask |= groupMask(group);
  return mask >>> 0;
}

/** netlink_update_subscriptions(): a socket with any group stands in the list of subscribers, newest first. */
function updateSubscription(sock: NetlinkSock, hadAny: boolean): void {
  const { subscribers } = sock.table;
  const hasAny = sock.groups.size > 0;
  if (hasAny && !hadAny) subscribers.unshift(sock);
  if (!hasAny && hadAny) subscribers.splice(subscribers.indexOf(sock), 1);
}

/**
 * Joins or leaves one group, which exists.
 * @models net/netlink/af_netlink.c netlink_update_socket_mc()
 */
export function setMembership(sock: NetlinkSock, group: number, member: boolean): void {
  const hadAny = sock.groups.size > 0;
  if (member) sock.groups.add(group);
  else sock.groups.delete(group);
  updateSubscription(sock, hadAny);
}

/** Leaves every group, at the end of the socket. @differs a part of netlink_release() */
export function leaveAll(sock: NetlinkSock): void {
  const hadAny = sock.groups.size > 0;
  sock.groups.clear();
  updateSubscription(sock, hadAny);
}

function setLowGroups(sock: NetlinkSock, mask: number): void {
  const hadAny = sock.groups.size > 0;
  for (let group = 1; group <= MASK_GROUPS; group++) {
    if (mask & groupMask(group)) sock.groups.add(group);
    else sock.groups.delete(group);
  }
  updateSubscription(sock, hadAny);
}

/** Family and length of an address, as bind() wants them. */
function decodeAddress(addr: Uint8Array): ReturnType<typeof sockaddr_nl.get> | undefined {
  if (addr.length < sockaddr_nl.size) return undefined;
  const decoded = sockaddr_nl.get(new Bytes(addr), 0);
  return decoded.nl_family === AF_NETLINK ? decoded : undefined;
}

/**
 * bind(2): 0 or a negative errno.
 * @models net/netlink/af_netlink.c netlink_bind()
 */
export function bind(sock: NetlinkSock, task: Task, addr: Uint8Array): number {
  const address = decodeAddress(addr);
  if (address === undefined) return -E.EINVAL;
  const { nl_pid, nl_groups } = address;
  if (nl_groups !== 0) {
    if (!allowed(sock, task, 'nonrootRecv')) return -E.EPERM;
    sock.ngroups = sock.table.groups;
  }
  if (sock.bound && nl_pid !== sock.portid) return -E.EINVAL;
  if (!sock.bound) {
    const error = nl_pid !== 0 ? insert(sock, nl_pid) : autobind(sock, task);
    if (error < 0) return error;
  }
  if (nl_groups !== 0 || lowGroups(sock) !== 0) setLowGroups(sock, nl_groups);
  return 0;
}

/**
 * connect(2): fixes the destination; AF_UNSPEC takes it back.
 * @models net/netlink/af_netlink.c netlink_connect()
 */
export function connect(sock: NetlinkSock, task: Task, addr: Uint8Array): number {
  if (addr.length < 2) return -E.EINVAL;
  if (addr[0] === AF_UNSPEC && addr[1] === 0) {
    sock.connected = false;
    sock.dstPortid = 0;
    sock.dstGroup = 0;
    return 0;
  }
  const address = decodeAddress(addr);
  if (address === undefined) return -E.EINVAL;
  const { nl_pid, nl_groups } = address;
  if ((nl_pid !== 0 || nl_groups !== 0) && !allowed(sock, task, 'nonrootSend')) return -E.EPERM;
  if (!sock.bound) autobind(sock, task);
  sock.connected = true;
  sock.dstPortid = nl_pid;
  sock.dstGroup = lowestGroup(nl_groups);
  return 0;
}

/**
 * getsockname(2), getpeername(2): a sockaddr_nl.
 * @models net/netlink/af_netlink.c netlink_getname()
 */
export function getname(sock: NetlinkSock, peer: boolean): Uint8Array {
  const nl_pid = peer ? sock.dstPortid : sock.portid;
  const nl_groups = peer ? groupMask(sock.dstGroup) : lowGroups(sock);
  return sockaddr_nl.bytes({ nl_family: AF_NETLINK, nl_pid, nl_groups });
}
