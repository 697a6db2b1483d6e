// net/sched/cls_api.c, the part filter messages: one RTM_*TFILTER message, and who gets it. A message about a filter
// shows its options; the header form (no filter) speaks of a tcf_proto as a whole.
import { EINVAL } from '../../../../uapi/asm-generic/errno.js';
import { WriterFull } from '../../../../codec/writer.js';
import { NLM_F_ECHO, NLMSG_HDRLEN } from '../../../../uapi/linux/netlink.js';
import {
  RTM_DELTFILTER,
  RTM_NEWTFILTER,
  RTNLGRP_TC,
  TCA,
  TCM_IFINDEX_MAGIC_BLOCK,
  tcmsg,
} from '../../../../uapi/linux/rtnetlink.js';
import { errno, errnoOf } from '../../../errno.js';
import type { RtnlRequest } from '../../core/rtnetlink.js';
import { type MessageWriter, NLMSG_GOODSIZE } from '../../netlink/message.js';
import { notifyNeeded } from '../sch_api/fill.js';
import type { Qdisc } from '../sch_generic.js';
import type { TcfFilter, TcfProto } from './proto.js';

const { tcm_ifindex, tcm_handle, tcm_parent, tcm_info } = tcmsg.offsetof;

/** Where a message says its filter is: a class of a qdisc, or (no qdisc) a shared block. */
export interface Whereabouts {
  readonly q: Qdisc | undefined;
  readonly parent: number;
}

/** Opens a filter message; returns its offset. */
function beginFilter(
  skb: MessageWriter,
  request: RtnlRequest,
  tp: TcfProto,
  at: Whereabouts,
  type: number,
  flags: number,
): number {
  const start = skb.begin(type, flags, request.seq, request.portid, tcmsg.size);
  const { view } = skb.buffer;
  const tcm = start + NLMSG_HDRLEN;
  view.setUint32(tcm + tcm_ifindex, at.q === undefined ? TCM_IFINDEX_MAGIC_BLOCK : at.q.dev.ifindex, true);
  view.setUint32(tcm + tcm_parent, at.q === undefined ? tp.chain.block.index : at.parent, true);
  view.setUint32(tcm + tcm_info, ((tp.prio << 16) | tp.protocol) >>> 0, true);
  return start;
}

/** The lower half of a kernel address, which 4.1 shows instead of the handle: any word that looks like one. */
const pointerOf = (filter: TcfFilter): number => (0x80000000 | (filter.handle << 7)) >>> 0;

/**
 * Appends one RTM_*TFILTER message.
 *
 * @models net/sched/cls_api.c tcf_fill_node()
 */
export function fillNode(
  skb: MessageWriter,
  request: RtnlRequest,
  tp: TcfProto,
  at: Whereabouts,
  filter: TcfFilter | undefined,
  type: number,
  flags: number,
  warn?: string,
): void {
  const start = beginFilter(skb, request, tp, at, type, flags);
  skb.putString(TCA.KIND.type, tp.ops.kind);
  if (request.machine.has('tc-chains')) skb.putU32(TCA.CHAIN.type, tp.chain.index);
  if (filter !== undefined && type === RTM_DELTFILTER && !request.machine.has('filter-del-full-body')) {
    skb.buffer.view.setUint32(start + NLMSG_HDRLEN + tcm_handle, pointerOf(filter), true);
  } else if (filter !== undefined) {
    skb.buffer.view.setUint32(start + NLMSG_HDRLEN + tcm_handle, filter.handle, true);
    tp.ops.dump(tp, filter, skb);
  }
  if (warn !== undefined) skb.put(TCA.EXT_WARN_MSG, warn);
  skb.end(start);
}

/**
 * Appends one message of a terse dump. A kind that knows none makes it fail as if there were no room.
 *
 * @models net/sched/cls_api.c tcf_fill_node()
 */
export function fillNodeTerse(
  skb: MessageWriter,
  request: RtnlRequest,
  tp: TcfProto,
  at: Whereabouts,
  filter: TcfFilter,
  flags: number,
): void {
  if (tp.ops.terseDump === undefined) throw new WriterFull('no terse dump');
  const start = beginFilter(skb, request, tp, at, RTM_NEWTFILTER, flags);
  skb.putString(TCA.KIND.type, tp.ops.kind);
  skb.putU32(TCA.CHAIN.type, tp.chain.index);
  skb.buffer.view.setUint32(start + NLMSG_HDRLEN + tcm_handle, filter.handle, true);
  tp.ops.terseDump(tp, filter, skb);
  skb.end(start);
}

const notifyFlags = (request: RtnlRequest): number =>
  request.machine.has('filter-notify-request-flags') ? request.flags : 0;

/** What the notifications about a request repeat. @differs the kernel passes extack on */
export function warningOf(request: RtnlRequest): string | undefined {
  return request.machine.has('tc-ext-warn-msg') ? request.extack.msg : undefined;
}

/**
 * One message about a filter, in a buffer that is as large as it takes; kernels that did not grow it refuse (EINVAL).
 *
 * @models net/sched/cls_api.c tfilter_notify_prep()
 */
export function filterMessage(
  request: RtnlRequest,
  tp: TcfProto,
  at: Whereabouts,
  filter: TcfFilter | undefined,
  type: number,
  warn: string | undefined,
): Uint8Array {
  const { machine, net } = request;
  const skb = machine.scratch.reset(machine.has('tfilter-notify-grows') ? Infinity : NLMSG_GOODSIZE);
  try {
    fillNode(skb, request, tp, at, filter, type, notifyFlags(request), warn);
  } catch (thrown) {
    if (thrown instanceof WriterFull) throw errno(EINVAL);
    throw thrown;
  }
  return skb.take(net.replies);
}

/**
 * To the group, and to a requester who asked for a copy.
 *
 * @differs the end of tfilter_notify() and tfilter_del_notify()
 */
export function sendFilter(request: RtnlRequest, data: Uint8Array): void {
  const echo = (request.flags & NLM_F_ECHO) !== 0;
  request.net.rtnl.notify(data, { group: RTNLGRP_TC, portid: request.portid, echo });
}

/**
 * Tells of a filter, or of a tcf_proto in header form. A message that cannot be built is not sent, and nobody learns of
 * it.
 *
 * @models net/sched/cls_api.c tfilter_notify()
 */
export function tfilterNotify(
  request: RtnlRequest,
  tp: TcfProto,
  at: Whereabouts,
  filter: TcfFilter | undefined,
  type: number,
): void {
  if (!notifyNeeded(request)) return;
  let data: Uint8Array;
  try {
    data = filterMessage(request, tp, at, filter, type, warningOf(request));
  } catch (refusal) {
    errnoOf(refusal);
    return;
  }
  sendFilter(request, data);
}

/**
 * Removes a filter and tells of it: the message is built before, so that a failure to build it keeps the filter. Returns
 * whether it was the last.
 *
 * @models net/sched/cls_api.c tfilter_del_notify()
 */
export function tfilterDelNotify(request: RtnlRequest, tp: TcfProto, at: Whereabouts, filter: TcfFilter): boolean {
  if (!notifyNeeded(request)) return tp.ops.delete(tp, filter, request.extack);
  let data: Uint8Array;
  try {
    data = filterMessage(request, tp, at, filter, RTM_DELTFILTER, warningOf(request));
  } catch (refusal) {
    request.extack.msg = 'Failed to build del event notification';
    throw refusal;
  }
  const last = tp.ops.delete(tp, filter, request.extack);
  sendFilter(request, data);
  return last;
}
