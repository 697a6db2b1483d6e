// net/sched/sch_api.c, the parts qdisc_create() and qdisc_change(): a new qdisc from a request, or new options for one.
import { EINVAL, ENOENT, ENOSPC, EOPNOTSUPP } from '../../../../uapi/asm-generic/errno.js';
import { TC_H_INGRESS, TC_H_MAJ, TC_H_ROOT } from '../../../../uapi/linux/pkt_sched.js';
import { TCA } from '../../../../uapi/linux/rtnetlink.js';
import { Errno, refuse } from '../../../errno.js';
import { nlaStrscpy } from '../../../lib/nlattr.js';
import { genNewEstimator } from '../../core/gen_estimator.js';
import type { NetDevice, NetdevQueue } from '../../core/net_device.js';
import { pktSched, Qdisc, qdiscHashAdd, TCQ_F_INGRESS, TCQ_F_MQROOT } from '../sch_generic.js';
import { qdiscLookup, qdiscLookupOps } from './lookup.js';
import type { TcRequest } from './request.js';
import { qdiscGetStab } from './stab.js';

/** Room for the name of a kind, its NUL included. */
const IFNAMSIZ = 16;
/** DEFAULT_TX_QUEUE_LEN */
const DEFAULT_TX_QUEUE_LEN = 1000;

/**
 * The next free handle from 8001: on; one counter for all devices of all namespaces. 0 when every one is taken.
 *
 * @models net/sched/sch_api.c qdisc_alloc_handle()
 */
function qdiscAllocHandle(dev: NetDevice): number {
  const sched = pktSched(dev.net.machine.net);
  for (let i = 0; i < 0x8000; i++) {
    sched.autoHandle += 0x10000;
    if (sched.autoHandle === TC_H_MAJ(TC_H_ROOT)) sched.autoHandle = 0x80000000;
    if (qdiscLookup(dev, sched.autoHandle) === undefined) return sched.autoHandle;
  }
  return 0;
}

function handleFor(t: TcRequest, sch: Qdisc, handle: number): number {
  const { extack } = t.request;
  if (handle === TC_H_INGRESS) {
    if ((sch.flags & TCQ_F_INGRESS) === 0)
      refuse(extack, EINVAL, 'Specified parent ID is reserved for ingress and clsact Qdiscs');
    return TC_H_MAJ(TC_H_INGRESS);
  }
  if (handle !== 0) return handle;
  const automatic = qdiscAllocHandle(sch.dev);
  if (automatic === 0) refuse(extack, ENOSPC, 'Maximum number of qdisc handles was exceeded');
  return automatic;
}

/** @models net/sched/sch_api.c qdisc_block_indexes_set() */
function setBlockIndexes(t: TcRequest, sch: Qdisc): void {
  const { extack } = t.request;
  const ingress = t.tca[TCA.INGRESS_BLOCK.type]?.u32();
  if (ingress !== undefined) {
    if (ingress === 0) refuse(extack, EINVAL, 'Ingress block index cannot be 0');
    if (sch.ops.ingressBlockSet === undefined) refuse(extack, EOPNOTSUPP, 'Ingress block sharing is not supported');
    sch.ops.ingressBlockSet(sch, ingress);
  }
  const egress = t.tca[TCA.EGRESS_BLOCK.type]?.u32();
  if (egress === undefined) return;
  if (egress === 0) refuse(extack, EINVAL, 'Egress block index cannot be 0');
  if (sch.ops.egressBlockSet === undefined) refuse(extack, EOPNOTSUPP, 'Egress block sharing is not supported');
  sch.ops.egressBlockSet(sch, egress);
}

function setEstimator(t: TcRequest, sch: Qdisc): void {
  const { extack } = t.request;
  const rate = t.tca[TCA.RATE.type];
  if (rate === undefined) return;
  if ((sch.flags & TCQ_F_MQROOT) !== 0)
    refuse(extack, EOPNOTSUPP, 'Cannot attach rate estimator to a multi-queue root qdisc');
  try {
    sch.rateEst = genNewEstimator(t.request.machine, sch.bstats, sch.rateEst, rate);
  } catch (refusal) {
    extack.msg = 'Failed to generate new estimator';
    throw refusal;
  }
}

function setUp(t: TcRequest, sch: Qdisc, handle: number): void {
  const { extack } = t.request;
  const { dev } = sch;
  sch.handle = handleFor(t, sch, handle);
  if (dev.noQueue && dev.txQueueLen === 0) dev.txQueueLen = DEFAULT_TX_QUEUE_LEN;
  setBlockIndexes(t, sch);
  const stab = t.tca[TCA.STAB.type];
  if (stab !== undefined) sch.stab = qdiscGetStab(stab, extack);
  sch.ops.init?.(sch, t.tca[TCA.OPTIONS.type], extack);
  setEstimator(t, sch);
}

/** A kind that the configuration promises and the model lacks is reported as well. */
function refuseKind(t: TcRequest): never {
  const { machine, extack } = t.request;
  const kind = t.tca[TCA.KIND.type];
  const name = kind && nlaStrscpy(kind, IFNAMSIZ);
  if (name !== undefined && machine.config.qdiscs?.includes(name) === true && name !== 'noop')
    machine.gap(`qdisc kind ${name}`);
  refuse(extack, ENOENT, 'Specified qdisc kind is unknown');
}

/**
 * A new qdisc of the requested kind for `queue`; the request holds it. Refuses unknown kinds and whatever the kind
 * refuses; then nothing is left behind.
 *
 * @models net/sched/sch_api.c qdisc_create()
 */
export function qdiscCreate(t: TcRequest, queue: NetdevQueue, parent: number, handle: number): Qdisc {
  const ops = qdiscLookupOps(t.net, t.tca[TCA.KIND.type]);
  if (ops === undefined) refuseKind(t);
  const sch = new Qdisc(t.net, ops, queue, t);
  sch.parent = parent;
  try {
    setUp(t, sch, handle);
  } catch (refusal) {
    sch.release(t);
    throw refusal;
  }
  qdiscHashAdd(sch, false);
  return sch;
}

/**
 * New options, size table and estimator for an existing qdisc.
 *
 * @models net/sched/sch_api.c qdisc_change()
 */
export function qdiscChange(t: TcRequest, sch: Qdisc): void {
  const { extack } = t.request;
  const options = t.tca[TCA.OPTIONS.type];
  if (options !== undefined) {
    if (sch.ops.change === undefined) refuse(extack, EINVAL, 'Change operation not supported by specified qdisc');
    if (t.tca[TCA.INGRESS_BLOCK.type] !== undefined || t.tca[TCA.EGRESS_BLOCK.type] !== undefined)
      refuse(extack, EOPNOTSUPP, 'Change of blocks is not supported');
    sch.ops.change(sch, options, extack);
  }
  const stab = t.tca[TCA.STAB.type];
  sch.stab = stab === undefined ? undefined : qdiscGetStab(stab, extack);
  replaceEstimator(t, sch);
}

/** A bad estimator is ignored here: the change cannot be undone any more. */
function replaceEstimator(t: TcRequest, sch: Qdisc): void {
  const rate = t.tca[TCA.RATE.type];
  if (rate === undefined || (sch.flags & TCQ_F_MQROOT) !== 0) return;
  try {
    sch.rateEst = genNewEstimator(t.request.machine, sch.bstats, sch.rateEst, rate);
  } catch (refusal) {
    if (!(refusal instanceof Errno)) throw refusal;
  }
}
