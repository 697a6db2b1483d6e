// net/sched/sch_htb.c, the part struct htb_class: one class of the tree, and how it becomes a leaf or an inner class. A
// class is held by its qdisc while it is in the tree and once more by each filter bound to it; with the last reference
// its child qdisc and its filters go.
import { TC_HTB_MAXDEPTH, TC_HTB_NUMPRIO } from '../../../../uapi/linux/pkt_sched.js';
import type { Holder } from '../../../events.js';
import { KObject } from '../../../object.js';
import type { NetRateEstimator } from '../../core/gen_estimator.js';
import { type BasicStats, noBasic } from '../../core/gen_stats.js';
import { SkbQueue } from '../../core/skbuff/queue.js';
import { type TcfBlock, tcfBlockPut } from '../cls_api/block.js';
import type { PschedRatecfg } from '../psched_ratecfg.js';
import { qdiscPurgeQueue } from '../qdisc_tree.js';
import { QdiscWatchdog } from '../qdisc_watchdog.js';
import { QdiscClassHash } from '../sch_api/class_hash.js';
import { pfifoQdiscOps } from '../sch_fifo.js';
import { pktSched, type Qdisc, qdiscCreateDflt, qdiscPut } from '../sch_generic.js';
import { feeds, type HtbFeeds, HtbLevel } from './feed.js';
import { deactivate } from './mode.js';

/** enum htb_cmode: a class may not send, may by the tokens of its parent, or by its own. */
export const HTB_CANT_SEND = 0;
export const HTB_MAY_BORROW = 1;
export const HTB_CAN_SEND = 2;
export type HtbMode = typeof HTB_CANT_SEND | typeof HTB_MAY_BORROW | typeof HTB_CAN_SEND;

/** struct htb_sched. */
export class HtbSched {
  readonly classes = new QdiscClassHash<HtbClass>();
  /** Ids of the classes that filter requests have named. */
  readonly withFilters = new Set<number>();
  /** Filters of the qdisc itself. */
  readonly block: TcfBlock;
  rate2quantum = 1;
  defcls = 0;
  /** Packets that may wait when no class takes them. */
  directQlen = 0;
  directPkts = 0;
  /** Packets of no class. */
  readonly directQueue = new SkbQueue();
  readonly levels: readonly HtbLevel[] = Array.from({ length: TC_HTB_MAXDEPTH }, () => new HtbLevel(TC_HTB_NUMPRIO));
  readonly watchdog: QdiscWatchdog;
  /** When the packet that is looked for was asked for, ns. */
  now = 0;
  /** How often a class had to stop. */
  overlimits = 0;

  constructor(sch: Qdisc, block: TcfBlock) {
    this.block = block;
    this.watchdog = new QdiscWatchdog(sch);
  }
}

/** @differs the kernel calls qdisc_priv() */
export const htbPriv = (sch: Qdisc): HtbSched => sch.priv as HtbSched;

/** What a request says about a class. Times in ns. */
export interface HtbParms {
  readonly rate: PschedRatecfg;
  readonly ceil: PschedRatecfg;
  readonly buffer: bigint;
  readonly cbuffer: bigint;
}

export class HtbClass extends KObject {
  readonly sch: Qdisc;
  readonly classid: number;
  /** Undefined for a class at the root. */
  readonly parent: HtbClass | undefined;
  /** 0 = leaf; an inner class is one below its parent, the root's are TC_HTB_MAXDEPTH − 1. */
  level = 0;
  children = 0;
  /** The child of a leaf, which the class holds. */
  leaf: Qdisc | undefined;
  /** Filters of the class; undefined once they are flushed. */
  block: TcfBlock | undefined = undefined;
  parms: HtbParms;
  quantum = 0;
  prio = 0;
  mode: HtbMode = HTB_CAN_SEND;
  /** When it will be another, for those that wait; ns. */
  changesAt = 0;
  /** Priorities at which it, or a class below it, has packets. */
  activity = 0;
  /** ns, as they were at `checkpoint`. */
  tokens: number;
  ctokens: number;
  checkpoint: number;
  /** What a leaf may still send in its turn, by the level that its tokens come from. */
  readonly deficit = new Int32Array(TC_HTB_MAXDEPTH);
  /** Of an inner class: the classes below that borrow from it. */
  readonly feeds: HtbFeeds = feeds(TC_HTB_NUMPRIO);
  /** Packets that went by its tokens, and by those of a class above. */
  lends = 0;
  borrows = 0;
  readonly bstats: BasicStats = noBasic();
  drops = 0;
  overlimits = 0;
  rateEst: NetRateEstimator | undefined;

  /** A leaf in no tree yet; `sch` holds it. */
  constructor(sch: Qdisc, classid: number, parent: HtbClass | undefined, parms: HtbParms) {
    super(sch.dev.net.machine, sch);
    this.sch = sch;
    this.classid = classid;
    this.parent = parent;
    this.parms = parms;
    this.tokens = this.burst;
    this.ctokens = this.cburst;
    this.checkpoint = sch.dev.net.machine.clock.now();
  }

  /** Depths of the buckets, ns. */
  get burst(): number {
    return Number(this.parms.buffer);
  }

  get cburst(): number {
    return Number(this.parms.cbuffer);
  }

  get label(): string {
    return `class htb ${(this.classid >>> 16).toString(16)}:${(this.classid & 0xffff).toString(16)}`;
  }

  get isLastChild(): boolean {
    return this.parent?.children === 1;
  }

  /** A pfifo for this class; `holder` holds it. */
  defaultLeaf(holder: Holder): Qdisc {
    const leaf = qdiscCreateDflt(this.sch.devQueue!, pfifoQdiscOps, this.classid, holder);
    return leaf ?? pktSched(this.sch.dev.net).noop;
  }

  /** Its first child has come. */
  toInner(): void {
    const q = htbPriv(this.sch);
    if (this.leaf !== undefined) qdiscPurgeQueue(this.leaf);
    deactivate(q, this);
    this.#waitNoMore();
    this.mode = HTB_CAN_SEND;
    for (const feed of this.feeds) feed.clear();
    if (this.leaf !== undefined) qdiscPut(this.leaf, this);
    this.leaf = undefined;
    this.level = (this.parent?.level ?? TC_HTB_MAXDEPTH) - 1;
  }

  /** Its last child has gone. @models net/sched/sch_htb.c htb_parent_to_leaf() */
  toLeaf(): void {
    this.#waitNoMore();
    this.mode = HTB_CAN_SEND;
    this.level = 0;
    this.leaf = this.defaultLeaf(this);
    this.tokens = this.burst;
    this.ctokens = this.cburst;
    this.checkpoint = this.sch.dev.net.machine.clock.now();
    this.deficit.fill(0);
  }

  /** Its packets go, and it waits for nothing. */
  idle(): void {
    if (this.leaf !== undefined) qdiscPurgeQueue(this.leaf);
    deactivate(htbPriv(this.sch), this);
    this.#waitNoMore();
  }

  #waitNoMore(): void {
    if (this.mode !== HTB_CAN_SEND) htbPriv(this.sch).levels[this.level]!.noLongerWaits(this);
  }

  flushFilters(): void {
    const { block } = this;
    this.block = undefined;
    if (block !== undefined) tcfBlockPut(block, this.sch);
  }

  /** @models net/sched/sch_htb.c htb_destroy_class() */
  protected destroy(): void {
    if (this.leaf !== undefined) qdiscPut(this.leaf, this);
    this.flushFilters();
  }
}
