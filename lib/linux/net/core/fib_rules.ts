// net/core/fib_rules.c: the rules every kernel has from the start. Others cannot be added: routing by rules is not
// modelled.
import { EAFNOSUPPORT, EINVAL } from '../../../uapi/asm-generic/errno.js';
import { FR_ACT_TO_TBL, FRA, fib_rule_hdr } from '../../../uapi/linux/fib_rules.js';
import { NLM_F_MULTI, NLMSG_HDRLEN } from '../../../uapi/linux/netlink.js';
import { RT_TABLE_DEFAULT, RT_TABLE_LOCAL, RT_TABLE_MAIN, RTPROT_KERNEL } from '../../../uapi/linux/route.js';
import { RTM_GETRULE, RTM_NEWRULE } from '../../../uapi/linux/rtnetlink.js';
import { AF_INET, AF_INET6, AF_UNSPEC } from '../../../uapi/linux/socket.js';
import { errno, refuse } from '../../errno.js';
import type { Net } from './net_namespace.js';
import type { DumpEntry, RtnlRequest } from './rtnetlink.js';

interface Rule {
  readonly family: number;
  readonly priority: number;
  readonly table: number;
}

const rule = (family: number, priority: number, table: number): Rule => ({ family, priority, table });
/** RTNL_FAMILY_IPMR and RTNL_FAMILY_IP6MR: routing of multicast has rules of its own. */
const IPMR = 128;
const IP6MR = 129;

/** In the order of dumps over all families. */
const rules: readonly Rule[] = [
  rule(AF_INET, 0, RT_TABLE_LOCAL),
  rule(AF_INET, 0x7ffe, RT_TABLE_MAIN),
  rule(AF_INET, 0x7fff, RT_TABLE_DEFAULT),
  rule(IPMR, 0x7fff, RT_TABLE_DEFAULT),
  rule(IP6MR, 0x7fff, RT_TABLE_MAIN),
  rule(AF_INET6, 0, RT_TABLE_LOCAL),
  rule(AF_INET6, 0x7ffe, RT_TABLE_MAIN),
];

const isIpv6 = ({ family }: Rule): boolean => family === AF_INET6 || family === IP6MR;

/** @models net/core/fib_rules.c fib_nl_fill_rule() */
function fillRule(one: Rule, { seq, portid }: RtnlRequest): DumpEntry {
  return (skb) => {
    const start = skb.begin(RTM_NEWRULE, NLM_F_MULTI, seq, portid, fib_rule_hdr.size);
    fib_rule_hdr.set(skb.buffer, start + NLMSG_HDRLEN, {
      family: one.family,
      ...{ dst_len: 0, src_len: 0, tos: 0, res1: 0, res2: 0, flags: 0 },
      table: one.table,
      action: FR_ACT_TO_TBL,
    });
    skb.put(FRA.TABLE, one.table);
    skb.put(FRA.SUPPRESS_PREFIXLEN, 0xffffffff);
    skb.put(FRA.PROTOCOL, RTPROT_KERNEL);
    if (one.priority !== 0) skb.put(FRA.PRIORITY, one.priority);
    skb.end(start);
  };
}

/** @models net/core/fib_rules.c fib_valid_dumprule_req() */
function checkStrict({ msg, extack }: RtnlRequest): void {
  const attributes = NLMSG_HDRLEN + fib_rule_hdr.size;
  if (msg.length < attributes) refuse(extack, EINVAL, 'Invalid header for fib rule dump request');
  const { dst_len, src_len, tos, table, res1, res2, action, flags } = fib_rule_hdr.get(msg, NLMSG_HDRLEN);
  if ([dst_len, src_len, tos, table, res1, res2, action, flags].some((value) => value !== 0))
    refuse(extack, EINVAL, 'Invalid values in header for fib rule dump request');
  if (msg.length > attributes) refuse(extack, EINVAL, 'Invalid data after header in fib rule dump request');
}

/** @models net/core/fib_rules.c fib_nl_dumprule() */
function* dumpRules(request: RtnlRequest): Iterable<DumpEntry> {
  if (request.strict) checkStrict(request);
  const family = request.msg.u8[NLMSG_HDRLEN]!;
  const { ipv6 } = request.machine.config;
  const there = rules.filter((one) => ipv6 || !isIpv6(one));
  if (family !== AF_UNSPEC && !there.some((one) => one.family === family)) throw errno(EAFNOSUPPORT);
  for (const one of there) if (family === AF_UNSPEC || one.family === family) yield fillRule(one, request);
}

/** @models net/core/fib_rules.c fib_rules_init() */
export function fibRulesInit(net: Net): void {
  net.rtnl.register(AF_UNSPEC, RTM_GETRULE, { dumpit: dumpRules, joinDone: true });
}
