// net/sched/sch_drr.c: deficit round robin. Classes, which users make, take turns; in its turn a class sends what it has
// credit for, and a quantum is added to the credit when that is not enough for the next packet. Only priority or a filter
// of the qdisc gives a packet a class: what has none is dropped.
import type { Extack } from '../../../codec/extack.js';
import type { Nla } from '../../../codec/nla.js';
import { NL_VALIDATE_LIBERAL, parseNested } from '../../../codec/parse.js';
import { EBUSY, EINVAL } from '../../../uapi/asm-generic/errno.js';
import { TC_ACT_QUEUED, TC_ACT_SHOT, TC_ACT_STOLEN, TC_ACT_TRAP } from '../../../uapi/linux/pkt_cls.js';
import { tc_drr_stats, TC_H_MAJ, TC_H_ROOT, TCA_DRR } from '../../../uapi/linux/pkt_sched.js';
import { TCA, tcmsg } from '../../../uapi/linux/rtnetlink.js';
import { Errno, errno, refuse } from '../../errno.js';
import type { Holder } from '../../events.js';
import { KObject } from '../../object.js';
import { NET_XMIT_SUCCESS } from '../core/dev/xmit.js';
import { genNewEstimator, type NetRateEstimator } from '../core/gen_estimator.js';
import { type BasicStats, type GnetDump, noBasic } from '../core/gen_stats.js';
import type { SkBuff } from '../core/skbuff/sk_buff.js';
import type { MessageWriter } from '../netlink/message.js';
import { type TcfBlock, tcfBlockGet, tcfBlockPut } from './cls_api/block.js';
import { tcfClassify } from './cls_api/classify.js';
import { pschedMtu } from './psched_ratecfg.js';
import * as Q from './qdisc_run.js';
import { qdiscPurgeQueue } from './qdisc_tree.js';
import { QdiscClassHash } from './sch_api/class_hash.js';
import { pfifoQdiscOps } from './sch_fifo.js';
import * as S from './sch_generic.js';

/** struct drr_class. Held by its qdisc, and once more by each filter bound to it. */
class DrrClass extends KObject {
  readonly sch: S.Qdisc;
  readonly classid: number;
  /** What class operations name it by: several classes may have the id 0. */
  readonly ref: S.ClassRef;
  quantum: number;
  /** Bytes it may still send in its turn. */
  deficit = 0;
  active = false;
  /** Held by the class. */
  leaf: S.Qdisc;
  readonly bstats: BasicStats = noBasic();
  rateEst: NetRateEstimator | undefined;

  constructor(sch: S.Qdisc, classid: number, quantum: number) {
    super(sch.dev.net.machine, sch);
    this.sch = sch;
    this.classid = classid;
    this.ref = ++privOf(sch).lastRef;
    this.quantum = quantum;
    this.leaf = this.defaultLeaf(this);
  }

  get label(): string {
    return `class drr ${(this.classid >>> 16).toString(16)}:${(this.classid & 0xffff).toString(16)}`;
  }

  /** A pfifo for this class, or noop; `holder` holds it. */
  defaultLeaf(holder: Holder): S.Qdisc {
    const leaf = S.qdiscCreateDflt(this.sch.devQueue!, pfifoQdiscOps, this.classid, holder);
    return leaf ?? S.pktSched(this.sch.dev.net).noop;
  }

  /** @models net/sched/sch_drr.c drr_destroy_class() */
  protected destroy(): void {
    S.qdiscPut(this.leaf, this);
  }
}

/** struct drr_sched. */
interface DrrSched {
  readonly block: TcfBlock;
  readonly classes: QdiscClassHash<DrrClass>;
  readonly byRef: Map<S.ClassRef, DrrClass>;
  lastRef: S.ClassRef;
  /** Classes with packets, the one whose turn it is first. */
  readonly active: DrrClass[];
}

const privOf = (sch: S.Qdisc): DrrSched => sch.priv as DrrSched;
const classOf = (sch: S.Qdisc, ref: S.ClassRef): DrrClass => privOf(sch).byRef.get(ref)!;

/** @models net/sched/sch_drr.c drr_init_qdisc() */
function init(sch: S.Qdisc): void {
  const block = tcfBlockGet(sch, 0);
  sch.priv = { block, classes: new QdiscClassHash(), byRef: new Map(), lastRef: 0, active: [] } satisfies DrrSched;
}

/** Filters go first: they are bound to classes. @models net/sched/sch_drr.c drr_destroy_qdisc() */
function destroy(sch: S.Qdisc): void {
  const q = sch.priv as DrrSched | undefined;
  if (q === undefined) return;
  tcfBlockPut(q.block, sch);
  for (const cl of q.classes.order) cl.release(sch);
}

