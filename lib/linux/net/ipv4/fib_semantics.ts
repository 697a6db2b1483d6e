// net/ipv4/fib_semantics.c: where a route leads. Equal infos are one object, shared by the entries that use it. A device
// that goes down, loses its carrier or its addresses marks the infos that lead over it; fibFlush() then drops the dead.
import type { Extack } from '../../../codec/extack.js';
import { EINVAL, ENETDOWN, ENETUNREACH, ENODEV } from '../../../uapi/asm-generic/errno.js';
import { IFF_UP } from '../../../uapi/linux/if.js';
import { NLM_F_ECHO, NLMSG_HDRLEN } from '../../../uapi/linux/netlink.js';
import * as R from '../../../uapi/linux/route.js';
import { RTNLGRP_IPV4_ROUTE } from '../../../uapi/linux/rtnetlink.js';
import { AF_INET } from '../../../uapi/linux/socket.js';
import { errno, refuse } from '../../errno.js';
import { devGetByIndex } from '../core/dev/table.js';
import type { NetDevice } from '../core/net_device.js';
import type { Net } from '../core/net_namespace.js';
import { netGeneric } from '../core/net_namespace.js';
import type { RtnlRequest } from '../core/rtnetlink.js';
import { MessageWriter } from '../netlink/message.js';
import { putAddress } from './devinet/notify.js';
import { fibLookup, inetAddrType } from './fib_lookup.js';
import type { FibAlias } from './fib_trie.js';

/** struct fib_config: a route as it is asked for. */
export interface FibConfig {
  readonly table: number;
  readonly dst: number;
  readonly dstLen: number;
  readonly tos: number;
  readonly type: number;
  readonly scope: number;
  readonly protocol: number;
  readonly flags: number;
  readonly priority: number;
  readonly prefsrc: number;
  /** 0 = none. */
  readonly gateway: number;
  readonly oif: number;
  readonly nlflags: number;
}

/** struct fib_info with its one nexthop. */
export interface FibInfo {
  readonly table: number;
  readonly type: number;
  readonly scope: number;
  readonly protocol: number;
  readonly priority: number;
  readonly prefsrc: number;
  readonly gateway: number;
  readonly dev: NetDevice | undefined;
  readonly nhScope: number;
  /** RTNH_F_* of the route and of the nexthop. */
  flags: number;
  nhFlags: number;
  prefsrcRemoved: boolean;
  /** Entries that use it. */
  users: number;
}

interface TypeProps {
  readonly scope: number;
  readonly refuses: boolean;
}

const props = (scope: number, refuses = false): TypeProps => ({ scope, refuses });
/** fib_props[], by RTN_*. */
const fibProps: readonly TypeProps[] = [
  props(R.RT_SCOPE_NOWHERE),
  props(R.RT_SCOPE_UNIVERSE),
  props(R.RT_SCOPE_HOST),
  props(R.RT_SCOPE_LINK),
  props(R.RT_SCOPE_LINK),
  props(R.RT_SCOPE_UNIVERSE),
  props(R.RT_SCOPE_UNIVERSE, true),
  props(R.RT_SCOPE_UNIVERSE, true),
  props(R.RT_SCOPE_UNIVERSE, true),
  props(R.RT_SCOPE_UNIVERSE, true),
  props(R.RT_SCOPE_NOWHERE, true),
  props(R.RT_SCOPE_NOWHERE, true),
];

/** The infos of a namespace. */
const fibInfos = netGeneric((): Set<FibInfo> => new Set());

interface Nexthop {
  readonly dev: NetDevice | undefined;
  readonly nhScope: number;
  readonly nhFlags: number;
}

const linkdown = (dev: NetDevice): number => (dev.carrier ? 0 : R.RTNH_F_LINKDOWN);

