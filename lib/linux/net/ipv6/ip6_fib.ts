// net/ipv6/ip6_fib.c: the routing tables of IPv6, main and local, in the order in which dumps show them: by prefix, the
// longer of two that begin alike first, then by metric, then by age. All routes are the kernel's own: addrconf/ makes them.
import { EEXIST, ENETDOWN } from '../../../uapi/asm-generic/errno.js';
import { IFF_UP } from '../../../uapi/linux/if.js';
import { NLM_F_CREATE, NLM_F_EXCL, NLMSG_HDRLEN } from '../../../uapi/linux/netlink.js';
import * as R from '../../../uapi/linux/route.js';
import { rta_cacheinfo, RTM_DELROUTE, RTM_NEWROUTE, RTNLGRP_IPV6_ROUTE } from '../../../uapi/linux/rtnetlink.js';
import { AF_INET6 } from '../../../uapi/linux/socket.js';
import type { Work } from '../../clock.js';
import { NSEC_PER_SEC } from '../../clock.js';
import { errno } from '../../errno.js';
import type { NetDevice } from '../core/net_device.js';
import type { Net } from '../core/net_namespace.js';
import { netGeneric } from '../core/net_namespace.js';
import { MessageWriter } from '../netlink/message.js';
import { ipv6AddrDiff, ipv6AddrEqual, ipv6AddrPrefix } from './in6.js';

/** struct fib6_info with its one nexthop. */
export interface Fib6Info {
  readonly table: number;
  readonly dst: Uint8Array;
  readonly plen: number;
  readonly type: number;
  readonly metric: number;
  readonly dev: NetDevice;
  /** RTNH_F_* of the nexthop. */
  nhFlags: number;
  /** End of its life in ns of the clock; Infinity for none. */
  expires: number;
}

/** By table id, in the order of dumps. */
export const fib6Tables = netGeneric(
  (): Map<number, Fib6Info[]> =>
    new Map([
      [R.RT_TABLE_MAIN, []],
      [R.RT_TABLE_LOCAL, []],
    ]),
);

/** Negative when `a` comes before `b` in the walk of the tree. */
function comparePlace(a: Fib6Info, b: Fib6Info): number {
  const same = ipv6AddrDiff(a.dst, b.dst);
  if (same >= Math.min(a.plen, b.plen)) return b.plen - a.plen;
  return a.dst[same >> 3]! - b.dst[same >> 3]!;
}

const samePlace = (a: Fib6Info, b: Fib6Info): boolean => a.plen === b.plen && ipv6AddrEqual(a.dst, b.dst);

/** Refuses a route over a device that is down, unless it is local. @models net/ipv6/route.c fib6_nh_init() */
export function fib6New(
  dev: NetDevice,
  table: number,
  dst: Uint8Array,
  plen: number,
  type: number,
  metric: number,
): Fib6Info {
  const local = type === R.RTN_LOCAL;
  if (!local && (dev.flags & IFF_UP) === 0) throw errno(ENETDOWN);
  const nhFlags = local || dev.carrier ? 0 : R.RTNH_F_LINKDOWN;
  return { table, dst: ipv6AddrPrefix(dst, plen), plen, type, metric, dev, nhFlags, expires: Infinity };
}

/**
 * Enters a route and tells RTNLGRP_IPV6_ROUTE.
 *
 * @models net/ipv6/ip6_fib.c fib6_add()
 */
export function fib6Add(net: Net, rt: Fib6Info): void {
  const routes = fib6Tables(net).get(rt.table)!;
  const twins = routes.filter((other) => samePlace(other, rt) && other.metric === rt.metric);
  const same = twins.find(({ dev }) => dev === rt.dev);
  if (same !== undefined) {
    if (same.expires !== Infinity) same.expires = rt.expires;
    throw errno(EEXIST);
  }
  const at = routes.findIndex((other) => (comparePlace(other, rt) || other.metric - rt.metric) > 0);
  routes.splice(at < 0 ? routes.length : at, 0, rt);
  if (rt.expires !== Infinity) startGc(net);
  inet6RtNotify(net, RTM_NEWROUTE, rt, NLM_F_CREATE | (twins.length === 0 ? NLM_F_EXCL : 0));
}

const GC_INTERVAL = 30 * NSEC_PER_SEC;
const collector = netGeneric((): { work: Work | undefined } => ({ work: undefined }));

/** Looks for routes that ended, as long as any has an end. @models net/ipv6/ip6_fib.c fib6_run_gc() */
function startGc(net: Net): void {
  const state = collector(net);
  const { work, clock } = net.machine;
  state.work ??= work.schedule(GC_INTERVAL, 'fib6_gc', () => {
    state.work = undefined;
    const ending = allRoutes(net).filter(({ expires }) => expires !== Infinity);
    for (const rt of ending) if (rt.expires <= clock.now()) fib6Del(net, rt);
    if (ending.length > 0) startGc(net);
  });
}

