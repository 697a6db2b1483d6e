// Where everything in the body of a message lies: the struct it opens with, the attributes behind it, and the function that
// reads or writes them. layoutOf() is the beginning of every walk.
import { Bytes } from '../../codec/bytes.js';
import { struct } from '../../codec/struct.js';
import { u8 } from '../../codec/scalar.js';
import { NETCONFA, netconfmsg } from '../../uapi/linux/netconf.js';
import { NETNSA } from '../../uapi/linux/net_namespace.js';
import * as nl from '../../uapi/linux/netlink.js';
import { AF_INET6 } from '../../uapi/linux/socket.js';
import { if_stats_msg, IFLA_STATS, IFLA_STATS_GET } from '../../uapi/linux/if_link.js';
import * as rt from '../../uapi/linux/rtnetlink.js';
import * as address from './address.js';
import { acknowledgement, doneHead, errorHead } from './error.js';
import { openingOf } from './family.js';
import { level, structure } from './level.js';
import { link, linkHead } from './link.js';
import { nexthop, nexthopHead } from './nexthop.js';
import { routeHead, routeOf, rule, ruleHead } from './route.js';
import type { Context, Level, StructShape, Symbols } from './shape.js';
import * as traffic from './traffic.js';
import { family } from './values.js';

export interface Layout extends Symbols {
  /** The struct the body opens with. */
  readonly head?: StructShape;
  /** Where the attributes start in the body, if it is as long as that. */
  readonly start: number;
  /** In an NLMSG_ERROR: where the message that it echoes starts and ends in the body. */
  readonly echo?: readonly [start: number, end: number];
  readonly level: Level;
  readonly context: Context;
}

/** The layout of a group of types: RTM_NEWx, RTM_DELx, RTM_GETx, RTM_SETx. */
interface Group {
  readonly head: StructShape;
  readonly level: (context: Context) => Level;
  /** Functions that handle a request, by type & 3; a fifth one handles a dump. */
  readonly handlers: readonly (string | undefined)[];
  /** The same of AF_INET6, where they are others. */
  readonly handlers6?: readonly (string | undefined)[];
}

const always = (at: Level) => (): Level => at;
const isRequest = (context: Context): boolean => (context.flags & nl.NLM_F_REQUEST) !== 0;

const generic = structure(struct('rtgenmsg', { rtgen_family: u8 }), { shown: { rtgen_family: family } });

const statsHead = structure(if_stats_msg, { shown: { family } });
const stats = level(IFLA_STATS, { writes: 'net/core/rtnetlink.c rtnl_fill_statsinfo()' });
const statsRequest = level(IFLA_STATS_GET, { reads: 'net/core/rtnetlink.c rtnl_stats_get_parse()' });
const namespace = level(NETNSA, {
  reads: 'net/core/net_namespace.c rtnl_net_newid()',
  writes: 'net/core/net_namespace.c rtnl_net_fill()',
});
const netconf = level(NETCONFA, {
  reads: 'net/ipv4/devinet.c inet_netconf_get_devconf()',
  writes: 'net/ipv4/devinet.c inet_netconf_fill_devconf()',
});

const core = (name: string): string => `net/core/rtnetlink.c rtnl_${name}()`;
const api = (name: string): string => `net/sched/sch_api.c tc_${name}()`;
const cls = (name: string): string => `net/sched/cls_api.c tc_${name}()`;
const act = (name: string): string => `net/sched/act_api.c tc_${name}()`;
const devinet = (name: string): string => `net/ipv4/devinet.c inet_rtm_${name}()`;
const addrconf = (name: string): string => `net/ipv6/addrconf.c inet6_${name}()`;
const route6 = (name: string): string => `net/ipv6/route.c inet6_${name}()`;
const fib = (name: string): string => `net/ipv4/fib_frontend.c inet_${name}()`;
const neigh = (name: string): string => `net/core/neighbour.c neigh_${name}()`;
const hops = (name: string): string => `net/ipv4/nexthop.c rtm_${name}()`;
const rules = (name: string): string => `net/core/fib_rules.c fib_nl_${name}()`;
const nsid = (name: string): string => `net/core/net_namespace.c rtnl_net_${name}()`;

