// net/ipv4/fib_trie.c: the routing tables of IPv4, in the order in which dumps show them: by prefix, the longer of two
// equal ones first, then by traffic class and priority. The fib_info of an entry says where it leads (fib_semantics.ts).
import { EEXIST, ENOENT, ESRCH } from '../../../uapi/asm-generic/errno.js';
import * as N from '../../../uapi/linux/netlink.js';
import * as R from '../../../uapi/linux/route.js';
import { RTM_DELROUTE, RTM_NEWROUTE } from '../../../uapi/linux/rtnetlink.js';
import { errno } from '../../errno.js';
import type { Net } from '../core/net_namespace.js';
import { netGeneric } from '../core/net_namespace.js';
import type { NetDevice } from '../core/net_device.js';
import type { RtnlRequest } from '../core/rtnetlink.js';
import type { FibConfig, FibInfo } from './fib_semantics.js';
import { fibCreateInfo, fibMatches, fibReleaseInfo, rtmsgFib } from './fib_semantics.js';

/** struct fib_alias with the key of its leaf. */
export interface FibAlias {
  readonly key: number;
  readonly plen: number;
  readonly tos: number;
  readonly type: number;
  readonly tableId: number;
  readonly info: FibInfo;
}

export interface FibTable {
  readonly id: number;
  readonly aliases: FibAlias[];
}

/** By id; each comes with its first route. */
export const fibTables = netGeneric((): Map<number, FibTable> => new Map());

/** The local table brings main with it: they are one trie. @models net/ipv4/fib_frontend.c fib_new_table() */
export function fibNewTable(net: Net, id: number): FibTable {
  const tables = fibTables(net);
  if (id === R.RT_TABLE_LOCAL) fibNewTable(net, R.RT_TABLE_MAIN);
  let table = tables.get(id);
  if (table === undefined) tables.set(id, (table = { id, aliases: [] }));
  return table;
}

const FIB_TABLE_HASHSZ = 256;

/** Tables in the order of dumps: by bucket, the newest first. @models net/ipv4/fib_frontend.c inet_dump_fib() */
export function fibTablesInOrder(net: Net): FibTable[] {
  const bucket = ({ id }: FibTable): number => id % FIB_TABLE_HASHSZ;
  return [...fibTables(net).values()].reverse().sort((a, b) => bucket(a) - bucket(b));
}

/** Negative when `a` stands before `b`; 0 for the same key, length and traffic class. */
function comparePlace(a: Pick<FibAlias, 'key' | 'plen' | 'tos'>, b: Pick<FibAlias, 'key' | 'plen' | 'tos'>): number {
  return a.key - b.key || b.plen - a.plen || b.tos - a.tos;
}

/** Index of the first entry that is not before (place, priority). */
function lowerBound({ aliases }: FibTable, cfg: FibConfig, priority: number): number {
  const place = { key: cfg.dst, plen: cfg.dstLen, tos: cfg.tos };
  const at = aliases.findIndex((fa) => (comparePlace(fa, place) || fa.info.priority - priority) >= 0);
  return at < 0 ? aliases.length : at;
}

const samePlace = (fa: FibAlias | undefined, cfg: FibConfig): fa is FibAlias =>
  fa !== undefined && fa.key === cfg.dst && fa.plen === cfg.dstLen && fa.tos === cfg.tos;

/** Entries of the same place and priority, from index `at` on. */
function twins({ aliases }: FibTable, cfg: FibConfig, at: number, priority: number): FibAlias[] {
  const run: FibAlias[] = [];
  for (let i = at; i < aliases.length; i++) {
    const fa = aliases[i];
    if (!samePlace(fa, cfg) || fa.info.priority !== priority) break;
    run.push(fa);
  }
  return run;
}

/**
 * Adds or replaces a route and tells RTNLGRP_IPV4_ROUTE.
 *
 * @models net/ipv4/fib_trie.c fib_table_insert()
 */
export function fibTableInsert(net: Net, table: FibTable, cfg: FibConfig, request?: RtnlRequest): void {
  const info = fibCreateInfo(net, cfg, request?.extack);
  const fa: FibAlias = { key: cfg.dst, plen: cfg.dstLen, tos: cfg.tos, type: cfg.type, tableId: table.id, info };
  try {
    const flags = place(net, table, cfg, fa);
    if (flags !== undefined) rtmsgFib(net, RTM_NEWROUTE, fa, request, flags);
  } catch (refusal) {
    fibReleaseInfo(net, info);
    throw refusal;
  }
}

