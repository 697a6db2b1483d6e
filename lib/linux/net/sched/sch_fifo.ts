// net/sched/sch_fifo.c: pfifo (limit in packets), bfifo (limit in bytes) and pfifo_head_drop.
import type { Nla } from '../../../codec/nla.js';
import { EINVAL, ENOMEM } from '../../../uapi/asm-generic/errno.js';
import { tc_fifo_qopt, TC_H_MAKE } from '../../../uapi/linux/pkt_sched.js';
import { TCA } from '../../../uapi/linux/rtnetlink.js';
import { errno } from '../../errno.js';
import { NET_XMIT_CN } from '../core/dev/xmit.js';
import type { SkBuff } from '../core/skbuff/sk_buff.js';
import type { MessageWriter } from '../netlink/message.js';
import { pschedMtu } from './psched_ratecfg.js';
import {
  qdiscDequeueHead,
  qdiscDrop,
  qdiscEnqueueTail,
  qdiscPeekHead,
  qdiscPktCount,
  qdiscPktLen,
  qdiscResetQueue,
} from './qdisc_run.js';
import { qdiscTreeReduceBacklog } from './qdisc_tree.js';
import { type Qdisc, qdiscCreateDflt, type QdiscOps, TCQ_F_CAN_BYPASS } from './sch_generic.js';

function defaultLimit(sch: Qdisc): number {
  const { dev } = sch;
  return sch.ops.id === 'bfifo' ? Math.imul(dev.txQueueLen, pschedMtu(dev)) >>> 0 : dev.txQueueLen;
}

/** @models net/sched/sch_fifo.c __fifo_init() */
function init(sch: Qdisc, opt: Nla | undefined): void {
  if (opt !== undefined && opt.len < tc_fifo_qopt.size) throw errno(EINVAL);
  setLimit(sch, opt?.u32() ?? defaultLimit(sch));
}

/** A packet may pass an empty queue by where the limit would let one in. */
function setLimit(sch: Qdisc, limit: number): void {
  sch.priv = limit;
  const bypass = sch.ops.id === 'bfifo' ? limit >= pschedMtu(sch.dev) : limit >= 1;
  sch.flags = bypass ? sch.flags | TCQ_F_CAN_BYPASS : sch.flags & ~TCQ_F_CAN_BYPASS;
}

/** @models net/sched/sch_fifo.c __fifo_dump() */
function dump(sch: Qdisc, skb: MessageWriter): void {
  skb.putU32(TCA.OPTIONS.type, sch.priv as number);
}

/** @models net/sched/sch_fifo.c pfifo_enqueue() */
function pfifoEnqueue(sch: Qdisc, skb: SkBuff): number {
  return sch.qstats.qlen < (sch.priv as number) ? qdiscEnqueueTail(sch, skb) : qdiscDrop(skb, sch);
}

/** @models net/sched/sch_fifo.c bfifo_enqueue() */
function bfifoEnqueue(sch: Qdisc, skb: SkBuff): number {
  const fits = sch.qstats.backlog + qdiscPktLen(skb) <= (sch.priv as number);
  return fits ? qdiscEnqueueTail(sch, skb) : qdiscDrop(skb, sch);
}

/** The oldest packet gives way. @models net/sched/sch_fifo.c pfifo_tail_enqueue() */
function pfifoTailEnqueue(sch: Qdisc, skb: SkBuff): number {
  if (sch.priv === 0) return qdiscDrop(skb, sch);
  if (sch.qstats.qlen < (sch.priv as number)) return qdiscEnqueueTail(sch, skb);
  const before = sch.qstats.backlog;
  const oldest = qdiscDequeueHead(sch)!;
  sch.bstats.bytes -= qdiscPktLen(oldest);
  sch.bstats.packets -= qdiscPktCount(oldest);
  qdiscDrop(oldest, sch);
  qdiscEnqueueTail(sch, skb);
  qdiscTreeReduceBacklog(sch, 0, before - sch.qstats.backlog);
  return NET_XMIT_CN;
}

const queue = { dequeue: qdiscDequeueHead, peek: qdiscPeekHead, reset: qdiscResetQueue };

export const pfifoQdiscOps: QdiscOps = { id: 'pfifo', init, change: init, dump, enqueue: pfifoEnqueue, ...queue };
export const bfifoQdiscOps: QdiscOps = { id: 'bfifo', init, change: init, dump, enqueue: bfifoEnqueue, ...queue };
export const pfifoHeadDropQdiscOps: QdiscOps = {
  id: 'pfifo_head_drop',
  init,
  change: init,
  dump,
  enqueue: pfifoTailEnqueue,
  ...queue,
};

/** A child that is a fifo takes over the limit of its parent. @models net/sched/sch_fifo.c fifo_set_limit() */
export function fifoSetLimit(q: Qdisc, limit: number): void {
  if (q.ops.change === init) setLimit(q, limit);
}

/** A bfifo of `limit` bytes as the child of `sch`, which holds it. @models net/sched/sch_fifo.c fifo_create_dflt() */
export function fifoCreateDflt(sch: Qdisc, limit: number): Qdisc {
  const q = qdiscCreateDflt(sch.devQueue!, bfifoQdiscOps, TC_H_MAKE(sch.handle, 1), sch);
  if (q === undefined) throw errno(ENOMEM);
  setLimit(q, limit);
  return q;
}
