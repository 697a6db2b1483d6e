// net/ipv4/route.c, RTM_GETROUTE for one destination: which way a packet that this machine sends would take, and with
// which source address. Forwarding (RTA_IIF) is not modelled.
import { NL_VALIDATE_DEPRECATED_STRICT, NL_VALIDATE_LIBERAL } from '../../../codec/parse.js';
import { EHOSTUNREACH, EINVAL, ENETUNREACH, ENODEV } from '../../../uapi/asm-generic/errno.js';
import { IFF_LOOPBACK, IFF_UP } from '../../../uapi/linux/if.js';
import { NLMSG_HDRLEN } from '../../../uapi/linux/netlink.js';
import * as R from '../../../uapi/linux/route.js';
import { rta_cacheinfo, RTM_NEWROUTE } from '../../../uapi/linux/rtnetlink.js';
import { AF_INET } from '../../../uapi/linux/socket.js';
import { IPPROTO_ICMP } from '../../../uapi/linux/in.js';
import { checkIpProto } from './netlink.js';
import { errno, ModelGap, refuse } from '../../errno.js';
import { devGetByIndex, devGetByName } from '../core/dev/table.js';
import type { NetDevice } from '../core/net_device.js';
import type { Net } from '../core/net_namespace.js';
import type { RtnlRequest } from '../core/rtnetlink.js';
import { MessageWriter } from '../netlink/message.js';
import { putAddress } from './devinet/notify.js';
import { selectAddr } from './devinet/select.js';
import type { FibFlow } from './fib_lookup.js';
import { fibLookup, inetAddrType, isUnmerged } from './fib_lookup.js';
import { fibDumpInfo } from './fib_semantics.js';
import type { FibAlias } from './fib_trie.js';
import type { ParsedRoute } from './rtm_route.js';
import { parseRoute, routeAddress } from './rtm_route.js';

/** struct rtable, as far as an answer shows it. */
interface Way {
  readonly type: number;
  readonly table: number;
  readonly flags: number;
  readonly dev: NetDevice;
  readonly dst: number;
  readonly src: number;
  readonly gateway: number;
  readonly fa: FibAlias | undefined;
}

const INET_DSCP_MASK = 0xfc;
const INADDR_LOOPBACK = 0x7f000001;
const isMulticast = (address: number): boolean => address >>> 28 === 0xe;
const isBroadcast = (address: number): boolean => address === 0xffffffff;
const isLoopback = (address: number): boolean => address >>> 24 === 127;

const allowed: ReadonlySet<number> = new Set(
  [R.RTA.IIF, R.RTA.OIF, R.RTA.SRC, R.RTA.DST, R.RTA.IP_PROTO, R.RTA.SPORT, R.RTA.DPORT, R.RTA.MARK, R.RTA.UID].map(
    ({ type }) => type,
  ),
);

/** @models net/ipv4/route.c inet_rtm_valid_getroute_req() */
function parseGet(request: RtnlRequest): ParsedRoute {
  const { msg, extack } = request;
  if (msg.length < NLMSG_HDRLEN + R.rtmsg.size) refuse(extack, EINVAL, 'ipv4: Invalid header for route get request');
  if (!request.strict) return parseRoute(request, NL_VALIDATE_LIBERAL);
  const rtm = R.rtmsg.get(msg, NLMSG_HDRLEN);
  const badLength = (length: number): boolean => length !== 0 && length !== 32;
  if (
    badLength(rtm.rtm_src_len) ||
    badLength(rtm.rtm_dst_len) ||
    rtm.rtm_table !== 0 ||
    rtm.rtm_protocol !== 0 ||
    rtm.rtm_scope !== 0 ||
    rtm.rtm_type !== 0
  )
    refuse(extack, EINVAL, 'ipv4: Invalid values in header for route get request');
  if (rtm.rtm_flags & ~(R.RTM_F_NOTIFY | R.RTM_F_LOOKUP_TABLE | R.RTM_F_FIB_MATCH))
    refuse(extack, EINVAL, 'ipv4: Unsupported rtm_flags for route get request');
  const parsed = parseRoute(request, NL_VALIDATE_DEPRECATED_STRICT);
  const { tb } = parsed;
  if ((tb.SRC !== undefined && rtm.rtm_src_len === 0) || (tb.DST !== undefined && rtm.rtm_dst_len === 0))
    refuse(extack, EINVAL, 'ipv4: rtm_src_len and rtm_dst_len must be 32 for IPv4');
  if (tb.$nla.some((nla, type) => nla !== undefined && !allowed.has(type)))
    refuse(extack, EINVAL, 'ipv4: Unsupported attribute in route get request');
  return parsed;
}

