// net/sched/sch_api.c tc_ctl_tclass() and tc_dump_tclass(): RTM_*TCLASS. Finding the qdisc and the class is done here,
// everything else by the class operations of the kind.
import { devGetByIndex } from '../../core/dev/table.js';
import type { Nla } from '../../../../codec/nla.js';
import { EEXIST, EINVAL, ENOENT, EOPNOTSUPP } from '../../../../uapi/asm-generic/errno.js';
import { NLM_F_CREATE, NLM_F_EXCL, NLM_F_MULTI, NLMSG_HDRLEN } from '../../../../uapi/linux/netlink.js';
import { TC_H_MAJ, TC_H_MAKE, TC_H_ROOT } from '../../../../uapi/linux/pkt_sched.js';
import { RTM_DELTCLASS, RTM_GETTCLASS, RTM_NEWTCLASS, TCA } from '../../../../uapi/linux/rtnetlink.js';
import { errno, refuse } from '../../../errno.js';
import { GnetDump } from '../../core/gen_stats.js';
import type { NetDevice } from '../../core/net_device.js';
import type { DumpEntry, RtnlRequest } from '../../core/rtnetlink.js';
import { MessageWriter } from '../../netlink/message.js';
import { bindClass, resultOf } from '../cls_api/bind.js';
import type { TcfFilter, TcfProto } from '../cls_api/proto.js';
import type { ClassRef, Qdisc, QdiscClassOps } from '../sch_generic.js';
import { beginTc, dumpIgnore, notifyNeeded, notifyTc, putExtWarnMsg, tcStatsAttributes } from './fill.js';
import { qdiscHashOrder, qdiscLookup } from './lookup.js';
import { hasTcmsg, parseTc, TcRequest } from './request.js';

/** A class: the qdisc it belongs to, its operations and its name there. */
interface Class {
  readonly q: Qdisc;
  readonly cops: QdiscClassOps;
  readonly cl: ClassRef;
}

/**
 * Appends one RTM_*TCLASS message.
 *
 * @models net/sched/sch_api.c tc_fill_tclass()
 */
function fillTclass(
  skb: MessageWriter,
  request: RtnlRequest,
  { q, cops, cl }: Class,
  flags: number,
  type: number,
): void {
  const tcm = { ifindex: q.dev.ifindex, handle: q.handle, parent: q.handle, info: 0 };
  const at = beginTc(skb, request, type, flags, tcm);
  skb.put(TCA.KIND, q.ops.id);
  cops.dump?.(q, cl, skb, at);
  const d = new GnetDump(skb, tcStatsAttributes, request.machine.config.padAttributes);
  cops.dumpStats?.(q, cl, d);
  d.finish();
  skb.end(at - NLMSG_HDRLEN);
}

function message(request: RtnlRequest, target: Class, type: number): MessageWriter {
  const skb = new MessageWriter();
  fillTclass(skb, request, target, 0, type);
  putExtWarnMsg(skb, request);
  skb.end(0);
  return skb;
}

/** The qdisc that handle and parent, or the root, speak of. */
function qdiscIdOf(t: TcRequest, dev: NetDevice): number {
  const byHandle = TC_H_MAJ(t.handle);
  const byParent = t.parent === TC_H_ROOT ? 0 : TC_H_MAJ(t.parent);
  if (byHandle !== 0 && byParent !== 0 && byHandle !== byParent) throw errno(EINVAL);
  return byHandle || byParent || dev.qdisc.handle;
}

function classIdOf(t: TcRequest, qid: number): number {
  if (t.handle !== 0) return TC_H_MAKE(qid, t.handle);
  return t.parent === TC_H_ROOT ? qid : 0;
}

/** Every filter of the classes' own blocks. The block of the qdisc itself is not looked at. */
function* filtersOf({ q, cops }: Class): Iterable<{ tp: TcfProto; filter: TcfFilter; base: ClassRef }> {
  if (cops.tcfBlock === undefined) return;
  for (const base of cops.withFilters?.(q) ?? cops.walk(q))
    for (const chain of cops.tcfBlock(q, base)?.chains.values() ?? [])
      for (let tp = chain.protos.from(0); tp !== undefined; tp = chain.protos.from(tp.prio + 1))
        for (let filter = tp.ops.next(tp, undefined); filter !== undefined; filter = tp.ops.next(tp, filter))
          yield { tp, filter, base };
}