/** As given, if it is. */
function quantumOf(tca: readonly (Nla | undefined)[], extack: Extack): number | undefined {
  const opt = tca[TCA.OPTIONS.type];
  if (opt === undefined) refuse(extack, EINVAL, 'DRR options are required for this operation');
  const { QUANTUM: quantum } = parseNested(TCA_DRR, opt, NL_VALIDATE_LIBERAL, extack);
  if (quantum === 0) refuse(extack, EINVAL, 'Specified DRR quantum cannot be zero');
  return quantum;
}

function setEstimator(cl: DrrClass, rate: Nla | undefined, extack: Extack): void {
  if (rate === undefined) return;
  try {
    cl.rateEst = genNewEstimator(cl.sch.dev.net.machine, cl.bstats, cl.rateEst, rate);
  } catch (refusal) {
    if (refusal instanceof Errno) extack.msg = 'Failed to replace estimator';
    throw refusal;
  }
}

/** Creates a class, or changes it (`ref`); whatever parent the request names. @models net/sched/sch_drr.c drr_change_class() */
function changeClass(
  sch: S.Qdisc,
  classid: number,
  _parent: number,
  tca: readonly (Nla | undefined)[],
  ref: S.ClassRef,
  extack: Extack,
): S.ClassRef {
  const quantum = quantumOf(tca, extack);
  const { byRef, classes } = privOf(sch);
  const cl = byRef.get(ref) ?? new DrrClass(sch, classid, quantum ?? pschedMtu(sch.dev));
  try {
    setEstimator(cl, tca[TCA.RATE.type], extack);
  } catch (refusal) {
    if (ref === 0) cl.release(sch);
    throw refusal;
  }
  cl.quantum = quantum ?? cl.quantum;
  if (ref !== 0) return ref;
  if ((cl.leaf.flags & S.TCQ_F_BUILTIN) === 0) S.qdiscHashAdd(cl.leaf, true);
  byRef.set(cl.ref, cl);
  classes.insert(cl);
  classes.grow();
  return cl.ref;
}

/** Refuses while a filter is bound to the class. @models net/sched/sch_drr.c drr_delete_class() */
function deleteClass(sch: S.Qdisc, ref: S.ClassRef, extack: Extack): void {
  const cl = classOf(sch, ref);
  if (cl.refcount > 1) {
    if (sch.dev.net.machine.has('htb-class-texts')) extack.msg = 'DRR class is in use';
    throw errno(EBUSY);
  }
  const { byRef, classes } = privOf(sch);
  qdiscPurgeQueue(cl.leaf);
  classes.remove(cl);
  byRef.delete(ref);
  cl.release(sch);
}

const find = (sch: S.Qdisc, classid: number): S.ClassRef => privOf(sch).classes.find(classid)?.ref ?? 0;

/** @models net/sched/sch_drr.c drr_tcf_block() */
function tcfBlock(sch: S.Qdisc, ref: S.ClassRef, extack: Extack | undefined): TcfBlock | undefined {
  if (ref === 0) return privOf(sch).block;
  if (extack !== undefined) extack.msg = 'DRR classid must be zero';
  return undefined;
}

/** @models net/sched/sch_drr.c drr_bind_tcf() */
function bindTcf(sch: S.Qdisc, _parent: S.ClassRef, classid: number): S.ClassRef {
  return privOf(sch).classes.find(classid)?.hold(sch).ref ?? 0;
}

/** @models net/sched/sch_drr.c drr_graft_class() */
function graft(sch: S.Qdisc, ref: S.ClassRef, child: S.Qdisc | undefined, request: Holder): S.Qdisc {
  const cl = classOf(sch, ref);
  const old = cl.leaf;
  cl.leaf = S.qdiscReplace(cl, child ?? cl.defaultLeaf(request), old, request);
  return old;
}

/** @models net/sched/sch_drr.c drr_walk() */
function* walk(sch: S.Qdisc): Iterable<S.ClassRef> {
  for (const cl of privOf(sch).classes) yield cl.ref;
}

/** @models net/sched/sch_drr.c drr_dump_class() */
function dumpClass(sch: S.Qdisc, ref: S.ClassRef, skb: MessageWriter, tcm: number): void {
  const { classid, leaf, quantum } = classOf(sch, ref);
  const { view } = skb.buffer;
  view.setUint32(tcm + tcmsg.offsetof.tcm_parent, TC_H_ROOT, true);
  view.setUint32(tcm + tcmsg.offsetof.tcm_handle, classid, true);
  view.setUint32(tcm + tcmsg.offsetof.tcm_info, leaf.handle, true);
  const nest = skb.nest(TCA.OPTIONS.type);
  skb.put(TCA_DRR.QUANTUM, quantum);
  skb.nestEnd(nest);
}

