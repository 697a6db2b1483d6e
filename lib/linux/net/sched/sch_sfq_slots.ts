// net/sched/sch_sfq.c, the part packets: each goes to the slot that its hash or a filter says; slots with packets take
// turns of a quantum in a ring. When there are too many packets the longest slot, and of several the one that became so
// long last, loses one.
import { TC_ACT_QUEUED, TC_ACT_SHOT, TC_ACT_STOLEN, TC_ACT_TRAP } from '../../../uapi/linux/pkt_cls.js';
import { TC_H_MAJ, TC_H_MIN, TC_RED_ECN, TC_RED_HARDDROP } from '../../../uapi/linux/pkt_sched.js';
import { NET_XMIT_CN, NET_XMIT_SUCCESS } from '../core/dev/xmit.js';
import { SkbQueue } from '../core/skbuff/queue.js';
import type { SkBuff } from '../core/skbuff/sk_buff.js';
import type { TcfBlock } from './cls_api/block.js';
import { tcfClassify } from './cls_api/classify.js';
import { inetEcnSetCe } from './codel.js';
import * as Q from './qdisc_run.js';
import { qdiscTreeReduceBacklog } from './qdisc_tree.js';
import * as R from './red.js';
import type { Qdisc } from './sch_generic.js';

/** What of the options packets need. */
export interface SfqLimits {
  readonly block: TcfBlock;
  readonly limit: number;
  readonly divisor: number;
  readonly maxdepth: number;
  readonly maxflows: number;
  readonly quantum: number;
  readonly headdrop: number;
  readonly flags: number;
  readonly red: R.RedParms | undefined;
}

/** struct sfq_slot */
class Slot {
  readonly index: number;
  readonly queue = new SkbQueue();
  hash = 0;
  allot = 0;
  backlog = 0;
  vars = R.redVars();
  /** The next in the ring. */
  next: Slot = this;
  /** Neighbours among those of the same length. */
  newer: Slot | undefined;
  older: Slot | undefined;

  constructor(index: number) {
    this.index = index;
  }
}

/** Why a packet goes to no slot. */
const DROPPED = -1;
const TAKEN = -2;

export class SfqSlots {
  readonly #sch: Qdisc;
  readonly #limits: SfqLimits;
  /** Slots with packets, by hash. */
  readonly #table = new Map<number, Slot>();
  /** The newest slot of each length; of length 0, those that have been used before. */
  readonly #newest: (Slot | undefined)[] = [];
  #unused: number;
  #longest = 0;
  /** The last one in the ring. */
  #tail: Slot | undefined;
  perturbation: number;
  readonly stats = {
    ...{ prob_drop: 0, forced_drop: 0, prob_mark: 0 },
    ...{ forced_mark: 0, prob_mark_head: 0, forced_mark_head: 0 },
  };

  constructor(sch: Qdisc, limits: SfqLimits) {
    this.#sch = sch;
    this.#limits = limits;
    this.#unused = limits.maxflows;
    this.perturbation = sch.dev.net.machine.entropy.u32();
  }

  /** Hashes with packets, in order. */
  get active(): number[] {
    return [...this.#table.keys()].sort((a, b) => a - b);
  }

  /** What there is to say about a hash. @models net/sched/sch_sfq.c sfq_dump_class_stats() */
  countersOf(hash: number): { readonly allot: number; readonly qlen: number; readonly backlog: number } {
    const slot = this.#table.get(hash);
    return { allot: slot?.allot ?? 0, qlen: slot?.queue.length ?? 0, backlog: slot?.backlog ?? 0 };
  }

  #hash(skb: SkBuff): number {
    return this.#sch.dev.net.machine.softnet.flowHash.perturbed(skb, this.perturbation) & (this.#limits.divisor - 1);
  }

  /** @models net/sched/sch_sfq.c sfq_classify() */
  #classify(skb: SkBuff): number {
    const { block, divisor } = this.#limits;
    const wanted = TC_H_MIN(skb.priority);
    if (TC_H_MAJ(skb.priority) === this.#sch.handle && wanted > 0 && wanted <= divisor) return wanted - 1;
    if (!block.hasFilters) return this.#hash(skb);
    const verdict = tcfClassify(skb, block, false);
    if (verdict === TC_ACT_STOLEN || verdict === TC_ACT_QUEUED || verdict === TC_ACT_TRAP) return TAKEN;
    const slot = TC_H_MIN(block.result.classid);
    return verdict < 0 || verdict === TC_ACT_SHOT || slot > divisor ? DROPPED : slot - 1;
  }

