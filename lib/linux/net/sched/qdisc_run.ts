// net/sched/sch_generic.c and net/core/dev.c __dev_xmit_skb(): how a packet gets into a qdisc, and how what a qdisc lets go
// reaches the driver. A qdisc is run by whoever puts a packet in, by its own timer, and never inside itself.
import { IFF_UP } from '../../../uapi/linux/if.js';
import { devHardStartXmit, NET_XMIT_DROP, NET_XMIT_SUCCESS, validateXmitSkb } from '../core/dev/xmit.js';
import { traceDequeue, traceDrop, traceEnqueue } from '../core/dev/trace.js';
import type { BasicStats } from '../core/gen_stats.js';
import type { NetDevice } from '../core/net_device.js';
import * as L from '../core/skbuff/layout.js';
import type { SkBuff } from '../core/skbuff/sk_buff.js';
import { stabPacketLength } from './sch_api/stab.js';
import { type Qdisc, TCQ_F_BUILTIN, TCQ_F_CAN_BYPASS } from './sch_generic.js';

/** Beside NET_XMIT_*, between qdiscs alone: a filter took the packet; no filter was asked. */
export const NET_XMIT_STOLEN = 0x00010000;
export const NET_XMIT_BYPASS = 0x00020000;
const NET_XMIT_MASK = 0x0f;

const PKT_LEN = L.SKB_CB + L.QDISC_CB_PKT_LEN;

/** Bytes a packet counts for. @models include/net/sch_generic.h qdisc_pkt_len() */
export const qdiscPktLen = (skb: SkBuff): number => skb.get32(PKT_LEN);

/** Packets a packet stands for. @differs the kernel writes this out where packets are counted */
export const qdiscPktCount = (skb: SkBuff): number => (skb.isGso ? skb.gsoSegs : 1);

/** @models include/net/sch_generic.h qdisc_bstats_update() */
export function qdiscBstatsUpdate(sch: Qdisc, skb: SkBuff): void {
  qdiscBstatsOf(sch.bstats, skb);
}

/** @models include/net/sch_generic.h bstats_update() */
export function qdiscBstatsOf(stats: BasicStats, skb: SkBuff): void {
  stats.bytes += skb.get32(PKT_LEN);
  stats.packets += qdiscPktCount(skb);
}

/** The packet is counted and freed. @models include/net/sch_generic.h qdisc_drop() */
export function qdiscDrop(skb: SkBuff, sch: Qdisc, reason = 'QDISC_DROP'): number {
  sch.qstats.drops++;
  traceDrop(skb, reason);
  skb.pool.free(skb);
  return NET_XMIT_DROP;
}

/** The next packet of a qdisc that is asked by its parent. @models include/net/sch_generic.h qdisc_dequeue_peeked() */
export function qdiscDequeuePeeked(sch: Qdisc): SkBuff | undefined {
  const skb = sch.requeued.shift();
  if (skb === undefined) return sch.ops.dequeue?.(sch);
  sch.qstats.backlog -= qdiscPktLen(skb);
  sch.qstats.qlen--;
  return skb;
}

/** Looks at the next packet by taking it out and keeping it. @models include/net/sch_generic.h qdisc_peek_dequeued() */
export function qdiscPeekDequeued(sch: Qdisc): SkBuff | undefined {
  if (sch.requeued.head === undefined) {
    const skb = sch.ops.dequeue?.(sch);
    if (skb === undefined) return undefined;
    sch.requeued.push(skb);
    sch.qstats.backlog += qdiscPktLen(skb);
    sch.qstats.qlen++;
  }
  return sch.requeued.head;
}

/** Puts a packet into a child. NET_XMIT_*. @models include/net/sch_generic.h qdisc_enqueue() */
export function qdiscEnqueue(skb: SkBuff, sch: Qdisc): number {
  if (sch.stab !== undefined) skb.set32(PKT_LEN, stabPacketLength(sch.stab, skb.len));
  traceEnqueue(skb, sch);
  return sch.ops.enqueue!(sch, skb);
}

/**
 * A child has said `result` of a packet of `length` that it was given: the parent counts it, or its loss.
 *
 * @differs each classful qdisc of the kernel writes this out
 */
export function qdiscChildTook(sch: Qdisc, result: number, length: number): number {
  if (result === NET_XMIT_SUCCESS) {
    sch.qstats.qlen++;
    sch.qstats.backlog += length;
  } else if ((result & NET_XMIT_STOLEN) === 0) sch.qstats.drops++;
  return result;
}

/** A packet of a child goes out. @differs each classful qdisc of the kernel writes this out */
export function qdiscChildGave(sch: Qdisc, skb: SkBuff): SkBuff {
  sch.qstats.qlen--;
  sch.qstats.backlog -= qdiscPktLen(skb);
  qdiscBstatsUpdate(sch, skb);
  return skb;
}

