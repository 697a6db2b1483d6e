// net/netlink/af_netlink.c: making a socket, and choosing its port id.
import * as E from '../../../../uapi/asm-generic/errno.js';
import { AF_NETLINK } from '../../../../uapi/linux/netlink.js';
import { SOCK_DGRAM, SOCK_RAW } from '../../../../uapi/linux/socket.js';
import type { Task } from '../../../kernel/task.js';
import type { Net } from '../../core/net_namespace.js';
import { NetlinkSock } from './sock.js';

/**
 * A new socket of `protocol` (NETLINK_*), or a negative errno.
 * @models net/netlink/af_netlink.c netlink_create()
 */
export function netlinkCreate(net: Net, task: Task, type: number, protocol: number): NetlinkSock | number {
  if (type !== SOCK_RAW && type !== SOCK_DGRAM) return -E.ESOCKTNOSUPPORT;
  const table = net.netlink.get(protocol);
  if (table === undefined) return -E.EPROTONOSUPPORT;
  const sock = new NetlinkSock(net, task, { family: AF_NETLINK, type, protocol }, table);
  net.machine.faults.active?.buffers(sock.opts);
  return sock;
}

/**
 * Binds to `portid`, which is not 0. Returns 0 or -EADDRINUSE.
 * @models net/netlink/af_netlink.c netlink_insert()
 */
export function insert(sock: NetlinkSock, portid: number): number {
  const { byPortid } = sock.table;
  if (byPortid.has(portid)) return -E.EADDRINUSE;
  byPortid.set(portid, sock);
  sock.portid = portid;
  sock.bound = true;
  return 0;
}

/** Automatic port ids that are no process id lie at or below this one. */
const FIRST_NEGATIVE = -4097;
const S32_MIN = -0x80000000;

/**
 * Binds to the caller's tgid, or to a negative number when that is taken.
 * @models net/netlink/af_netlink.c netlink_autobind()
 */
export function autobind(sock: NetlinkSock, task: Task): number {
  if (insert(sock, task.tgid) === 0) return 0;
  const { machine } = sock.net;
  let rover = FIRST_NEGATIVE;
  if (machine.has('netlink-random-autobind'))
    rover = S32_MIN + (machine.entropy.u32() % (FIRST_NEGATIVE + 1 - S32_MIN));
  while (insert(sock, rover >>> 0) !== 0) rover = rover > S32_MIN ? rover - 1 : FIRST_NEGATIVE;
  return 0;
}
