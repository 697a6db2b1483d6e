// net/ipv6/addrconf.c, addresses of a device: added, announced, taken away, with their host, peer and prefix routes.
// dad.ts decides when a new one may be used.
import type { Extack } from '../../../../codec/extack.js';
import { EACCES, EADDRNOTAVAIL, EEXIST } from '../../../../uapi/asm-generic/errno.js';
import * as A from '../../../../uapi/linux/if_addr.js';
import { DEVCONF_DISABLE_IPV6 } from '../../../../uapi/linux/ipv6.js';
import { IFF_LOOPBACK } from '../../../../uapi/linux/if.js';
import * as R from '../../../../uapi/linux/route.js';
import { RTM_DELADDR, RTM_NEWADDR } from '../../../../uapi/linux/rtnetlink.js';
import { NSEC_PER_SEC } from '../../../clock.js';
import { Errno, refuse } from '../../../errno.js';
import type { NetDevice } from '../../core/net_device.js';
import { netGeneric } from '../../core/net_namespace.js';
import { stampNow } from '../../ipv4/devinet/ifaddr.js';
import * as In6 from '../in6.js';
import type { Fib6Info } from '../ip6_fib.js';
import { fib6Add, fib6Del, fib6New, fib6Tables, isIn } from '../ip6_fib.js';
import type { Inet6Dev, Inet6Ifaddr } from './inet6_dev.js';
import { addrconfLeaveSolict } from '../mcast.js';
import { inet6IfaNotify } from './message.js';

export const FOREVER = 0xffffffff;
/** Metric of the routes of addresses that ask for none. */
export const IP6_RT_PRIO_ADDRCONF = 256;

/** Bumped at every change of an address list. */
export const inet6State = netGeneric(() => ({ generation: 0 }));

/** What an address is made from (struct ifa6_config). */
export interface Ifa6Config {
  readonly pfx: Uint8Array;
  readonly peer: Uint8Array | undefined;
  readonly plen: number;
  readonly flags: number;
  readonly rtPriority: number;
  readonly proto: number;
  readonly validLft: number;
  readonly preferredLft: number;
}

/** Runs what the kernel does without looking at the result. @differs callers there drop the error */
export function ignoringRefusal(run: () => void): void {
  try {
    run();
  } catch (refusal) {
    if (!(refusal instanceof Errno)) throw refusal;
  }
}

function checkAddress(dev: NetDevice, { pfx, flags }: Ifa6Config, extack: Extack | undefined): void {
  if (In6.ipv6AddrAny(pfx)) refuse(extack, EADDRNOTAVAIL, 'ipv6: Invalid address');
  if (In6.ipv6AddrIsMulticast(pfx) && (flags & A.IFA_F_MCAUTOJOIN) === 0)
    refuse(extack, EADDRNOTAVAIL, 'ipv6: Cannot assign multicast address without "IFA_F_MCAUTOJOIN" flag');
  if ((dev.flags & IFF_LOOPBACK) === 0 && In6.ipv6AddrLoopback(pfx))
    refuse(extack, EADDRNOTAVAIL, 'ipv6: Cannot assign loopback address on this device');
}

/** The host route of an address. @models net/ipv6/route.c addrconf_f6i_alloc() */
export const hostRoute = (dev: NetDevice, address: Uint8Array): Fib6Info =>
  fib6New(dev, R.RT_TABLE_LOCAL, address, 128, R.RTN_LOCAL, 0);

/**
 * A new address, in the list behind those that reach further.
 *
 * @models net/ipv6/addrconf.c ipv6_add_addr()
 */
export function ipv6AddAddr(idev: Inet6Dev, cfg: Ifa6Config, extack?: Extack): Inet6Ifaddr {
  const { dev } = idev;
  checkAddress(dev, cfg, extack);
  if (idev.conf[DEVCONF_DISABLE_IPV6] !== 0) refuse(extack, EACCES, 'ipv6: IPv6 is disabled on this device');
  if (idev.addrList.some(({ addr }) => In6.ipv6AddrEqual(addr, cfg.pfx)))
    refuse(extack, EEXIST, 'ipv6: address already assigned');
  const stamp = stampNow(dev.net.machine);
  const ifp: Inet6Ifaddr = {
    idev,
    addr: cfg.pfx,
    peer: cfg.peer,
    prefixlen: cfg.plen,
    flags: cfg.flags & A.IFA_F_NODAD ? cfg.flags : cfg.flags | A.IFA_F_TENTATIVE,
    state: 'postdad',
    rtPriority: cfg.rtPriority,
    proto: cfg.proto,
    validLft: cfg.validLft,
    preferredLft: cfg.preferredLft,
    ...{ cstamp: stamp, tstamp: stamp, rt: hostRoute(dev, cfg.pfx), dadWork: undefined, dadProbes: 0 },
  };
  const scope = In6.ipv6AddrSrcScope(cfg.pfx);
  const at = idev.addrList.findIndex(({ addr }) => scope >= In6.ipv6AddrSrcScope(addr));
  idev.addrList.splice(at < 0 ? idev.addrList.length : at, 0, ifp);
  inet6State(dev.net).generation++;
  return ifp;
}

