// net/sched/cls_u32.c, the part tables: filters lie in the buckets of hash tables. The tcf_protos of one qdisc (or of one
// shared block) have their tables in common, so that the filters of one priority may link to the tables of another.
// Each tcf_proto has a root table; users make more. Dumps show the tables of a priority, whoever made them: those of
// both sides of clsact and of every chain.
import { ENOMEM } from '../../../../uapi/asm-generic/errno.js';
import { TC_U32_HASH, TC_U32_NODE } from '../../../../uapi/linux/pkt_cls.js';
import { errno, ModelGap } from '../../../errno.js';
import type { Holder } from '../../../events.js';
import { KObject } from '../../../object.js';
import { netGeneric } from '../../core/net_namespace.js';
import { TcfFilter, type TcfProto } from '../cls_api/proto.js';
import type { U32Knode } from './knode.js';
import { NodeIds } from './node_ids.js';

/** Numbers of tables that are given automatically: 1 up to here. */
const TABLE_ID_MAX = 0x7fe;
const AUTO_TABLE = 0x80000000;

/** @models net/sched/cls_u32.c handle2id() */
export const idOfHandle = (handle: number): number => (handle >= AUTO_TABLE ? (handle >>> 20) & 0x7ff : handle);

/** @models net/sched/cls_u32.c id2handle() */
export const handleOfId = (id: number): number => ((id | 0x800) << 20) >>> 0;

/** The tables of one priority, oldest first, and the tcf_protos that show them. */
interface PrioTables {
  readonly tables: U32Hnode[];
  readonly protos: Set<TcfProto>;
}

/** Tables in common, by what they are common to. */
const commons = netGeneric((): Map<KObject, U32Common> => new Map());

/** struct tc_u_common: each tcf_proto holds it. */
export class U32Common extends KObject {
  readonly #at: KObject;
  readonly #commons: Map<KObject, U32Common>;
  readonly #byHandle = new Map<number, U32Hnode[]>();
  readonly #byPrio = new Map<number, PrioTables>();
  readonly #ids = new Set<number>();
  #nextId = 1;
  /** Number of filters in all tables. */
  knodes = 0;

  constructor(at: KObject, tp: TcfProto) {
    const { net } = tp.chain.block;
    super(net.machine, tp);
    this.#at = at;
    this.#commons = commons(net);
    this.#commons.set(at, this);
  }

  get label(): string {
    return `u32 tables of ${this.#at.label}`;
  }

  protected destroy(): void {
    this.#commons.delete(this.#at);
  }

  /** The newest table of this handle. @models net/sched/cls_u32.c u32_lookup_ht() */
  lookup(handle: number): U32Hnode | undefined {
    return this.#byHandle.get(handle)?.at(-1);
  }

  /**
   * A handle for a new table: numbers go up and start again at the top. Undefined when every one is taken.
   *
   * @models net/sched/cls_u32.c gen_new_htid()
   */
  newHandle(): number | undefined {
    for (let tries = 0, id = this.#nextId; tries < TABLE_ID_MAX; tries++, id++) {
      if (id > TABLE_ID_MAX) id = 1;
      if (!this.takeId(id)) continue;
      this.#nextId = id + 1;
      return handleOfId(id);
    }
    return undefined;
  }

  /** Takes a number; false when it is taken. */
  takeId(id: number): boolean {
    if (this.#ids.has(id)) return false;
    this.#ids.add(id);
    return true;
  }

  /** Enters a new table before all others. */
  link(table: U32Hnode): void {
    const same = this.#byHandle.get(table.handle);
    if (same === undefined) this.#byHandle.set(table.handle, [table]);
    else same.push(table);
    this.#ofPrio(table.prio).tables.push(table);
    this.changed(table.prio);
  }

  unlink(table: U32Hnode): void {
    const same = this.#byHandle.get(table.handle)!;
    same.splice(same.indexOf(table), 1);
    if (same.length === 0) this.#byHandle.delete(table.handle);
    const { tables } = this.#ofPrio(table.prio);
    tables.splice(tables.indexOf(table), 1);
    this.changed(table.prio);
  }

  /** A table's number is free again. The number follows from the handle, whatever was taken for it. */
  freeId(handle: number): void {
    this.#ids.delete(idOfHandle(handle));
  }

  #ofPrio(prio: number): PrioTables {
    let found = this.#byPrio.get(prio);
    if (found === undefined) this.#byPrio.set(prio, (found = { tables: [], protos: new Set() }));
    return found;
  }

  addProto(tp: TcfProto): void {
    this.#ofPrio(tp.prio).protos.add(tp);
  }

  removeProto(tp: TcfProto): void {
    const { protos, tables } = this.#ofPrio(tp.prio);
    protos.delete(tp);
    if (protos.size === 0 && tables.length === 0) this.#byPrio.delete(tp.prio);
  }

