// net/ipv4/fib_rules.c and fib_frontend.c, looking routes up: the three rules every kernel has ask the local and main
// tables, which are one, then the default table. Once a rule has been changed, the rules are asked one by one.
import { EACCES, EHOSTUNREACH, EINVAL, ENETUNREACH } from '../../../uapi/asm-generic/errno.js';
import * as F from '../../../uapi/linux/fib_rules.js';
import * as R from '../../../uapi/linux/route.js';
import { AF_INET } from '../../../uapi/linux/socket.js';
import type { FibRule, FibRules } from '../core/fib_rules.js';
import { fibRulesLookup, rulesOf, suppresses } from '../core/fib_rules.js';
import type { Net } from '../core/net_namespace.js';
import type { FibAlias, FibQuery, FibTable } from './fib_trie.js';
import { fibTableLookup, fibTables } from './fib_trie.js';

const refusals: Readonly<Record<number, number>> = {
  [R.RTN_BLACKHOLE]: EINVAL,
  [R.RTN_UNREACHABLE]: EHOSTUNREACH,
  [R.RTN_PROHIBIT]: EACCES,
  [R.RTN_NAT]: EINVAL,
  [R.RTN_MAX]: EINVAL,
};

function tablesOf(net: Net, ...ids: readonly number[]): FibTable[] {
  return ids.flatMap((id) => fibTables(net).get(id) ?? []);
}

/** The route, the errno of the route that refuses, or undefined when there is none. */
export type FibResult = FibAlias | number | undefined;

function ask(tables: readonly FibTable[], query: FibQuery): FibResult {
  const found = fibTableLookup(tables, query);
  return found === undefined || found.type === R.RTN_THROW ? undefined : (refusals[found.type] ?? found);
}

/** What rules see beside the destination. */
export interface FibFlow extends FibQuery {
  readonly src?: number;
  readonly mark?: number;
}

const bytesOf = (address: number): Uint8Array =>
  Uint8Array.of(address >>> 24, (address >>> 16) & 0xff, (address >>> 8) & 0xff, address & 0xff);

/** @models net/ipv4/fib_rules.c fib4_rule_action() */
function ruleAction(net: Net, rule: FibRule, query: FibQuery): FibResult {
  if (rule.action === F.FR_ACT_UNREACHABLE) return ENETUNREACH;
  if (rule.action === F.FR_ACT_PROHIBIT) return EACCES;
  if (rule.action !== F.FR_ACT_TO_TBL) return EINVAL;
  const found = ask(tablesOf(net, rule.table), query);
  if (found === undefined || typeof found === 'number') return found;
  return suppresses(rule, found.plen, found.info.dev?.group) ? undefined : found;
}

/** @models net/ipv4/fib_rules.c __fib_lookup() */
function lookupByRules(net: Net, rules: FibRules, query: FibFlow): FibResult {
  const { dst, src = 0, oif, mark = 0, tos } = query;
  const flow = { dst: bytesOf(dst), src: bytesOf(src), oif, mark, tos };
  return fibRulesLookup(net, rules, flow, (rule) => ruleAction(net, rule, query));
}

/** Whether the local table stands apart from main. @models net/ipv4/fib_frontend.c fib_unmerge() */
export const isUnmerged = (net: Net): boolean => rulesOf(net, AF_INET)!.custom;

/**
 * The route for a destination; `table` is asked first where it is neither main nor 0.
 *
 * @models net/ipv4/fib_rules.c fib_lookup()
 */
export function fibLookup(net: Net, query: FibFlow, table = 0): FibResult {
  if (table !== 0 && table !== R.RT_TABLE_MAIN) {
    const own = ask(tablesOf(net, table), query);
    if (own !== undefined) return own;
  }
  const rules = rulesOf(net, AF_INET)!;
  if (rules.custom) return lookupByRules(net, rules, query);
  return ask(tablesOf(net, R.RT_TABLE_LOCAL, R.RT_TABLE_MAIN), query) ?? ask(tablesOf(net, R.RT_TABLE_DEFAULT), query);
}

const isMulticast = (address: number): boolean => address >>> 28 === 0xe;

/**
 * RTN_* of an address as the local table knows it.
 *
 * @models net/ipv4/fib_frontend.c inet_addr_type()
 */
export function inetAddrType(net: Net, address: number): number {
  if (address === 0 || address === 0xffffffff) return R.RTN_BROADCAST;
  if (isMulticast(address)) return R.RTN_MULTICAST;
  const local = tablesOf(net, R.RT_TABLE_LOCAL);
  if (local.length === 0) return R.RTN_BROADCAST;
  const found = fibTableLookup(local, { dst: address, oif: 0, scope: 0, tos: 0 });
  return found?.type ?? R.RTN_UNICAST;
}