/** Puts the entry where it belongs; nlmsg_flags of the event, undefined when it is there already and first. */
function place(net: Net, table: FibTable, cfg: FibConfig, fa: FibAlias): number | undefined {
  const { aliases } = table;
  const at = lowerBound(table, cfg, fa.info.priority);
  const same = twins(table, cfg, at, fa.info.priority);
  const { nlflags } = cfg;
  if (same.length === 0) {
    if ((nlflags & N.NLM_F_CREATE) === 0) throw errno(ENOENT);
    aliases.splice(at, 0, fa);
    return N.NLM_F_EXCL | N.NLM_F_CREATE;
  }
  if (nlflags & N.NLM_F_EXCL) throw errno(EEXIST);
  const match = same.findIndex((other) => other.type === fa.type && other.info === fa.info);
  if (nlflags & N.NLM_F_REPLACE) {
    if (match > 0) throw errno(EEXIST);
    if (match === 0) {
      fibReleaseInfo(net, fa.info);
      return undefined;
    }
    aliases[at] = fa;
    fibReleaseInfo(net, same[0]!.info);
    return N.NLM_F_REPLACE;
  }
  if (match >= 0) throw errno(EEXIST);
  if ((nlflags & N.NLM_F_CREATE) === 0) throw errno(ENOENT);
  const append = (nlflags & N.NLM_F_APPEND) !== 0;
  aliases.splice(append ? at + same.length : at, 0, fa);
  return N.NLM_F_CREATE | (append ? N.NLM_F_APPEND : 0);
}

/** @models net/ipv4/fib_trie.c fib_table_delete() */
export function fibTableDelete(net: Net, table: FibTable, cfg: FibConfig, request?: RtnlRequest): void {
  const fa = table.aliases.find((candidate) => samePlace(candidate, cfg) && fibMatches(cfg, candidate));
  if (fa === undefined) throw errno(ESRCH);
  rtmsgFib(net, RTM_DELROUTE, fa, request, 0);
  table.aliases.splice(table.aliases.indexOf(fa), 1);
  fibReleaseInfo(net, fa.info);
}

/**
 * Drops the routes whose way is dead. Only those that lost their source address are told of.
 *
 * @models net/ipv4/fib_frontend.c fib_flush()
 */
export function fibFlush(net: Net): void {
  for (const table of fibTablesInOrder(net))
    for (const fa of [...table.aliases]) {
      if ((fa.info.flags & R.RTNH_F_DEAD) === 0) continue;
      table.aliases.splice(table.aliases.indexOf(fa), 1);
      if (fa.info.prefsrcRemoved) rtmsgFib(net, RTM_DELROUTE, fa, undefined, 0);
      fibReleaseInfo(net, fa.info);
    }
}

/** What a lookup asks. */
export interface FibQuery {
  readonly dst: number;
  /** ifindex; 0 = any. */
  readonly oif: number;
  /** The least scope of a route that may be used. */
  readonly scope: number;
  readonly tos: number;
}

const covers = ({ key, plen }: FibAlias, dst: number): boolean => plen === 0 || (key ^ dst) >>> (32 - plen) === 0;

function usable({ info, type }: FibAlias, { oif, scope }: FibQuery, dev: NetDevice | undefined): boolean {
  if (info.flags & R.RTNH_F_DEAD || info.scope < scope) return false;
  if (info.dev === undefined) return type >= R.RTN_BLACKHOLE;
  if (info.nhFlags & R.RTNH_F_DEAD) return false;
  return oif === 0 || info.dev === dev || info.dev.ifindex === oif;
}

/**
 * The most specific entry of the tables for a destination. Local and main are one trie: local wins a tie.
 *
 * @models net/ipv4/fib_trie.c fib_table_lookup()
 */
export function fibTableLookup(tables: readonly FibTable[], query: FibQuery, dev?: NetDevice): FibAlias | undefined {
  let best: FibAlias | undefined;
  for (const { aliases } of tables)
    for (const fa of aliases) {
      if (best !== undefined && fa.plen <= best.plen) continue;
      if (!covers(fa, query.dst) || (fa.tos !== 0 && fa.tos !== query.tos) || !usable(fa, query, dev)) continue;
      best = fa;
    }
  return best;
}
