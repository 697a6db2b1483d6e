// net/sched/sch_htb.c, the qdisc: options, dumps, and the class operations. Packets go to leaves of a tree of classes by
// filter, the rest to the default class or straight through.
import type { Extack } from '../../../../codec/extack.js';
import type { Nla } from '../../../../codec/nla.js';
import { EINVAL, EOPNOTSUPP } from '../../../../uapi/asm-generic/errno.js';
import * as P from '../../../../uapi/linux/pkt_sched.js';
import { TCA_HTB, tc_htb_glob, tc_htb_opt, tc_htb_xstats } from '../../../../uapi/linux/pkt_sched.js';
import { TCA, tcmsg } from '../../../../uapi/linux/rtnetlink.js';
import { errno, refuse } from '../../../errno.js';
import type { Holder } from '../../../events.js';
import { nlaPutU64 } from '../../../lib/nlattr.js';
import type { Machine } from '../../../machine.js';
import { type GnetDump, noQueue } from '../../core/gen_stats.js';
import type { MessageWriter } from '../../netlink/message.js';
import { type TcfBlock, tcfBlockGet, tcfBlockPut } from '../cls_api/block.js';
import { pschedNsToTicks, pschedRatecfgGetrate } from '../psched_ratecfg.js';
import * as S from '../sch_generic.js';
import { htbChangeClass, htbDelete, parseHtb } from './change.js';
import { type HtbClass, htbPriv, HtbSched } from './class.js';
import { deactivate } from './mode.js';
import { dequeue, enqueue, reset } from './queue.js';

/** HTB_VER: what a dump says; its upper half is what a request must say. */
const HTB_VER = 0x30011;
const U32_MAX = 0xffffffffn;

/** No device here takes the tree into hardware. */
function refuseOffload(sch: S.Qdisc, extack: Extack | undefined): never {
  if (sch.parent !== P.TC_H_ROOT) refuse(extack, EOPNOTSUPP, 'HTB must be the root qdisc to use offload');
  refuse(extack, EOPNOTSUPP, 'hw-tc-offload ethtool feature flag must be on');
}

/** @models net/sched/sch_htb.c htb_init() */
function init(sch: S.Qdisc, opt: Nla | undefined, extack: Extack | undefined): void {
  if (opt === undefined) throw errno(EINVAL);
  const { dev } = sch;
  const { machine } = dev.net;
  const q = new HtbSched(sch, tcfBlockGet(sch, 0));
  sch.priv = q;
  const tb = parseHtb(machine, opt, undefined);
  if (tb.INIT?.version !== P.TC_HTB_PROTOVER) throw errno(EINVAL);
  if (tb.OFFLOAD === true) refuseOffload(sch, extack);
  q.directQlen = tb.DIRECT_QLEN ?? dev.txQueueLen;
  if (tb.DIRECT_QLEN === undefined && !machine.has('iff-no-queue')) q.directQlen = Math.max(2, q.directQlen);
  q.rate2quantum = Math.max(1, tb.INIT.rate2quantum | 0);
  q.defcls = tb.INIT.defcls;
}

/** @models net/sched/sch_htb.c htb_attach_software() */
function attach(sch: S.Qdisc): void {
  for (const queue of sch.dev.txQueues) S.qdiscPut(S.devGraftQdisc(queue, sch), queue);
}

/** Filters of the qdisc go first: they are bound to classes. @models net/sched/sch_htb.c htb_destroy() */
function destroy(sch: S.Qdisc): void {
  const q = sch.priv as HtbSched | undefined;
  if (q === undefined) return;
  q.watchdog.cancel();
  tcfBlockPut(q.block, sch);
  for (const cl of q.classes.order) cl.flushFilters();
  for (const cl of q.classes.order) cl.release(sch);
}

/** @models net/sched/sch_htb.c htb_dump() */
function dump(sch: S.Qdisc, skb: MessageWriter): void {
  const { rate2quantum, defcls, directPkts, directQlen, overlimits } = htbPriv(sch);
  sch.qstats.overlimits = overlimits;
  const nest = skb.nest(TCA.OPTIONS.type);
  const glob = { version: HTB_VER, rate2quantum, defcls, direct_pkts: directPkts };
  skb.putRaw(TCA_HTB.INIT.type, tc_htb_glob.bytes(glob));
  skb.put(TCA_HTB.DIRECT_QLEN, directQlen);
  skb.nestEnd(nest);
}

const classOf = (sch: S.Qdisc, ref: S.ClassRef): HtbClass => htbPriv(sch).classes.find(ref)!;

function optOf({ parms, quantum, level, prio }: HtbClass): Uint8Array {
  return tc_htb_opt.bytes({
    rate: pschedRatecfgGetrate(parms.rate),
    ceil: pschedRatecfgGetrate(parms.ceil),
    buffer: pschedNsToTicks(parms.buffer),
    cbuffer: pschedNsToTicks(parms.cbuffer),
    quantum,
    level,
    prio,
  });
}

