// net/ipv4/fib_frontend.c, fib_semantics.c, fib_trie.c, route.c and net/ipv6/route.c: what the bytes of RTM_NEWROUTE,
// RTM_DELROUTE and RTM_GETROUTE decide.
import { attrs } from '../../../codec/attrs.js';
import { AF_INET, AF_INET6 } from '../../../uapi/linux/socket.js';
import { IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_TCP, IPPROTO_UDP } from '../../../uapi/linux/in.js';
import { NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE, NLMSG_HDRLEN } from '../../../uapi/linux/netlink.js';
import * as R from '../../../uapi/linux/route.js';
import type { Attributes } from '../attributes.js';
import { liberally, openly, orStrictly, strictlyOnly, walk } from '../attributes.js';
import { C } from '../codes.js';
import type { Deviation, Judge, Place } from '../judge.js';
import type { MustBeZero } from './strict.js';
import { allowOnly, strictFlags, strictHeader, strictZero } from './strict.js';
import * as tc from './tc.js';

const { RTA, RTA6, RTAX, rtmsg } = R;
const { offsetof } = rtmsg;
const ATTRS = NLMSG_HDRLEN + rtmsg.size;
const INET_ECN_MASK = 3;
const AF_UNSPEC = 0;

type Field = keyof typeof offsetof;

const valueOf = (judge: Judge, name: Field): number =>
  name === 'rtm_flags'
    ? judge.view.getUint32(judge.start + NLMSG_HDRLEN + offsetof[name], true)
    : judge.view.getUint8(judge.start + NLMSG_HDRLEN + offsetof[name]);

const at = (judge: Judge, name: Field): Place => tc.field(judge, offsetof[name], name === 'rtm_flags' ? 4 : 1, name);

const zero = (...names: readonly Field[]): MustBeZero[] =>
  names.map((name) => ({ offset: offsetof[name], size: 1, name }));
const flags: MustBeZero = { offset: offsetof.rtm_flags, size: 4, name: 'rtm_flags' };

/** What the model of the kernel's rules here leaves out: routes that have it can be refused for it. */
const furtherAttributes = ['MULTIPATH', 'FLOW', 'VIA', 'ENCAP_TYPE', 'ENCAP', 'NH_ID'] as const;

const set4 = (judge: Judge) => (judge.has('route-flowlabel') ? RTA : R.RTA_6_1);
const set6 = (judge: Judge) => (judge.has('route-flowlabel') ? RTA6 : R.RTA6_6_1);

function deny(judge: Judge, name: Field, msg: string, text: string): void {
  judge.deny(C.badField, 'EINVAL', msg, at(judge, name), text);
}

/** An address in host order, 0 without it. */
const address = (run: Attributes, type: number): number =>
  run.ok(type) && run.len(type) >= 4 ? run.judge.view.getUint32(run.start(type)) : 0;

/** rtm_to_fib_config(); false when there is no header. */
function toConfig(judge: Judge): Attributes | undefined {
  if (judge.end - judge.start < ATTRS) {
    const length = judge.end - judge.start - NLMSG_HDRLEN;
    const place = { offset: judge.start + NLMSG_HDRLEN, length, path: 'rtmsg' };
    judge.deny(
      C.shortHeader,
      'EINVAL',
      undefined,
      place,
      `struct rtmsg takes ${rtmsg.size} bytes, ${length} are there`,
    );
    return undefined;
  }
  const run = walk(judge, set4(judge), judge.start + ATTRS, judge.end, '', liberally);
  if (valueOf(judge, 'rtm_tos') & INET_ECN_MASK)
    deny(judge, 'rtm_tos', 'Invalid dsfield (tos): ECN bits must be 0', 'the lowest two bits are for congestion');
  const type = valueOf(judge, 'rtm_type');
  if (type > R.RTN_MAX) deny(judge, 'rtm_type', 'Invalid route type', `there is no type ${type}`);
  for (const key of furtherAttributes) if (run.has(RTA[key].type)) judge.may(`EINVAL: RTA_${key} is refused`);
  if (run.has(RTA.NH_ID.type)) judge.may('EINVAL: Nexthop id does not exist');
  if (run.has(RTA.ENCAP_TYPE.type) || run.has(RTA.ENCAP.type)) {
    judge.may('EINVAL: Unknown lwt encapsulation type');
    judge.may('EINVAL: Unknown LWT encapsulation type');
    judge.may('EINVAL: LWT encap type not specified');
    judge.may('EOPNOTSUPP: lwt encapsulation type not supported');
  }
  checkVia(run);
  return run;
}

