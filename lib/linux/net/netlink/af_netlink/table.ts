// net/netlink/af_netlink.c struct netlink_table: the sockets of each protocol in one network namespace, by port id, and
// the subscribers of its multicast groups.
import type { Task } from '../../../kernel/task.js';
import type { NetlinkSock } from './sock.js';
import * as P from '../../../../uapi/linux/netlink.js';

/** A message on its way to a kernel socket. */
export interface KernelInput {
  readonly sender: NetlinkSock;
  /** Who sends. */
  readonly task: Task;
  readonly data: Uint8Array;
  /** The sender named a destination (NETLINK_SKB_DST): only its own capabilities count, not those of the opener. */
  readonly addressed: boolean;
}

export interface NetlinkProtocol {
  /** Greatest group number. */
  readonly groups: number;
  /** NL_CFG_F_NONROOT_RECV and _SEND: no capability needed to join groups, to send to others. */
  readonly nonrootRecv: boolean;
  readonly nonrootSend: boolean;
  readonly byPortid: Map<number, NetlinkSock>;
  /** Sockets that joined a group, newest first (mc_list). */
  readonly subscribers: NetlinkSock[];
  /** The kernel's own socket (port id 0); undefined when nobody listens there. */
  kernelInput: ((input: KernelInput) => void) | undefined;
}

export type NetlinkTable = ReadonlyMap<number, NetlinkProtocol>;

/** Least number of groups a protocol has. */
const MIN_GROUPS = 32;
/** RTNLGRP_MAX of each modelled kernel that differs is observed: 39 on 6.18. */
const ROUTE_GROUPS = 39;

interface Registered {
  readonly groups?: number;
  readonly nonrootRecv?: boolean;
  readonly nonrootSend?: boolean;
}

/** The protocols that exist, as observed on 6.18; only those with a kernelInput answer requests. */
const registered: Readonly<Record<number, Registered>> = {
  [P.NETLINK_ROUTE]: { groups: ROUTE_GROUPS, nonrootRecv: true },
  [P.NETLINK_USERSOCK]: { nonrootSend: true },
  [P.NETLINK_SOCK_DIAG]: { nonrootRecv: true },
  [P.NETLINK_XFRM]: {},
  [P.NETLINK_SELINUX]: { nonrootRecv: true },
  [P.NETLINK_AUDIT]: { nonrootRecv: true },
  [P.NETLINK_FIB_LOOKUP]: {},
  [P.NETLINK_CONNECTOR]: {},
  [P.NETLINK_NETFILTER]: {},
  [P.NETLINK_KOBJECT_UEVENT]: { nonrootRecv: true },
  [P.NETLINK_GENERIC]: { nonrootRecv: true },
};

/**
 * The table of a new network namespace.
 *
 * @differs the kernel fills its table as each protocol calls netlink_kernel_create()
 */
export function netlinkTable(): NetlinkTable {
  const table = new Map<number, NetlinkProtocol>();
  for (const [number, { groups = MIN_GROUPS, nonrootRecv = false, nonrootSend = false }] of Object.entries(registered))
    table.set(Number(number), {
      groups,
      nonrootRecv,
      nonrootSend,
      byPortid: new Map(),
      subscribers: [],
      kernelInput: undefined,
    });
  return table;
}