/** Whether the route is in its table. @differs a test of fib6_node */
export const isIn = (net: Net, rt: Fib6Info): boolean => fib6Tables(net).get(rt.table)!.includes(rt);

/** Removes a route that is in its table. @models net/ipv6/ip6_fib.c fib6_del() */
export function fib6Del(net: Net, rt: Fib6Info): void {
  const routes = fib6Tables(net).get(rt.table)!;
  const at = routes.indexOf(rt);
  if (at < 0) return;
  routes.splice(at, 1);
  inet6RtNotify(net, RTM_DELROUTE, rt, 0);
}

const allRoutes = (net: Net): Fib6Info[] => [...fib6Tables(net).values()].flat();

/**
 * The device went down, away or lost its carrier.
 *
 * @models net/ipv6/route.c rt6_sync_down_dev()
 */
export function rt6SyncDownDev(dev: NetDevice, event: 'DOWN' | 'CHANGE'): void {
  for (const rt of allRoutes(dev.net)) {
    if (rt.dev !== dev) continue;
    if (event === 'DOWN') fib6Del(dev.net, rt);
    else if (rt.type !== R.RTN_LOCAL) rt.nhFlags |= R.RTNH_F_LINKDOWN;
  }
}

/** @models net/ipv6/route.c rt6_sync_up() */
export function rt6SyncUp(dev: NetDevice, flags: number): void {
  const cleared = flags & R.RTNH_F_DEAD && dev.carrier ? flags | R.RTNH_F_LINKDOWN : flags;
  for (const rt of allRoutes(dev.net)) if (rt.dev === dev) rt.nhFlags &= ~cleared;
}

/** What of a message does not come from the route. `get` is there when it answers for one destination. */
export interface Fill6 {
  readonly type: number;
  readonly flags: number;
  readonly seq: number;
  readonly portid: number;
  readonly get?: { readonly dst: Uint8Array; readonly src: Uint8Array | undefined; readonly oif: number };
}

/** Time left in hundredths of a second, below 0 until the collector comes; 0 for a route without an end. */
function expiresIn({ expires, dev }: Fib6Info): number {
  if (expires === Infinity) return 0;
  return Math.floor((expires - dev.net.machine.clock.now()) / 10_000_000);
}

/** @models net/ipv6/route.c rt6_fill_node() */
export function rt6FillNode(skb: MessageWriter, rt: Fib6Info, { type, flags, seq, portid, get }: Fill6): void {
  const start = skb.begin(type, flags, seq, portid, R.rtmsg.size);
  R.rtmsg.set(skb.buffer, start + NLMSG_HDRLEN, {
    rtm_family: AF_INET6,
    rtm_dst_len: get === undefined ? rt.plen : 128,
    rtm_src_len: get === undefined ? 0 : 128,
    rtm_tos: 0,
    rtm_table: rt.table,
    rtm_protocol: R.RTPROT_KERNEL,
    rtm_scope: R.RT_SCOPE_UNIVERSE,
    rtm_type: rt.type,
    rtm_flags: rt.nhFlags & (R.RTNH_F_DEAD | R.RTNH_F_LINKDOWN),
  });
  skb.put(R.RTA6.TABLE, rt.table);
  if (get !== undefined) skb.putRaw(R.RTA6.DST.type, get.dst);
  else if (rt.plen !== 0) skb.putRaw(R.RTA6.DST.type, rt.dst);
  if (get !== undefined) skb.putRaw(R.RTA6.SRC.type, new Uint8Array(16));
  if (get?.src !== undefined) skb.putRaw(R.RTA6.PREFSRC.type, get.src);
  skb.put(R.RTA6.PRIORITY, rt.metric);
  skb.put(R.RTA6.OIF, get?.oif ?? rt.dev.ifindex);
  const at = skb.reserveAttr(R.RTA6.CACHEINFO.type, rta_cacheinfo.size);
  skb.buffer.view.setInt32(at + rta_cacheinfo.offsetof.rta_expires, expiresIn(rt), true);
  if (get !== undefined) skb.buffer.view.setUint32(at + rta_cacheinfo.offsetof.rta_clntref, 2, true);
  skb.put(R.RTA6.PREF, 0);
  skb.end(start);
}

/** @models net/ipv6/route.c inet6_rt_notify() */
function inet6RtNotify(net: Net, type: number, rt: Fib6Info, flags: number): void {
  if (!net.rtnl.hasListeners(RTNLGRP_IPV6_ROUTE)) return;
  const skb = new MessageWriter();
  rt6FillNode(skb, rt, { type, flags, seq: 0, portid: 0 });
  net.rtnl.notify(skb.take(), { group: RTNLGRP_IPV6_ROUTE, portid: 0, echo: false });
}
