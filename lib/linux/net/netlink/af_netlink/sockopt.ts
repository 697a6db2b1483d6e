// Options of level SOL_NETLINK; SOL_SOCKET ones are handed to net/core/sock.c's model.
import { Bytes } from '../../../../codec/bytes.js';
import * as E from '../../../../uapi/asm-generic/errno.js';
import { CAP_NET_BROADCAST } from '../../../../uapi/linux/capability.js';
import * as N from '../../../../uapi/linux/netlink.js';
import { SOL_SOCKET } from '../../../../uapi/linux/socket.js';
import type { Task } from '../../../kernel/task.js';
import { sockGetsockopt, sockSetsockopt } from '../../core/sock.js';
import type { SockOptValue } from '../../socket.js';
import { allowed, setMembership } from './bind.js';
import type { NetlinkSock } from './sock.js';

type BooleanOption = 'pktinfo' | 'broadcastError' | 'noEnobufs' | 'listenAllNsid' | 'capAck' | 'extAck' | 'strictCheck';

const booleans: Readonly<Record<number, BooleanOption>> = {
  [N.NETLINK_PKTINFO]: 'pktinfo',
  [N.NETLINK_BROADCAST_ERROR]: 'broadcastError',
  [N.NETLINK_NO_ENOBUFS]: 'noEnobufs',
  [N.NETLINK_LISTEN_ALL_NSID]: 'listenAllNsid',
  [N.NETLINK_CAP_ACK]: 'capAck',
  [N.NETLINK_EXT_ACK]: 'extAck',
  [N.NETLINK_GET_STRICT_CHK]: 'strictCheck',
};

/** Options beyond this one came after 4.1. */
const LAST_V41_OPTION = N.NETLINK_NO_ENOBUFS;

function exists(sock: NetlinkSock, optname: number): boolean {
  return optname <= LAST_V41_OPTION || sock.net.machine.has('netlink-ext-ack');
}

function membership(sock: NetlinkSock, task: Task, group: number, join: boolean): number {
  if (!allowed(sock, task, 'nonrootRecv')) return -E.EPERM;
  sock.ngroups = sock.table.groups;
  if (group === 0 || group > sock.ngroups) return -E.EINVAL;
  setMembership(sock, group, join);
  return 0;
}

/**
 * setsockopt(2). A value shorter than an int counts as 0.
 * @models net/netlink/af_netlink.c netlink_setsockopt()
 */
export function setsockopt(sock: NetlinkSock, task: Task, level: number, optname: number, optval: Uint8Array): number {
  if (level === SOL_SOCKET) return sockSetsockopt(sock, task, optname, optval);
  if (level !== N.SOL_NETLINK) return -E.ENOPROTOOPT;
  const value = optval.length >= 4 ? new Bytes(optval).view.getUint32(0, true) : 0;
  if (optname === N.NETLINK_ADD_MEMBERSHIP || optname === N.NETLINK_DROP_MEMBERSHIP)
    return membership(sock, task, value, optname === N.NETLINK_ADD_MEMBERSHIP);
  const option = booleans[optname];
  if (option === undefined || !exists(sock, optname)) return -E.ENOPROTOOPT;
  if (option === 'listenAllNsid' && !task.capable(CAP_NET_BROADCAST)) return -E.EPERM;
  sock[option] = value !== 0;
  if (sock.noEnobufs) sock.congested = false;
  return 0;
}

/** The words of the group bitmap that fit, and the length of all of them. */
function listMemberships(sock: NetlinkSock, optlen: number): SockOptValue {
  const words = Math.ceil(sock.ngroups / 32);
  const all = new Uint32Array(words);
  for (const group of sock.groups) {
    const word = (group - 1) >>> 5;
    all[word] = all[word]! | (1 << ((group - 1) & 31));
  }
  const bytes = new Uint8Array(all.buffer);
  return { value: bytes.subarray(0, Math.min(optlen & ~3, bytes.length)), length: words * 4 };
}

/**
 * getsockopt(2): the value and the length to report, or a negative errno.
 * @models net/netlink/af_netlink.c netlink_getsockopt()
 */
export function getsockopt(sock: NetlinkSock, level: number, optname: number, optlen: number): SockOptValue | number {
  if (level === SOL_SOCKET) return sockGetsockopt(sock, optname, optlen);
  if (level !== N.SOL_NETLINK) return -E.ENOPROTOOPT;
  if (optlen < 0) return -E.EINVAL;
  if (!exists(sock, optname)) return -E.ENOPROTOOPT;
  if (optname === N.NETLINK_LIST_MEMBERSHIPS) return listMemberships(sock, optlen);
  const option = booleans[optname];
  if (option === undefined) return -E.ENOPROTOOPT;
  if (optlen < 4) return -E.EINVAL;
  return { value: Uint8Array.of(sock[option] ? 1 : 0, 0, 0, 0), length: 4 };
}