/** @models net/ipv4/fib_semantics.c fib_check_nh_nongw() */
function checkNongw(net: Net, cfg: FibConfig, extack: Extack | undefined): Nexthop {
  if (cfg.flags & (R.RTNH_F_PERVASIVE | R.RTNH_F_ONLINK))
    refuse(extack, EINVAL, 'Invalid flags for nexthop - PERVASIVE and ONLINK can not be set');
  const dev = devGetByIndex(net, cfg.oif | 0);
  if (dev?.inDevice === undefined) throw errno(ENODEV);
  if ((dev.flags & IFF_UP) === 0) refuse(extack, ENETDOWN, 'Device for nexthop is not up');
  return { dev, nhScope: R.RT_SCOPE_HOST, nhFlags: linkdown(dev) };
}

/** @models net/ipv4/fib_semantics.c fib_check_nh_v4_gw() with RTNH_F_ONLINK */
function checkOnlink(net: Net, cfg: FibConfig, extack: Extack | undefined): Nexthop {
  if (cfg.scope >= R.RT_SCOPE_LINK) refuse(extack, EINVAL, 'Nexthop has invalid scope');
  const dev = devGetByIndex(net, cfg.oif | 0);
  if (dev === undefined) refuse(extack, ENODEV, 'Nexthop device required for onlink');
  if ((dev.flags & IFF_UP) === 0) refuse(extack, ENETDOWN, 'Nexthop device is not up');
  if (inetAddrType(net, cfg.gateway) !== R.RTN_UNICAST) refuse(extack, EINVAL, 'Nexthop has invalid gateway');
  return { dev, nhScope: R.RT_SCOPE_LINK, nhFlags: linkdown(dev) };
}

/** @models net/ipv4/fib_semantics.c fib_check_nh_v4_gw() */
function checkGateway(net: Net, cfg: FibConfig, extack: Extack | undefined): Nexthop {
  if (cfg.flags & R.RTNH_F_ONLINK) return checkOnlink(net, cfg, extack);
  const scope = Math.max(cfg.scope + 1, R.RT_SCOPE_LINK);
  const found = fibLookup(net, { dst: cfg.gateway, oif: cfg.oif, scope, tos: 0 }, cfg.table);
  if (found === undefined || typeof found === 'number')
    refuse(extack, found ?? ENETUNREACH, 'Nexthop has invalid gateway');
  if (found.type !== R.RTN_UNICAST && found.type !== R.RTN_LOCAL) refuse(extack, EINVAL, 'Nexthop has invalid gateway');
  const dev = found.info.dev!;
  if ((dev.flags & IFF_UP) === 0) throw errno(ENETDOWN);
  return { dev, nhScope: found.info.scope, nhFlags: linkdown(dev) };
}

/** @models net/ipv4/fib_semantics.c fib_check_nh() */
function checkNexthop(net: Net, cfg: FibConfig, extack: Extack | undefined): Nexthop {
  if (cfg.scope > R.RT_SCOPE_HOST) refuse(extack, EINVAL, 'Invalid scope');
  if (cfg.scope === R.RT_SCOPE_HOST) {
    if (cfg.gateway !== 0) refuse(extack, EINVAL, 'Route with host scope can not have a gateway');
    const dev = devGetByIndex(net, cfg.oif | 0);
    if (dev === undefined) throw errno(ENODEV);
    return { dev, nhScope: R.RT_SCOPE_NOWHERE, nhFlags: 0 };
  }
  return cfg.gateway === 0 ? checkNongw(net, cfg, extack) : checkGateway(net, cfg, extack);
}

/** @models net/ipv4/fib_semantics.c fib_valid_prefsrc() */
function validPrefsrc(net: Net, cfg: FibConfig): boolean {
  if (cfg.type === R.RTN_LOCAL && cfg.dstLen === 32 && cfg.dst === cfg.prefsrc) return true;
  return inetAddrType(net, cfg.prefsrc) === R.RTN_LOCAL;
}

