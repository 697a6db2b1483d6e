// net/ipv6/mcast.c: the groups a device is in: the two of all nodes from its first day, and one for the end of each address
// that is being checked or used. addrconf/ calls it. No reports are sent, and no socket can join.
import { ARPHRD_ETHER } from '../../../uapi/linux/if_arp.js';
import { ifaddrmsg, IFA6, IFA_F_PERMANENT } from '../../../uapi/linux/if_addr.js';
import { IFF_LOOPBACK, IFF_NOARP, IFF_UP } from '../../../uapi/linux/if.js';
import { NLMSG_HDRLEN } from '../../../uapi/linux/netlink.js';
import { RT_SCOPE_SITE, RT_SCOPE_UNIVERSE } from '../../../uapi/linux/route.js';
import { RTM_DELMULTICAST, RTM_NEWMULTICAST, RTNLGRP_IPV6_MCADDR } from '../../../uapi/linux/rtnetlink.js';
import { AF_INET6 } from '../../../uapi/linux/socket.js';
import { devMcAdd, devMcDel } from '../core/dev_addr_lists.js';
import type { NetDevice } from '../core/net_device.js';
import type { Net } from '../core/net_namespace.js';
import { stampNow } from '../ipv4/devinet/ifaddr.js';
import type { FillArgs } from '../ipv4/devinet/notify.js';
import { MessageWriter } from '../netlink/message.js';
import type { Inet6Dev } from './addrconf/inet6_dev.js';
import { IPV6_ADDR_SCOPE_LINKLOCAL, IPV6_ADDR_SCOPE_SITELOCAL, ipv6AddrEqual } from './in6.js';

/** struct ifmcaddr6 */
export interface Ifmcaddr6 {
  readonly idev: Inet6Dev;
  readonly addr: Uint8Array;
  users: number;
  /** MAF_* of include/net/if_inet6.h. */
  flags: number;
  /** Hundredths of a second since boot. */
  readonly stamp: number;
}

const MAF_LOADED = 0x04;
const MAF_NOREPORT = 0x08;
const FOREVER = 0xffffffff;

const group = (scope: number, ...end: number[]): Uint8Array => {
  const address = new Uint8Array(16);
  address.set([0xff, scope]);
  address.set(end, 16 - end.length);
  return address;
};
const interfacelocalAllnodes = group(1, 1);
const linklocalAllnodes = group(2, 1);

/** The link address of a group. @models include/net/if_inet6.h ipv6_eth_mc_map() */
const mcMap = (addr: Uint8Array): Uint8Array => Uint8Array.of(0x33, 0x33, ...addr.subarray(12));

const scopeOf = (addr: Uint8Array): number => addr[1]! & 0x0f;

/** Only Ethernet maps groups to link addresses. @models net/ipv6/mcast.c igmp6_group_added() */
function groupAdded(mc: Ifmcaddr6): void {
  const { dev } = mc.idev;
  if (scopeOf(mc.addr) < IPV6_ADDR_SCOPE_LINKLOCAL || mc.flags & MAF_LOADED) return;
  mc.flags |= MAF_LOADED;
  if (dev.type === ARPHRD_ETHER) devMcAdd(dev, mcMap(mc.addr));
}

/** @models net/ipv6/mcast.c igmp6_group_dropped() */
function groupDropped(mc: Ifmcaddr6): void {
  const { dev } = mc.idev;
  if (scopeOf(mc.addr) < IPV6_ADDR_SCOPE_LINKLOCAL || (mc.flags & MAF_LOADED) === 0) return;
  mc.flags &= ~MAF_LOADED;
  // A user may have deleted it already.
  if (dev.type === ARPHRD_ETHER) devMcDel(dev, mcMap(mc.addr));
}

/** @models net/ipv6/mcast.c inet6_fill_ifmcaddr() */
export function inet6FillIfmcaddr(skb: MessageWriter, mc: Ifmcaddr6, { type, flags, seq, portid }: FillArgs): void {
  const start = skb.begin(type, flags, seq, portid, ifaddrmsg.size);
  ifaddrmsg.set(skb.buffer, start + NLMSG_HDRLEN, {
    ifa_family: AF_INET6,
    ifa_prefixlen: 128,
    ifa_flags: IFA_F_PERMANENT,
    ifa_scope: scopeOf(mc.addr) === IPV6_ADDR_SCOPE_SITELOCAL ? RT_SCOPE_SITE : RT_SCOPE_UNIVERSE,
    ifa_index: mc.idev.dev.ifindex,
  });
  skb.putRaw(IFA6.MULTICAST.type, mc.addr);
  skb.put(IFA6.CACHEINFO, { ifa_prefered: FOREVER, ifa_valid: FOREVER, cstamp: mc.stamp, tstamp: mc.stamp });
  skb.end(start);
}

