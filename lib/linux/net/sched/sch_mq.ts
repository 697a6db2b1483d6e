// net/sched/sch_mq.c: the root of a device with several transmit queues. One class a queue, each with a child of its own;
// a device that queues and has several queues gets it by default.
import { ENOMEM, EOPNOTSUPP } from '../../../uapi/asm-generic/errno.js';
import { TC_H_MAKE, TC_H_MIN, TC_H_ROOT } from '../../../uapi/linux/pkt_sched.js';
import { tcmsg } from '../../../uapi/linux/rtnetlink.js';
import { errno } from '../../errno.js';
import type { Holder } from '../../events.js';
import { type GnetDump, noBasic, noQueue } from '../core/gen_stats.js';
import type { NetDevice, NetdevQueue } from '../core/net_device.js';
import type { MessageWriter } from '../netlink/message.js';
import * as S from './sch_generic.js';

/** Children made by init() and not yet attached. */
const childrenOf = (sch: S.Qdisc): S.Qdisc[] => (sch.priv as S.Qdisc[] | undefined) ?? [];

const inUse = (dev: NetDevice): number => dev.realNumTxQueues ?? dev.numTxQueues;

/** @models net/sched/sch_mq.c mq_init() */
function init(sch: S.Qdisc): void {
  const { dev } = sch;
  if (sch.parent !== TC_H_ROOT || dev.numTxQueues === 1) throw errno(EOPNOTSUPP);
  const { kinds } = S.pktSched(dev.net);
  const used = kinds.get(dev.net.machine.config.defaultQdisc) ?? S.noqueueQdiscOps;
  const unused = kinds.get('pfifo_fast') ?? used;
  const children: S.Qdisc[] = (sch.priv = []);
  for (const [i, queue] of dev.txQueues.entries()) {
    const child = S.qdiscCreateDflt(queue, i < inUse(dev) ? used : unused, TC_H_MAKE(sch.handle, i + 1), sch);
    if (child === undefined) throw errno(ENOMEM);
    children.push(child);
  }
  sch.flags |= S.TCQ_F_MQROOT;
}

/** @models net/sched/sch_mq.c mq_destroy() */
function destroy(sch: S.Qdisc): void {
  for (const child of childrenOf(sch)) S.qdiscPut(child, sch);
}

/** @models net/sched/sch_mq.c mq_attach() */
function attach(sch: S.Qdisc): void {
  for (const [i, child] of childrenOf(sch).entries()) {
    const queue = child.devQueue!;
    const old = S.devGraftQdisc(queue, child);
    S.qdiscPut(child, sch);
    S.qdiscPut(old, queue);
    if (i < inUse(sch.dev)) S.qdiscHashAdd(child, false);
  }
  sch.priv = undefined;
}

/**
 * Sums up the children.
 *
 * @models net/sched/sch_mq.c mq_dump()
 */
function dump(sch: S.Qdisc): void {
  sch.bstats = noBasic();
  sch.qstats = noQueue();
  for (const { qdisc } of sch.dev.txQueues) {
    sch.bstats.bytes += qdisc.bstats.bytes;
    sch.bstats.packets += qdisc.bstats.packets;
    for (const key of ['qlen', 'backlog', 'drops', 'requeues', 'overlimits'] as const)
      sch.qstats[key] += qdisc.qstats[key];
  }
}

const queueOf = (sch: S.Qdisc, cl: S.ClassRef): NetdevQueue | undefined => sch.dev.txQueues[cl - 1];

/** @models net/sched/sch_mq.c mq_graft() */
function graft(sch: S.Qdisc, cl: S.ClassRef, child: S.Qdisc | undefined, request: Holder): S.Qdisc {
  const { dev } = sch;
  const queue = queueOf(sch, cl)!;
  const old = S.devGraftQdisc(queue, child);
  if (child !== undefined) S.qdiscPut(child, request);
  S.qdiscHold(old, request);
  S.qdiscPut(old, queue);
  if (S.devIsUp(dev)) S.devActivate(dev);
  return old;
}

/** @models net/sched/sch_mq.c mq_find() */
function find(sch: S.Qdisc, classid: number): S.ClassRef {
  const cl = TC_H_MIN(classid);
  return queueOf(sch, cl) === undefined ? 0 : cl;
}

/** @models net/sched/sch_mq.c mq_walk() */
function* walk(sch: S.Qdisc): Iterable<S.ClassRef> {
  for (let cl = 1; cl <= sch.dev.txQueues.length; cl++) yield cl;
}

/** @models net/sched/sch_mq.c mq_dump_class() */
function dumpClass(sch: S.Qdisc, cl: S.ClassRef, skb: MessageWriter, tcm: number): void {
  const { view } = skb.buffer;
  view.setUint32(tcm + tcmsg.offsetof.tcm_parent, TC_H_ROOT, true);
  view.setUint32(tcm + tcmsg.offsetof.tcm_handle, TC_H_MAKE(sch.handle, cl), true);
  view.setUint32(tcm + tcmsg.offsetof.tcm_info, queueOf(sch, cl)!.qdisc.handle, true);
}

/** @models net/sched/sch_mq.c mq_dump_class_stats() */
function dumpClassStats(sch: S.Qdisc, cl: S.ClassRef, d: GnetDump): void {
  const { qdisc } = queueOf(sch, cl)!;
  d.copyBasic(qdisc.bstats);
  d.copyQueue(qdisc.qstats);
}

export const mqQdiscOps: S.QdiscOps = {
  id: 'mq',
  init,
  destroy,
  attach,
  dump,
  classOps: {
    selectQueue: (sch, parent) => queueOf(sch, TC_H_MIN(parent)) ?? sch.dev.txQueues[0]!,
    graft,
    leaf: (sch, cl) => queueOf(sch, cl)?.qdisc,
    find,
    walk,
    dump: dumpClass,
    dumpStats: dumpClassStats,
  },
};
