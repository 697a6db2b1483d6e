// net/ipv4/fib_frontend.c, the requests about IPv4 routes: RTM_NEWROUTE, RTM_DELROUTE, the dump of RTM_GETROUTE. Routes
// have one nexthop; more, metrics, encapsulation and nexthop objects are not modelled.
import type { Extack } from '../../../codec/extack.js';
import { NL_VALIDATE_DEPRECATED_STRICT, NL_VALIDATE_LIBERAL, parse } from '../../../codec/parse.js';
import { EINVAL, ENODEV, ENOENT, ESRCH } from '../../../uapi/asm-generic/errno.js';
import { NLM_F_DUMP_FILTERED, NLM_F_MULTI, NLMSG_HDRLEN } from '../../../uapi/linux/netlink.js';
import * as R from '../../../uapi/linux/route.js';
import { RTA } from '../../../uapi/linux/route.js';
import { RTM_NEWROUTE } from '../../../uapi/linux/rtnetlink.js';
import { AF_INET } from '../../../uapi/linux/socket.js';
import { errno, ModelGap, refuse } from '../../errno.js';
import { devGetByIndex } from '../core/dev/table.js';
import type { NetDevice } from '../core/net_device.js';
import type { DumpEntry, RtnlRequest } from '../core/rtnetlink.js';
import { dumpAnswers } from '../netlink/af_netlink/dump.js';
import type { FibConfig } from './fib_semantics.js';
import { fibDumpInfo } from './fib_semantics.js';
import type { FibAlias, FibTable } from './fib_trie.js';
import { fibNewTable, fibTableDelete, fibTableInsert, fibTables, fibTablesInOrder } from './fib_trie.js';

const ATTRS = NLMSG_HDRLEN + R.rtmsg.size;

/** Header and attributes of a request. @models include/net/netlink.h nlmsg_parse_deprecated() */
export function parseRoute({ net, msg, extack }: RtnlRequest, mode: number) {
  if (msg.length < ATTRS) refuse(extack, EINVAL, 'Invalid header length');
  const set = net.machine.has('route-flowlabel') ? RTA : R.RTA_6_1;
  return { rtm: R.rtmsg.get(msg, NLMSG_HDRLEN), tb: parse(set, msg, ATTRS, msg.length, mode, extack) };
}

export type ParsedRoute = ReturnType<typeof parseRoute>;

/** An address attribute in host order; 0 without it. @models include/net/netlink.h nla_get_in_addr() */
export function routeAddress({ tb }: ParsedRoute, key: 'DST' | 'SRC' | 'GATEWAY' | 'PREFSRC'): number {
  const nla = tb.$nla[RTA[key].type];
  return nla === undefined ? 0 : nla.msg.view.getUint32(nla.start);
}

/** Attributes that make a route more than this file knows. */
const unmodelled = ['METRICS', 'MULTIPATH', 'FLOW', 'VIA', 'ENCAP_TYPE', 'ENCAP', 'NH_ID'] as const;

/** Bits of the traffic class that are not routed by. */
const INET_ECN_MASK = 3;

/** @models net/ipv4/fib_trie.c fib_valid_key_len() */
function checkKey(dst: number, length: number, extack: Extack): void {
  if (length > 32) refuse(extack, EINVAL, 'Invalid prefix length');
  if (length < 32 && (dst << length) >>> 0 !== 0) refuse(extack, EINVAL, 'Invalid prefix for given prefix length');
}

/** @models net/ipv4/fib_frontend.c rtm_to_fib_config() */
function toConfig(request: RtnlRequest): FibConfig {
  const { extack } = request;
  if (request.msg.length < ATTRS) throw errno(EINVAL);
  const parsed = parseRoute(request, NL_VALIDATE_LIBERAL);
  const { rtm, tb } = parsed;
  if (rtm.rtm_tos & INET_ECN_MASK) refuse(extack, EINVAL, 'Invalid dsfield (tos): ECN bits must be 0');
  if (rtm.rtm_type > R.RTN_MAX) refuse(extack, EINVAL, 'Invalid route type');
  for (const key of unmodelled) if (tb[key] !== undefined) throw new ModelGap(`RTA_${key} of an IPv4 route`);
  const dst = routeAddress(parsed, 'DST');
  checkKey(dst, rtm.rtm_dst_len, extack);
  return {
    table: (tb.TABLE ?? rtm.rtm_table) || R.RT_TABLE_MAIN,
    dst,
    dstLen: rtm.rtm_dst_len,
    tos: rtm.rtm_tos,
    type: rtm.rtm_type,
    scope: rtm.rtm_scope,
    protocol: rtm.rtm_protocol,
    flags: rtm.rtm_flags,
    priority: tb.PRIORITY ?? 0,
    prefsrc: routeAddress(parsed, 'PREFSRC'),
    gateway: routeAddress(parsed, 'GATEWAY'),
    oif: tb.OIF ?? 0,
    nlflags: request.flags,
  };
}