/** fib_gw_from_via() */
function checkVia(run: Attributes): void {
  const { judge } = run;
  const { type } = RTA.VIA;
  if (!run.ok(type)) return;
  const size = run.len(type) - 2;
  const family = size < 0 ? undefined : judge.view.getUint16(run.start(type), true);
  const refuse = (code: Deviation['code'], msg: string, text: string): void => {
    judge.deny(code, 'EINVAL', msg, run.place(type), text);
  };
  if (family === undefined)
    refuse(C.shortStruct, 'Invalid attribute length for RTA_VIA', 'a family takes 2 bytes, an address follows it');
  else if (family === AF_INET && size !== 4)
    refuse(C.badAddressLength, 'Invalid IPv4 address in RTA_VIA', `an address has 4 bytes, not ${size}`);
  else if (family === AF_INET6 && size !== 16)
    refuse(C.badAddressLength, 'Invalid IPv6 address in RTA_VIA', `an address has 16 bytes, not ${size}`);
  else if (family !== AF_INET && family !== AF_INET6)
    refuse(C.unsupported, 'Unsupported address family in RTA_VIA', `no gateway has family ${family}`);
  else if (run.has(RTA.GATEWAY.type)) {
    const msg = 'Nexthop configuration can not contain both GATEWAY and VIA';
    refuse(C.exclusiveAttributes, msg, 'RTA_GATEWAY is given as well');
  }
}

/** fib_valid_key_len() */
function checkKey(run: Attributes): void {
  const { judge } = run;
  const length = valueOf(judge, 'rtm_dst_len');
  const dst = address(run, RTA.DST.type);
  if (length > 32) deny(judge, 'rtm_dst_len', 'Invalid prefix length', `a prefix has at most 32 bits, not ${length}`);
  else if (length < 32 && (dst << length) >>> 0 !== 0)
    deny(judge, 'rtm_dst_len', 'Invalid prefix for given prefix length', `RTA_DST has bits behind the first ${length}`);
}

/** Least scope of each type; types that refuse packets. */
const { RT_SCOPE_UNIVERSE: U, RT_SCOPE_LINK: L, RT_SCOPE_HOST: H, RT_SCOPE_NOWHERE: N } = R;
const leastScope = [N, U, H, L, L, U, U, U, U, U, N, N];
const refuses = (type: number): boolean => type >= 6 && type <= 11;

/** fib_create_info() */
function checkInfo(run: Attributes): void {
  const { judge } = run;
  const type = valueOf(judge, 'rtm_type');
  const scope = valueOf(judge, 'rtm_scope');
  const bits = valueOf(judge, 'rtm_flags');
  if ((leastScope[type] ?? U) > scope)
    deny(judge, 'rtm_scope', 'Invalid scope', `the scope ${scope} is too wide for type ${type}`);
  if (bits & (R.RTNH_F_DEAD | R.RTNH_F_LINKDOWN))
    deny(
      judge,
      'rtm_flags',
      'Invalid rtm_flags - can not contain DEAD or LINKDOWN',
      'DEAD and LINKDOWN are for the kernel to set',
    );
  checkMetrics(run);
  if (refuses(type)) checkRefusing(run);
  else checkForwarding(run, type, scope, bits);
}

/** RTAX_FEATURES: ECN, SACK, time stamps, all fragments, and a flag of TCP. */
const FEATURES = 0x1f;

