// net/sched/sch_fq_codel.c, the part packets: each goes to the flow that its hash or a filter says; flows send a quantum in
// turn, new ones before old ones, each under the control of codel.ts. When there are too many packets the fattest flow
// loses half of its own.
import { TC_ACT_QUEUED, TC_ACT_SHOT, TC_ACT_STOLEN, TC_ACT_TRAP } from '../../../uapi/linux/pkt_cls.js';
import { TC_H_MAJ, TC_H_MIN } from '../../../uapi/linux/pkt_sched.js';
import { NET_XMIT_CN, NET_XMIT_SUCCESS } from '../core/dev/xmit.js';
import * as L from '../core/skbuff/layout.js';
import { SkbQueue } from '../core/skbuff/queue.js';
import type { SkBuff } from '../core/skbuff/sk_buff.js';
import type { TcfBlock } from './cls_api/block.js';
import { tcfClassify } from './cls_api/classify.js';
import {
  codelDequeue,
  type CodelParams,
  type CodelQueue,
  codelSetEnqueueTime,
  CodelStats,
  codelTimeOf,
  CodelVars,
} from './codel.js';
import * as Q from './qdisc_run.js';
import { qdiscTreeReduceBacklog } from './qdisc_tree.js';
import type { Qdisc } from './sch_generic.js';

/** struct codel_skb_cb */
const MEM_USAGE = L.SKB_CB + L.QDISC_CB_DATA + 4;
/** struct sk_buff and struct skb_shared_info, as slabs round them. */
const SKB_OVERHEAD = 256 + 320;

/** struct fq_codel_flow */
class Flow {
  readonly queue = new SkbQueue();
  readonly codel = new CodelVars();
  deficit = 0;
  backlog = 0;
  listed = false;
}

/** What of the options packets need. */
export interface FlowLimits {
  readonly block: TcfBlock | undefined;
  readonly limit: number;
  readonly flows: number;
  readonly quantum: number;
  readonly batch: number;
  readonly memoryLimit: number;
}

/** Why a packet goes to no flow. */
const DROPPED = -1;
const TAKEN = -2;

export class FqCodelFlows implements CodelQueue {
  readonly #sch: Qdisc;
  readonly #flows: (Flow | undefined)[] = [];
  readonly #new: Flow[] = [];
  readonly #old: Flow[] = [];
  /** The one that sends. */
  #current: Flow | undefined;
  readonly stats = new CodelStats();
  params: CodelParams;
  limits: FlowLimits;
  memoryUsage = 0;
  dropOvermemory = 0;
  dropOverlimit = 0;
  newFlowCount = 0;

  constructor(sch: Qdisc, limits: FlowLimits, params: CodelParams) {
    this.#sch = sch;
    this.limits = limits;
    this.params = params;
  }

  get backlog(): number {
    return this.#sch.qstats.backlog;
  }

  get newLength(): number {
    return this.#new.length;
  }

  get oldLength(): number {
    return this.#old.length;
  }

  #flow(at: number): Flow {
    return (this.#flows[at] ??= new Flow());
  }