function checkType(cfg: FibConfig, extack: Extack | undefined): boolean {
  const prop = fibProps[cfg.type];
  if (prop === undefined) throw errno(EINVAL);
  if (prop.scope > cfg.scope) refuse(extack, EINVAL, 'Invalid scope');
  if (cfg.flags & (R.RTNH_F_DEAD | R.RTNH_F_LINKDOWN))
    refuse(extack, EINVAL, 'Invalid rtm_flags - can not contain DEAD or LINKDOWN');
  if (prop.refuses && (cfg.gateway !== 0 || cfg.oif !== 0))
    refuse(extack, EINVAL, 'Gateway, device and multipath can not be specified for this route type');
  if (!prop.refuses && (cfg.type < R.RTN_UNICAST || cfg.type > R.RTN_MULTICAST))
    refuse(extack, EINVAL, 'Invalid route type');
  return prop.refuses;
}

const nowhere: Nexthop = { dev: undefined, nhScope: R.RT_SCOPE_UNIVERSE, nhFlags: 0 };

const sameInfo = (a: FibInfo, b: FibInfo): boolean =>
  a.table === b.table &&
  a.type === b.type &&
  a.scope === b.scope &&
  a.protocol === b.protocol &&
  a.priority === b.priority &&
  a.prefsrc === b.prefsrc &&
  a.gateway === b.gateway &&
  a.dev === b.dev &&
  a.nhScope === b.nhScope &&
  ((a.nhFlags ^ b.nhFlags) & ~R.RTNH_COMPARE_MASK) === 0 &&
  ((a.flags ^ b.flags) & ~R.RTNH_COMPARE_MASK) === 0;

/**
 * The info of a route, new or shared; the caller's entry uses it.
 *
 * @models net/ipv4/fib_semantics.c fib_create_info()
 */
export function fibCreateInfo(net: Net, cfg: FibConfig, extack: Extack | undefined): FibInfo {
  const refuses = checkType(cfg, extack);
  const nexthop = refuses ? nowhere : checkNexthop(net, cfg, extack);
  if (!refuses && cfg.prefsrc !== 0 && !validPrefsrc(net, cfg)) refuse(extack, EINVAL, 'Invalid prefsrc address');
  const { table, type, scope, protocol, priority, prefsrc, gateway } = cfg;
  const flags = cfg.flags | nexthop.nhFlags;
  const info: FibInfo = {
    ...{ table, type, scope, protocol, priority, prefsrc, gateway },
    ...nexthop,
    nhFlags: flags,
    ...{ flags, prefsrcRemoved: false, users: 1 },
  };
  for (const other of fibInfos(net)) {
    if (other.flags & R.RTNH_F_DEAD || !sameInfo(info, other)) continue;
    other.users++;
    return other;
  }
  fibInfos(net).add(info);
  return info;
}

/** @models net/ipv4/fib_semantics.c fib_release_info() */
export function fibReleaseInfo(net: Net, info: FibInfo): void {
  if (--info.users === 0) fibInfos(net).delete(info);
}

/** Whether a request to delete means this entry. @models net/ipv4/fib_semantics.c fib_nh_match() */
export function fibMatches(cfg: FibConfig, { type, info }: FibAlias): boolean {
  if (cfg.type !== R.RTN_UNSPEC && type !== cfg.type) return false;
  if (cfg.scope !== R.RT_SCOPE_NOWHERE && info.scope !== cfg.scope) return false;
  if (cfg.prefsrc !== 0 && info.prefsrc !== cfg.prefsrc) return false;
  if (cfg.protocol !== 0 && info.protocol !== cfg.protocol) return false;
  if (cfg.priority !== 0 && info.priority !== cfg.priority) return false;
  if (cfg.oif !== 0 && info.dev?.ifindex !== cfg.oif) return false;
  return cfg.gateway === 0 || info.gateway === cfg.gateway;
}

/** Why fibSyncDownDev() is called. */
export type DownEvent = 'DOWN' | 'UNREGISTER' | 'CHANGE';

/**
 * Marks what leads over the device; local routes only by `force`. Whether there was any.
 *
 * @models net/ipv4/fib_semantics.c fib_sync_down_dev()
 */