/** Metrics by type, and types that are none: no policy of an attribute set judges them. */
const metrics = attrs('RTAX', {}, 255);

/** ip_metrics_convert() */
function checkMetric(run: Attributes, type: number): void {
  const { judge } = run;
  const name = RTAX.$byType[type]?.name;
  const at = { ...run.place(type), ...(name === undefined ? {} : { path: `${run.path} ${name}` }) };
  if (type > RTAX.$max)
    judge.deny(C.unknownAttribute, 'EINVAL', 'Invalid metric type', at, `there is no metric ${type}`);
  else if (type === RTAX.CC_ALGO.type) judge.may('EINVAL: Unknown tcp congestion algorithm');
  else if (run.len(type) !== 4) {
    const text = `a metric takes 4 bytes, not ${run.len(type)}`;
    judge.refuse({
      code: C.badValue,
      errno: 'EINVAL',
      msg: 'Invalid attribute in metrics',
      at,
      text,
      bad: run.off(type),
    });
  } else if (type === RTAX.FEATURES.type && (run.u32(type)! & ~FEATURES) !== 0)
    judge.may('EINVAL: Unknown flag set in feature mask in metrics attribute');
  else if (type === RTAX.LOCK.type) judge.may('EINVAL: Locked cwnd metric must be non zero');
}

function checkMetrics(run: Attributes): void {
  if (!run.ok(RTA.METRICS.type)) return;
  const given = run.nested(RTA.METRICS.type, metrics, openly);
  run.judge.may('EINVAL: Invalid metric type');
  for (let type = 1; type <= metrics.$max; type++) if (given.has(type)) checkMetric(given, type);
}

/** Routes that refuse packets lead nowhere. */
function checkRefusing(run: Attributes): void {
  const { judge } = run;
  const given = [RTA.GATEWAY.type, RTA.OIF.type, RTA.MULTIPATH.type].find(
    (type) => run.has(type) && address(run, type) !== 0,
  );
  if (given === undefined) return;
  const msg = 'Gateway, device and multipath can not be specified for this route type';
  judge.deny(C.exclusiveAttributes, 'EINVAL', msg, run.place(given), 'a route that refuses packets leads nowhere');
}

/** Texts of refusals of ways that objects decide. */
const wayReasons = [
  'ENETDOWN: Device for nexthop is not up',
  'ENETUNREACH: Nexthop has invalid gateway',
  'EINVAL: Nexthop has invalid gateway',
  'EINVAL: Nexthop id does not exist',
  'EINVAL: Unknown lwt encapsulation type',
  'EINVAL: Nexthop specification and nexthop id are mutually exclusive',
  'EINVAL: Invalid flags for nexthop - PERVASIVE and ONLINK can not be set',
  'EINVAL: Invalid flags for nexthop - can not contain DEAD or LINKDOWN',
  'EINVAL: Invalid nexthop configuration - extra data after nexthops',
];

function checkForwarding(run: Attributes, type: number, scope: number, bits: number): void {
  const { judge } = run;
  if (type < R.RTN_UNICAST) deny(judge, 'rtm_type', 'Invalid route type', `there is no route of type ${type}`);
  if (furtherAttributes.some((key) => run.has(RTA[key].type))) {
    judge.may('EINVAL: the way of the route is refused');
    judge.may('ENODEV: there is no such device');
    for (const reason of wayReasons) judge.may(reason);
    return;
  }
  const gateway = address(run, RTA.GATEWAY.type) !== 0;
  if (scope > R.RT_SCOPE_HOST) deny(judge, 'rtm_scope', 'Invalid scope', `there is no scope ${scope}`);
  if (scope === R.RT_SCOPE_HOST && gateway) {
    const msg = 'Route with host scope can not have a gateway';
    judge.deny(
      C.exclusiveAttributes,
      'EINVAL',
      msg,
      run.place(RTA.GATEWAY.type),
      'a route to this host has no gateway',
    );
  }
  if (!gateway && scope < R.RT_SCOPE_HOST) checkDirect(run, bits);
  else if (gateway) mayLackGateway(run, scope, bits);
  judge.may('ENODEV: there is no such device');
}