/** Filters that name a class learn that it has come or goes. @models net/sched/sch_api.c tc_bind_tclass() */
function bindTclass(target: Class, clid: number, fresh: ClassRef): void {
  for (const { tp, filter, base } of filtersOf(target)) {
    const res = resultOf(filter);
    if (res !== undefined) bindClass(tp, res, clid, fresh, base);
  }
}

/** Filters are unbound even from a class that stays. */
function deleteClass(request: RtnlRequest, target: Class, clid: number): void {
  try {
    deleteAndTell(request, target);
  } finally {
    bindTclass(target, clid, 0);
  }
}

/** The message is built before. @models net/sched/sch_api.c tclass_del_notify() */
function deleteAndTell(request: RtnlRequest, target: Class): void {
  if (target.cops.delete === undefined) throw errno(EOPNOTSUPP);
  const notice = notifyNeeded(request) ? message(request, target, RTM_DELTCLASS) : undefined;
  target.cops.delete(target.q, target.cl, request.extack);
  if (notice !== undefined) notifyTc(request, notice);
}

const sharesBlock = (tca: readonly (Nla | undefined)[]): boolean =>
  tca[TCA.INGRESS_BLOCK.type] !== undefined || tca[TCA.EGRESS_BLOCK.type] !== undefined;

function changeClass(t: TcRequest, { q, cops, cl }: Class, clid: number, parent: number): void {
  const { request } = t;
  if (sharesBlock(t.tca)) refuse(request.extack, EOPNOTSUPP, 'Shared blocks are not supported for classes');
  if (clid === TC_H_ROOT) refuse(request.extack, EINVAL, 'Cannot create traffic class with classid TC_H_ROOT');
  if (cops.change === undefined) throw errno(EOPNOTSUPP);
  const changed = cops.change(q, clid, parent, t.tca, cl, request.extack);
  if (notifyNeeded(request)) notifyTc(request, message(request, { q, cops, cl: changed }, RTM_NEWTCLASS));
  if (changed !== cl) bindTclass({ q, cops, cl: changed }, clid, changed);
}

function checkExistence(t: TcRequest, cl: ClassRef): void {
  const isNew = t.request.type === RTM_NEWTCLASS;
  if (cl === 0 && !(isNew && t.wants(NLM_F_CREATE))) throw errno(ENOENT);
  if (cl !== 0 && isNew && t.wants(NLM_F_EXCL)) throw errno(EEXIST);
}

/** RTM_NEWTCLASS, RTM_DELTCLASS, RTM_GETTCLASS. @models net/sched/sch_api.c tc_ctl_tclass() */
export function ctlTclass(request: RtnlRequest): void {
  const t = parseTc(request);
  const dev = t.dev();
  const qid = qdiscIdOf(t, dev);
  const q = qdiscLookup(dev, qid);
  if (q === undefined) throw errno(ENOENT);
  const cops = q.ops.classOps;
  if (cops === undefined) throw errno(EINVAL);
  const clid = classIdOf(t, qid);
  const cl = clid === 0 ? 0 : cops.find(q, clid);
  checkExistence(t, cl);
  const target = { q, cops, cl };
  if (request.type === RTM_DELTCLASS) deleteClass(request, target, clid);
  else if (request.type === RTM_GETTCLASS) notifyTc(request, message(request, target, RTM_NEWTCLASS));
  else changeClass(t, target, clid, t.parent === 0 || t.parent === TC_H_ROOT ? t.parent : TC_H_MAKE(qid, t.parent));
}

/** The qdiscs whose classes a dump shows: root, children, ingress; only that of `parent` when it is given. */
function dumpedQdiscs(dev: NetDevice, parent: number): Qdisc[] {
  const all = [dev.qdisc, ...qdiscHashOrder(dev), ...(dev.ingressQueue === undefined ? [] : [dev.ingressQueue.qdisc])];
  return all.filter((q) => !dumpIgnore(q, false) && (parent === 0 || TC_H_MAJ(parent) === q.handle));
}

/** Classes of one device; none without it. @models net/sched/sch_api.c tc_dump_tclass() */
export function* dumpTclass(request: RtnlRequest): Iterable<DumpEntry> {
  if (!hasTcmsg(request)) return;
  const { ifindex, parent } = new TcRequest(request, []);
  const dev = devGetByIndex(request.net, ifindex);
  if (dev === undefined) return;
  for (const q of dumpedQdiscs(dev, parent)) {
    const cops = q.ops.classOps;
    if (cops === undefined) continue;
    for (const cl of cops.walk(q))
      yield (skb) => {
        fillTclass(skb, request, { q, cops, cl }, NLM_F_MULTI, RTM_NEWTCLASS);
      };
  }
}
