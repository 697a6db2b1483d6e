// net/sched/sch_fifo.c: pfifo (limit in packets), bfifo (limit in bytes) and pfifo_head_drop.
import type { Nla } from '../../../codec/nla.js';
import { EINVAL, ENOMEM } from '../../../uapi/asm-generic/errno.js';
import { tc_fifo_qopt, TC_H_MAKE } from '../../../uapi/linux/pkt_sched.js';
import { TCA } from '../../../uapi/linux/rtnetlink.js';
import { errno } from '../../errno.js';
import type { MessageWriter } from '../netlink/message.js';
import { pschedMtu } from './psched_ratecfg.js';
import { type Qdisc, qdiscCreateDflt, type QdiscOps } from './sch_generic.js';

function defaultLimit(sch: Qdisc): number {
  const { dev } = sch;
  return sch.ops.id === 'bfifo' ? Math.imul(dev.txQueueLen, pschedMtu(dev)) >>> 0 : dev.txQueueLen;
}

/** @models net/sched/sch_fifo.c __fifo_init() */
function init(sch: Qdisc, opt: Nla | undefined): void {
  if (opt !== undefined && opt.len < tc_fifo_qopt.size) throw errno(EINVAL);
  sch.priv = opt?.u32() ?? defaultLimit(sch);
}

/** @models net/sched/sch_fifo.c __fifo_dump() */
function dump(sch: Qdisc, skb: MessageWriter): void {
  skb.putU32(TCA.OPTIONS.type, sch.priv as number);
}

export const pfifoQdiscOps: QdiscOps = { id: 'pfifo', init, change: init, dump };
export const bfifoQdiscOps: QdiscOps = { id: 'bfifo', init, change: init, dump };
export const pfifoHeadDropQdiscOps: QdiscOps = { id: 'pfifo_head_drop', init, change: init, dump };

/** A child that is a fifo takes over the limit of its parent. @models net/sched/sch_fifo.c fifo_set_limit() */
export function fifoSetLimit(q: Qdisc, limit: number): void {
  if (q.ops.change === init) q.priv = limit;
}

/** A bfifo of `limit` bytes as the child of `sch`, which holds it. @models net/sched/sch_fifo.c fifo_create_dflt() */
export function fifoCreateDflt(sch: Qdisc, limit: number): Qdisc {
  const q = qdiscCreateDflt(sch.devQueue!, bfifoQdiscOps, TC_H_MAKE(sch.handle, 1), sch);
  if (q === undefined) throw errno(ENOMEM);
  q.priv = limit;
  return q;
}