/** @models net/ipv6/mcast.c inet6_ifmcaddr_notify() */
function ifmcaddrNotify(mc: Ifmcaddr6, type: number): void {
  const { net } = mc.idev.dev;
  if (!net.machine.has('inet-multicast-dump') || !net.rtnl.hasListeners(RTNLGRP_IPV6_MCADDR)) return;
  const skb = new MessageWriter();
  inet6FillIfmcaddr(skb, mc, { type, flags: 0, seq: 0, portid: 0 });
  net.rtnl.notify(skb.take(), { group: RTNLGRP_IPV6_MCADDR, portid: 0, echo: false });
}

/** @models net/ipv6/mcast.c __ipv6_dev_mc_inc() */
function devMcInc(idev: Inet6Dev, addr: Uint8Array): void {
  const known = idev.mcList.find((mc) => ipv6AddrEqual(mc.addr, addr));
  if (known !== undefined) {
    known.users++;
    return;
  }
  const silent = ipv6AddrEqual(addr, linklocalAllnodes) || scopeOf(addr) < IPV6_ADDR_SCOPE_LINKLOCAL;
  const stamp = stampNow(idev.dev.net.machine);
  const mc: Ifmcaddr6 = { idev, addr, users: 1, flags: silent ? MAF_NOREPORT : 0, stamp };
  idev.mcList.unshift(mc);
  groupAdded(mc);
  ifmcaddrNotify(mc, RTM_NEWMULTICAST);
}

/** @models net/ipv6/mcast.c __ipv6_dev_mc_dec() */
function devMcDec({ mcList }: Inet6Dev, addr: Uint8Array): void {
  const mc = mcList.find((one) => ipv6AddrEqual(one.addr, addr));
  if (mc === undefined || --mc.users !== 0) return;
  mcList.splice(mcList.indexOf(mc), 1);
  groupDropped(mc);
  ifmcaddrNotify(mc, RTM_DELMULTICAST);
}

/** What every device joins when IPv6 comes to it. @models net/ipv6/addrconf.c ipv6_add_dev() */
export function ipv6JoinAllnodes(idev: Inet6Dev): void {
  devMcInc(idev, interfacelocalAllnodes);
  devMcInc(idev, linklocalAllnodes);
}

/** @models net/ipv6/mcast.c ipv6_mc_up() */
export function ipv6McUp(idev: Inet6Dev): void {
  for (const mc of idev.mcList) groupAdded(mc);
}

/** The groups stay, their link addresses go. @models net/ipv6/mcast.c ipv6_mc_down() */
export function ipv6McDown(idev: Inet6Dev): void {
  for (const mc of idev.mcList) groupDropped(mc);
}

/** @models net/ipv6/mcast.c ipv6_mc_destroy_dev() */
export function ipv6McDestroyDev(idev: Inet6Dev): void {
  ipv6McDown(idev);
  devMcDec(idev, linklocalAllnodes);
  idev.mcList.length = 0;
}

/** ff02::1:ffXX:XXXX. @models include/net/addrconf.h addrconf_addr_solict_mult() */
const solicited = (addr: Uint8Array): Uint8Array => group(2, 1, 0xff, ...addr.subarray(13));

const resolves = ({ flags }: NetDevice): boolean => (flags & (IFF_LOOPBACK | IFF_NOARP)) === 0;

/** @models net/ipv6/addrconf.c addrconf_join_solict() */
export function addrconfJoinSolict(idev: Inet6Dev, addr: Uint8Array): void {
  if (resolves(idev.dev)) devMcInc(idev, solicited(addr));
}

/** @models net/ipv6/addrconf.c addrconf_leave_solict() */
export function addrconfLeaveSolict(idev: Inet6Dev, addr: Uint8Array): void {
  if (resolves(idev.dev)) devMcDec(idev, solicited(addr));
}

/** Groups are received again where a device that is up gets addresses. @models net/ipv6/addrconf.c ipv6_find_idev() */
export function ipv6McUpIfUp(idev: Inet6Dev): void {
  if (idev.dev.flags & IFF_UP) ipv6McUp(idev);
}

const hex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** What /proc/net/igmp6 holds. @models net/ipv6/mcast.c igmp6_mc_seq_show() */
export function igmp6Show({ devices }: Net): string {
  const lines = devices.flatMap(({ ifindex, name, inet6 }) =>
    (inet6?.mcList ?? []).map(({ addr, users, flags }) => {
      const words = flags.toString(16).toUpperCase().padStart(8, '0');
      return `${String(ifindex).padEnd(4)} ${name.padEnd(15)} ${hex(addr)} ${String(users).padStart(5)} ${words} 0\n`;
    }),
  );
  return lines.join('');
}