/** @models net/sched/sch_htb.c htb_dump_class() */
function dumpClass(sch: S.Qdisc, ref: S.ClassRef, skb: MessageWriter, tcm: number): void {
  const cl = classOf(sch, ref);
  const { view } = skb.buffer;
  view.setUint32(tcm + tcmsg.offsetof.tcm_parent, cl.parent?.classid ?? P.TC_H_ROOT, true);
  view.setUint32(tcm + tcmsg.offsetof.tcm_handle, cl.classid, true);
  if (cl.leaf !== undefined) view.setUint32(tcm + tcmsg.offsetof.tcm_info, cl.leaf.handle, true);
  const nest = skb.nest(TCA.OPTIONS.type);
  skb.putRaw(TCA_HTB.PARMS.type, optOf(cl));
  const pad = sch.dev.net.machine.config.padAttributes ? TCA_HTB.PAD.type : undefined;
  const { rate, ceil } = cl.parms;
  if (rate.rateBytesPs > U32_MAX) nlaPutU64(skb, TCA_HTB.RATE64.type, rate.rateBytesPs, pad);
  if (ceil.rateBytesPs > U32_MAX) nlaPutU64(skb, TCA_HTB.CEIL64.type, ceil.rateBytesPs, pad);
  skb.nestEnd(nest);
}

/** Tokens as the s32 of a message. */
const tokensOf = (ns: number): number => Math.min(Math.max(Math.floor(ns / 64), -0x80000000), 0x7fffffff);

/** @models net/sched/sch_htb.c htb_dump_class_stats() */
function dumpClassStats(sch: S.Qdisc, ref: S.ClassRef, d: GnetDump): void {
  const { bstats, rateEst, leaf, drops, overlimits, lends, borrows, tokens, ctokens } = classOf(sch, ref);
  const { qlen, backlog } = leaf?.qstats ?? noQueue();
  d.copyBasic(bstats);
  d.copyRateEst(rateEst);
  d.copyQueue({ qlen, backlog, drops, requeues: 0, overlimits });
  d.copyApp(tc_htb_xstats.bytes({ lends, borrows, tokens: tokensOf(tokens), ctokens: tokensOf(ctokens) }));
}

/** Only leaves have a child. @models net/sched/sch_htb.c htb_graft() */
function graft(sch: S.Qdisc, ref: S.ClassRef, child: S.Qdisc | undefined, request: Holder): S.Qdisc {
  const cl = classOf(sch, ref);
  const old = cl.leaf;
  if (old === undefined) throw errno(EINVAL);
  cl.leaf = S.qdiscReplace(cl, child ?? cl.defaultLeaf(request), old, request);
  return old;
}

/** Remembers who was asked: only those can have filters. @models net/sched/sch_htb.c htb_tcf_block() */
function tcfBlock(sch: S.Qdisc, ref: S.ClassRef): TcfBlock | undefined {
  const q = htbPriv(sch);
  if (ref === 0) return q.block;
  q.withFilters.add(ref);
  return classOf(sch, ref).block;
}

const find = (sch: S.Qdisc, classid: number): S.ClassRef => htbPriv(sch).classes.find(classid)?.classid ?? 0;

/** @models net/sched/sch_htb.c htb_walk() */
function* walk(sch: S.Qdisc): Iterable<S.ClassRef> {
  for (const cl of htbPriv(sch).classes) yield cl.classid;
}

/** @models net/sched/sch_htb.c htb_bind_filter() */
function bindTcf(sch: S.Qdisc, _parent: S.ClassRef, classid: number): S.ClassRef {
  return htbPriv(sch).classes.find(classid)?.hold(sch).classid ?? 0;
}

/** The last one gone leaves the class to its qdisc. @models net/sched/sch_htb.c htb_unbind_filter() */
function unbindTcf(sch: S.Qdisc, ref: S.ClassRef): void {
  classOf(sch, ref).release(sch);
}

const classOps: S.QdiscClassOps = {
  selectQueue: (sch) => sch.devQueue!,
  graft,
  leaf: (sch, ref) => classOf(sch, ref).leaf,
  find,
  walk,
  change: htbChangeClass,
  delete: htbDelete,
  withFilters: (sch) => htbPriv(sch).withFilters,
  tcfBlock,
  bindTcf,
  unbindTcf,
  qlenNotify: (sch, ref) => {
    deactivate(htbPriv(sch), classOf(sch, ref));
  },
  dump: dumpClass,
  dumpStats: dumpClassStats,
};

const ops: S.QdiscOps = { id: 'htb', classOps, init, enqueue, dequeue, reset, destroy, dump };

/** The kind, as this kernel has it. @models net/sched/sch_htb.c htb_module_init() */
export function htbQdiscOps(machine: Machine): S.QdiscOps {
  return machine.has('htb-offload') ? { ...ops, attach } : ops;
}
