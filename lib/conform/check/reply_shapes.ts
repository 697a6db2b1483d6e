// What the kernel's messages are made of: the attributes of each type in the order in which the kernel appends them, and
// those that are never missing. Only attributes that are named here have a place; others may stand anywhere.
import * as A from '../../uapi/linux/if_addr.js';
import type { AttrSet } from '../../codec/attrs.js';
import { FRA, fib_rule_hdr } from '../../uapi/linux/fib_rules.js';
import { IFLA } from '../../uapi/linux/if_link.js';
import { NETNSA } from '../../uapi/linux/net_namespace.js';
import { NDA, ndmsg } from '../../uapi/linux/neighbour.js';
import { RTA, RTA6, rtmsg } from '../../uapi/linux/route.js';
import * as T from '../../uapi/linux/rtnetlink.js';
import { AF_INET, AF_INET6 } from '../../uapi/linux/socket.js';
import type { KernelVersion } from './versions.js';

export interface ReplyShape {
  /** Size of the family header. */
  readonly header: number;
  readonly headerName: string;
  readonly set: AttrSet<object>;
  /** Rank by type: greater comes later; 0 = anywhere. */
  readonly rank: readonly number[];
  readonly required: readonly number[];
  /** What no user is told: attributes of requests alone. */
  readonly inputOnly: ReadonlySet<number>;
  readonly symbol: string;
}

interface Declared {
  readonly header: { readonly size: number; readonly name: string };
  readonly set: AttrSet<object>;
  /** Types in order; one that is not always there is negative. */
  readonly order: readonly number[];
  readonly inputOnly?: readonly number[];
  readonly symbol: string;
}

function shape({ header, set, order, inputOnly = [], symbol }: Declared): ReplyShape {
  const rank = Array.from({ length: set.$max + 1 }, () => 0);
  order.forEach((type, i) => {
    rank[Math.abs(type)] = i + 1;
  });
  const required = order.filter((type) => type > 0);
  return { header: header.size, headerName: header.name, set, rank, required, inputOnly: new Set(inputOnly), symbol };
}

/** IFLA_* of rtnl_fill_ifinfo(): what is read without the lock first, since 6.18. */
const linkOrder = [
  3, 13, 16, 17, 67, 4, 50, 51, 27, 30, 61, 31, 40, 41, 58, 63, 64, 59, 60, 66, 32, 33, -20, 35, 47, 48, 68, 69, 39, -44, 1,
  2, 23, 7, -43, -18, -5, 6, 26, 14, -52, 62, 65,
]; // prettier-ignore
const linkOrder61 = [
  3, 13, 16, 17, 4, 50, 51, 27, 30, 61, 31, 40, 41, 58, 59, 60, 33, 6, -20, 35, 47, 48, 39, -44, 14, 1, 2, 23, 7, -43, -18,
  -5, 26,
]; // prettier-ignore

const linkInput = [IFLA.EXT_MASK, IFLA.NET_NS_PID, IFLA.NET_NS_FD].map(({ type }) => type);

const link = (order: readonly number[]): ReplyShape =>
  shape({
    header: T.ifinfomsg,
    set: IFLA,
    order,
    inputOnly: linkInput,
    symbol: 'net/core/rtnetlink.c rtnl_fill_ifinfo()',
  });

const { KIND, CHAIN, OPTIONS, STATS2, STATS, HW_OFFLOAD, INGRESS_BLOCK, EGRESS_BLOCK, STAB, XSTATS, EXT_WARN_MSG } =
  T.TCA;
const tcInput = [T.TCA.RATE.type, T.TCA.DUMP_INVISIBLE.type, T.TCA.DUMP_FLAGS.type];

const qdisc = shape({
  header: T.tcmsg,
  set: T.TCA,
  order: [
    ...[KIND.type, -INGRESS_BLOCK.type, -EGRESS_BLOCK.type, -OPTIONS.type, HW_OFFLOAD.type, -STAB.type, STATS2.type],
    ...[STATS.type, -XSTATS.type, -EXT_WARN_MSG.type],
  ],
  inputOnly: tcInput,
  symbol: 'net/sched/sch_api.c tc_fill_qdisc()',
});

const tclass = shape({
  header: T.tcmsg,
  set: T.TCA,
  order: [KIND.type, -OPTIONS.type, STATS2.type, STATS.type, -XSTATS.type, -EXT_WARN_MSG.type],
  inputOnly: tcInput,
  symbol: 'net/sched/sch_api.c tc_fill_tclass()',
});

const tfilter = shape({
  header: T.tcmsg,
  set: T.TCA,
  order: [KIND.type, CHAIN.type, -OPTIONS.type, -EXT_WARN_MSG.type],
  inputOnly: tcInput,
  symbol: 'net/sched/cls_api.c tcf_fill_node()',
});

const chain = shape({
  header: T.tcmsg,
  set: T.TCA,
  order: [CHAIN.type, -KIND.type, -OPTIONS.type, -EXT_WARN_MSG.type],
  inputOnly: tcInput,
  symbol: 'net/sched/cls_api.c tc_chain_fill_node()',
});

const { TAB, COUNT, FLAGS, TIME_DELTA } = T.TCA_ROOT;
const action = shape({
  header: T.tcamsg,
  set: T.TCA_ROOT,
  order: [-COUNT.type, TAB.type],
  inputOnly: [FLAGS.type, TIME_DELTA.type],
  symbol: 'net/sched/act_api.c tca_get_fill()',
});