/** End of the life of `ifp` in ns of the clock. @differs an expression in inet6_addr_add() */
export function expiryOf(ifp: Inet6Ifaddr): number {
  if (ifp.validLft === FOREVER) return Infinity;
  return ifp.idev.dev.net.machine.clock.now() + ifp.validLft * NSEC_PER_SEC;
}

/** A route to the prefix of an address. @models net/ipv6/addrconf.c addrconf_prefix_route() */
export function addrconfPrefixRoute(ifp: Inet6Ifaddr, prefix: Uint8Array, plen: number, expires = Infinity): void {
  const { dev } = ifp.idev;
  ignoringRefusal(() => {
    const rt = fib6New(dev, R.RT_TABLE_MAIN, prefix, plen, R.RTN_UNICAST, ifp.rtPriority || IP6_RT_PRIO_ADDRCONF);
    rt.expires = expires;
    fib6Add(dev.net, rt);
  });
}

/** @models net/ipv6/addrconf.c addrconf_get_prefix_route() */
export function addrconfGetPrefixRoute(dev: NetDevice, prefix: Uint8Array, plen: number): Fib6Info | undefined {
  const dst = In6.ipv6AddrPrefix(prefix, plen);
  const main = fib6Tables(dev.net).get(R.RT_TABLE_MAIN)!;
  return main.find((rt) => rt.dev === dev && rt.plen === plen && In6.ipv6AddrEqual(rt.dst, dst));
}

/**
 * Tells of an address and keeps its host and peer routes in step; `event` 0 only tells.
 *
 * @models net/ipv6/addrconf.c __ipv6_ifa_notify()
 */
export function ipv6IfaNotify(event: number, ifp: Inet6Ifaddr): void {
  const { dev } = ifp.idev;
  const { net } = dev;
  inet6IfaNotify(event || RTM_NEWADDR, ifp);
  if (event === RTM_NEWADDR) {
    const { rt } = ifp;
    if (rt !== undefined && !isIn(net, rt))
      ignoringRefusal(() => {
        fib6Add(net, rt);
      });
    if (ifp.peer !== undefined) addrconfPrefixRoute(ifp, ifp.peer, 128);
  } else if (event === RTM_DELADDR) {
    addrconfLeaveSolict(ifp.idev, ifp.addr);
    const peer = ifp.peer === undefined ? undefined : addrconfGetPrefixRoute(dev, ifp.peer, 128);
    if (peer !== undefined) fib6Del(net, peer);
    if (ifp.rt !== undefined) fib6Del(net, ifp.rt);
    ifp.rt = undefined;
  }
}

type Cleanup = 'keep' | 'delete' | 'expire';

/** What becomes of the prefix route when `ifp` goes. @models net/ipv6/addrconf.c check_cleanup_prefix_route() */
export function checkCleanup(ifp: Inet6Ifaddr): Cleanup {
  let action: Cleanup = 'delete';
  for (const other of ifp.idev.addrList) {
    if (other === ifp || other.prefixlen !== ifp.prefixlen) continue;
    if (!In6.ipv6PrefixEqual(other.addr, ifp.addr, ifp.prefixlen)) continue;
    if (other.flags & (A.IFA_F_PERMANENT | A.IFA_F_NOPREFIXROUTE)) return 'keep';
    action = 'expire';
  }
  return action;
}

/** @models net/ipv6/addrconf.c cleanup_prefix_route() */
export function cleanupPrefixRoute(ifp: Inet6Ifaddr, action: Cleanup): void {
  const { dev } = ifp.idev;
  const rt = action === 'keep' ? undefined : addrconfGetPrefixRoute(dev, ifp.addr, ifp.prefixlen);
  if (rt === undefined) return;
  if (action === 'delete') fib6Del(dev.net, rt);
  else rt.expires = expiryOf(ifp);
}

/** Stops duplicate address detection. @models net/ipv6/addrconf.c addrconf_del_dad_work() */
export function addrconfDelDadWork(ifp: Inet6Ifaddr): void {
  ifp.dadWork?.cancel();
  ifp.dadWork = undefined;
}

/** @models net/ipv6/addrconf.c ipv6_del_addr() */
export function ipv6DelAddr(ifp: Inet6Ifaddr): void {
  const { addrList, dev } = ifp.idev;
  ifp.state = 'dead';
  const hasRoute = ifp.flags & A.IFA_F_PERMANENT && (ifp.flags & A.IFA_F_NOPREFIXROUTE) === 0;
  const action = hasRoute ? checkCleanup(ifp) : 'keep';
  addrList.splice(addrList.indexOf(ifp), 1);
  inet6State(dev.net).generation++;
  addrconfDelDadWork(ifp);
  ipv6IfaNotify(RTM_DELADDR, ifp);
  cleanupPrefixRoute(ifp, action);
}
