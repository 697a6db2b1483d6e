// net/ipv4/fib_frontend.c, routes that come and go with addresses and devices: the local address, the subnet, the
// broadcast addresses. rtm_route.ts serves the requests about routes.
import { IFA_F_NOPREFIXROUTE, IFA_F_SECONDARY } from '../../../uapi/linux/if_addr.js';
import { IFF_LOOPBACK, IFF_LOWER_UP, IFF_RUNNING, IFF_UP } from '../../../uapi/linux/if.js';
import { NLM_F_APPEND, NLM_F_CREATE } from '../../../uapi/linux/netlink.js';
import * as R from '../../../uapi/linux/route.js';
import { Errno } from '../../errno.js';
import { devGetFlags } from '../core/dev/flags.js';
import type { NetdevEvent } from '../core/dev/notifier.js';
import { neighIfdown } from '../core/neighbour.js';
import type { NetDevice } from '../core/net_device.js';
import { inetIfaByprefix, inetIfaMatch } from './devinet/ifaddr.js';
import type { InIfaddr } from './devinet/in_device.js';
import { inetAddrType } from './fib_lookup.js';
import type { DownEvent } from './fib_semantics.js';
import { fibSyncDownAddr, fibSyncDownDev, fibSyncUp } from './fib_semantics.js';
import { fibFlush, fibNewTable, fibTableDelete, fibTableInsert } from './fib_trie.js';

const isZeronet = (address: number): boolean => address === 0;
const isSecondary = ({ flags }: InIfaddr): boolean => (flags & IFA_F_SECONDARY) !== 0;
const prefixOf = ({ address, mask }: InIfaddr): number => (address & mask) >>> 0;
const broadcastOf = ({ address, mask }: InIfaddr): number => (address | ~mask) >>> 0;

type Change = 'new' | 'del';

/**
 * Adds or removes one route of an address; what refuses is passed over.
 *
 * @models net/ipv4/fib_frontend.c fib_magic()
 */
function fibMagic(what: Change, type: number, dst: number, dstLen: number, ifa: InIfaddr, priority = 0): void {
  const { dev } = ifa.inDev;
  const table = type === R.RTN_UNICAST ? R.RT_TABLE_MAIN : R.RT_TABLE_LOCAL;
  const cfg = {
    ...{ table, dst, dstLen, tos: 0, type, priority, flags: 0, gateway: 0 },
    scope: type === R.RTN_LOCAL ? R.RT_SCOPE_HOST : R.RT_SCOPE_LINK,
    protocol: R.RTPROT_KERNEL,
    prefsrc: ifa.local,
    oif: dev.ifindex,
    nlflags: NLM_F_CREATE | NLM_F_APPEND,
  };
  try {
    (what === 'new' ? fibTableInsert : fibTableDelete)(dev.net, fibNewTable(dev.net, table), cfg);
  } catch (refusal) {
    if (!(refusal instanceof Errno)) throw refusal;
  }
}

const subnetType = ({ flags }: NetDevice): number => (flags & IFF_LOOPBACK ? R.RTN_LOCAL : R.RTN_UNICAST);

/** The routes of the subnet of a primary address. */
function addSubnet(ifa: InIfaddr, dev: NetDevice): void {
  const prefix = prefixOf(ifa);
  if ((ifa.flags & IFA_F_NOPREFIXROUTE) === 0)
    fibMagic('new', subnetType(dev), prefix, ifa.prefixlen, ifa, ifa.rtPriority);
  if (ifa.prefixlen >= 31) return;
  if (!dev.net.machine.has('fib-lowest-unicast')) fibMagic('new', R.RTN_BROADCAST, prefix, 32, ifa);
  fibMagic('new', R.RTN_BROADCAST, broadcastOf(ifa), 32, ifa);
}