export function fibSyncDownDev(dev: NetDevice, event: DownEvent, force: boolean): boolean {
  const marks = event === 'CHANGE' ? R.RTNH_F_LINKDOWN : R.RTNH_F_DEAD | R.RTNH_F_LINKDOWN;
  let any = false;
  for (const info of fibInfos(dev.net)) {
    if (info.dev !== dev || info.nhFlags & R.RTNH_F_DEAD) continue;
    if (!force && info.nhScope === R.RT_SCOPE_NOWHERE) continue;
    info.nhFlags |= marks;
    info.flags |= marks;
    any = true;
  }
  return any;
}

/**
 * Marks what of the main table had `local` as its source. Whether there was any.
 *
 * @models net/ipv4/fib_semantics.c fib_sync_down_addr()
 */
export function fibSyncDownAddr(dev: NetDevice, local: number): boolean {
  let any = false;
  for (const info of fibInfos(dev.net)) {
    if (local === 0 || info.prefsrc !== local || info.table !== R.RT_TABLE_MAIN) continue;
    info.flags |= R.RTNH_F_DEAD;
    info.prefsrcRemoved = true;
    any = true;
  }
  return any;
}

/** @models net/ipv4/fib_semantics.c fib_sync_up() */
export function fibSyncUp(dev: NetDevice, flags: number): void {
  if ((dev.flags & IFF_UP) === 0) return;
  for (const info of fibInfos(dev.net)) {
    if (info.dev !== dev) continue;
    info.nhFlags &= ~flags;
    info.flags &= ~flags;
  }
}

/** One route message. */
export interface RouteFill {
  readonly type: number;
  readonly flags: number;
  readonly seq: number;
  readonly portid: number;
}

/** @models net/ipv4/fib_semantics.c fib_dump_info() */
export function fibDumpInfo(skb: MessageWriter, fa: FibAlias, { type, flags, seq, portid }: RouteFill): void {
  const { info } = fa;
  const start = skb.begin(type, flags, seq, portid, R.rtmsg.size);
  R.rtmsg.set(skb.buffer, start + NLMSG_HDRLEN, {
    rtm_family: AF_INET,
    rtm_dst_len: fa.plen,
    rtm_src_len: 0,
    rtm_tos: fa.tos,
    rtm_table: fa.tableId < 256 ? fa.tableId : R.RT_TABLE_COMPAT,
    rtm_protocol: info.protocol,
    rtm_scope: info.scope,
    rtm_type: fa.type,
    rtm_flags: info.nhFlags & (R.RTNH_F_DEAD | R.RTNH_F_ONLINK | R.RTNH_F_LINKDOWN),
  });
  skb.put(R.RTA.TABLE, fa.tableId);
  if (fa.plen !== 0) putAddress(skb, R.RTA.DST.type, fa.key);
  if (info.priority !== 0) skb.put(R.RTA.PRIORITY, info.priority);
  if (info.prefsrc !== 0) putAddress(skb, R.RTA.PREFSRC.type, info.prefsrc);
  if (info.gateway !== 0) putAddress(skb, R.RTA.GATEWAY.type, info.gateway);
  if (info.dev !== undefined) skb.put(R.RTA.OIF, info.dev.ifindex);
  skb.end(start);
}

/** @models net/ipv4/fib_semantics.c rtmsg_fib() */
export function rtmsgFib(net: Net, type: number, fa: FibAlias, request: RtnlRequest | undefined, flags: number): void {
  const portid = request?.portid ?? 0;
  const echo = request !== undefined && (request.flags & NLM_F_ECHO) !== 0;
  if (!echo && !net.rtnl.hasListeners(RTNLGRP_IPV4_ROUTE)) return;
  const skb = new MessageWriter();
  fibDumpInfo(skb, fa, { type, flags, seq: request?.seq ?? 0, portid });
  net.rtnl.notify(skb.take(), { group: RTNLGRP_IPV4_ROUTE, portid, echo });
}