/** The way of a local destination: over the loopback. */
function localWay(net: Net, dst: number, src: number, table: number, fa: FibAlias | undefined): Way {
  const dev = devGetByName(net, 'lo')!;
  return { type: R.RTN_LOCAL, table, flags: R.RTCF_LOCAL, dev, dst, src, gateway: 0, fa };
}

/** What a packet over `dev` is called that no route knows, and its source. */
function unrouted(dev: NetDevice, dst: number, src: number): Way {
  let type = R.RTN_UNICAST;
  let flags = 0;
  if (isBroadcast(dst)) [type, flags] = [R.RTN_BROADCAST, R.RTCF_BROADCAST | R.RTCF_LOCAL];
  else if (isMulticast(dst)) [type, flags] = [R.RTN_MULTICAST, R.RTCF_MULTICAST];
  const scope = flags === 0 ? R.RT_SCOPE_UNIVERSE : R.RT_SCOPE_LINK;
  const from = src === 0 ? selectAddr(dev, 0, scope) : src;
  return { type, table: 0, flags, dev, dst, src: from, gateway: 0, fa: undefined };
}

/** The table that was asked: main, for what the local table holds too as long as both are one. */
const tableOf = (net: Net, { tableId }: FibAlias): number =>
  tableId === R.RT_TABLE_LOCAL && !isUnmerged(net) ? R.RT_TABLE_MAIN : tableId;

function routedWay(fa: FibAlias, dst: number, src: number): Way {
  const { info, type } = fa;
  const dev = info.dev!;
  const flags = type === R.RTN_BROADCAST ? R.RTCF_BROADCAST | R.RTCF_LOCAL : 0;
  const from = src || info.prefsrc || selectAddr(dev, info.gateway || dst, info.scope);
  return { type, table: tableOf(dev.net, fa), flags, dev, dst, src: from, gateway: info.gateway, fa };
}

/** The device of RTA_OIF, where there is one. */
function outDevice(net: Net, oif: number): NetDevice | undefined {
  if (oif === 0) return undefined;
  const dev = devGetByIndex(net, oif | 0);
  if (dev === undefined) throw errno(ENODEV);
  if ((dev.flags & IFF_UP) === 0 || dev.inDevice === undefined) throw errno(ENETUNREACH);
  return dev;
}

/** Refuses a source that is none of this machine's. */
function checkSource(net: Net, src: number): void {
  if (src === 0) return;
  if (isMulticast(src) || isBroadcast(src)) throw errno(EINVAL);
  if (inetAddrType(net, src) !== R.RTN_LOCAL) throw errno(ENETUNREACH);
}

/** @models net/ipv4/route.c ip_route_output_key_hash_rcu() */
function output(net: Net, { dst, src, oif, mark, tos }: Required<Omit<FibFlow, 'scope'>>): Way {
  checkSource(net, src);
  const dev = outDevice(net, oif);
  if (dev !== undefined && (isMulticast(dst) || isBroadcast(dst))) return unrouted(dev, dst, src);
  if (dst === 0) {
    const from = src || INADDR_LOOPBACK;
    return localWay(net, from, from, 0, undefined);
  }
  const found = fibLookup(net, { dst, src, oif, mark, scope: 0, tos });
  if (typeof found === 'number') throw errno(found);
  if (found === undefined) {
    if (dev === undefined) throw errno(ENETUNREACH);
    return unrouted(dev, dst, src);
  }
  if (found.type !== R.RTN_LOCAL) return routedWay(found, dst, src);
  return localWay(net, dst, src || found.info.prefsrc || dst, tableOf(net, found), found);
}

