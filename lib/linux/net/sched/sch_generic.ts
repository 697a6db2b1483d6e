// net/sched/sch_generic.c and include/net/sch_generic.h: what a queueing discipline is, the two that every kernel has
// (noop, noqueue), and how a device gets, starts, stops and loses its disciplines. dev.ts calls the dev…() functions;
// sch_api/ creates and grafts what users ask for. Reference counts are visible (tcm_info): each holder here stands for
// one increment of the kernel.
import type { Extack } from '../../../codec/extack.js';
import type { Nla } from '../../../codec/nla.js';
import { IFF_UP } from '../../../uapi/linux/if.js';
import { TC_H_ROOT } from '../../../uapi/linux/pkt_sched.js';
import { assert, Errno } from '../../errno.js';
import type { Holder } from '../../events.js';
import { KObject } from '../../object.js';
import type { NetRateEstimator } from '../core/gen_estimator.js';
import type { BasicStats, GnetDump, QueueStats } from '../core/gen_stats.js';
import { noBasic, noQueue } from '../core/gen_stats.js';
import { TX_DROPPED } from '../core/dev/stats.js';
import { type NetDevice, NetdevQueue } from '../core/net_device.js';
import { SkbQueue } from '../core/skbuff/queue.js';
import type { SkBuff } from '../core/skbuff/sk_buff.js';
import { type Net, netGeneric } from '../core/net_namespace.js';
import type { MessageWriter } from '../netlink/message.js';
import type { TcfBlock } from './cls_api/block.js';
import { qdiscReset } from './qdisc_run.js';
import { qdiscPurgeQueue } from './qdisc_tree.js';
import type { SizeTable } from './sch_api/stab.js';

/** Never counted, never freed, never shown. */
export const TCQ_F_BUILTIN = 1;
export const TCQ_F_INGRESS = 2;
/** An empty qdisc of the kind does not see packets that can go at once. */
export const TCQ_F_CAN_BYPASS = 4;
export const TCQ_F_MQROOT = 8;
/** Shown only to those who ask for invisible ones. */
export const TCQ_F_INVISIBLE = 0x80;

/** Bands of pfifo_fast and default bands of prio, by priority of the packet. */
export const schDefaultPrio2band = Uint8Array.of(1, 2, 2, 2, 1, 2, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);

/** A class of a qdisc as its class operations name it; 0 = no class. */
export type ClassRef = number;

/** struct Qdisc_class_ops. A qdisc that has them is classful. */
export interface QdiscClassOps {
  /** The queue a new child of `parent` (a class id) belongs to. */
  selectQueue?(sch: Qdisc, parent: number): NetdevQueue;
  /** Puts `child` (or noop) under a class and returns the old one, whose reference passes to `request`. */
  graft?(sch: Qdisc, cl: ClassRef, child: Qdisc | undefined, request: Holder): Qdisc;
  leaf(sch: Qdisc, cl: ClassRef): Qdisc | undefined;
  find(sch: Qdisc, classid: number): ClassRef;
  walk(sch: Qdisc): Iterable<ClassRef>;
  /** Those of walk() that may have filters of their own; without it all may. */
  withFilters?(sch: Qdisc): Iterable<ClassRef>;
  /** Creates or changes a class and returns it. */
  change?(
    sch: Qdisc,
    classid: number,
    parent: number,
    tca: readonly (Nla | undefined)[],
    cl: ClassRef,
    extack: Extack,
  ): ClassRef;
  delete?(sch: Qdisc, cl: ClassRef, extack: Extack): void;
  /** The block whose filters belong to a class; class 0 is the qdisc itself. */
  tcfBlock?(sch: Qdisc, cl: ClassRef, extack?: Extack): TcfBlock | undefined;
  /** A filter points to `classid`. */
  bindTcf?(sch: Qdisc, parent: ClassRef, classid: number): ClassRef;
  unbindTcf?(sch: Qdisc, cl: ClassRef): void;
  /** The child of a class has lost its last packet. */
  qlenNotify?(sch: Qdisc, cl: ClassRef): void;
  /** Appends attributes and fills in the tcmsg at offset `tcm`. */
  dump?(sch: Qdisc, cl: ClassRef, skb: MessageWriter, tcm: number): void;
  dumpStats?(sch: Qdisc, cl: ClassRef, d: GnetDump): void;
}