const { ADDRESS, LOCAL, BROADCAST, LABEL, PROTO, FLAGS: IFA_FLAGS, RT_PRIORITY, CACHEINFO } = A.IFA;
const addr4 = shape({
  header: A.ifaddrmsg,
  set: A.IFA,
  order: [
    ...[-ADDRESS.type, -LOCAL.type, -BROADCAST.type, -LABEL.type, -PROTO.type, IFA_FLAGS.type, -RT_PRIORITY.type],
    CACHEINFO.type,
  ],
  symbol: 'net/ipv4/devinet.c inet_fill_ifaddr()',
});
const addr6 = shape({
  header: A.ifaddrmsg,
  set: A.IFA6,
  order: [-LOCAL.type, ADDRESS.type, -RT_PRIORITY.type, CACHEINFO.type, IFA_FLAGS.type, -PROTO.type],
  symbol: 'net/ipv6/addrconf.c inet6_fill_ifaddr()',
});

const route4 = shape({
  header: rtmsg,
  set: RTA,
  order: [RTA.TABLE.type, -RTA.DST.type, -RTA.PRIORITY.type],
  symbol: 'net/ipv4/fib_semantics.c fib_dump_info()',
});
const route6 = shape({
  header: rtmsg,
  set: RTA6,
  order: [RTA6.TABLE.type, -RTA6.DST.type, -RTA6.PRIORITY.type],
  symbol: 'net/ipv6/route.c rt6_fill_node()',
});

const rule = shape({
  header: fib_rule_hdr,
  set: FRA,
  order: [
    ...[FRA.TABLE.type, FRA.SUPPRESS_PREFIXLEN.type, FRA.PROTOCOL.type, -FRA.IIFNAME.type, -FRA.OIFNAME.type],
    -FRA.PRIORITY.type,
  ],
  symbol: 'net/core/fib_rules.c fib_nl_fill_rule()',
});

const neigh = shape({
  header: ndmsg,
  set: NDA,
  order: [NDA.DST.type, -NDA.LLADDR.type],
  symbol: 'net/core/neighbour.c neigh_fill_info()',
});

const nsid = shape({
  header: { size: T.rtgenmsg.size, name: 'rtgenmsg' },
  set: NETNSA,
  order: [NETNSA.NSID.type, -NETNSA.CURRENT_NSID.type],
  symbol: 'net/core/net_namespace.c rtnl_net_fill()',
});

const key = (type: number, family: number): number => (type << 8) | family;

function table(links: ReplyShape): ReadonlyMap<number, ReplyShape> {
  const shapes: [number, ReplyShape][] = [];
  const add = (made: ReplyShape, family: number, ...types: readonly number[]): void => {
    for (const type of types) shapes.push([key(type, family), made]);
  };
  add(links, 0, T.RTM_NEWLINK, T.RTM_DELLINK);
  add(qdisc, 0, T.RTM_NEWQDISC, T.RTM_DELQDISC);
  add(tclass, 0, T.RTM_NEWTCLASS, T.RTM_DELTCLASS);
  add(tfilter, 0, T.RTM_NEWTFILTER, T.RTM_DELTFILTER);
  add(chain, 0, T.RTM_NEWCHAIN, T.RTM_DELCHAIN, T.RTM_GETCHAIN);
  add(action, 0, T.RTM_NEWACTION, T.RTM_DELACTION, T.RTM_GETACTION);
  add(addr4, AF_INET, T.RTM_NEWADDR, T.RTM_DELADDR);
  add(addr6, AF_INET6, T.RTM_NEWADDR, T.RTM_DELADDR);
  add(route4, AF_INET, T.RTM_NEWROUTE, T.RTM_DELROUTE);
  add(route6, AF_INET6, T.RTM_NEWROUTE, T.RTM_DELROUTE);
  for (const family of [AF_INET, AF_INET6]) {
    add(rule, family, T.RTM_NEWRULE, T.RTM_DELRULE);
    add(neigh, family, T.RTM_NEWNEIGH, T.RTM_DELNEIGH);
  }
  add(nsid, 0, T.RTM_NEWNSID, T.RTM_DELNSID);
  return new Map(shapes);
}

const tables: Readonly<Record<KernelVersion, ReadonlyMap<number, ReplyShape>>> = {
  'v4.1': new Map(),
  'v6.1': table(link(linkOrder61)),
  'v6.18': table(link(linkOrder)),
};

/** Types whose messages have no family of their own. */
const anyFamily: ReadonlySet<number> = new Set([
  ...[T.RTM_NEWQDISC, T.RTM_DELQDISC, T.RTM_NEWTCLASS, T.RTM_DELTCLASS, T.RTM_NEWTFILTER, T.RTM_DELTFILTER],
  ...[T.RTM_NEWCHAIN, T.RTM_DELCHAIN, T.RTM_GETCHAIN, T.RTM_NEWACTION, T.RTM_DELACTION, T.RTM_GETACTION],
]);

/** The shape of messages of a type; undefined = not known. */
export function shapeOf(version: KernelVersion, type: number, family: number): ReplyShape | undefined {
  return tables[version].get(key(type, anyFamily.has(type) ? 0 : family));
}

/** Types that the kernel sends though they look like requests. */
export const answersAsGet: ReadonlySet<number> = new Set([
  ...[T.RTM_GETACTION, T.RTM_GETCHAIN, T.RTM_GETMULTICAST, T.RTM_GETANYCAST],
]);