/** Without a gateway. */
function checkDirect(run: Attributes, bits: number): void {
  const { judge } = run;
  if (bits & (R.RTNH_F_PERVASIVE | R.RTNH_F_ONLINK))
    deny(
      judge,
      'rtm_flags',
      'Invalid flags for nexthop - PERVASIVE and ONLINK can not be set',
      'PERVASIVE and ONLINK are about a gateway, and there is none',
    );
  const oif = run.u32(RTA.OIF.type) ?? 0;
  if (oif === 0) {
    const place = run.has(RTA.OIF.type) ? run.place(RTA.OIF.type) : run.whole;
    judge.deny(C.missingAttribute, 'ENODEV', undefined, place, 'neither a gateway nor a device is named', run);
  }
  judge.may('ENETDOWN: Device for nexthop is not up');
}

function mayLackGateway(run: Attributes, scope: number, bits: number): void {
  const { judge } = run;
  if (bits & R.RTNH_F_ONLINK && scope >= R.RT_SCOPE_LINK)
    deny(judge, 'rtm_scope', 'Nexthop has invalid scope', 'a gateway is further away than the link');
  judge.may('ENODEV: Nexthop device required for onlink');
  judge.may('ENETDOWN: Nexthop device is not up');
  for (const errno of ['EINVAL', 'ENETUNREACH', 'EHOSTUNREACH', 'EACCES', 'ESRCH'])
    judge.may(`${errno}: Nexthop has invalid gateway`);
  judge.may('ENETDOWN: the device of the gateway is down');
}

export function newRoute4(judge: Judge): void {
  judge.symbol = 'net/ipv4/fib_frontend.c inet_rtm_newroute()';
  const run = toConfig(judge);
  if (run === undefined) return;
  checkKey(run);
  judge.may('ENOBUFS: there is no room for another table');
  checkInfo(run);
  judge.may('EINVAL: Invalid prefsrc address');
  if (judge.wants(NLM_F_EXCL) || !judge.wants(NLM_F_REPLACE)) judge.may('EEXIST: the route exists');
  else judge.may('EEXIST: the same route exists');
  if (!judge.wants(NLM_F_CREATE)) judge.may('ENOENT: there is no such route');
}

export function delRoute4(judge: Judge): void {
  judge.symbol = 'net/ipv4/fib_frontend.c inet_rtm_delroute()';
  const run = toConfig(judge);
  if (run === undefined) return;
  judge.may('ESRCH: FIB table does not exist');
  checkKey(run);
  judge.may('ESRCH: there is no such route');
}

/** Texts of refusals of routes of IPv6 that objects decide. */
const reasons6 = [
  'EACCES: IPv6 is disabled on nexthop device',
  'EINVAL: Egress device not specified',
  'EINVAL: Egress device can not be loopback device for this route',
  'EINVAL: Unknown lwt encapsulation type',
  'EINVAL: Invalid gateway address',
  'EINVAL: Invalid attribute in metrics',
  'EINVAL: Unknown tcp congestion algorithm',
  'EINVAL: Userspace can not set RTF_CACHE',
  'EINVAL: IPv6 does not support RTA_VIA attribute',
  'EINVAL: Unknown LWT encapsulation type',
  'EINVAL: LWT encap type not specified',
  'EINVAL: Nexthop specification and nexthop id are mutually exclusive',
  'EOPNOTSUPP: lwt encapsulation type not supported',
  'ENETDOWN: Nexthop device is not up',
  'ENODEV: Nexthop device required for onlink',
  'ENOENT: Can not replace route - no match found',
  'ESRCH: FIB table does not exist',
];