/** struct Qdisc_ops: one kind of queueing discipline. Refusals are thrown. */
export interface QdiscOps {
  readonly id: string;
  /** TCQ_F_* every qdisc of the kind is born with. */
  readonly staticFlags?: number;
  readonly classOps?: QdiscClassOps;
  init?(sch: Qdisc, opt: Nla | undefined, extack: Extack | undefined): void;
  change?(sch: Qdisc, opt: Nla, extack: Extack): void;
  /** The queue of the device has another length. */
  changeTxQueueLen?(sch: Qdisc, length: number): void;
  /** Grafts itself to the queues of the device. */
  attach?(sch: Qdisc): void;
  /** Also called when init() refused. */
  destroy?(sch: Qdisc): void;
  dump?(sch: Qdisc, skb: MessageWriter): void;
  dumpStats?(sch: Qdisc, d: GnetDump): void;
  /** Takes a packet: NET_XMIT_*. Without it packets go to the driver at once. */
  enqueue?(sch: Qdisc, skb: SkBuff): number;
  /** Gives the next packet, when there is one and it may go now. */
  dequeue?(sch: Qdisc): SkBuff | undefined;
  /** The next packet, which stays. */
  peek?(sch: Qdisc): SkBuff | undefined;
  /** Forgets its packets. */
  reset?(sch: Qdisc): void;
  ingressBlockSet?(sch: Qdisc, index: number): void;
  egressBlockSet?(sch: Qdisc, index: number): void;
  ingressBlockGet?(sch: Qdisc): number;
  egressBlockGet?(sch: Qdisc): number;
}

/** struct Qdisc. Holds its device. */
export class Qdisc extends KObject {
  readonly ops: QdiscOps;
  /** Undefined for noop alone, which belongs to no device. */
  readonly devQueue: NetdevQueue | undefined;
  flags: number;
  handle = 0;
  /** Class id, TC_H_ROOT or TC_H_INGRESS. */
  parent = 0;
  stab: SizeTable | undefined;
  rateEst: NetRateEstimator | undefined;
  bstats: BasicStats = noBasic();
  qstats: QueueStats = noQueue();
  /** The packets of kinds that have one queue. */
  readonly queue = new SkbQueue();
  /** Packets it has given that the driver could not take yet, and those it was asked to show. */
  readonly requeued = new SkbQueue();
  /** Somebody gives its packets to the driver (__QDISC_STATE2_RUNNING). */
  running = false;
  /** What the kind keeps (qdisc_priv()); its operations know the type. */
  priv: unknown;

  constructor(net: Net, ops: QdiscOps, devQueue: NetdevQueue | undefined, creator: Holder) {
    super(net.machine, creator);
    this.ops = ops;
    this.devQueue = devQueue;
    this.flags = ops.staticFlags ?? 0;
    devQueue?.dev.hold(this);
  }

  get label(): string {
    const at = this.devQueue === undefined ? '' : ` of ${this.devQueue.dev.name}`;
    return `qdisc ${this.ops.id} ${(this.handle >>> 16).toString(16)}:${at}`;
  }

  get dev(): NetDevice {
    assert(this.devQueue !== undefined, 'noop has no device');
    return this.devQueue.dev;
  }

  /** @models net/sched/sch_generic.c __qdisc_destroy() */
  protected destroy(): void {
    this.dev.qdiscHash.delete(this);
    if (this.qstats.qlen > 0) qdiscReset(this);
    this.ops.destroy?.(this);
    this.dev.release(this);
  }
}

/** What net/sched keeps for a namespace. */
export interface PktSched extends Holder {
  /** The qdisc of everything that has none (noop_qdisc). */
  readonly noop: Qdisc;
  /** The built-in noqueue of kernels where it is no ordinary kind. */
  readonly noqueue: Qdisc | undefined;
  /** Kinds by name, as register_qdisc() was called. */
  readonly kinds: Map<string, QdiscOps>;
  /** Last handle given automatically; that of the initial namespace counts for all. */
  autoHandle: number;
}

/** @models net/sched/sch_generic.c noqueue_qdisc_ops */
export const noqueueQdiscOps: QdiscOps = { id: 'noqueue' };

