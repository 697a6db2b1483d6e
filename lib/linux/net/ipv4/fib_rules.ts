// net/ipv4/fib_rules.c: what is special to rules of IPv4. Lookups by rules are in fib_lookup.ts.
import type { Extack } from '../../../codec/extack.js';
import { EINVAL, ENOBUFS } from '../../../uapi/asm-generic/errno.js';
import { FR_ACT_TO_TBL } from '../../../uapi/linux/fib_rules.js';
import { errno, refuse } from '../../errno.js';
import type { FibRule } from '../core/fib_rules.js';
import type { Net } from '../core/net_namespace.js';
import { fibNewTable, fibTables } from './fib_trie.js';

const INET_DSCP_MASK = 0xfc;
const IPTOS_TOS_MASK = 0x1e;
const FIB_MAX_AUTO_TABLE_ID = 4096;

/** @models net/ipv4/fib_rules.c fib_empty_table() */
function emptyTable(net: Net): number {
  for (let id = 1; id <= FIB_MAX_AUTO_TABLE_ID; id++) if (!fibTables(net).has(id)) return fibNewTable(net, id).id;
  throw errno(ENOBUFS);
}

/** Refuses a type of service that no rule has. @models net/ipv4/fib_rules.c fib4_rule_configure() */
export function fib4CheckTos(tos: number, extack: Extack): void {
  if (tos & ~INET_DSCP_MASK) refuse(extack, EINVAL, 'Invalid dsfield (tos): ECN bits must be 0');
  if (tos & ~IPTOS_TOS_MASK) refuse(extack, EINVAL, 'Invalid tos');
}

/** The table of a new rule; one that names none gets one of its own. @models net/ipv4/fib_rules.c fib4_rule_configure() */
export function fib4RuleConfigure(net: Net, { tos, table, action }: FibRule, extack: Extack): number {
  fib4CheckTos(tos, extack);
  return table === 0 && action === FR_ACT_TO_TBL ? emptyTable(net) : table;
}
