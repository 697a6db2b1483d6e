// net/ipv6/addrconf.c addrconf_notify(): what IPv6 does when a device changes: it makes the link-local address and the
// multicast route when the link is ready, and drops addresses and routes when it goes down.
import {
  IFA_F_PERMANENT,
  IFA_F_NOPREFIXROUTE,
  IFAPROT_KERNEL_LL,
  IFAPROT_KERNEL_LO,
} from '../../../../uapi/linux/if_addr.js';
import { IFA_F_TENTATIVE } from '../../../../uapi/linux/if_addr.js';
import { IN6_ADDR_GEN_MODE_EUI64 } from '../../../../uapi/linux/if_link.js';
import { IFF_LOOPBACK, IFF_NOARP } from '../../../../uapi/linux/if.js';
import * as V6 from '../../../../uapi/linux/ipv6.js';
import * as R from '../../../../uapi/linux/route.js';
import { RTM_DELADDR, RTM_NEWADDR } from '../../../../uapi/linux/rtnetlink.js';
import type { NetdevEvent } from '../../core/dev/notifier.js';
import type { NetDevice } from '../../core/net_device.js';
import * as In6 from '../in6.js';
import { fib6Add, fib6New, isIn, rt6SyncDownDev, rt6SyncUp } from '../ip6_fib.js';
import { ipv6JoinAllnodes, ipv6McDestroyDev, ipv6McDown, ipv6McUp, ipv6McUpIfUp } from '../mcast.js';
import { addrconfDadRun, addrconfDadStart } from './dad.js';
import * as I from './ifaddr.js';
import type { Inet6Dev } from './inet6_dev.js';
import { IF_READY, IPV6_MIN_MTU, ipv6AddDev, linkReady } from './inet6_dev.js';

const multicast = Uint8Array.of(0xff, ...new Uint8Array(15));

/** @models net/ipv6/addrconf.c addrconf_add_mroute() */
export function addrconfAddMroute(dev: NetDevice): void {
  I.ignoringRefusal(() => {
    fib6Add(dev.net, fib6New(dev, R.RT_TABLE_LOCAL, multicast, 8, R.RTN_MULTICAST, I.IP6_RT_PRIO_ADDRCONF));
  });
}

const kernelAddress = (pfx: Uint8Array, plen: number, proto: number): I.Ifa6Config => ({
  ...{ pfx, plen, proto, peer: undefined, flags: IFA_F_PERMANENT, rtPriority: 0 },
  ...{ validLft: I.FOREVER, preferredLft: I.FOREVER },
});

/** @models net/ipv6/addrconf.c init_loopback() */
function initLoopback(idev: Inet6Dev): void {
  I.ignoringRefusal(() => {
    const ifp = I.ipv6AddAddr(idev, kernelAddress(In6.in6addrLoopback, 128, IFAPROT_KERNEL_LO));
    ifp.flags &= ~IFA_F_TENTATIVE;
    I.ipv6IfaNotify(RTM_NEWADDR, ifp);
  });
}

/** @models net/ipv6/addrconf.c addrconf_add_linklocal() */
function addLinklocal(idev: Inet6Dev): void {
  const [a, b, c, d, e, f] = idev.dev.address;
  const pfx = Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0, a! ^ 2, b!, c!, 0xff, 0xfe, d!, e!, f!);
  I.ignoringRefusal(() => {
    const ifp = I.ipv6AddAddr(idev, kernelAddress(pfx, 64, IFAPROT_KERNEL_LL));
    I.addrconfPrefixRoute(ifp, ifp.addr, ifp.prefixlen);
    addrconfDadStart(ifp);
  });
}

/** @models net/ipv6/addrconf.c addrconf_init_auto_addrs() */
function initAutoAddrs(idev: Inet6Dev): void {
  ipv6McUpIfUp(idev);
  if (idev.dev.flags & IFF_LOOPBACK) {
    initLoopback(idev);
    return;
  }
  addrconfAddMroute(idev.dev);
  if (idev.addrGenMode === IN6_ADDR_GEN_MODE_EUI64) addLinklocal(idev);
}

