// Messages of routes and of routing rules.
import { be16, u32, u8 } from '../../codec/scalar.js';
import * as fr from '../../uapi/linux/fib_rules.js';
import { nameTable } from '../../codec/names.js';
import * as ro from '../../uapi/linux/route.js';
import { AF_INET6 } from '../../uapi/linux/socket.js';
import { rta_cacheinfo } from '../../uapi/linux/rtnetlink.js';
import { anyAddress } from './address.js';
import { attributes, level, structure, value } from './level.js';
import type { Level, Shape } from './shape.js';
import { family, ipProto, shown } from './values.js';

const table = value(shown(u32, ro.rtTable));
const preference = nameTable({
  ICMPV6_ROUTER_PREF_MEDIUM: 0, ICMPV6_ROUTER_PREF_HIGH: 1, ICMPV6_ROUTER_PREF_INVALID: 2, ICMPV6_ROUTER_PREF_LOW: 3,
}); // prettier-ignore

export const routeHead = structure(ro.rtmsg, {
  shown: {
    rtm_family: family,
    rtm_table: shown(u8, ro.rtTable),
    rtm_protocol: shown(u8, ro.rtProtocol),
    rtm_scope: shown(u8, ro.rtScope),
    rtm_type: shown(u8, ro.rtnType),
    rtm_flags: shown(u32, ro.rtmFlags),
  },
});

const hop = structure(ro.rtnexthop, { shown: { rtnh_flags: shown(u8, ro.rtmFlags) } });

const metrics = attributes(
  level(ro.RTAX, {
    reads: 'net/ipv4/metrics.c ip_metrics_convert()',
    writes: 'net/core/rtnetlink.c rtnetlink_put_metrics()',
  }),
);

const rules = {
  DST: anyAddress,
  SRC: anyAddress,
  GATEWAY: anyAddress,
  PREFSRC: anyAddress,
  METRICS: metrics,
  MULTIPATH: ({ context }: { context: { family: number } }): Shape => ({
    is: 'records',
    struct: hop,
    level: routeOf(context.family),
  }),
  CACHEINFO: structure(rta_cacheinfo),
  TABLE: table,
  IP_PROTO: value(ipProto),
  SPORT: value(be16),
  DPORT: value(be16),
};

export const route4: Level = level(
  ro.RTA,
  { reads: 'net/ipv4/fib_frontend.c rtm_to_fib_config()', writes: 'net/ipv4/fib_semantics.c fib_dump_info()' },
  rules,
);
export const route6: Level = level(
  ro.RTA6,
  { reads: 'net/ipv6/route.c rtm_to_fib6_config()', writes: 'net/ipv6/route.c rt6_fill_node()' },
  { ...rules, PREF: value(shown(u8, preference)) },
);

export function routeOf(of: number): Level {
  return of === AF_INET6 ? route6 : route4;
}

export const ruleHead = structure(fr.fib_rule_hdr, {
  shown: {
    family,
    table: shown(u8, ro.rtTable),
    action: shown(u8, fr.frAct),
    flags: shown(u32, fr.fibRuleFlags),
  },
});
export const rule = level(
  fr.FRA,
  { reads: 'net/core/fib_rules.c fib_nl2rule()', writes: 'net/core/fib_rules.c fib_nl_fill_rule()' },
  {
    DST: anyAddress,
    SRC: anyAddress,
    TABLE: table,
    PROTOCOL: value(shown(u8, ro.rtProtocol)),
    IP_PROTO: value(ipProto),
    UID_RANGE: structure(fr.fib_rule_uid_range),
    SPORT_RANGE: structure(fr.fib_rule_port_range),
    DPORT_RANGE: structure(fr.fib_rule_port_range),
  },
);
