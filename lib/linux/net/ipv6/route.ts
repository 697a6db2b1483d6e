// net/ipv6/route.c, the requests about IPv6 routes: the dump of RTM_GETROUTE, and the way to one destination. Routes of
// users are not modelled.
import { NL_VALIDATE_DEPRECATED_STRICT, NL_VALIDATE_LIBERAL, parse } from '../../../codec/parse.js';
import { EACCES, EINVAL, ENETUNREACH, ENODEV, ENOENT } from '../../../uapi/asm-generic/errno.js';
import * as F from '../../../uapi/linux/fib_rules.js';
import { IFA_F_DEPRECATED, IFA_F_TENTATIVE } from '../../../uapi/linux/if_addr.js';
import { IFF_UP } from '../../../uapi/linux/if.js';
import { NLM_F_DUMP_FILTERED, NLM_F_MULTI, NLMSG_HDRLEN } from '../../../uapi/linux/netlink.js';
import * as R from '../../../uapi/linux/route.js';
import { RTM_NEWROUTE } from '../../../uapi/linux/rtnetlink.js';
import { AF_INET6 } from '../../../uapi/linux/socket.js';
import { IPPROTO_ICMPV6 } from '../../../uapi/linux/in.js';
import { checkIpProto } from '../ipv4/netlink.js';
import { errno, ModelGap, refuse } from '../../errno.js';
import { devGetByIndex, devGetByName } from '../core/dev/table.js';
import type { FibRule, Flow } from '../core/fib_rules.js';
import { fibRulesLookup, rulesOf, suppresses } from '../core/fib_rules.js';
import type { Net } from '../core/net_namespace.js';
import type { DumpEntry, RtnlRequest } from '../core/rtnetlink.js';
import type { RouteFilter } from '../ipv4/rtm_route.js';
import { noRouteFilter, validFibDumpReq } from '../ipv4/rtm_route.js';
import { MessageWriter } from '../netlink/message.js';
import * as In6 from './in6.js';
import type { Fib6Info } from './ip6_fib.js';
import { fib6Tables, isIn, rt6FillNode } from './ip6_fib.js';

const ATTRS = NLMSG_HDRLEN + R.rtmsg.size;

/** The tables a dump walks. */
function tablesOf(request: RtnlRequest, { table }: RouteFilter): Fib6Info[] {
  const tables = fib6Tables(request.net);
  if (table === 0) return [...tables.values()].flat();
  const found = tables.get(table);
  if (found !== undefined) return [...found];
  if (request.msg.u8[NLMSG_HDRLEN] !== AF_INET6) return [];
  refuse(request.extack, ENOENT, 'ipv6: FIB table does not exist');
}

function isShown(rt: Fib6Info, filter: RouteFilter): boolean {
  if (filter.flags & (R.RTM_F_PREFIX | R.RTM_F_CLONED)) return false;
  if (filter.type !== 0 && rt.type !== filter.type) return false;
  if (filter.protocol !== 0 && filter.protocol !== R.RTPROT_KERNEL) return false;
  return filter.dev === undefined || rt.dev === filter.dev;
}

/** @models net/ipv6/ip6_fib.c inet6_dump_fib() */
export function* inet6DumpFib(request: RtnlRequest): Iterable<DumpEntry> {
  const { net, msg, strict, seq, portid } = request;
  let filter = noRouteFilter;
  if (strict) filter = validFibDumpReq(request);
  else if (msg.length >= ATTRS)
    filter = { ...filter, flags: R.rtmsg.get(msg, NLMSG_HDRLEN).rtm_flags & R.RTM_F_PREFIX };
  // A strict dump leaves out the exceptions to routes, of which there are none.
  const flags = NLM_F_MULTI | (strict ? NLM_F_DUMP_FILTERED : 0);
  for (const rt of tablesOf(request, filter)) {
    if (!isShown(rt, filter) || !isIn(net, rt)) continue;
    yield (skb) => {
      rt6FillNode(skb, rt, { type: RTM_NEWROUTE, flags, seq, portid });
    };
  }
}

/** The most specific route of a table. @models net/ipv6/route.c ip6_pol_route() */
function tableLookup(net: Net, id: number, dst: Uint8Array, oif: number): Fib6Info | undefined {
  const fit = (fib6Tables(net).get(id) ?? []).filter(
    (rt) => In6.ipv6PrefixEqual(rt.dst, dst, rt.plen) && (oif === 0 || rt.dev.ifindex === oif),
  );
  return fit.toSorted((a, b) => b.plen - a.plen || a.metric - b.metric)[0];
}

/** @models net/ipv6/fib6_rules.c fib6_rule_action() */
function ruleAction(net: Net, rule: FibRule, { dst, oif }: Flow): Fib6Info | number | undefined {
  if (rule.action === F.FR_ACT_UNREACHABLE) return ENETUNREACH;
  if (rule.action === F.FR_ACT_PROHIBIT) return EACCES;
  if (rule.action !== F.FR_ACT_TO_TBL) return EINVAL;
  const found = tableLookup(net, rule.table, dst, oif);
  return found === undefined || suppresses(rule, found.plen, found.dev.group) ? undefined : found;
}

/** The route the rules find. @models net/ipv6/fib6_rules.c fib6_rule_lookup() */
function lookup(net: Net, flow: Flow): Fib6Info {
  const found = fibRulesLookup(net, rulesOf(net, AF_INET6)!, flow, (rule) => ruleAction(net, rule, flow));
  if (found === undefined) throw errno(ENETUNREACH);
  if (typeof found === 'number') throw errno(found);
  return found;
}