/** @models net/ipv4/fib_frontend.c fib_add_ifaddr() */
export function fibAddIfaddr(ifa: InIfaddr): void {
  const { inDev } = ifa;
  const { dev } = inDev;
  const prefix = prefixOf(ifa);
  const prim = isSecondary(ifa) ? inetIfaByprefix(inDev, prefix, ifa.mask) : ifa;
  if (prim === undefined) return;
  fibMagic('new', R.RTN_LOCAL, ifa.local, 32, prim);
  if ((dev.flags & IFF_UP) === 0) return;
  if (ifa.broadcast !== 0 && ifa.broadcast !== 0xffffffff) fibMagic('new', R.RTN_BROADCAST, ifa.broadcast, 32, prim);
  if (!isZeronet(prefix) && !isSecondary(ifa) && (prefix !== ifa.local || ifa.prefixlen < 32)) addSubnet(ifa, dev);
}

/** Which routes of an address others still need. */
interface StillNeeded {
  local: boolean;
  broadcast: boolean;
  /** The highest and the lowest address of the subnet. */
  highest: boolean;
  lowest: boolean;
  /** The address itself is off the list. */
  gone: boolean;
}

/** The primary whose local address the routes of `other` have as source, where it is the one of `prim`. */
function primaryWith(
  other: InIfaddr,
  prim: InIfaddr,
  seen: { prim1: InIfaddr | undefined; samePrefsrc: boolean },
): boolean {
  if (!isSecondary(other)) {
    if (prim.local !== other.local) return false;
    seen.prim1 = other;
    if (prim !== other) seen.samePrefsrc = true;
    return true;
  }
  if (other.mask === prim.mask && inetIfaMatch(other.address, prim)) {
    seen.prim1 = prim;
    return true;
  }
  if (!seen.samePrefsrc) return false;
  const { prim1 } = seen;
  if (prim1 === undefined || other.mask !== prim1.mask || !inetIfaMatch(other.address, prim1))
    seen.prim1 = inetIfaByprefix(other.inDev, other.address, other.mask);
  return seen.prim1?.local === prim.local;
}

/** What the other addresses of the device keep of the routes of `ifa`. */
function stillNeeded(ifa: InIfaddr, prim: InIfaddr, iprim: InIfaddr | undefined): StillNeeded {
  const needed = { local: false, broadcast: false, highest: false, lowest: false, gone: true };
  const seen = { prim1: undefined as InIfaddr | undefined, samePrefsrc: false };
  const mark = (address: number): void => {
    if (ifa.broadcast === address) needed.broadcast = true;
    if (broadcastOf(ifa) === address) needed.highest = true;
    if (prefixOf(ifa) === address) needed.lowest = true;
  };
  for (const other of ifa.inDev.ifaList) {
    if (other === ifa) {
      needed.gone = false;
      continue;
    }
    if (iprim !== undefined && other.mask === iprim.mask && inetIfaMatch(other.address, iprim)) continue;
    if (!primaryWith(other, prim, seen)) continue;
    if (ifa.local === other.local) needed.local = true;
    mark(other.broadcast);
    if (seen.prim1 !== other || other.prefixlen >= 31 || isZeronet(prefixOf(other))) continue;
    mark(broadcastOf(other));
    mark(prefixOf(other));
  }
  return needed;
}

/** Removes the subnet route of a primary; whether it had one. */
function delSubnet(ifa: InIfaddr): boolean {
  const prefix = prefixOf(ifa);
  if (isSecondary(ifa) || isZeronet(prefix) || (prefix === ifa.local && ifa.prefixlen === 32)) return false;
  if ((ifa.flags & IFA_F_NOPREFIXROUTE) === 0) fibMagic('del', subnetType(ifa.inDev.dev), prefix, ifa.prefixlen, ifa);
  return true;
}

/**
 * Removes the routes of an address that no other needs. `iprim` is the primary it leaves on promotion.
 *
 * @models net/ipv4/fib_frontend.c fib_del_ifaddr()
 */