  #link(slot: Slot): void {
    const { length } = slot.queue;
    const older = this.#newest[length];
    slot.older = older;
    slot.newer = undefined;
    if (older !== undefined) older.newer = slot;
    this.#newest[length] = slot;
  }

  #unlink(slot: Slot): void {
    const { newer, older } = slot;
    if (newer === undefined) this.#newest[slot.queue.length] = older;
    else newer.older = older;
    if (older !== undefined) older.newer = newer;
  }

  /** @models net/sched/sch_sfq.c sfq_inc() */
  #push(slot: Slot, skb: SkBuff): void {
    this.#unlink(slot);
    slot.queue.push(skb);
    this.#longest = Math.max(this.#longest, slot.queue.length);
    this.#link(slot);
  }

  /** @models net/sched/sch_sfq.c sfq_dec() */
  #take(slot: Slot, last: boolean): SkBuff {
    const before = slot.queue.length;
    this.#unlink(slot);
    const skb = (last ? slot.queue.pop() : slot.queue.shift())!;
    if (this.#newest[before] === undefined && this.#longest === before) this.#longest--;
    this.#link(slot);
    return skb;
  }

  /** A slot without packets for a hash, when there is one. */
  #claim(hash: number): Slot | undefined {
    let slot = this.#newest[0];
    if (slot === undefined && this.#unused > 0) {
      slot = new Slot(--this.#unused);
      this.#link(slot);
    }
    if (slot === undefined) return undefined;
    this.#table.set(hash, slot);
    slot.hash = hash;
    return slot;
  }

  /** A slot with its first packet goes to the end of the ring. */
  #join(slot: Slot): void {
    if (this.#tail === undefined) slot.next = slot;
    else {
      slot.next = this.#tail.next;
      this.#tail.next = slot;
    }
    this.#tail = slot;
    slot.allot = this.#limits.quantum;
  }

  /** The first of the ring has lost its last packet, or is about to. */
  #leave(slot: Slot): void {
    this.#table.delete(slot.hash);
    if (slot.next === slot) this.#tail = undefined;
    else this.#tail!.next = slot.next;
  }

  /** One packet of the longest slot goes; its bytes. @models net/sched/sch_sfq.c sfq_drop() */
  #drop(): number {
    const slot = this.#longest > 1 ? this.#newest[this.#longest] : this.#tail?.next;
    if (slot === undefined) return 0;
    if (this.#longest === 1) this.#leave(slot);
    const skb = this.#take(slot, this.#limits.headdrop === 0);
    const length = Q.qdiscPktLen(skb);
    slot.backlog -= length;
    this.#sch.qstats.qlen--;
    this.#sch.qstats.backlog -= length;
    Q.qdiscDrop(skb, this.#sch);
    return length;
  }

  /** Whether the average length of the slot, and chance, want the packet dropped: marked packets may come in. */
  #congested(slot: Slot, skb: SkBuff, red: R.RedParms): boolean {
    const { flags, headdrop } = this.#limits;
    slot.vars.average = R.redAverage(red, slot.vars, slot.backlog, 0);
    const action = R.redAction(this.#sch.dev.net.machine, red, slot.vars);
    if (action === R.RED_DONT_MARK) return false;
    this.#sch.qstats.overlimits++;
    const hard = action === R.RED_HARD_MARK;
    if ((flags & TC_RED_ECN) !== 0 && !(hard && (flags & TC_RED_HARDDROP) !== 0)) {
      const first = headdrop !== 0 && inetEcnSetCe(slot.queue.head!);
      if (first) this.stats[hard ? 'forced_mark_head' : 'prob_mark_head']++;
      else if (inetEcnSetCe(skb)) this.stats[hard ? 'forced_mark' : 'prob_mark']++;
      else return this.#countDrop(hard);
      return false;
    }
    return this.#countDrop(hard);
  }

  #countDrop(hard: boolean): true {
    this.stats[hard ? 'forced_drop' : 'prob_drop']++;
    return true;
  }

  /** The packet comes in for the first of its slot, or not at all. */
  #replaceHead(slot: Slot, skb: SkBuff): number {
    const sch = this.#sch;
    if (this.#limits.headdrop === 0) return Q.qdiscDrop(skb, sch);
    const head = slot.queue.shift()!;
    const delta = Q.qdiscPktLen(head) - Q.qdiscPktLen(skb);
    sch.qstats.backlog -= delta;
    slot.backlog -= delta;
    Q.qdiscDrop(head, sch);
    slot.queue.push(skb);
    qdiscTreeReduceBacklog(sch, 0, delta);
    return NET_XMIT_CN;
  }

  /** @models net/sched/sch_sfq.c sfq_enqueue() */
  enqueue(skb: SkBuff): number {
    const sch = this.#sch;
    const hash = this.#classify(skb);
    if (hash < 0) {
      if (hash === DROPPED) sch.qstats.drops++;
      skb.pool.free(skb);
      return hash === DROPPED ? Q.NET_XMIT_BYPASS : Q.NET_XMIT_STOLEN;
    }
    const known = this.#table.get(hash);
    const { red, maxdepth } = this.#limits;
    if (known !== undefined) {
      const congested = red !== undefined && this.#congested(known, skb, red);
      if (congested || known.queue.length >= maxdepth) return this.#replaceHead(known, skb);
      return this.#put(known, skb);
    }
    const slot = this.#claim(hash);
    if (slot === undefined) return Q.qdiscDrop(skb, sch);
    slot.backlog = 0;
    slot.vars.average = 0;
    slot.vars.count = -1;
    return this.#put(slot, skb);
  }

  #put(slot: Slot, skb: SkBuff): number {
    const sch = this.#sch;
    const length = Q.qdiscPktLen(skb);
    sch.qstats.backlog += length;
    slot.backlog += length;
    this.#push(slot, skb);
    if (slot.queue.length === 1) this.#join(slot);
    if (++sch.qstats.qlen <= this.#limits.limit) return NET_XMIT_SUCCESS;
    const before = slot.queue.length;
    const dropped = this.#drop();
    const own = before !== slot.queue.length;
    qdiscTreeReduceBacklog(sch, own ? 0 : 1, own ? dropped - length : dropped);
    return own ? NET_XMIT_CN : NET_XMIT_SUCCESS;
  }

  /** @models net/sched/sch_sfq.c sfq_dequeue() */
  dequeue(): SkBuff | undefined {
    if (this.#tail === undefined) return undefined;
    let slot = this.#tail.next;
    for (; slot.allot <= 0; slot = slot.next) {
      this.#tail = slot;
      slot.allot += this.#limits.quantum;
    }
    const sch = this.#sch;
    const skb = this.#take(slot, false);
    const length = Q.qdiscPktLen(skb);
    Q.qdiscBstatsUpdate(sch, skb);
    sch.qstats.qlen--;
    sch.qstats.backlog -= length;
    slot.backlog -= length;
    if (slot.queue.length === 0) this.#leave(slot);
    else slot.allot -= length;
    return skb;
  }

  /** @models net/sched/sch_sfq.c sfq_reset() */
  reset(): void {
    for (let skb = this.dequeue(); skb !== undefined; skb = this.dequeue()) skb.pool.free(skb);
  }

  /** Every packet out of its slot, slot by slot. */
  #empty(): SkBuff[] {
    const all: SkBuff[] = [];
    for (const slot of [...this.#table.values()].sort((a, b) => a.index - b.index)) {
      while (slot.queue.length > 0) all.push(this.#take(slot, false));
      slot.backlog = 0;
      slot.vars.average = 0;
      slot.vars.count = -1;
    }
    this.#table.clear();
    this.#tail = undefined;
    return all;
  }

  /** Another key: what waits goes to other slots, unless filters say where. @models net/sched/sch_sfq.c sfq_rehash() */
  rehash(): void {
    if (this.#limits.block.hasFilters || this.#tail === undefined) return;
    const sch = this.#sch;
    const { red, maxdepth } = this.#limits;
    let packets = 0;
    let bytes = 0;
    for (const skb of this.#empty()) {
      const length = Q.qdiscPktLen(skb);
      const hash = this.#hash(skb);
      const slot = this.#table.get(hash) ?? this.#claim(hash);
      if (slot === undefined || slot.queue.length >= maxdepth) {
        sch.qstats.backlog -= length;
        packets++;
        bytes += length;
        skb.pool.free(skb);
        continue;
      }
      if (red !== undefined) slot.vars.average = R.redAverage(red, slot.vars, slot.backlog, 0);
      slot.backlog += length;
      this.#push(slot, skb);
      if (slot.queue.length === 1) this.#join(slot);
    }
    sch.qstats.qlen -= packets;
    qdiscTreeReduceBacklog(sch, packets, bytes);
  }
}