  /** Every table that is left, newest first within its priority. */
  get tables(): U32Hnode[] {
    return [...this.#byPrio.values()].flatMap(({ tables }) => tables.toReversed());
  }

  /** The table that dumps of a priority show after `table`; the first without. */
  nextOfPrio(prio: number, table: U32Hnode | undefined): U32Hnode | undefined {
    const { tables } = this.#ofPrio(prio);
    return tables[(table === undefined ? tables.length : tables.indexOf(table)) - 1];
  }

  /** Dumps of a priority must find their place again. */
  changed(prio: number): void {
    for (const tp of this.#ofPrio(prio).protos) tp.version++;
  }
}

/** struct tc_u_hnode: one table. Its tcf_proto holds a root table, U32Common another one; so do filters that link to it. */
export class U32Hnode extends TcfFilter {
  readonly handle: number;
  readonly prio: number;
  readonly isRoot: boolean;
  /** Number of buckets less one. */
  readonly divisor: number;
  readonly nodeIds = new NodeIds();
  /** First filter of each bucket, in order of node numbers. */
  readonly #first: (U32Knode | undefined)[] = [];
  readonly #last: (U32Knode | undefined)[] = [];

  constructor(tp: TcfProto, handle: number, divisor: number, isRoot: boolean, creator: Holder) {
    super(tp.chain.block.net.machine, creator);
    this.handle = handle;
    this.prio = tp.prio;
    this.divisor = divisor;
    this.isRoot = isRoot;
  }

  get label(): string {
    return `u32 table ${(this.handle >>> 20).toString(16)}:`;
  }

  protected destroy(): void {}

  /** The first filter of a bucket. */
  bucket(at: number): U32Knode | undefined {
    return this.#first[at];
  }

  /** The first filter from `bucket` on. */
  firstFrom(bucket: number): U32Knode | undefined {
    for (let at = bucket; at < this.#first.length; at++) if (this.#first[at] !== undefined) return this.#first[at];
    return undefined;
  }

  /** @models net/sched/cls_u32.c u32_lookup_key() */
  lookup(handle: number): U32Knode | undefined {
    return TC_U32_HASH(handle) > this.divisor ? undefined : this.nodeIds.get(handle);
  }

  insert(node: U32Knode): void {
    const bucket = TC_U32_HASH(node.handle);
    let before = this.#last[bucket];
    while (before !== undefined && TC_U32_NODE(node.handle) < TC_U32_NODE(before.handle)) before = before.prev;
    node.prev = before;
    node.next = before === undefined ? this.#first[bucket] : before.next;
    this.#join(bucket, node);
    this.nodeIds.bind(node.handle, node);
  }

  /** Puts `node` where `old` was. */
  replace(old: U32Knode, node: U32Knode): void {
    node.prev = old.prev;
    node.next = old.next;
    this.#join(TC_U32_HASH(node.handle), node);
    this.nodeIds.bind(node.handle, node);
  }

  #join(bucket: number, node: U32Knode): void {
    if (node.prev === undefined) this.#first[bucket] = node;
    else node.prev.next = node;
    if (node.next === undefined) this.#last[bucket] = node;
    else node.next.prev = node;
  }

  remove(node: U32Knode): void {
    const bucket = TC_U32_HASH(node.handle);
    if (node.prev === undefined) this.#first[bucket] = node.next;
    else node.prev.next = node.next;
    if (node.next === undefined) this.#last[bucket] = node.prev;
    else node.next.prev = node.prev;
    this.nodeIds.free(node.handle);
  }
}

/**
 * The tables in common for `tp`, which holds them.
 *
 * @models net/sched/cls_u32.c tc_u_common_find()
 */
function commonOf(tp: TcfProto): { common: U32Common; handle: number | undefined } {
  const { block } = tp.chain;
  const at = block.q ?? block;
  const common = commons(block.net).get(at);
  if (common === undefined) return { common: new U32Common(at, tp), handle: handleOfId(0) };
  const handle = common.newHandle();
  return { common: handle === undefined ? common : common.hold(tp), handle };
}

/** What a tcf_proto keeps (tp->root and tp->data). */
export interface U32Root {
  readonly common: U32Common;
  readonly table: U32Hnode;
}

/** @differs the kernel reads tp->root */
export const rootOf = (tp: TcfProto): U32Root => tp.root as U32Root;

/** A tcf_proto gets its root table. @models net/sched/cls_u32.c u32_init() */
export function init(tp: TcfProto): void {
  if (!tp.chain.block.net.machine.has('tc-chains')) throw new ModelGap('u32 filters of 4.1');
  const { common, handle } = commonOf(tp);
  if (handle === undefined) throw errno(ENOMEM);
  try {
    const table = new U32Hnode(tp, handle, 0, true, tp);
    tp.root = { common, table } satisfies U32Root;
    common.addProto(tp);
    common.link(table);
  } catch (refusal) {
    common.freeId(handle);
    common.release(tp);
    throw refusal;
  }
}
