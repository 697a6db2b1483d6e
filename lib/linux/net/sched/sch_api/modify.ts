// net/sched/sch_api.c tc_modify_qdisc(): RTM_NEWQDISC creates, replaces, regrafts or changes a qdisc. Which of these it is
// follows from parent, handle, kind and the flags CREATE, REPLACE, EXCL, in the order of the checks below.
import { EEXIST, EINVAL, ELOOP, ENOENT, EOPNOTSUPP } from '../../../../uapi/asm-generic/errno.js';
import { NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE } from '../../../../uapi/linux/netlink.js';
import { TC_H_INGRESS, TC_H_MAJ, TC_H_MIN, TC_H_ROOT } from '../../../../uapi/linux/pkt_sched.js';
import { TCA } from '../../../../uapi/linux/rtnetlink.js';
import { refuse } from '../../../errno.js';
import { nlaIs } from '../../../lib/nlattr.js';
import type { NetDevice } from '../../core/net_device.js';
import type { RtnlRequest } from '../../core/rtnetlink.js';
import { type Qdisc, TCQ_F_INGRESS } from '../sch_generic.js';
import { qdiscChange, qdiscCreate } from './create.js';
import { qdiscNotify } from './fill.js';
import { qdiscGraft } from './graft.js';
import { devIngressQueueCreate, qdiscLeaf, qdiscLookup } from './lookup.js';
import { parseTc, type TcRequest } from './request.js';

/** What the flags and the objects found ask for. */
type Decision =
  { readonly todo: 'create'; readonly needsFlag: boolean } | { readonly todo: 'change' | 'graft'; readonly q: Qdisc };

const create: Decision = { todo: 'create', needsFlag: true };

/** Whether the request names a kind other than that of `q`. @differs the kernel calls nla_strcmp() in place */
export function otherKind(t: TcRequest, q: Qdisc): boolean {
  const kind = t.tca[TCA.KIND.type];
  return kind !== undefined && !nlaIs(kind, q.ops.id);
}

/** Refuses a request whose kind is not that of `q`. @differs the kernel writes this out in each handler */
export function checkKind(t: TcRequest, q: Qdisc): void {
  const detail = t.request.machine.has('tc-kind-mismatch-text') ? ': must match existing qdisc' : '';
  if (otherKind(t, q)) refuse(t.request.extack, EINVAL, `Invalid qdisc name${detail}`);
}

function parentOf(t: TcRequest, dev: NetDevice, clid: number): Qdisc | undefined {
  if (clid === 0 || clid === TC_H_ROOT || clid === TC_H_INGRESS) return undefined;
  const { extack, machine } = t.request;
  const parent = qdiscLookup(dev, TC_H_MAJ(clid));
  if (parent === undefined) refuse(extack, ENOENT, 'Failed to find specified qdisc');
  if ((parent.flags & TCQ_F_INGRESS) !== 0 && machine.has('tc-ingress-children-texts'))
    refuse(extack, EOPNOTSUPP, 'Cannot add children to ingress/clsact qdisc');
  return parent;
}

/** What hangs at the place the request names, defaults not counted. */
function occupant(t: TcRequest, dev: NetDevice, parent: Qdisc | undefined, clid: number): Qdisc | undefined {
  let q: Qdisc | undefined;
  if (parent !== undefined) q = qdiscLeaf(parent, clid, t.request.extack);
  else if (clid === TC_H_INGRESS) q = devIngressQueueCreate(dev).qdisc;
  else q = dev.qdisc;
  return q === undefined || q.handle === 0 ? undefined : q;
}

/** Whether `p` hangs somewhere below `q`. */
function loops(q: Qdisc, p: Qdisc, depth: number): boolean {
  const cops = q.ops.classOps;
  if (cops === undefined) return false;
  for (const cl of cops.walk(q)) {
    const leaf = cops.leaf(q, cl);
    if (leaf !== undefined && (leaf === p || depth > 7 || loops(leaf, p, depth + 1))) return true;
  }
  return false;
}