/** Nothing goes out. @models net/sched/sch_generic.c noop_enqueue() */
function noopEnqueue(_sch: Qdisc, skb: SkBuff): number {
  const NET_XMIT_CN = 2;
  const { dev } = skb;
  if (dev?.net.machine.has('noop-counts') === true) dev.stats[TX_DROPPED]!++;
  skb.pool.free(skb);
  return NET_XMIT_CN;
}

export const pktSched = netGeneric((net: Net): PktSched => {
  const holder = { label: 'net/sched' };
  const builtin = (ops: QdiscOps): Qdisc => new Qdisc(net, { ...ops, staticFlags: TCQ_F_BUILTIN }, undefined, holder);
  return {
    ...holder,
    noop: builtin({ id: 'noop', enqueue: noopEnqueue }),
    noqueue: net.machine.has('noqueue-visible') ? undefined : builtin(noqueueQdiscOps),
    kinds: new Map(),
    autoHandle: 0x80000000,
  };
});

/**
 * One more reference; none for a built-in one.
 *
 * @models include/net/sch_generic.h qdisc_refcount_inc()
 */
export function qdiscHold(sch: Qdisc, holder: Holder): void {
  if ((sch.flags & TCQ_F_BUILTIN) === 0) sch.hold(holder);
}

/**
 * Drops the reference of `holder`; the last one destroys.
 *
 * @models net/sched/sch_generic.c qdisc_put()
 */
export function qdiscPut(sch: Qdisc, holder: Holder): void {
  if ((sch.flags & TCQ_F_BUILTIN) === 0) sch.release(holder);
}

/**
 * A child gives way to another: the reference of `request` to `fresh` passes to `sch`, that of `sch` to `old` to the
 * request. Returns `fresh`.
 *
 * @models include/net/sch_generic.h qdisc_replace()
 */
export function qdiscReplace(sch: Holder, fresh: Qdisc, old: Qdisc, request: Holder): Qdisc {
  qdiscHold(fresh, sch);
  qdiscPut(fresh, request);
  qdiscHold(old, request);
  qdiscPurgeQueue(old);
  qdiscPut(old, sch);
  return fresh;
}

/**
 * Enters a child into the device's table, where dumps and lookups find it.
 *
 * @models net/sched/sch_api.c qdisc_hash_add()
 */
export function qdiscHashAdd(sch: Qdisc, invisible: boolean): void {
  if (sch.parent === TC_H_ROOT || (sch.flags & TCQ_F_INGRESS) !== 0) return;
  sch.dev.qdiscHash.add(sch);
  if (invisible) sch.flags |= TCQ_F_INVISIBLE;
}

/**
 * A qdisc with the defaults of its kind, or undefined when the kind refuses. `creator` holds it.
 *
 * @models net/sched/sch_generic.c qdisc_create_dflt()
 */
export function qdiscCreateDflt(queue: NetdevQueue, ops: QdiscOps, parent: number, creator: Holder): Qdisc | undefined {
  let sch: Qdisc | undefined;
  try {
    sch = new Qdisc(queue.dev.net, ops, queue, creator);
    sch.parent = parent;
    ops.init?.(sch, undefined, undefined);
    return sch;
  } catch (refusal) {
    sch?.release(creator);
    if (refusal instanceof Errno) return undefined;
    throw refusal;
  }
}

/**
 * Hangs `qdisc` (default noop) on a queue, which takes its own reference, and returns the old one, which the queue
 * still holds: the caller puts it.
 *
 * @models net/sched/sch_generic.c dev_graft_qdisc()
 */
export function devGraftQdisc(queue: NetdevQueue, qdisc: Qdisc | undefined): Qdisc {
  const { noop } = pktSched(queue.dev.net);
  const old = queue.qdisc;
  if (qdisc !== undefined) qdiscHold(qdisc, queue);
  queue.qdisc = qdisc ?? noop;
  queue.active = noop;
  return old;
}

/**
 * A device is registered: noop everywhere. Makes the queues.
 *
 * @models net/sched/sch_generic.c dev_init_scheduler()
 */
export function devInitScheduler(dev: NetDevice): void {
  const { noop } = pktSched(dev.net);
  dev.qdisc = noop;
  for (let i = dev.txQueues.length; i < dev.numTxQueues; i++)
    dev.txQueues.push(new NetdevQueue(dev, `tx queue ${i}`, noop));
}

