// net/core/rtnetlink.c, reading link requests: header, attributes, which device and which namespace is meant.
import {
  parse,
  NL_VALIDATE_DEPRECATED_STRICT,
  NL_VALIDATE_LIBERAL,
  NL_VALIDATE_STRICT,
} from '../../../../codec/parse.js';
import type { Extack } from '../../../../codec/extack.js';
import { EBADF, EINVAL, EOPNOTSUPP, ESRCH } from '../../../../uapi/asm-generic/errno.js';
import { IFLA, IFLA_6_1 } from '../../../../uapi/linux/if_link.js';
import { NLMSG_HDRLEN } from '../../../../uapi/linux/netlink.js';
import { ifinfomsg } from '../../../../uapi/linux/rtnetlink.js';
import { errno, ModelGap, refuse } from '../../../errno.js';
import type { Machine } from '../../../machine.js';
import { devGetByIndex, devGetByName } from '../dev/table.js';
import type { NetDevice } from '../net_device.js';
import type { Net } from '../net_namespace.js';
import type { RtnlRequest } from '../rtnetlink.js';
import type { IfInfo, IflaTable } from './ops.js';

/** Where attributes start after struct ifinfomsg. */
const ATTRS = NLMSG_HDRLEN + ifinfomsg.size;

/** The struct ifinfomsg of a request that is long enough. @models include/net/netlink.h nlmsg_data() */
export function ifInfoOf({ msg }: RtnlRequest): IfInfo & { readonly __ifi_pad: number; readonly ifi_type: number } {
  return ifinfomsg.get(msg, NLMSG_HDRLEN);
}

/** Whether the message is too short for its header. @differs the kernel asks this inside each parser */
export function isShort({ msg }: RtnlRequest): boolean {
  return msg.length < ATTRS;
}

/** The policy of a kernel. @differs it is compiled in */
export const iflaOf = (machine: Machine) => (machine.has('ifla-ipv4-sizes') ? IFLA : IFLA_6_1);

/** @models include/net/netlink.h nlmsg_parse_deprecated() */
export function parseLink(request: RtnlRequest): IflaTable {
  if (isShort(request)) refuse(request.extack, EINVAL, 'Invalid header length');
  return parse(iflaOf(request.machine), request.msg, ATTRS, request.msg.length, NL_VALIDATE_LIBERAL, request.extack);
}

/** As parseLink(), with everything that newer requests are held to. @models include/net/netlink.h nlmsg_parse() */
export function parseNewLink(request: RtnlRequest): IflaTable {
  if (isShort(request)) refuse(request.extack, EINVAL, 'Invalid header length');
  return parse(iflaOf(request.machine), request.msg, ATTRS, request.msg.length, NL_VALIDATE_STRICT, request.extack);
}

/** @models include/net/netlink.h nlmsg_parse_deprecated_strict() */
export function parseLinkStrictly({ msg, extack, machine }: RtnlRequest): IflaTable {
  return parse(iflaOf(machine), msg, ATTRS, msg.length, NL_VALIDATE_DEPRECATED_STRICT, extack);
}

/** The device a request names by IFNAME or ALT_IFNAME. */
function devByName(net: Net, tb: IflaTable): NetDevice | undefined {
  const name = tb.IFNAME ?? tb.ALT_IFNAME;
  return name === undefined ? undefined : devGetByName(net, name);
}

/**
 * Whether the request names a device at all, other than by group.
 *
 * @differs the kernel writes this out in each handler
 */
export function namesDevice(ifm: IfInfo, tb: IflaTable): boolean {
  return ifm.ifi_index > 0 || tb.IFNAME !== undefined || tb.ALT_IFNAME !== undefined;
}

/**
 * The device named by index, else by name.
 *
 * @differs the kernel writes this out in each handler, around rtnl_dev_get()
 */
export function findDevice(net: Net, ifm: IfInfo, tb: IflaTable): NetDevice | undefined {
  return ifm.ifi_index > 0 ? devGetByIndex(net, ifm.ifi_index) : devByName(net, tb);
}

/** @models net/core/rtnetlink.c rtnl_ensure_unique_netns() */
export function ensureUniqueNetns(tb: IflaTable, extack: Extack): void {
  const given = [tb.TARGET_NETNSID, tb.NET_NS_PID, tb.NET_NS_FD].filter((value) => value !== undefined);
  if (given.length > 1) refuse(extack, EINVAL, 'multiple netns identifying attributes specified');
}

/** For requests that take a namespace by id only. @models net/core/rtnetlink.c rtnl_ensure_unique_netns() */
export function ensureNetnsById(tb: IflaTable, extack: Extack): void {
  if (tb.NET_NS_PID !== undefined || tb.NET_NS_FD !== undefined)
    refuse(extack, EOPNOTSUPP, 'specified netns attribute not supported');
}

/** A namespace by id: a machine has one and gives no ids. @models net/core/rtnetlink.c rtnl_get_net_ns_capable() */
export function refuseNetnsId(tb: IflaTable): void {
  if (tb.TARGET_NETNSID !== undefined) throw errno(EINVAL);
}

/**
 * Refuses a request for another namespace; a machine has one.
 *
 * @models net/core/rtnetlink.c rtnl_link_get_net_capable()
 * @differs a file that may be another namespace is not modelled; of processes only the caller's own is known
 */
export function checkTargetNet({ task }: RtnlRequest, tb: IflaTable): void {
  refuseNetnsId(tb);
  if (tb.NET_NS_PID !== undefined && tb.NET_NS_PID !== task.tgid && tb.NET_NS_PID !== task.pid) throw errno(ESRCH);
  if (tb.NET_NS_FD === undefined) return;
  const file = task.fget(tb.NET_NS_FD | 0);
  if (file === undefined) throw errno(EBADF);
  if (file.kind === 'netns') return;
  if (file.kind !== 'foreign') throw errno(EINVAL);
  throw new ModelGap('IFLA_NET_NS_FD: another network namespace');
}

/** IFLA_LINK_NETNSID, which names a namespace by id. @differs a part of rtnl_newlink() */
export function checkLinkNet(tb: IflaTable, extack: Extack): void {
  if (tb.LINK_NETNSID !== undefined) refuse(extack, EINVAL, 'Unknown network namespace id');
}