/** The request names a handle of its own, not that of the occupant `there`. */
function decideByHandle(t: TcRequest, dev: NetDevice, parent: Qdisc | undefined, there: Qdisc | undefined): Decision {
  const { extack, machine } = t.request;
  if (there !== undefined && !t.wants(NLM_F_REPLACE)) refuse(extack, EEXIST, 'NLM_F_REPLACE needed to override');
  if (TC_H_MIN(t.handle) !== 0) refuse(extack, EINVAL, 'Invalid minor handle');
  const q = qdiscLookup(dev, t.handle);
  if (q === undefined) return create;
  if (q.parent !== t.parent && machine.has('qdisc-move-refused'))
    refuse(extack, EINVAL, 'Cannot move an existing qdisc to a different parent');
  if (t.wants(NLM_F_EXCL)) refuse(extack, EEXIST, 'Exclusivity flag on, cannot override');
  checkKind(t, q);
  if ((q.flags & TCQ_F_INGRESS) !== 0) refuse(extack, EINVAL, 'Cannot regraft ingress or clsact Qdiscs');
  if (q === parent || (parent !== undefined && loops(q, parent, 0)))
    refuse(extack, ELOOP, 'Qdisc parent/child loop detected');
  if (t.parent === TC_H_INGRESS) refuse(extack, EINVAL, 'Ingress cannot graft directly');
  return { todo: 'graft', q };
}

/** 4.1 replaces only by CREATE and REPLACE together, then also with the same kind if EXCL is given. */
function decideByKind41(t: TcRequest, q: Qdisc): Decision {
  if (t.wants(NLM_F_CREATE | NLM_F_REPLACE) && (t.wants(NLM_F_EXCL) || otherKind(t, q))) return create;
  return { todo: 'change', q };
}

/** No handle: another kind means another qdisc when the flags say so, or when there are no flags at all. */
function decideByKind(t: TcRequest, q: Qdisc): Decision {
  if (!t.request.machine.has('qdisc-exclusive-create')) return decideByKind41(t, q);
  if (!otherKind(t, q)) return { todo: 'change', q };
  if (t.wants(NLM_F_CREATE | NLM_F_REPLACE) || t.wants(NLM_F_CREATE | NLM_F_EXCL)) return create;
  const none = (t.request.flags & (NLM_F_CREATE | NLM_F_REPLACE | NLM_F_EXCL)) === 0;
  return none ? { todo: 'create', needsFlag: false } : { todo: 'change', q };
}

function decide(t: TcRequest, dev: NetDevice, parent: Qdisc | undefined): Decision {
  const there = occupant(t, dev, parent, t.parent);
  if (there !== undefined && t.handle !== 0 && there.handle === t.handle) return { todo: 'change', q: there };
  if (t.handle !== 0) return decideByHandle(t, dev, parent, there);
  return there === undefined ? create : decideByKind(t, there);
}

/** Parent 0: the handle alone names what to change. */
function decideWithoutParent(t: TcRequest, dev: NetDevice): Decision {
  const { extack } = t.request;
  if (t.handle === 0) refuse(extack, EINVAL, 'Handle cannot be zero');
  const q = qdiscLookup(dev, t.handle);
  if (q === undefined) refuse(extack, ENOENT, 'Specified qdisc not found');
  return { todo: 'change', q };
}

function change(t: TcRequest, q: Qdisc): void {
  if (t.wants(NLM_F_EXCL)) refuse(t.request.extack, EEXIST, 'Exclusivity flag on, cannot modify');
  checkKind(t, q);
  qdiscChange(t, q);
  qdiscNotify(t.request, t.parent, undefined, q);
}

function createFor(t: TcRequest, dev: NetDevice, parent: Qdisc | undefined): Qdisc {
  if (t.parent === TC_H_INGRESS) return qdiscCreate(t, devIngressQueueCreate(dev), t.parent, t.parent);
  const chosen = parent?.ops.classOps?.selectQueue?.(parent, t.parent);
  return qdiscCreate(t, chosen ?? parent?.devQueue ?? dev.txQueues[0]!, t.parent, t.handle);
}

/** RTM_NEWQDISC. @models net/sched/sch_api.c tc_modify_qdisc() */
export function modifyQdisc(request: RtnlRequest): void {
  const t = parseTc(request);
  const dev = t.dev();
  const parent = parentOf(t, dev, t.parent);
  const decision = t.parent === 0 ? decideWithoutParent(t, dev) : decide(t, dev, parent);
  if (decision.todo === 'change') {
    change(t, decision.q);
    return;
  }
  if (decision.todo === 'create' && decision.needsFlag && !t.wants(NLM_F_CREATE))
    refuse(request.extack, ENOENT, 'Qdisc not found. To create specify NLM_F_CREATE flag');
  const fresh = decision.todo === 'graft' ? decision.q.hold(t) : createFor(t, dev, parent);
  try {
    qdiscGraft(t, dev, parent, t.parent, fresh, undefined);
  } catch (refusal) {
    fresh.release(t);
    throw refusal;
  }
}