/** Addresses that an interface listens to. */
const multicast = (dump: string): Group => ({
  head: address.addressHead,
  level: (context) => (context.family === AF_INET6 ? address.address6 : address.address4),
  handlers: [undefined, undefined, undefined, undefined, dump],
});

const groups: Readonly<Record<number, Group>> = {
  [rt.RTM_NEWLINK]: {
    head: linkHead,
    level: always(link),
    handlers: [core('newlink'), core('dellink'), core('getlink'), core('setlink'), core('dump_ifinfo')],
  },
  [rt.RTM_NEWADDR]: {
    head: address.addressHead,
    level: (context) => (context.family === AF_INET6 ? address.address6 : address.address4),
    handlers: [devinet('newaddr'), devinet('deladdr'), undefined, undefined, 'net/ipv4/devinet.c inet_dump_ifaddr()'],
    handlers6: [
      addrconf('rtm_newaddr'),
      addrconf('rtm_deladdr'),
      addrconf('rtm_getaddr'),
      undefined,
      addrconf('dump_ifaddr'),
    ],
  },
  [rt.RTM_NEWMULTICAST]: multicast('net/ipv4/devinet.c inet_dump_ifmcaddr()'),
  [rt.RTM_NEWANYCAST]: multicast('net/ipv6/addrconf.c inet6_dump_ifacaddr()'),
  [rt.RTM_NEWROUTE]: {
    head: routeHead,
    level: (context) => routeOf(context.family),
    handlers: [
      fib('rtm_newroute'),
      fib('rtm_delroute'),
      'net/ipv4/route.c inet_rtm_getroute()',
      undefined,
      fib('dump_fib'),
    ],
    handlers6: [
      route6('rtm_newroute'),
      route6('rtm_delroute'),
      route6('rtm_getroute'),
      undefined,
      'net/ipv6/ip6_fib.c inet6_dump_fib()',
    ],
  },
  [rt.RTM_NEWNEIGH]: {
    head: address.neighbourHead,
    level: always(address.neighbour),
    handlers: [neigh('add'), neigh('delete'), neigh('get'), undefined, neigh('dump_info')],
  },
  [rt.RTM_NEWRULE]: {
    head: ruleHead,
    level: always(rule),
    handlers: [rules('newrule'), rules('delrule'), undefined, undefined, rules('dumprule')],
  },
  [rt.RTM_NEWQDISC]: {
    head: traffic.qdiscHead,
    level: always(traffic.qdisc),
    handlers: [api('modify_qdisc'), api('get_qdisc'), api('get_qdisc'), undefined, api('dump_qdisc')],
  },
  [rt.RTM_NEWTCLASS]: {
    head: traffic.qdiscHead,
    level: always(traffic.tclass),
    handlers: [api('ctl_tclass'), api('ctl_tclass'), api('ctl_tclass'), undefined, api('dump_tclass')],
  },
  [rt.RTM_NEWTFILTER]: {
    head: traffic.filterHead,
    level: always(traffic.filter),
    handlers: [cls('new_tfilter'), cls('del_tfilter'), cls('get_tfilter'), undefined, cls('dump_tfilter')],
  },
  [rt.RTM_NEWACTION]: {
    head: traffic.actionHead,
    level: always(traffic.actionRoot),
    handlers: [act('ctl_action'), act('ctl_action'), act('ctl_action'), undefined, act('dump_action')],
  },
  [rt.RTM_NEWPREFIX]: { head: address.prefixHead, level: always(address.prefix), handlers: [] },
  [rt.RTM_NEWNEXTHOP]: {
    head: nexthopHead,
    level: always(nexthop),
    handlers: [hops('new_nexthop'), hops('del_nexthop'), hops('get_nexthop'), undefined, hops('dump_nexthop')],
  },
  [rt.RTM_NEWNEXTHOPBUCKET]: {
    head: nexthopHead,
    level: always(nexthop),
    handlers: [undefined, undefined, hops('get_nexthop_bucket'), undefined, hops('dump_nexthop_bucket')],
  },
  [rt.RTM_NEWNETCONF]: {
    head: structure(netconfmsg, { shown: { ncm_family: family } }),
    level: always(netconf),
    handlers: [
      undefined,
      undefined,
      devinet('getnetconf'),
      undefined,
      'net/ipv4/devinet.c inet_netconf_dump_devconf()',
    ],
  },
  [rt.RTM_NEWNSID]: {
    head: generic,
    level: always(namespace),
    handlers: [nsid('newid'), undefined, nsid('getid'), undefined, nsid('dumpid')],
  },
  [rt.RTM_NEWSTATS]: {
    head: statsHead,
    level: (context) => (isRequest(context) ? statsRequest : stats),
    handlers: [undefined, undefined, core('stats_get'), core('stats_set'), core('stats_dump')],
  },
  [rt.RTM_NEWCHAIN]: {
    head: traffic.filterHead,
    level: always(traffic.chain),
    handlers: [cls('ctl_chain'), cls('ctl_chain'), cls('ctl_chain'), undefined, cls('dump_chain')],
  },
  [rt.RTM_NEWLINKPROP]: {
    head: linkHead,
    level: always(link),
    handlers: [core('newlinkprop'), core('dellinkprop')],
  },
};