  /** The place of the packet's flow, or why it has none. @models net/sched/sch_fq_codel.c fq_codel_classify() */
  #classify(skb: SkBuff): number {
    const { flows, block } = this.limits;
    const wanted = TC_H_MIN(skb.priority);
    if (TC_H_MAJ(skb.priority) === this.#sch.handle && wanted > 0 && wanted <= flows) return wanted - 1;
    if (block?.hasFilters !== true)
      return Math.floor((this.#sch.dev.net.machine.softnet.flowHash.of(skb) * flows) / 2 ** 32);
    const verdict = tcfClassify(skb, block, false);
    if (verdict === TC_ACT_STOLEN || verdict === TC_ACT_QUEUED || verdict === TC_ACT_TRAP) return TAKEN;
    const flow = TC_H_MIN(block.result.classid);
    return verdict < 0 || verdict === TC_ACT_SHOT || flow > flows ? DROPPED : flow - 1;
  }

  /** @models net/sched/sch_fq_codel.c fq_codel_enqueue() */
  enqueue(skb: SkBuff): number {
    const sch = this.#sch;
    const at = this.#classify(skb);
    if (at < 0) {
      if (at === DROPPED) sch.qstats.drops++;
      skb.pool.free(skb);
      return at === DROPPED ? Q.NET_XMIT_BYPASS : Q.NET_XMIT_STOLEN;
    }
    const length = Q.qdiscPktLen(skb);
    this.#put(this.#flow(at), skb, length);
    const memoryLimited = this.memoryUsage > this.limits.memoryLimit;
    if (++sch.qstats.qlen <= this.limits.limit && !memoryLimited) return NET_XMIT_SUCCESS;
    const { qlen, backlog } = sch.qstats;
    const fattest = this.#dropFattest();
    const packets = qlen - sch.qstats.qlen;
    const bytes = backlog - sch.qstats.backlog;
    this.dropOverlimit += packets;
    if (memoryLimited) this.dropOvermemory += packets;
    const own = fattest === at;
    qdiscTreeReduceBacklog(sch, own ? packets - 1 : packets, own ? bytes - length : bytes);
    return own ? NET_XMIT_CN : NET_XMIT_SUCCESS;
  }

  #put(flow: Flow, skb: SkBuff, length: number): void {
    codelSetEnqueueTime(skb, codelTimeOf(this.#sch.dev.net.machine.clock.now()));
    flow.queue.push(skb);
    flow.backlog += length;
    this.#sch.qstats.backlog += length;
    if (!flow.listed) {
      flow.listed = true;
      this.#new.push(flow);
      this.newFlowCount++;
      flow.deficit = this.limits.quantum;
    }
    skb.set32(MEM_USAGE, skb.end + SKB_OVERHEAD);
    this.memoryUsage += skb.end + SKB_OVERHEAD;
  }

  /** Half of the fattest flow goes; its place. @models net/sched/sch_fq_codel.c fq_codel_drop() */
  #dropFattest(): number {
    let at = 0;
    let most = 0;
    for (const [i, flow] of this.#flows.entries())
      if (flow !== undefined && flow.backlog > most) {
        most = flow.backlog;
        at = i;
      }
    const flow = this.#flow(at);
    this.#current = flow;
    const threshold = most >>> 1;
    let dropped = 0;
    let bytes = 0;
    do {
      const skb = this.take()!;
      bytes += Q.qdiscPktLen(skb);
      skb.pool.free(skb);
    } while (++dropped < this.limits.batch && bytes < threshold);
    flow.codel.count += dropped;
    this.#sch.qstats.drops += dropped;
    return at;
  }

  /** @models net/sched/sch_fq_codel.c dequeue_func() */
  take(): SkBuff | undefined {
    const flow = this.#current!;
    const skb = flow.queue.shift();
    if (skb === undefined) return undefined;
    const length = Q.qdiscPktLen(skb);
    flow.backlog -= length;
    this.memoryUsage -= skb.get32(MEM_USAGE);
    this.#sch.qstats.qlen--;
    this.#sch.qstats.backlog -= length;
    return skb;
  }

  drop(skb: SkBuff): void {
    Q.qdiscDrop(skb, this.#sch, 'QDISC_CONGESTED');
  }

  /** The next packet, as turns and delays have it. */
  #next(): SkBuff | undefined {
    const now = codelTimeOf(this.#sch.dev.net.machine.clock.now());
    for (;;) {
      const list = this.#new.length > 0 ? this.#new : this.#old;
      const flow = list[0];
      if (flow === undefined) return undefined;
      if (flow.deficit <= 0) {
        flow.deficit += this.limits.quantum;
        list.shift();
        this.#old.push(flow);
        continue;
      }
      this.#current = flow;
      const skb = codelDequeue(flow.codel, this, now);
      if (skb !== undefined) {
        flow.deficit -= Q.qdiscPktLen(skb);
        return skb;
      }
      list.shift();
      if (list === this.#new && this.#old.length > 0) this.#old.push(flow);
      else flow.listed = false;
    }
  }

  /** @models net/sched/sch_fq_codel.c fq_codel_dequeue() */
  dequeue(): SkBuff | undefined {
    const skb = this.#next();
    if (skb !== undefined) Q.qdiscBstatsUpdate(this.#sch, skb);
    const { stats } = this;
    if (stats.dropCount > 0) {
      const { dropCount, dropLen } = stats;
      stats.dropCount = stats.dropLen = 0;
      qdiscTreeReduceBacklog(this.#sch, dropCount, dropLen);
    }
    return skb;
  }

  /** New limits: what is too much goes. */
  shrink(): void {
    const { qstats } = this.#sch;
    let packets = 0;
    let bytes = 0;
    while (qstats.qlen > this.limits.limit || this.memoryUsage > this.limits.memoryLimit) {
      const skb = this.dequeue();
      if (skb === undefined) break;
      packets++;
      bytes += Q.qdiscPktLen(skb);
      skb.pool.free(skb);
    }
    if (packets > 0) qdiscTreeReduceBacklog(this.#sch, packets, bytes);
  }

  /** @models net/sched/sch_fq_codel.c fq_codel_reset() */
  reset(): void {
    this.#new.length = this.#old.length = 0;
    for (const flow of this.#flows) flow?.queue.purge();
    this.#flows.length = 0;
    this.memoryUsage = 0;
  }
}
