// net/ipv6/fib6_rules.c: what is special to rules of IPv6. Lookups by rules are in route.ts.
import type { Extack } from '../../../codec/extack.js';
import { EINVAL } from '../../../uapi/asm-generic/errno.js';
import { FR_ACT_TO_TBL } from '../../../uapi/linux/fib_rules.js';
import { refuse } from '../../errno.js';
import type { FibRule } from '../core/fib_rules.js';
import type { Net } from '../core/net_namespace.js';
import { fib6Tables } from './ip6_fib.js';

const INET_DSCP_MASK = 0xfc;

/** Refuses a traffic class that no rule has. @models net/ipv6/fib6_rules.c fib6_rule_configure() */
export function fib6CheckTos(tos: number, extack: Extack): void {
  if (tos & ~INET_DSCP_MASK) refuse(extack, EINVAL, 'Invalid dsfield (tos): ECN bits must be 0');
}

/** The table of a new rule, made when it is not there. @models net/ipv6/fib6_rules.c fib6_rule_configure() */
export function fib6RuleConfigure(net: Net, { tos, table, action }: FibRule, extack: Extack): number {
  fib6CheckTos(tos, extack);
  if (action !== FR_ACT_TO_TBL) return table;
  if (table === 0) refuse(extack, EINVAL, 'Invalid table');
  const tables = fib6Tables(net);
  if (!tables.has(table)) tables.set(table, []);
  return table;
}
