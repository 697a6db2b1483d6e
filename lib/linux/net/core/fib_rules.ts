// net/core/fib_rules.c: the rules that say which routing table is asked. Those every kernel has from the start, and
// what requests add, for IPv4 and IPv6; what is special to either is in ipv4/fib_rules.ts and ipv6/fib6_rules.ts.
// Lookups walk rulesOf() by fibRulesLookup(); as long as nobody has changed a rule, they need not.
import { devGetByName } from './dev/table.js';
import * as F from '../../../uapi/linux/fib_rules.js';
import { RT_TABLE_DEFAULT, RT_TABLE_LOCAL, RT_TABLE_MAIN, RTPROT_KERNEL } from '../../../uapi/linux/route.js';
import { AF_INET, AF_INET6 } from '../../../uapi/linux/socket.js';
import type { Net } from './net_namespace.js';
import { netGeneric } from './net_namespace.js';

/** struct fib_rule with what fib4_rule and fib6_rule add. Devices are known by name: they may come and go. */
export interface FibRule {
  readonly family: number;
  readonly priority: number;
  readonly table: number;
  /** FR_ACT_* */
  readonly action: number;
  /** As the request gave them: FIB_RULE_INVERT and FIB_RULE_PERMANENT mean something. */
  readonly flags: number;
  readonly protocol: number;
  readonly tos: number;
  readonly dst: Uint8Array | undefined;
  readonly dstLen: number;
  readonly src: Uint8Array | undefined;
  readonly srcLen: number;
  readonly iif: string;
  readonly oif: string;
  readonly mark: number;
  readonly markMask: number;
  /** 0xffffffff for none. */
  readonly suppressPrefixlen: number;
  readonly suppressIfgroup: number;
}

export const NONE = 0xffffffff;
/** RTNL_FAMILY_IPMR and RTNL_FAMILY_IP6MR: routing of multicast has rules of its own. */
export const IPMR = 128;
export const IP6MR = 129;

/** struct fib_rules_ops. */
export interface FibRules {
  readonly family: number;
  readonly rules: FibRule[];
  /** Whether a request has added or deleted one. */
  custom: boolean;
}

const boot = (family: number, priority: number, table: number): FibRule => ({
  ...{ family, priority, table, action: F.FR_ACT_TO_TBL, flags: 0, protocol: RTPROT_KERNEL, tos: 0 },
  ...{ dst: undefined, dstLen: 0, src: undefined, srcLen: 0, iif: '', oif: '', mark: 0, markMask: 0 },
  ...{ suppressPrefixlen: NONE, suppressIfgroup: NONE },
});

const ops = (family: number, ...tables: readonly (readonly [number, number])[]): FibRules => ({
  family,
  rules: tables.map(([priority, table]) => boot(family, priority, table)),
  custom: false,
});

const local = [0, RT_TABLE_LOCAL] as const;
const main = [0x7ffe, RT_TABLE_MAIN] as const;

/** In the order of dumps over all families. */
const allRules = netGeneric((): readonly FibRules[] => [
  ops(AF_INET, local, main, [0x7fff, RT_TABLE_DEFAULT]),
  ops(IPMR, [0x7fff, RT_TABLE_DEFAULT]),
  ops(IP6MR, [0x7fff, RT_TABLE_MAIN]),
  ops(AF_INET6, local, main),
]);

const isIpv6 = ({ family }: FibRules): boolean => family === AF_INET6 || family === IP6MR;

const isThere = (net: Net, it: FibRules): boolean => net.machine.config.ipv6 || !isIpv6(it);

/** The families that have rules here. @differs a list in the kernel, asked by lookup_rules_ops() */
export const rulesThere = (net: Net): FibRules[] => allRules(net).filter((it) => isThere(net, it));

/** @models net/core/fib_rules.c lookup_rules_ops() */
export function rulesOf(net: Net, family: number): FibRules | undefined {
  return allRules(net).find((it) => it.family === family && isThere(net, it));
}

/** What a packet shows to the rules. */
export interface Flow {
  /** Undefined for an address that is not known yet: all zeros. */
  readonly dst: Uint8Array;
  readonly src: Uint8Array | undefined;
  readonly oif: number;
  readonly mark: number;
  readonly tos: number;
}

/** A packet of this machine comes in over the loopback, as far as rules see. */
const LOOPBACK_IFINDEX = 1;

function inPrefix(address: Uint8Array | undefined, prefix: Uint8Array | undefined, length: number): boolean {
  if (prefix === undefined) return true;
  for (let i = 0; i < length; i += 8) {
    const mask = length - i >= 8 ? 0xff : (0xff00 >> (length - i)) & 0xff;
    if ((((address?.[i >> 3] ?? 0) ^ prefix[i >> 3]!) & mask) !== 0) return false;
  }
  return true;
}

const isDevice = (net: Net, name: string, ifindex: number): boolean =>
  name === '' || devGetByName(net, name)?.ifindex === ifindex;

/** @models net/core/fib_rules.c fib_rule_match() */
function matches(net: Net, rule: FibRule, flow: Flow): boolean {
  const fits =
    isDevice(net, rule.iif, LOOPBACK_IFINDEX) &&
    isDevice(net, rule.oif, flow.oif) &&
    ((rule.mark ^ flow.mark) & rule.markMask) === 0 &&
    inPrefix(flow.src, rule.src, rule.srcLen) &&
    inPrefix(flow.dst, rule.dst, rule.dstLen) &&
    (rule.tos === 0 || rule.tos === flow.tos);
  return fits !== ((rule.flags & F.FIB_RULE_INVERT) !== 0);
}

/**
 * Asks the rules that match, in order, until one has an answer.
 *
 * @models net/core/fib_rules.c fib_rules_lookup()
 */
export function fibRulesLookup<T>(
  net: Net,
  { rules }: FibRules,
  flow: Flow,
  ask: (rule: FibRule) => T | undefined,
): T | undefined {
  for (const rule of rules) {
    if (rule.action === F.FR_ACT_NOP || !matches(net, rule, flow)) continue;
    const answer = ask(rule);
    if (answer !== undefined) return answer;
  }
  return undefined;
}

/**
 * Whether a rule does not want a route it found.
 *
 * @models net/ipv4/fib_rules.c fib4_rule_suppress()
 * @differs one function for both families
 */
export function suppresses(rule: FibRule, plen: number, group: number | undefined): boolean {
  if (rule.suppressPrefixlen !== NONE && plen <= rule.suppressPrefixlen) return true;
  return rule.suppressIfgroup !== NONE && group === rule.suppressIfgroup;
}