export function fibDelIfaddr(ifa: InIfaddr, iprim?: InIfaddr): void {
  const { inDev } = ifa;
  const { dev } = inDev;
  const prim = isSecondary(ifa) ? inetIfaByprefix(inDev, prefixOf(ifa), ifa.mask) : ifa;
  if (prim === undefined || (isSecondary(ifa) && iprim !== undefined && iprim !== prim)) return;
  const subnet = delSubnet(ifa);
  const needed = inDev.dead
    ? { local: false, broadcast: false, highest: false, lowest: false, gone: true }
    : stillNeeded(ifa, prim, iprim);
  if (!needed.broadcast) fibMagic('del', R.RTN_BROADCAST, ifa.broadcast, 32, prim);
  if (subnet && ifa.prefixlen < 31) {
    if (!needed.highest) fibMagic('del', R.RTN_BROADCAST, broadcastOf(ifa), 32, prim);
    if (!needed.lowest) fibMagic('del', R.RTN_BROADCAST, prefixOf(ifa), 32, prim);
  }
  if (needed.local) return;
  fibMagic('del', R.RTN_LOCAL, ifa.local, 32, prim);
  if (needed.gone && inetAddrType(dev.net, ifa.local) !== R.RTN_LOCAL && fibSyncDownAddr(dev, ifa.local))
    fibFlush(dev.net);
}

/** Moves the subnet route to another metric. @models net/ipv4/fib_frontend.c fib_modify_prefix_metric() */
export function fibModifyPrefixMetric(ifa: InIfaddr, metric: number): void {
  const { dev } = ifa.inDev;
  const prefix = prefixOf(ifa);
  if ((dev.flags & IFF_UP) === 0 || ifa.flags & (IFA_F_SECONDARY | IFA_F_NOPREFIXROUTE)) return;
  if (isZeronet(prefix) || (prefix === ifa.local && ifa.prefixlen === 32)) return;
  fibMagic('new', subnetType(dev), prefix, ifa.prefixlen, ifa, metric);
  fibMagic('del', subnetType(dev), prefix, ifa.prefixlen, ifa, ifa.rtPriority);
}

/** @models net/ipv4/fib_frontend.c fib_disable_ip() */
function fibDisableIp(dev: NetDevice, event: DownEvent, force: boolean): void {
  if (fibSyncDownDev(dev, event, force)) fibFlush(dev.net);
  neighIfdown(dev);
}

/** An address came or went. @models net/ipv4/fib_frontend.c fib_inetaddr_event() */
export function fibInetaddrEvent(ifa: InIfaddr, event: 'UP' | 'DOWN'): void {
  const { dev } = ifa.inDev;
  if (event === 'UP') {
    fibAddIfaddr(ifa);
    fibSyncUp(dev, R.RTNH_F_DEAD);
    return;
  }
  fibDelIfaddr(ifa);
  if (ifa.inDev.ifaList.length === 0) fibDisableIp(dev, 'DOWN', true);
}

/** The carrier changed: routes over the device are marked, not dropped. */
function carrierChanged(dev: NetDevice): void {
  if (devGetFlags(dev) & (IFF_RUNNING | IFF_LOWER_UP)) fibSyncUp(dev, R.RTNH_F_LINKDOWN);
  else fibSyncDownDev(dev, 'CHANGE', false);
}

/** @models net/ipv4/fib_frontend.c fib_netdev_event() */
export function fibNetdevEvent(dev: NetDevice, event: NetdevEvent): void {
  if (event === 'UNREGISTER') {
    fibDisableIp(dev, 'UNREGISTER', true);
    return;
  }
  if (dev.inDevice === undefined) return;
  if (event === 'UP') {
    for (const ifa of dev.inDevice.ifaList) fibAddIfaddr(ifa);
    const running = devGetFlags(dev) & (IFF_RUNNING | IFF_LOWER_UP);
    fibSyncUp(dev, running ? R.RTNH_F_DEAD | R.RTNH_F_LINKDOWN : R.RTNH_F_DEAD);
  } else if (event === 'DOWN') {
    fibDisableIp(dev, 'DOWN', false);
  } else if (event === 'CHANGE') {
    carrierChanged(dev);
  }
}