/** What the parent looks at before it takes. @differs kinds without a peek of their own have the common one */
export const qdiscPeek = (sch: Qdisc): SkBuff | undefined =>
  sch.ops.peek === undefined ? qdiscPeekDequeued(sch) : sch.ops.peek(sch);

/** Puts a packet at the end of the qdisc's own queue. @models include/net/sch_generic.h qdisc_enqueue_tail() */
export function qdiscEnqueueTail(sch: Qdisc, skb: SkBuff): number {
  sch.queue.push(skb);
  sch.qstats.qlen++;
  sch.qstats.backlog += qdiscPktLen(skb);
  return NET_XMIT_SUCCESS;
}

/** Takes the first packet of the qdisc's own queue, counted as sent. @models include/net/sch_generic.h qdisc_dequeue_head() */
export function qdiscDequeueHead(sch: Qdisc): SkBuff | undefined {
  const skb = sch.queue.shift();
  if (skb === undefined) return undefined;
  sch.qstats.qlen--;
  sch.qstats.backlog -= qdiscPktLen(skb);
  qdiscBstatsUpdate(sch, skb);
  return skb;
}

/** @models include/net/sch_generic.h qdisc_peek_head() */
export const qdiscPeekHead = (sch: Qdisc): SkBuff | undefined => sch.queue.head;

/** @models include/net/sch_generic.h qdisc_reset_queue() */
export function qdiscResetQueue(sch: Qdisc): void {
  sch.queue.purge();
  sch.qstats.qlen = sch.qstats.backlog = 0;
}

/** Forgets all packets, those of children too. @models net/sched/sch_generic.c qdisc_reset() */
export function qdiscReset(sch: Qdisc): void {
  sch.requeued.purge();
  sch.ops.reset?.(sch);
  sch.qstats.qlen = sch.qstats.backlog = 0;
}

/** Gives one packet to the driver. @models net/sched/sch_generic.c sch_direct_xmit() */
function directXmit(skb: SkBuff, dev: NetDevice): void {
  if (validateXmitSkb(skb, dev)) devHardStartXmit(skb, dev);
}

/** How many packets are taken behind a first one before that goes out. */
const BULK = 8;

/** Whether packets are taken several at a time: where one qdisc serves several queues of a device. */
const takesSeveral = (sch: Qdisc): boolean =>
  (sch.flags & TCQ_F_BUILTIN) === 0 &&
  sch.dev.txQueues.length > 1 &&
  sch === sch.dev.qdisc &&
  sch.dev.net.machine.has('qdisc-bulk');

/**
 * What follows a packet, for the same queue of the device, goes out with it; the first that is for another queue is
 * given back.
 *
 * @models net/sched/sch_generic.c try_bulk_dequeue_skb_slow()
 */
function takeBehind(sch: Qdisc, first: SkBuff, taken: SkBuff[]): SkBuff | undefined {
  const { queueMapping } = first;
  while (taken.length < BULK) {
    const skb = sch.ops.dequeue?.(sch);
    if (skb === undefined) return undefined;
    traceDequeue(skb, sch);
    if (skb.queueMapping !== queueMapping) return skb;
    taken.push(skb);
  }
  return undefined;
}

/** Gives to the driver what the qdisc lets go. @models net/sched/sch_generic.c __qdisc_run() */
export function qdiscRun(sch: Qdisc): void {
  if (sch.running) return;
  sch.running = true;
  const behind: SkBuff[] | undefined = takesSeveral(sch) ? [] : undefined;
  try {
    for (let other: SkBuff | undefined; ;) {
      const skb = other ?? qdiscDequeuePeeked(sch);
      if (skb === undefined) return;
      if (other === undefined) traceDequeue(skb, sch);
      other = behind && takeBehind(sch, skb, behind);
      directXmit(skb, skb.dev!);
      if (behind === undefined || behind.length === 0) continue;
      for (const next of behind) directXmit(next, next.dev!);
      behind.length = 0;
    }
  } finally {
    sch.running = false;
  }
}

/**
 * A packet for a device with a queue. NET_XMIT_*.
 *
 * @models net/core/dev.c __dev_xmit_skb()
 * @differs stands with what else runs a qdisc
 */
export function devXmitSkb(skb: SkBuff, sch: Qdisc, dev: NetDevice): number {
  if (sch.stab !== undefined) skb.set32(PKT_LEN, stabPacketLength(sch.stab, skb.len));
  traceEnqueue(skb, sch);
  if ((dev.flags & IFF_UP) !== 0 && (sch.flags & TCQ_F_CAN_BYPASS) !== 0 && sch.qstats.qlen === 0 && !sch.running) {
    sch.running = true;
    qdiscBstatsUpdate(sch, skb);
    directXmit(skb, dev);
    sch.running = false;
    qdiscRun(sch);
    return NET_XMIT_SUCCESS;
  }
  const result = sch.ops.enqueue!(sch, skb);
  qdiscRun(sch);
  return result & NET_XMIT_MASK;
}
