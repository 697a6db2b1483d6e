// net/sched/sch_htb.c, the part struct htb_class: one class of the tree, and how it becomes a leaf or an inner class. A
// class is held by its qdisc while it is in the tree and once more by each filter bound to it; with the last reference
// its child qdisc and its filters go.
import { TC_HTB_MAXDEPTH } from '../../../../uapi/linux/pkt_sched.js';
import type { Holder } from '../../../events.js';
import { KObject } from '../../../object.js';
import type { NetRateEstimator } from '../../core/gen_estimator.js';
import { type BasicStats, noBasic } from '../../core/gen_stats.js';
import { type TcfBlock, tcfBlockPut } from '../cls_api/block.js';
import type { PschedRatecfg } from '../psched_ratecfg.js';
import { QdiscClassHash } from '../sch_api/class_hash.js';
import { pfifoQdiscOps } from '../sch_fifo.js';
import { pktSched, type Qdisc, qdiscCreateDflt, qdiscPut } from '../sch_generic.js';

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

  constructor(block: TcfBlock) {
    this.block = block;
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
  tokens: bigint;
  ctokens: bigint;
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
    this.tokens = parms.buffer;
    this.ctokens = parms.cbuffer;
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
    if (this.leaf !== undefined) qdiscPut(this.leaf, this);
    this.leaf = undefined;
    this.level = (this.parent?.level ?? TC_HTB_MAXDEPTH) - 1;
  }

  /** Its last child has gone. @models net/sched/sch_htb.c htb_parent_to_leaf() */
  toLeaf(): void {
    this.level = 0;
    this.leaf = this.defaultLeaf(this);
    this.tokens = this.parms.buffer;
    this.ctokens = this.parms.cbuffer;
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