/** RTA_FLOWLABEL is for nothing yet. */
function checkFlowLabel(run: Attributes): void {
  const { type } = RTA6.FLOWLABEL;
  if (!run.ok(type)) return;
  run.judge.refuse({
    code: C.unsupported,
    errno: 'EINVAL',
    msg: 'Flow label cannot be specified for this operation',
    at: run.place(type),
    text: 'no route has a flow label',
    bad: run.off(type),
  });
}

/** Routes of IPv6: header and attributes, no more. */
export function route6(judge: Judge): void {
  judge.symbol = 'net/ipv6/route.c rtm_to_fib6_config()';
  if (!tc.hasHeader(judge, rtmsg.size, 'rtmsg')) return;
  const run = walk(judge, set6(judge), judge.start + ATTRS, judge.end, '', liberally);
  if (valueOf(judge, 'rtm_tos') !== 0)
    deny(
      judge,
      'rtm_tos',
      'Invalid dsfield (tos): option not available for IPv6',
      'no route of IPv6 has a traffic class',
    );
  const type = valueOf(judge, 'rtm_type');
  if (type > R.RTN_MAX) deny(judge, 'rtm_type', 'Invalid route type', `there is no type ${type}`);
  checkFlowLabel(run);
  for (const reason of reasons6) judge.may(reason);
  for (const errno of [
    'EINVAL',
    'ENODEV',
    'ENETDOWN',
    'EEXIST',
    'ENOENT',
    'ESRCH',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'EACCES',
    'ENOBUFS',
  ])
    judge.may(`${errno}: the route is refused`);
}

const getAttributes: ReadonlySet<number> = new Set(
  [RTA.SRC, RTA.DST, RTA.IIF, RTA.OIF, RTA.MARK, RTA.UID, RTA.IP_PROTO, RTA.SPORT, RTA.DPORT].map(({ type }) => type),
);

/** A prefix in a strict request for one route is whole or not there. */
function strictPrefixes(judge: Judge, bits: number, msg: string): void {
  for (const name of ['rtm_src_len', 'rtm_dst_len'] as const) {
    const length = valueOf(judge, name);
    if (length === 0 || length === bits) continue;
    judge.strictly({
      code: C.strictHeader,
      errno: 'EINVAL',
      msg,
      at: at(judge, name),
      text: `${name} is 0 or ${bits}, not ${length}`,
    });
  }
}

/** An address in a strict request has its length in the header. */
function strictLengths(run: Attributes, bits: number, msg: string): void {
  const { judge } = run;
  for (const [type, name] of [
    [RTA.SRC.type, 'rtm_src_len'],
    [RTA.DST.type, 'rtm_dst_len'],
  ] as const) {
    if (!run.has(type) || valueOf(judge, name) !== 0) continue;
    judge.strictly({
      code: C.strictHeader,
      errno: 'EINVAL',
      msg,
      at: at(judge, name),
      text: `${name} is to be ${bits} beside the address`,
    });
  }
}

/** rtm_getroute_parse_ip_proto() */
function checkProtocol(run: Attributes, icmp: number): void {
  const protocol = run.u8(RTA.IP_PROTO.type);
  if (protocol === undefined || [IPPROTO_TCP, IPPROTO_UDP, icmp].includes(protocol)) return;
  const text = `routes are asked for by TCP, UDP and ICMP, not by protocol ${protocol}`;
  run.judge.deny(C.unsupported, 'EOPNOTSUPP', 'Unsupported ip proto', run.place(RTA.IP_PROTO.type), text);
}

function mayHaveNoWay(judge: Judge): void {
  for (const errno of ['ENETUNREACH', 'EHOSTUNREACH', 'EACCES', 'EINVAL', 'ENODEV', 'ESRCH', 'EAGAIN'])
    judge.may(`${errno}: there is no way to the destination`);
}

const strictGetHeader = zero('rtm_table', 'rtm_protocol', 'rtm_scope', 'rtm_type');

