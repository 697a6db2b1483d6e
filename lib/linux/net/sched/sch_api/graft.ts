// net/sched/sch_api.c qdisc_graft(): puts a new qdisc (or none) in the place of an old one, tells the group, and lets the
// old one go. The request holds the new one; on success that reference has passed to its place.
import { EBUSY, EINVAL, ENOENT, EOPNOTSUPP } from '../../../../uapi/asm-generic/errno.js';
import { errno, refuse } from '../../../errno.js';
import type { NetDevice } from '../../core/net_device.js';
import { noqueueQdiscOps, pktSched, type Qdisc, TCQ_F_BUILTIN, TCQ_F_INGRESS, TCQ_F_MQROOT } from '../sch_generic.js';
import { devActivate, devDeactivate, devGraftQdisc, devIsUp, qdiscHold, qdiscPut } from '../sch_generic.js';
import { qdiscNotify } from './fill.js';
import type { TcRequest } from './request.js';

/** The ingress queue: the old one is destroyed before the new one takes its place. */
function graftIngress(t: TcRequest, dev: NetDevice, classid: number, fresh: Qdisc | undefined): void {
  const { extack } = t.request;
  const queue = dev.ingressQueue;
  if (queue === undefined) refuse(extack, ENOENT, 'Device does not have an ingress queue');
  const old = queue.qdisc;
  const builtin = (old.flags & TCQ_F_BUILTIN) !== 0;
  if (!builtin && old.refcount !== 1)
    refuse(extack, EBUSY, 'Current ingress or clsact Qdisc has ongoing filter requests');
  devGraftQdisc(queue, undefined);
  qdiscNotify(t.request, classid, old, fresh, { old: t.request.machine.has('qdisc-graft-before-notify') ? 0 : 1 });
  qdiscPut(old, queue);
  if (fresh === undefined) return;
  devGraftQdisc(queue, fresh);
  qdiscPut(fresh, t);
}

/** References of a new root as its notification shows them: 4.1 counts that of the device only afterwards. */
function shownCount({ request }: TcRequest, fresh: Qdisc | undefined): number | undefined {
  if (fresh === undefined) return undefined;
  const late = fresh.ops.attach === undefined && !request.machine.has('qdisc-graft-before-notify');
  return late ? fresh.refcount - 1 : fresh.refcount;
}

/** The root: every transmit queue holds it, or what it attaches itself. */
function graftRoot(t: TcRequest, dev: NetDevice, classid: number, fresh: Qdisc | undefined): void {
  if (fresh?.ops.attach === undefined) for (const queue of dev.txQueues) qdiscPut(devGraftQdisc(queue, fresh), queue);
  const old = dev.qdisc;
  if (fresh !== undefined) {
    qdiscHold(fresh, dev);
    qdiscPut(fresh, t);
  }
  dev.qdisc = fresh ?? pktSched(dev.net).noop;
  qdiscNotify(t.request, classid, old, fresh, { fresh: shownCount(t, fresh) });
  qdiscPut(old, dev);
  fresh?.ops.attach?.(fresh);
}

function graftClass(t: TcRequest, parent: Qdisc, classid: number, fresh: Qdisc | undefined): void {
  const { extack } = t.request;
  const cops = parent.ops.classOps;
  if (cops?.graft === undefined) throw errno(EOPNOTSUPP);
  const cl = cops.find(parent, classid);
  if (cl === 0) refuse(extack, ENOENT, 'Specified class not found');
  if (fresh !== undefined) checkChild(t, parent, fresh);
  const old = cops.graft(parent, cl, fresh, t);
  qdiscNotify(t.request, classid, old, fresh);
  qdiscPut(old, t);
}

function checkChild(t: TcRequest, parent: Qdisc, fresh: Qdisc): void {
  const { extack } = t.request;
  if (fresh.ops === noqueueQdiscOps) refuse(extack, EINVAL, 'Cannot assign noqueue to a class');
  if ((parent.flags & TCQ_F_MQROOT) === 0 && fresh.stab !== undefined)
    refuse(extack, EINVAL, 'STAB not supported on a non root');
}

/**
 * Puts `fresh` (none: removes) under class `classid` of `parent`, or at the device when there is no parent. `old` is what
 * the caller found there.
 *
 * @models net/sched/sch_api.c qdisc_graft()
 */
export function qdiscGraft(
  t: TcRequest,
  dev: NetDevice,
  parent: Qdisc | undefined,
  classid: number,
  fresh: Qdisc | undefined,
  old: Qdisc | undefined,
): void {
  if (parent !== undefined) {
    graftClass(t, parent, classid, fresh);
    return;
  }
  if (devIsUp(dev)) devDeactivate(dev);
  if ((((old?.flags ?? 0) | (fresh?.flags ?? 0)) & TCQ_F_INGRESS) !== 0) graftIngress(t, dev, classid, fresh);
  else graftRoot(t, dev, classid, fresh);
  if (devIsUp(dev)) devActivate(dev);
}
