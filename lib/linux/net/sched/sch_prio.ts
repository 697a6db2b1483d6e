// net/sched/sch_prio.c: up to sixteen bands, served in order; a packet's priority, or a filter, says which. Each band is
// a class with a pfifo unless something else is grafted.
import type { Nla } from '../../../codec/nla.js';
import { EINVAL, ENOMEM } from '../../../uapi/asm-generic/errno.js';
import { TC_ACT_QUEUED, TC_ACT_SHOT, TC_ACT_STOLEN, TC_ACT_TRAP } from '../../../uapi/linux/pkt_cls.js';
import * as P from '../../../uapi/linux/pkt_sched.js';
import { TCA, tcmsg } from '../../../uapi/linux/rtnetlink.js';
import { errno } from '../../errno.js';
import type { Holder } from '../../events.js';
import type { GnetDump } from '../core/gen_stats.js';
import type { SkBuff } from '../core/skbuff/sk_buff.js';
import type { MessageWriter } from '../netlink/message.js';
import { type TcfBlock, tcfBlockGet, tcfBlockPut } from './cls_api/block.js';
import { tcfClassify } from './cls_api/classify.js';
import * as Q from './qdisc_run.js';
import { qdiscPurgeQueue } from './qdisc_tree.js';
import { pfifoQdiscOps } from './sch_fifo.js';
import * as S from './sch_generic.js';

/** struct prio_sched_data. */
interface PrioSchedData {
  readonly block: TcfBlock;
  /** One child a band, held by the qdisc. */
  queues: S.Qdisc[];
  prio2band: Uint8Array;
}

const privOf = (sch: S.Qdisc): PrioSchedData => sch.priv as PrioSchedData;

/** Undefined when there is no memory for it. */
function defaultChild(sch: S.Qdisc, band: number, holder: Holder): S.Qdisc | undefined {
  return S.qdiscCreateDflt(sch.devQueue!, pfifoQdiscOps, P.TC_H_MAKE(sch.handle, band), holder);
}

/** Children for the bands behind those there are. */
function newChildren(sch: S.Qdisc, first: number, last: number): S.Qdisc[] {
  const fresh: S.Qdisc[] = [];
  for (let band = first; band <= last; band++) {
    const child = defaultChild(sch, band, sch);
    if (child === undefined) {
      for (const made of fresh) S.qdiscPut(made, sch);
      throw errno(ENOMEM);
    }
    fresh.push(child);
  }
  return fresh;
}

/** @models net/sched/sch_prio.c prio_tune() */
function tune(sch: S.Qdisc, opt: Nla): void {
  if (opt.len < P.tc_prio_qopt.size) throw errno(EINVAL);
  const { bands, priomap } = P.tc_prio_qopt.get(opt.msg, opt.start);
  if (bands > P.TCQ_PRIO_BANDS || bands < P.TCQ_MIN_PRIO_BANDS) throw errno(EINVAL);
  if (priomap.some((band) => band >= bands)) throw errno(EINVAL);
  const priv = privOf(sch);
  const old = priv.queues;
  const fresh = newChildren(sch, old.length + 1, bands);
  priv.prio2band = priomap;
  priv.queues = [...old.slice(0, bands), ...fresh];
  for (const child of fresh) S.qdiscHashAdd(child, true);
  for (const child of old.slice(bands)) {
    qdiscPurgeQueue(child);
    S.qdiscPut(child, sch);
  }
}

/** @models net/sched/sch_prio.c prio_init() */
function init(sch: S.Qdisc, opt: Nla | undefined): void {
  if (opt === undefined) throw errno(EINVAL);
  const priv: PrioSchedData = { block: tcfBlockGet(sch, 0), queues: [], prio2band: new Uint8Array(P.TC_PRIO_MAX + 1) };
  sch.priv = priv;
  tune(sch, opt);
}

/** @models net/sched/sch_prio.c prio_destroy() */
function destroy(sch: S.Qdisc): void {
  const priv = sch.priv as PrioSchedData | undefined;
  if (priv === undefined) return;
  tcfBlockPut(priv.block, sch);
  for (const child of priv.queues) S.qdiscPut(child, sch);
}

/** @models net/sched/sch_prio.c prio_dump() */
function dump(sch: S.Qdisc, skb: MessageWriter): void {
  const { queues, prio2band } = privOf(sch);
  skb.putRaw(TCA.OPTIONS.type, P.tc_prio_qopt.bytes({ bands: queues.length, priomap: prio2band }));
}

