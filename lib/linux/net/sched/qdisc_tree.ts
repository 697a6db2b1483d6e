// net/sched/sch_api.c qdisc_tree_reduce_backlog(), include/net/sch_generic.h qdisc_purge_queue(): a child that loses packets
// on its own tells all above it, which counted them when they came.
import { TC_H_MAJ, TC_H_ROOT } from '../../../uapi/linux/pkt_sched.js';
import { qdiscReset } from './qdisc_run.js';
import { qdiscLookup } from './sch_api/lookup.js';
import { type Qdisc, TCQ_F_MQROOT } from './sch_generic.js';

/**
 * `sch` has `packets` packets and `bytes` bytes less than those above it think.
 *
 * @models net/sched/sch_api.c qdisc_tree_reduce_backlog()
 */
export function qdiscTreeReduceBacklog(sch: Qdisc, packets: number, bytes: number): void {
  for (let child = sch; child.parent !== 0 && child.parent !== TC_H_ROOT;) {
    const parent = qdiscLookup(child.dev, TC_H_MAJ(child.parent));
    if (parent === undefined || (parent.flags & TCQ_F_MQROOT) !== 0) return;
    const { classOps } = parent.ops;
    if (child.qstats.qlen === 0) classOps?.qlenNotify?.(parent, classOps.find(parent, child.parent));
    parent.qstats.qlen -= packets;
    parent.qstats.backlog -= bytes;
    parent.qstats.drops += Math.max(packets, 0);
    child = parent;
  }
}

/** Frees all packets of a child that goes, or becomes something else. @models include/net/sch_generic.h qdisc_purge_queue() */
export function qdiscPurgeQueue(sch: Qdisc): void {
  const { qlen, backlog } = sch.qstats;
  qdiscReset(sch);
  if (qlen !== 0 || backlog !== 0) qdiscTreeReduceBacklog(sch, qlen, backlog);
}