/** Whether the nexthop keeps the way beside the answer. */
const isCached = ({ fa, type, dev }: Way): boolean => fa !== undefined && (type !== R.RTN_LOCAL || fa.info.dev === dev);

/** @models net/ipv4/route.c rt_fill_info() */
function fill(skb: MessageWriter, way: Way, request: RtnlRequest, parsed: ParsedRoute): void {
  const { rtm, tb } = parsed;
  const asked = routeAddress(parsed, 'SRC');
  const table = rtm.rtm_flags & R.RTM_F_LOOKUP_TABLE ? way.table : R.RT_TABLE_MAIN;
  const start = skb.begin(RTM_NEWROUTE, 0, request.seq, request.portid, R.rtmsg.size);
  R.rtmsg.set(skb.buffer, start + NLMSG_HDRLEN, {
    rtm_family: AF_INET,
    rtm_dst_len: 32,
    rtm_src_len: asked === 0 ? 0 : 32,
    rtm_tos: 0,
    rtm_table: table < 256 ? table : R.RT_TABLE_COMPAT,
    ...{ rtm_protocol: 0, rtm_scope: 0 },
    rtm_type: way.type,
    rtm_flags: (way.flags | R.RTM_F_CLONED | (rtm.rtm_flags & R.RTM_F_NOTIFY)) >>> 0,
  });
  skb.put(R.RTA.TABLE, table);
  putAddress(skb, R.RTA.DST.type, routeAddress(parsed, 'DST'));
  if (asked !== 0) putAddress(skb, R.RTA.SRC.type, asked);
  skb.put(R.RTA.OIF, way.dev.ifindex);
  if (way.src !== asked) putAddress(skb, R.RTA.PREFSRC.type, way.src);
  if (way.gateway !== 0) putAddress(skb, R.RTA.GATEWAY.type, way.gateway);
  if (tb.MARK !== undefined && tb.MARK !== 0) skb.put(R.RTA.MARK, tb.MARK);
  skb.put(R.RTA.UID, tb.UID ?? request.task.uid);
  const at = skb.reserveAttr(R.RTA.CACHEINFO.type, rta_cacheinfo.size);
  skb.buffer.view.setUint32(at + rta_cacheinfo.offsetof.rta_clntref, isCached(way) ? 2 : 1, true);
  skb.end(start);
}

/** @models net/ipv4/route.c inet_rtm_getroute() */
export function inetRtmGetroute(request: RtnlRequest): void {
  const { net, portid, seq } = request;
  const parsed = parseGet(request);
  const { rtm, tb } = parsed;
  if (tb.IIF !== undefined && tb.IIF !== 0) throw new ModelGap('RTA_IIF: the way of a packet that is forwarded');
  if (tb.IP_PROTO !== undefined) checkIpProto(tb.IP_PROTO, IPPROTO_ICMP, request.extack);
  const way = output(net, {
    dst: routeAddress(parsed, 'DST'),
    src: routeAddress(parsed, 'SRC'),
    oif: tb.OIF ?? 0,
    mark: tb.MARK ?? 0,
    tos: rtm.rtm_tos & INET_DSCP_MASK,
  });
  const skb = new MessageWriter();
  if (rtm.rtm_flags & R.RTM_F_FIB_MATCH) {
    if (way.fa === undefined) throw errno(EHOSTUNREACH);
    fibDumpInfo(skb, { ...way.fa, tableId: way.table }, { type: RTM_NEWROUTE, flags: 0, seq, portid });
  } else {
    if (isLoopback(way.src) && (way.dev.flags & IFF_LOOPBACK) === 0) throw errno(EINVAL);
    fill(skb, way, request, parsed);
  }
  net.rtnl.unicast(skb.take(), portid);
}