/** Queue statistics are those of the child. @models net/sched/sch_drr.c drr_dump_class_stats() */
function dumpClassStats(sch: S.Qdisc, ref: S.ClassRef, d: GnetDump): void {
  const { bstats, rateEst, leaf, deficit } = classOf(sch, ref);
  d.copyBasic(bstats);
  d.copyRateEst(rateEst);
  d.copyQueue(leaf.qstats);
  d.copyApp(tc_drr_stats.bytes({ deficit: leaf.qstats.qlen === 0 ? 0 : deficit }));
}

function deactivate(sch: S.Qdisc, cl: DrrClass): void {
  const { active } = privOf(sch);
  if (cl.active) active.splice(active.indexOf(cl), 1);
  cl.active = false;
}

/** Whether a filter has taken the packet that goes into no class. */
let taken = false;

/** @models net/sched/sch_drr.c drr_classify() */
function classify(sch: S.Qdisc, skb: SkBuff): DrrClass | undefined {
  const { block, classes, byRef } = privOf(sch);
  const { priority } = skb;
  taken = false;
  const wanted = TC_H_MAJ(priority ^ sch.handle) === 0 ? classes.find(priority) : undefined;
  if (wanted !== undefined) return wanted;
  const verdict = tcfClassify(skb, block, false);
  taken = verdict === TC_ACT_STOLEN || verdict === TC_ACT_QUEUED || verdict === TC_ACT_TRAP;
  if (verdict < 0 || taken || verdict === TC_ACT_SHOT) return undefined;
  const { cl, classid } = block.result;
  return cl === 0 ? classes.find(classid) : byRef.get(cl);
}

/** @models net/sched/sch_drr.c drr_enqueue() */
function enqueue(sch: S.Qdisc, skb: SkBuff): number {
  const cl = classify(sch, skb);
  if (cl === undefined) {
    if (!taken) sch.qstats.drops++;
    skb.pool.free(skb);
    return taken ? Q.NET_XMIT_STOLEN : Q.NET_XMIT_BYPASS;
  }
  const length = Q.qdiscPktLen(skb);
  const result = Q.qdiscEnqueue(skb, cl.leaf);
  if (result === NET_XMIT_SUCCESS && !cl.active) {
    cl.active = true;
    cl.deficit = cl.quantum;
    privOf(sch).active.push(cl);
  }
  return Q.qdiscChildTook(sch, result, length);
}

/** The class sends its next packet: it has the credit. */
function send(sch: S.Qdisc, cl: DrrClass, length: number): SkBuff | undefined {
  cl.deficit -= length;
  const skb = Q.qdiscDequeuePeeked(cl.leaf);
  if (skb === undefined) return undefined;
  if (cl.leaf.qstats.qlen === 0) deactivate(sch, cl);
  Q.qdiscBstatsOf(cl.bstats, skb);
  return Q.qdiscChildGave(sch, skb);
}

/** A child that keeps its packets back stops all classes. @models net/sched/sch_drr.c drr_dequeue() */
function dequeue(sch: S.Qdisc): SkBuff | undefined {
  const { active } = privOf(sch);
  for (let cl = active[0]; cl !== undefined; cl = active[0]) {
    const first = Q.qdiscPeek(cl.leaf);
    if (first === undefined) return undefined;
    const length = Q.qdiscPktLen(first);
    if (length <= cl.deficit) return send(sch, cl, length);
    cl.deficit += cl.quantum;
    active.shift();
    active.push(cl);
  }
  return undefined;
}

/** @models net/sched/sch_drr.c drr_reset_qdisc() */
function reset(sch: S.Qdisc): void {
  for (const cl of privOf(sch).classes.order) {
    deactivate(sch, cl);
    Q.qdiscReset(cl.leaf);
  }
}

export const drrQdiscOps: S.QdiscOps = {
  id: 'drr',
  init,
  enqueue,
  dequeue,
  reset,
  destroy,
  classOps: {
    graft,
    leaf: (sch, ref) => classOf(sch, ref).leaf,
    find,
    walk,
    change: changeClass,
    delete: deleteClass,
    tcfBlock,
    bindTcf,
    unbindTcf: (sch, ref) => {
      classOf(sch, ref).release(sch);
    },
    qlenNotify: (sch, ref) => {
      deactivate(sch, classOf(sch, ref));
    },
    dump: dumpClass,
    dumpStats: dumpClassStats,
  },
};