/** @models net/sched/sch_prio.c prio_graft() */
function graft(sch: S.Qdisc, cl: S.ClassRef, child: S.Qdisc | undefined, request: Holder): S.Qdisc {
  const { queues } = privOf(sch);
  const old = queues[cl - 1]!;
  const fallback = child === undefined ? defaultChild(sch, cl, request) : undefined;
  if (fallback !== undefined) S.qdiscHashAdd(fallback, true);
  queues[cl - 1] = S.qdiscReplace(sch, child ?? fallback ?? S.pktSched(sch.dev.net).noop, old, request);
  return old;
}

/** @models net/sched/sch_prio.c prio_find() */
function find(sch: S.Qdisc, classid: number): S.ClassRef {
  const band = P.TC_H_MIN(classid);
  return band > privOf(sch).queues.length ? 0 : band;
}

/** @models net/sched/sch_prio.c prio_walk() */
function* walk(sch: S.Qdisc): Iterable<S.ClassRef> {
  for (let cl = 1; cl <= privOf(sch).queues.length; cl++) yield cl;
}

/** @models net/sched/sch_prio.c prio_dump_class() */
function dumpClass(sch: S.Qdisc, cl: S.ClassRef, skb: MessageWriter, tcm: number): void {
  const { view } = skb.buffer;
  view.setUint32(tcm + tcmsg.offsetof.tcm_handle, P.TC_H_MAKE(sch.handle, cl), true);
  view.setUint32(tcm + tcmsg.offsetof.tcm_info, privOf(sch).queues[cl - 1]!.handle, true);
}

/** @models net/sched/sch_prio.c prio_dump_class_stats() */
function dumpClassStats(sch: S.Qdisc, cl: S.ClassRef, d: GnetDump): void {
  const { bstats, qstats } = privOf(sch).queues[cl - 1]!;
  d.copyBasic(bstats);
  d.copyQueue(qstats);
}

/** What a filter has done with a packet that goes into no band. */
let taken = 0;

/** The band for a packet; undefined when a filter took it, and `taken` says how. @models net/sched/sch_prio.c prio_classify() */
function classify(sch: S.Qdisc, skb: SkBuff): S.Qdisc | undefined {
  const { block, queues, prio2band } = privOf(sch);
  let { priority: band } = skb;
  if (P.TC_H_MAJ(band) !== sch.handle) {
    const verdict = tcfClassify(skb, block, false);
    if (verdict === TC_ACT_STOLEN || verdict === TC_ACT_QUEUED || verdict === TC_ACT_TRAP || verdict === TC_ACT_SHOT) {
      taken = verdict === TC_ACT_SHOT ? Q.NET_XMIT_BYPASS : Q.NET_XMIT_STOLEN;
      return undefined;
    }
    if (verdict < 0) return queues[prio2band[P.TC_H_MAJ(band) === 0 ? band & P.TC_PRIO_MAX : 0]!];
    band = block.result.classid;
  }
  return queues[P.TC_H_MIN(band) - 1] ?? queues[prio2band[0]!];
}

/** @models net/sched/sch_prio.c prio_enqueue() */
function enqueue(sch: S.Qdisc, skb: SkBuff): number {
  const child = classify(sch, skb);
  if (child !== undefined) return Q.qdiscChildTook(sch, Q.qdiscEnqueue(skb, child), Q.qdiscPktLen(skb));
  if (taken === Q.NET_XMIT_BYPASS) sch.qstats.drops++;
  skb.pool.free(skb);
  return taken;
}

/** @models net/sched/sch_prio.c prio_dequeue() */
function dequeue(sch: S.Qdisc): SkBuff | undefined {
  for (const child of privOf(sch).queues) {
    const skb = Q.qdiscDequeuePeeked(child);
    if (skb !== undefined) return Q.qdiscChildGave(sch, skb);
  }
  return undefined;
}

/** @models net/sched/sch_prio.c prio_peek() */
function peek(sch: S.Qdisc): SkBuff | undefined {
  for (const child of privOf(sch).queues) {
    const skb = Q.qdiscPeek(child);
    if (skb !== undefined) return skb;
  }
  return undefined;
}

export const prioQdiscOps: S.QdiscOps = {
  id: 'prio',
  init,
  enqueue,
  dequeue,
  peek,
  reset: (sch) => {
    for (const child of privOf(sch).queues) Q.qdiscReset(child);
  },
  change: tune,
  destroy,
  dump,
  classOps: {
    graft,
    leaf: (sch, cl) => privOf(sch).queues[cl - 1],
    find,
    walk,
    tcfBlock: (sch, cl) => (cl === 0 ? privOf(sch).block : undefined),
    bindTcf: (sch, _parent, classid) => find(sch, classid),
    dump: dumpClass,
    dumpStats: dumpClassStats,
  },
};