/** RTM_GETx of a group of four types. */
const GET = 2;
const DUMP_HANDLER = 4;

/** Layout of a body; undefined when messages of this type are not known: neither struct nor attributes. */
export function layoutOf(
  type: number,
  flags: number,
  body: Uint8Array,
  protocol: number = nl.NETLINK_ROUTE,
): Layout | undefined {
  const context = { protocol, type, flags, family: body[0] ?? 0 };
  if (type === nl.NLMSG_ERROR) return errorLayout(context, body);
  if (type === nl.NLMSG_DONE) return doneLayout(context);
  if (type < nl.NLMSG_MIN_TYPE) return undefined;
  return protocol === nl.NETLINK_ROUTE ? routeLayout(context, body) : familyLayout(context);
}

function familyLayout(context: Context): Layout | undefined {
  const opening = openingOf(context);
  return opening && { ...opening, start: nl.nlmsgAlign(opening.head.struct.size), context };
}

function routeLayout(context: Context, body: Uint8Array): Layout | undefined {
  const group = groups[context.type & ~3];
  if (group === undefined) return undefined;
  const { head } = shortHead(group, context, body);
  const reads = handlerOf(group, context);
  return {
    head,
    start: nl.nlmsgAlign(head.struct.size),
    level: group.level(context),
    context,
    ...(reads === undefined ? {} : { reads }),
  };
}

/** A dump may be asked for with the family alone, whatever the type. */
function shortHead(group: Group, { type }: Context, body: Uint8Array): { head: StructShape } {
  const short = (type & 3) === GET && body.length < group.head.struct.size && body.length <= 4;
  return { head: short ? generic : group.head };
}

function handlerOf({ handlers, handlers6 = handlers }: Group, context: Context): string | undefined {
  if (!isRequest(context)) return undefined;
  const isDump = (context.type & 3) === GET && (context.flags & nl.NLM_F_DUMP) !== 0;
  return (context.family === AF_INET6 ? handlers6 : handlers)[isDump ? DUMP_HANDLER : context.type & 3];
}

/** What the kernel says of a refusal stands behind the echoed request: its header alone, or all of it. */
function errorLayout(context: Context, body: Uint8Array): Layout | undefined {
  const head = errorHead;
  const { size } = head.struct;
  const rest = { head, level: acknowledgement, context, writes: 'net/netlink/af_netlink.c netlink_ack()' };
  if (body.length < nl.nlmsgerr.size) return { ...rest, start: Math.min(size, body.length) };
  const { msg } = nl.nlmsgerr.get(new Bytes(body), 0);
  const echoed =
    context.flags & nl.NLM_F_CAPPED ? nl.NLMSG_HDRLEN : nl.nlmsgAlign(Math.min(msg.nlmsg_len, body.length));
  const end = Math.min(context.flags & nl.NLM_F_ACK_TLVS ? size + echoed : body.length, body.length);
  return { ...rest, start: end, echo: [size, end] };
}

const doneLayout = (context: Context): Layout => ({
  head: doneHead,
  start: doneHead.struct.size,
  level: acknowledgement,
  context,
  writes: 'net/netlink/af_netlink.c netlink_dump_done()',
});