/** @models net/ipv4/fib_frontend.c inet_rtm_newroute() */
export function inetRtmNewroute(request: RtnlRequest): void {
  const cfg = toConfig(request);
  fibTableInsert(request.net, fibNewTable(request.net, cfg.table), cfg, request);
}

/** @models net/ipv4/fib_frontend.c inet_rtm_delroute() */
export function inetRtmDelroute(request: RtnlRequest): void {
  const cfg = toConfig(request);
  const table = fibTables(request.net).get(cfg.table);
  if (table === undefined) refuse(request.extack, ESRCH, 'FIB table does not exist');
  fibTableDelete(request.net, table, cfg, request);
}

/** struct fib_dump_filter. */
export interface RouteFilter {
  readonly table: number;
  readonly protocol: number;
  readonly type: number;
  readonly flags: number;
  readonly dev: NetDevice | undefined;
  /** Whether anything is left out. */
  readonly set: boolean;
}

export const noRouteFilter: RouteFilter = { table: 0, protocol: 0, type: 0, flags: 0, dev: undefined, set: false };

function checkDumpHeader(rtm: ParsedRoute['rtm'], extack: Extack): void {
  if (rtm.rtm_dst_len !== 0 || rtm.rtm_src_len !== 0 || rtm.rtm_tos !== 0 || rtm.rtm_scope !== 0)
    refuse(extack, EINVAL, 'Invalid values in header for FIB dump request');
  if (rtm.rtm_flags & ~(R.RTM_F_CLONED | R.RTM_F_PREFIX)) refuse(extack, EINVAL, 'Invalid flags for FIB dump request');
}

/**
 * What a strict dump asks for.
 *
 * @models net/ipv4/fib_frontend.c ip_valid_fib_dump_req()
 */
export function validFibDumpReq(request: RtnlRequest): RouteFilter {
  const { msg, extack, net } = request;
  if (msg.length < ATTRS) refuse(extack, EINVAL, 'Invalid header for FIB dump request');
  checkDumpHeader(R.rtmsg.get(msg, NLMSG_HDRLEN), extack);
  const { rtm, tb } = parseRoute(request, NL_VALIDATE_DEPRECATED_STRICT);
  let dev: NetDevice | undefined;
  tb.$nla.forEach((nla, type) => {
    if (nla === undefined || type === RTA.TABLE.type) return;
    if (type !== RTA.OIF.type) refuse(extack, EINVAL, 'Unsupported attribute in dump request');
    dev = devGetByIndex(net, nla.u32() | 0);
    if (dev === undefined) throw errno(ENODEV);
  });
  const { rtm_protocol: protocol, rtm_type: type, rtm_flags: flags } = rtm;
  const table = tb.TABLE ?? rtm.rtm_table;
  const set = flags !== 0 || protocol !== 0 || type !== 0 || table !== 0 || dev !== undefined;
  if (set) dumpAnswers(request.sock, NLM_F_DUMP_FILTERED);
  return { table, protocol, type, flags, dev, set };
}

/** @models net/ipv4/fib_frontend.c inet_dump_fib() */
function dumpFilter(request: RtnlRequest): RouteFilter {
  if (request.strict) return validFibDumpReq(request);
  if (request.msg.length < ATTRS) return noRouteFilter;
  const { rtm_flags } = R.rtmsg.get(request.msg, NLMSG_HDRLEN);
  return { ...noRouteFilter, flags: rtm_flags & (R.RTM_F_PREFIX | R.RTM_F_CLONED) };
}

function tablesOf(request: RtnlRequest, { table }: RouteFilter): FibTable[] {
  if (table === 0) return fibTablesInOrder(request.net);
  const found = fibTables(request.net).get(table);
  if (found !== undefined) return [found];
  if (request.msg.u8[NLMSG_HDRLEN] !== AF_INET) return [];
  refuse(request.extack, ENOENT, 'ipv4: FIB table does not exist');
}

function isShown(fa: FibAlias, filter: RouteFilter): boolean {
  if (!filter.set) return true;
  if (filter.flags & R.RTM_F_CLONED) return false;
  if (filter.type !== 0 && fa.type !== filter.type) return false;
  if (filter.protocol !== 0 && fa.info.protocol !== filter.protocol) return false;
  return filter.dev === undefined || fa.info.dev === filter.dev;
}

/** @models net/ipv4/fib_frontend.c inet_dump_fib() */
export function* inetDumpFib(request: RtnlRequest): Iterable<DumpEntry> {
  const { seq, portid } = request;
  const filter = dumpFilter(request);
  if (filter.flags & R.RTM_F_PREFIX) return;
  // A strict dump leaves out routes or their exceptions, of which there are none, and says so.
  const flags = NLM_F_MULTI | (request.strict ? NLM_F_DUMP_FILTERED : 0);
  for (const table of tablesOf(request, filter))
    for (const fa of [...table.aliases]) {
      if (!isShown(fa, filter) || !table.aliases.includes(fa)) continue;
      yield (skb) => {
        fibDumpInfo(skb, fa, { type: RTM_NEWROUTE, flags, seq, portid });
      };
    }
}