/**
 * The source for a destination: of its reach at least, with the longest prefix in common, the newest.
 *
 * @models net/ipv6/addrconf.c ipv6_dev_get_saddr()
 * @differs only rules 1 to 3 and 8, on the device of the route
 */
function selectSource(rt: Fib6Info, dst: Uint8Array): Uint8Array | undefined {
  if (rt.type === R.RTN_LOCAL) return dst;
  const scope = In6.ipv6AddrSrcScope(dst);
  const usable = (rt.dev.inet6?.addrList ?? []).filter(({ flags }) => (flags & IFA_F_TENTATIVE) === 0);
  const reach = (address: Uint8Array): number => {
    const own = In6.ipv6AddrSrcScope(address);
    return own >= scope ? own : 0x100 - own;
  };
  const best = usable.toSorted(
    (a, b) =>
      reach(a.addr) - reach(b.addr) ||
      (a.flags & IFA_F_DEPRECATED) - (b.flags & IFA_F_DEPRECATED) ||
      In6.ipv6AddrDiff(b.addr, dst) - In6.ipv6AddrDiff(a.addr, dst),
  )[0];
  return best?.addr;
}

const parseRoute = ({ net, msg, extack }: RtnlRequest, mode: number) =>
  parse(net.machine.has('route-flowlabel') ? R.RTA6 : R.RTA6_6_1, msg, ATTRS, msg.length, mode, extack);

/** What a strict request may have. */
const asked: ReadonlySet<number> = new Set(
  [
    R.RTA6.SRC,
    R.RTA6.DST,
    R.RTA6.IIF,
    R.RTA6.OIF,
    R.RTA6.MARK,
    R.RTA6.UID,
    R.RTA6.SPORT,
    R.RTA6.DPORT,
    R.RTA6.IP_PROTO,
  ].map(({ type }) => type),
);

/** The header of a strict request. */
function checkHeader({ msg, extack }: RtnlRequest): void {
  const rtm = R.rtmsg.get(msg, NLMSG_HDRLEN);
  const part = [rtm.rtm_src_len, rtm.rtm_dst_len].some((length) => length !== 0 && length !== 128);
  if (part || rtm.rtm_table !== 0 || rtm.rtm_protocol !== 0 || rtm.rtm_scope !== 0 || rtm.rtm_type !== 0)
    refuse(extack, EINVAL, 'ipv6: Invalid values in header for get route request');
  if (rtm.rtm_flags & ~R.RTM_F_FIB_MATCH) refuse(extack, EINVAL, 'ipv6: Invalid flags for get route request');
}

/** @models net/ipv6/route.c inet6_rtm_valid_getroute_req() */
function parseGet(request: RtnlRequest) {
  const { msg, extack, strict } = request;
  if (msg.length < ATTRS) refuse(extack, EINVAL, 'ipv6: Invalid header for get route request');
  if (!strict) return parseRoute(request, NL_VALIDATE_LIBERAL);
  checkHeader(request);
  const tb = parseRoute(request, NL_VALIDATE_DEPRECATED_STRICT);
  const { rtm_src_len, rtm_dst_len } = R.rtmsg.get(msg, NLMSG_HDRLEN);
  if ((tb.SRC !== undefined && rtm_src_len === 0) || (tb.DST !== undefined && rtm_dst_len === 0))
    refuse(extack, EINVAL, 'ipv6: rtm_src_len and rtm_dst_len must be 128 for IPv6');
  if (tb.$nla.some((nla, type) => nla !== undefined && !asked.has(type)))
    refuse(extack, EINVAL, 'ipv6: Unsupported attribute in get route request');
  return tb;
}

/** @models net/ipv6/route.c inet6_rtm_getroute() */
export function inet6RtmGetroute(request: RtnlRequest): void {
  const { net, msg, portid, seq } = request;
  const tb = parseGet(request);
  const { rtm_flags } = R.rtmsg.get(msg, NLMSG_HDRLEN);
  if (tb.SRC !== undefined || tb.IIF !== undefined || rtm_flags & R.RTM_F_FIB_MATCH)
    throw new ModelGap('RTM_GETROUTE of IPv6 with a source, an input device or fibmatch');
  if (tb.DST !== undefined && tb.DST.len < 16) throw errno(EINVAL);
  const dst = tb.DST === undefined ? In6.in6addrAny : tb.DST.bytes().slice(0, 16);
  if (tb.IP_PROTO !== undefined) checkIpProto(tb.IP_PROTO, IPPROTO_ICMPV6, request.extack);
  const oif = (tb.OIF ?? 0) | 0;
  if (oif !== 0 && devGetByIndex(net, oif) === undefined) throw errno(ENODEV);
  const rt = lookup(net, { dst, src: undefined, oif, mark: tb.MARK ?? 0, tos: 0 });
  if (rt.type !== R.RTN_LOCAL && (rt.dev.flags & IFF_UP) === 0) throw errno(ENETUNREACH);
  const out = rt.type === R.RTN_LOCAL ? devGetByName(net, 'lo')! : rt.dev;
  const skb = new MessageWriter();
  const get = { dst, src: selectSource(rt, dst), oif: out.ifindex };
  rt6FillNode(skb, rt, { type: RTM_NEWROUTE, flags: 0, seq, portid, get });
  net.rtnl.unicast(skb.take(), portid);
}