export function getRoute4(judge: Judge): void {
  judge.symbol = 'net/ipv4/route.c inet_rtm_getroute()';
  if (!tc.hasHeader(judge, rtmsg.size, 'rtmsg', 'ipv4: Invalid header for route get request')) return;
  const msg = 'ipv4: Invalid values in header for route get request';
  strictPrefixes(judge, 32, msg);
  strictZero(judge, strictGetHeader, msg);
  strictFlags(
    judge,
    flags,
    R.RTM_F_NOTIFY | R.RTM_F_LOOKUP_TABLE | R.RTM_F_FIB_MATCH,
    'ipv4: Unsupported rtm_flags for route get request',
  );
  const run = walk(judge, set4(judge), judge.start + ATTRS, judge.end, '', orStrictly);
  strictLengths(run, 32, 'ipv4: rtm_src_len and rtm_dst_len must be 32 for IPv4');
  allowOnly(run, getAttributes, 'ipv4: Unsupported attribute in route get request');
  checkProtocol(run, IPPROTO_ICMP);
  mayHaveNoWay(judge);
}

export function getRoute6(judge: Judge): void {
  judge.symbol = 'net/ipv6/route.c inet6_rtm_getroute()';
  if (!tc.hasHeader(judge, rtmsg.size, 'rtmsg', 'ipv6: Invalid header for get route request')) return;
  const msg = 'ipv6: Invalid values in header for get route request';
  strictPrefixes(judge, 128, msg);
  strictZero(judge, strictGetHeader, msg);
  strictFlags(judge, flags, R.RTM_F_FIB_MATCH, 'ipv6: Invalid flags for get route request');
  const run = walk(judge, set6(judge), judge.start + ATTRS, judge.end, '', orStrictly);
  strictLengths(run, 128, 'ipv6: rtm_src_len and rtm_dst_len must be 128 for IPv6');
  allowOnly(run, getAttributes, 'ipv6: Unsupported attribute in get route request');
  for (const type of [RTA6.SRC.type, RTA6.DST.type]) checkLength6(run, type);
  checkProtocol(run, IPPROTO_ICMPV6);
  mayHaveNoWay(judge);
}

function checkLength6(run: Attributes, type: number): void {
  if (!run.ok(type) || run.len(type) >= 16) return;
  run.judge.deny(
    C.badAddressLength,
    'EINVAL',
    undefined,
    run.place(type),
    `an address has 16 bytes, not ${run.len(type)}`,
  );
}

const strictDumpHeader = zero('rtm_dst_len', 'rtm_src_len', 'rtm_tos', 'rtm_scope');
const dumpAttributes: ReadonlySet<number> = new Set([RTA.TABLE.type, RTA.OIF.type]);

/** ip_valid_fib_dump_req() */
function dump(judge: Judge, what: string): void {
  if (!strictHeader(judge, rtmsg.size, 'rtmsg', 'Invalid header for FIB dump request')) return;
  strictZero(judge, strictDumpHeader, 'Invalid values in header for FIB dump request');
  strictFlags(judge, flags, R.RTM_F_CLONED | R.RTM_F_PREFIX, 'Invalid flags for FIB dump request');
  const run = walk(judge, set4(judge), judge.start + ATTRS, judge.end, '', strictlyOnly);
  if (run.has(RTA.OIF.type)) judge.may('ENODEV: there is no such device');
  allowOnly(run, dumpAttributes, 'Unsupported attribute in dump request');
  if (valueOf(judge, 'rtm_family') !== AF_UNSPEC) judge.may(`ENOENT: ${what}: FIB table does not exist`);
}

export function dumpRoute4(judge: Judge): void {
  judge.symbol = 'net/ipv4/fib_frontend.c inet_dump_fib()';
  dump(judge, 'ipv4');
}

/** IPv6 reads the request with the policy of IPv4. */
export function dumpRoute6(judge: Judge): void {
  judge.symbol = 'net/ipv6/ip6_fib.c inet6_dump_fib()';
  dump(judge, 'ipv6');
}
