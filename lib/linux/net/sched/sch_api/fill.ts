// net/sched/sch_api.c, the part messages: one RTM_*QDISC message, and the notifications made of them. A change that
// replaces a qdisc is told in one datagram: RTM_DELQDISC of the old, RTM_NEWQDISC of the new.
import { NLM_F_ECHO, NLM_F_REPLACE, NLMSG_HDRLEN } from '../../../../uapi/linux/netlink.js';
import { RTM_DELQDISC, RTM_NEWQDISC, RTNLGRP_TC, TCA, tcmsg } from '../../../../uapi/linux/rtnetlink.js';
import { GnetDump, type StatsAttributes } from '../../core/gen_stats.js';
import type { RtnlRequest } from '../../core/rtnetlink.js';
import { MessageWriter } from '../../netlink/message.js';
import { type Qdisc, TCQ_F_BUILTIN, TCQ_F_INVISIBLE } from '../sch_generic.js';
import { qdiscDumpStab } from './stab.js';

export const tcStatsAttributes: StatsAttributes = {
  stats2: TCA.STATS2.type,
  stats: TCA.STATS.type,
  xstats: TCA.XSTATS.type,
  pad: TCA.PAD.type,
};

/**
 * Opens a message with a tcmsg; returns the offset of the tcmsg.
 *
 * @differs the kernel fills the tcmsg in each function
 */
export function beginTc(
  skb: MessageWriter,
  request: RtnlRequest,
  type: number,
  flags: number,
  tcm: { ifindex: number; handle: number; parent: number; info: number },
): number {
  const at = skb.begin(type, flags, request.seq, request.portid, tcmsg.size) + NLMSG_HDRLEN;
  const { view } = skb.buffer;
  view.setInt32(at + tcmsg.offsetof.tcm_ifindex, tcm.ifindex, true);
  view.setUint32(at + tcmsg.offsetof.tcm_handle, tcm.handle, true);
  view.setUint32(at + tcmsg.offsetof.tcm_parent, tcm.parent, true);
  view.setUint32(at + tcmsg.offsetof.tcm_info, tcm.info, true);
  return at;
}

/** Whether a qdisc is kept from users. @models net/sched/sch_api.c tc_qdisc_dump_ignore() */
export function dumpIgnore(q: Qdisc, dumpInvisible: boolean): boolean {
  if ((q.flags & TCQ_F_BUILTIN) !== 0) return true;
  return (q.flags & TCQ_F_INVISIBLE) !== 0 && !dumpInvisible;
}

function putBlocks(skb: MessageWriter, q: Qdisc): void {
  const ingress = q.ops.ingressBlockGet?.(q) ?? 0;
  if (ingress !== 0) skb.putU32(TCA.INGRESS_BLOCK.type, ingress);
  const egress = q.ops.egressBlockGet?.(q) ?? 0;
  if (egress !== 0) skb.putU32(TCA.EGRESS_BLOCK.type, egress);
}

function putStats(skb: MessageWriter, q: Qdisc): void {
  const d = new GnetDump(skb, tcStatsAttributes, q.dev.net.machine.config.padAttributes);
  q.ops.dumpStats?.(q, d);
  d.copyBasic(q.bstats);
  d.copyRateEst(q.rateEst);
  d.copyQueue(q.qstats);
  d.finish();
}

/** The text so far, for those who only see the notification. @differs the kernel writes this out in each function */
export function putExtWarnMsg(skb: MessageWriter, request: RtnlRequest): void {
  const { msg } = request.extack;
  if (msg !== undefined && request.machine.has('tc-ext-warn-msg')) skb.put(TCA.EXT_WARN_MSG, msg);
}

/** What a message says beside the state of its qdisc. */
export interface QdiscEvent {
  /** RTM_NEWQDISC or RTM_DELQDISC. */
  readonly type: number;
  /** NLM_F_* */
  readonly flags: number;
  /** The parent to show. */
  readonly clid: number;
  /** Reference count to show, when references were dropped that are only released later. */
  readonly refcount?: number | undefined;
  /** Repeats the warning of the request (TCA_EXT_WARN_MSG). */
  readonly warn?: boolean;
}

/**
 * Appends one RTM_*QDISC message.
 *
 * @models net/sched/sch_api.c tc_fill_qdisc()
 */
export function fillQdisc(skb: MessageWriter, request: RtnlRequest, q: Qdisc, event: QdiscEvent): void {
  const tcm = { ifindex: q.dev.ifindex, handle: q.handle, parent: event.clid, info: event.refcount ?? q.refcount };
  const at = beginTc(skb, request, event.type, event.flags, tcm) - NLMSG_HDRLEN;
  skb.put(TCA.KIND, q.ops.id);
  putBlocks(skb, q);
  q.ops.dump?.(q, skb);
  if (request.machine.has('tc-hw-offload')) skb.put(TCA.HW_OFFLOAD, 0);
  if (q.stab !== undefined) qdiscDumpStab(skb, q.stab);
  putStats(skb, q);
  if (event.warn === true) putExtWarnMsg(skb, request);
  skb.end(at);
}

/**
 * Sends what was written, if anything was, to the group and to a requester who asked for a copy.
 *
 * @differs the kernel calls rtnetlink_send()
 */
export function notifyTc(request: RtnlRequest, skb: MessageWriter): void {
  if (skb.length === 0) return;
  const echo = (request.flags & NLM_F_ECHO) !== 0;
  request.net.rtnl.notify(skb.take(), { group: RTNLGRP_TC, portid: request.portid, echo });
}

/** Whether anybody would see a notification. @models include/net/rtnetlink.h rtnl_notify_needed() */
export function notifyNeeded(request: RtnlRequest): boolean {
  return (request.flags & NLM_F_ECHO) !== 0 || request.net.rtnl.hasListeners(RTNLGRP_TC);
}

/**
 * Tells that `old` gave way to `fresh` (either may be missing). `counts` are reference counts to show instead.
 *
 * @models net/sched/sch_api.c qdisc_notify()
 */
export function qdiscNotify(
  request: RtnlRequest,
  clid: number,
  old: Qdisc | undefined,
  fresh: Qdisc | undefined,
  counts: { readonly old?: number; readonly fresh?: number | undefined } = {},
): void {
  if (!notifyNeeded(request)) return;
  const skb = new MessageWriter();
  if (old !== undefined && !dumpIgnore(old, false))
    fillQdisc(skb, request, old, { type: RTM_DELQDISC, flags: 0, clid, refcount: counts.old, warn: true });
  if (fresh !== undefined && !dumpIgnore(fresh, false))
    fillQdisc(skb, request, fresh, {
      type: RTM_NEWQDISC,
      flags: old === undefined ? 0 : NLM_F_REPLACE,
      clid,
      refcount: counts.fresh,
      warn: true,
    });
  notifyTc(request, skb);
}