/** @differs the kernel tests dev->flags in place */
export const devIsUp = (dev: NetDevice): boolean => (dev.flags & IFF_UP) !== 0;

/** Whether the device takes packets without queueing them, so that its default is noqueue. */
function wantsNoQueue(dev: NetDevice): boolean {
  return dev.net.machine.has('iff-no-queue') ? dev.noQueue : dev.txQueueLen === 0;
}

/** @models net/sched/sch_generic.c attach_one_default_qdisc() */
function attachOneDefault(queue: NetdevQueue, ops: QdiscOps): void {
  const { noqueue } = pktSched(queue.dev.net);
  if (ops === noqueueQdiscOps && noqueue !== undefined) queue.qdisc = noqueue;
  else queue.qdisc = qdiscCreateDflt(queue, ops, TC_H_ROOT, queue) ?? queue.qdisc;
}

/** Every queue gets a qdisc of its own; the root is that of the first. */
function attachDefaultToQueues(dev: NetDevice, ops: QdiscOps): void {
  for (const queue of dev.txQueues) attachOneDefault(queue, ops);
  const root = dev.txQueues[0]!.qdisc;
  dev.qdisc = root;
  qdiscHold(root, dev);
}

/** @models net/sched/sch_generic.c attach_default_qdiscs() */
function attachDefaults(dev: NetDevice): void {
  const { kinds, noop } = pktSched(dev.net);
  const ops = wantsNoQueue(dev) ? noqueueQdiscOps : (kinds.get(dev.net.machine.config.defaultQdisc) ?? noqueueQdiscOps);
  const mq = kinds.get('mq');
  if (dev.numTxQueues === 1 || mq === undefined || ops === noqueueQdiscOps) {
    attachDefaultToQueues(dev, ops);
  } else {
    const root = qdiscCreateDflt(dev.txQueues[0]!, mq, TC_H_ROOT, dev);
    if (root !== undefined) {
      dev.qdisc = root;
      mq.attach?.(root);
    }
  }
  if (dev.qdisc === noop) attachDefaultToQueues(dev, noqueueQdiscOps);
}

function queuesOf(dev: NetDevice): readonly NetdevQueue[] {
  return dev.ingressQueue === undefined ? dev.txQueues : [...dev.txQueues, dev.ingressQueue];
}

/**
 * The device came up, or got its carrier: attaches the defaults if it has none, and puts what is attached to use once
 * there is a carrier.
 *
 * @models net/sched/sch_generic.c dev_activate()
 */
export function devActivate(dev: NetDevice): void {
  if (dev.qdisc === pktSched(dev.net).noop) attachDefaults(dev);
  if (!dev.carrier) return;
  for (const queue of queuesOf(dev)) queue.active = queue.qdisc;
}

/** A device that is up lets go of everything that is queued. @models net/sched/sch_generic.c dev_qdisc_change_tx_queue_len() */
export function devQdiscChangeTxQueueLen(dev: NetDevice): void {
  const isUp = devIsUp(dev);
  if (isUp) devDeactivate(dev);
  try {
    for (const { qdisc } of dev.txQueues) qdisc.ops.changeTxQueueLen?.(qdisc, dev.txQueueLen);
  } finally {
    if (isUp) devActivate(dev);
  }
}

/**
 * The device goes down, or is about to be regrafted: nothing is queued any more. What is attached stays.
 *
 * @models net/sched/sch_generic.c dev_deactivate()
 */
export function devDeactivate(dev: NetDevice): void {
  const { noop } = pktSched(dev.net);
  for (const queue of queuesOf(dev)) {
    queue.active = noop;
    if ((queue.qdisc.flags & TCQ_F_BUILTIN) === 0) qdiscReset(queue.qdisc);
  }
}

/**
 * The device is unregistered: every qdisc goes, and with them filters and chains (RTM_DELCHAIN is all that is told).
 *
 * @models net/sched/sch_generic.c dev_shutdown()
 */
export function devShutdown(dev: NetDevice): void {
  const { noop } = pktSched(dev.net);
  for (const queue of queuesOf(dev)) qdiscPut(devGraftQdisc(queue, undefined), queue);
  const root = dev.qdisc;
  qdiscPut(root, dev);
  dev.qdisc = noop;
}
