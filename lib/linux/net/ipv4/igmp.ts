// net/ipv4/igmp.c: the groups a device is in: every device that is up is in 224.0.0.1, so its link address is received.
// devinet/event.ts calls it. No reports are sent, and no socket can join.
import { ifaddrmsg, IFA, IFA_F_PERMANENT } from '../../../uapi/linux/if_addr.js';
import { ETH_ALEN } from '../../../uapi/linux/if_ether.js';
import { ARPHRD_ETHER } from '../../../uapi/linux/if_arp.js';
import { NLMSG_HDRLEN } from '../../../uapi/linux/netlink.js';
import { RT_SCOPE_UNIVERSE } from '../../../uapi/linux/route.js';
import { RTM_DELMULTICAST, RTM_NEWMULTICAST, RTNLGRP_IPV4_MCADDR } from '../../../uapi/linux/rtnetlink.js';
import { AF_INET } from '../../../uapi/linux/socket.js';
import { devMcAdd, devMcDel } from '../core/dev_addr_lists.js';
import type { Net } from '../core/net_namespace.js';
import { MessageWriter } from '../netlink/message.js';
import { stampNow } from './devinet/ifaddr.js';
import type { InDevice } from './devinet/in_device.js';
import type { FillArgs } from './devinet/notify.js';
import { putAddress } from './devinet/notify.js';

/** struct ip_mc_list */
export interface IpMcList {
  readonly inDev: InDevice;
  /** In host order. */
  readonly multiaddr: number;
  users: number;
  /** Its link address is among those of the device. */
  loaded: boolean;
  /** Hundredths of a second since boot. */
  readonly stamp: number;
}

const IGMP_ALL_HOSTS = 0xe0000001;
const FOREVER = 0xffffffff;

/** The link address of a group. @models include/net/ip.h ip_eth_mc_map() */
function mcMap(group: number): Uint8Array {
  const map = Uint8Array.of(0x01, 0x00, 0x5e, (group >>> 16) & 0x7f, (group >>> 8) & 0xff, group & 0xff);
  return map.subarray(0, ETH_ALEN);
}

/** Only Ethernet maps groups to link addresses. @models net/ipv4/igmp.c igmp_group_added() */
function groupAdded(im: IpMcList): void {
  const { dev } = im.inDev;
  if (im.loaded) return;
  im.loaded = true;
  if (dev.type === ARPHRD_ETHER) devMcAdd(dev, mcMap(im.multiaddr));
}

/** @models net/ipv4/igmp.c __igmp_group_dropped() */
function groupDropped(im: IpMcList): void {
  const { dev } = im.inDev;
  if (!im.loaded) return;
  im.loaded = false;
  // A user may have deleted it already.
  if (dev.type === ARPHRD_ETHER) devMcDel(dev, mcMap(im.multiaddr));
}

/** @models net/ipv4/igmp.c inet_fill_ifmcaddr() */
export function inetFillIfmcaddr(skb: MessageWriter, im: IpMcList, { type, flags, seq, portid }: FillArgs): void {
  const start = skb.begin(type, flags, seq, portid, ifaddrmsg.size);
  ifaddrmsg.set(skb.buffer, start + NLMSG_HDRLEN, {
    ifa_family: AF_INET,
    ifa_prefixlen: 32,
    ifa_flags: IFA_F_PERMANENT,
    ifa_scope: RT_SCOPE_UNIVERSE,
    ifa_index: im.inDev.dev.ifindex,
  });
  putAddress(skb, IFA.MULTICAST.type, im.multiaddr);
  skb.put(IFA.CACHEINFO, { ifa_prefered: FOREVER, ifa_valid: FOREVER, cstamp: im.stamp, tstamp: im.stamp });
  skb.end(start);
}

/** @models net/ipv4/igmp.c inet_ifmcaddr_notify() */
function ifmcaddrNotify(im: IpMcList, type: number): void {
  const { net } = im.inDev.dev;
  if (!net.machine.has('inet-multicast-dump') || !net.rtnl.hasListeners(RTNLGRP_IPV4_MCADDR)) return;
  const skb = new MessageWriter();
  inetFillIfmcaddr(skb, im, { type, flags: 0, seq: 0, portid: 0 });
  net.rtnl.notify(skb.take(), { group: RTNLGRP_IPV4_MCADDR, portid: 0, echo: false });
}

/** @models net/ipv4/igmp.c ____ip_mc_inc_group() */
function incGroup(inDev: InDevice, multiaddr: number): void {
  const known = inDev.mcList.find((im) => im.multiaddr === multiaddr);
  if (known !== undefined) {
    known.users++;
    return;
  }
  const im: IpMcList = { inDev, multiaddr, users: 1, loaded: false, stamp: stampNow(inDev.dev.net.machine) };
  inDev.mcList.unshift(im);
  groupAdded(im);
  ifmcaddrNotify(im, RTM_NEWMULTICAST);
}

/** @models net/ipv4/igmp.c __ip_mc_dec_group() */
function decGroup({ mcList }: InDevice, multiaddr: number): void {
  const im = mcList.find((one) => one.multiaddr === multiaddr);
  if (im === undefined || --im.users !== 0) return;
  mcList.splice(mcList.indexOf(im), 1);
  groupDropped(im);
  ifmcaddrNotify(im, RTM_DELMULTICAST);
}

/** @models net/ipv4/igmp.c ip_mc_up() */
export function ipMcUp(inDev: InDevice): void {
  incGroup(inDev, IGMP_ALL_HOSTS);
  for (const im of inDev.mcList) groupAdded(im);
}

/** @models net/ipv4/igmp.c ip_mc_down() */
export function ipMcDown(inDev: InDevice): void {
  for (const im of inDev.mcList) groupDropped(im);
  decGroup(inDev, IGMP_ALL_HOSTS);
}

/** @models net/ipv4/igmp.c ip_mc_destroy_dev() */
export function ipMcDestroyDev(inDev: InDevice): void {
  ipMcDown(inDev);
  inDev.mcList.length = 0;
}

/** A group as its four bytes look when read as one little-endian number. */
function swapped(group: number): string {
  const bytes = [group, group >>> 8, group >>> 16, group >>> 24].map((byte) => (byte & 0xff).toString(16));
  return bytes
    .map((byte) => byte.padStart(2, '0'))
    .join('')
    .toUpperCase();
}

/** What /proc/net/igmp holds. @models net/ipv4/igmp.c igmp_mc_seq_show() */
export function igmpShow({ devices }: Net): string {
  const lines = ['Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter'];
  for (const { ifindex, name, inDevice } of devices) {
    const groups = inDevice?.mcList ?? [];
    if (groups.length === 0) continue;
    lines.push(`${ifindex}\t${name.padEnd(10)}: ${String(groups.length).padStart(5)} ${'V3'.padStart(7)}`);
    for (const { multiaddr, users } of groups)
      lines.push(`\t\t\t\t${swapped(multiaddr)} ${String(users).padStart(5)} 0:00000000\t\t0`);
  }
  return `${lines.join('\n')}\n`;
}