/** Routes of permanent addresses come back. @models net/ipv6/addrconf.c addrconf_permanent_addr() */
function restorePermanent(idev: Inet6Dev): void {
  for (const ifp of idev.addrList) {
    if ((ifp.flags & IFA_F_PERMANENT) === 0) continue;
    if (ifp.rt === undefined || !isIn(idev.dev.net, ifp.rt)) ifp.rt = I.hostRoute(idev.dev, ifp.addr);
    if ((ifp.flags & IFA_F_NOPREFIXROUTE) === 0) I.addrconfPrefixRoute(ifp, ifp.addr, ifp.prefixlen);
    if (ifp.state === 'predad') addrconfDadStart(ifp);
  }
}

/** Whether the change is all dealt with; otherwise addresses are to be made. */
function carrierHandled(dev: NetDevice, idev: Inet6Dev, event: 'UP' | 'CHANGE', flagsChanged: number): boolean {
  if (event === 'UP') restorePermanent(idev);
  if (!linkReady(dev)) {
    if (event === 'CHANGE') rt6SyncDownDev(dev, 'CHANGE');
    return true;
  }
  if (event === 'CHANGE' && idev.flags & IF_READY) {
    ipv6McUp(idev);
    if (flagsChanged & IFF_NOARP) addrconfDadRun(idev, true);
    rt6SyncUp(dev, R.RTNH_F_LINKDOWN);
    return true;
  }
  return false;
}

/** The device is up or its state changed: IPv6 starts to use it, unless disabled. */
function configure(dev: NetDevice, idev: Inet6Dev, event: 'UP' | 'CHANGE', flagsChanged: number): void {
  if (idev.conf[V6.DEVCONF_DISABLE_IPV6] !== 0 || carrierHandled(dev, idev, event, flagsChanged)) return;
  idev.flags |= IF_READY;
  initAutoAddrs(idev);
  addrconfDadRun(idev, false);
  rt6SyncUp(dev, R.RTNH_F_DEAD);
  idev.conf[V6.DEVCONF_MTU6] = dev.mtu;
}

/** Drops addresses and routes. @models net/ipv6/addrconf.c addrconf_ifdown() */
function ifdown(dev: NetDevice, unregister: boolean): void {
  rt6SyncDownDev(dev, 'DOWN');
  const idev = dev.inet6;
  if (idev === undefined) return;
  if (unregister) dev.inet6 = undefined;
  const wasReady = (idev.flags & IF_READY) !== 0;
  if (!unregister) idev.flags &= ~IF_READY;
  for (const ifp of idev.addrList) I.addrconfDelDadWork(ifp);
  for (const ifp of [...idev.addrList]) {
    ifp.state = 'dead';
    I.ipv6IfaNotify(RTM_DELADDR, ifp);
    idev.addrList.splice(idev.addrList.indexOf(ifp), 1);
  }
  I.inet6State(dev.net).generation++;
  if (unregister) ipv6McDestroyDev(idev);
  else if (wasReady) ipv6McDown(idev);
}

/** IPv6 comes to a device, which joins the groups of all nodes. @models net/ipv6/addrconf.c ipv6_add_dev() */
export function inet6Comes(dev: NetDevice): Inet6Dev {
  const idev = ipv6AddDev(dev);
  dev.inet6 = idev;
  ipv6JoinAllnodes(idev);
  return idev;
}

function changeMtu(dev: NetDevice): void {
  if (dev.mtu < IPV6_MIN_MTU) {
    ifdown(dev, (dev.flags & IFF_LOOPBACK) === 0);
    return;
  }
  const fresh = dev.inet6 === undefined;
  const idev = dev.inet6 ?? inet6Comes(dev);
  idev.conf[V6.DEVCONF_MTU6] = dev.mtu;
  if (fresh && idev.flags & IF_READY && idev.conf[V6.DEVCONF_DISABLE_IPV6] === 0) initAutoAddrs(idev);
}

/**
 * @models net/ipv6/addrconf.c addrconf_notify()
 * @differs no packets are sent; RTNLGRP_IPV6_IFINFO is not told
 */
export function addrconfNotify(dev: NetDevice, event: NetdevEvent, flagsChanged: number): void {
  if (!dev.net.machine.config.ipv6) return;
  const { inet6 } = dev;
  if (event === 'REGISTER' && dev.mtu >= IPV6_MIN_MTU) inet6Comes(dev);
  else if (event === 'CHANGEMTU') changeMtu(dev);
  else if (event === 'UNREGISTER') ifdown(dev, true);
  else if (event === 'DOWN') ifdown(dev, false);
  else if ((event === 'UP' || event === 'CHANGE') && inet6 !== undefined) configure(dev, inet6, event, flagsChanged);
}
