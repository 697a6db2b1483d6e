// net/ipv4/fib_rules.c and fib_frontend.c, looking routes up: the three rules every kernel has ask the local and main
// tables, which are one, then the default table.
import { EACCES, EHOSTUNREACH, EINVAL } from '../../../uapi/asm-generic/errno.js';
import * as R from '../../../uapi/linux/route.js';
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

/**
 * The route for a destination; `table` is asked first where it is neither main nor 0.
 *
 * @models net/ipv4/fib_rules.c fib_lookup()
 */
export function fibLookup(net: Net, query: FibQuery, table = 0): FibResult {
  if (table !== 0 && table !== R.RT_TABLE_MAIN) {
    const own = ask(tablesOf(net, table), query);
    if (own !== undefined) return own;
  }
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
