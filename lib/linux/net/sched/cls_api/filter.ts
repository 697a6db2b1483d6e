// net/sched/cls_api.c tc_new_tfilter(), tc_del_tfilter(), tc_get_tfilter(): RTM_*TFILTER. The order of the checks is what
// users see; the chain is made (and announced) before most of them, and goes again when nothing came of the request.
import { EEXIST, EINVAL, ENOENT, ENOSPC } from '../../../../uapi/asm-generic/errno.js';
import { NLM_F_CREATE, NLM_F_EXCL } from '../../../../uapi/linux/netlink.js';
import { TC_ACT_EXT_VAL_MASK } from '../../../../uapi/linux/pkt_cls.js';
import { RTM_DELTFILTER, RTM_NEWTFILTER, TCA } from '../../../../uapi/linux/rtnetlink.js';
import { refuse } from '../../../errno.js';
import { nlaFits, nlaIs } from '../../../lib/nlattr.js';
import type { RtnlRequest } from '../../core/rtnetlink.js';
import { parseTc, type TcRequest } from '../sch_api/request.js';
import { TCQ_F_CAN_BYPASS } from '../sch_generic.js';
import { findPlace, type Place, putPlace } from './block.js';
import { chainFlush, chainGet, chainInsert, chainPut, chainRemove, type TcfChain } from './chain.js';
import { filterMessage, tfilterDelNotify, tfilterNotify } from './notify.js';
import { type TcfFilter, TcfProto, tcfProtoLookupOps } from './proto.js';

/** Room for the name of a kind, its NUL included. */
const IFNAMSIZ = 16;
/** First priority tried automatically, and where automatic priorities end: upper halves of tcm_info. */
const AUTO_PRIO_FIRST = 0xc000;
export const AUTO_PRIO_KEY = 0x8000;

/** @differs the kernel writes TC_H_MAJ() out */
export const prioOf = (t: TcRequest): number => t.info >>> 16;
/** @differs the kernel writes TC_H_MIN() out */
export const protocolOf = (t: TcRequest): number => t.info & 0xffff;

/** @models net/sched/cls_api.c tcf_proto_check_kind() */
export function checkKindLength(t: TcRequest): void {
  const kind = t.tca[TCA.KIND.type];
  if (kind !== undefined && !nlaFits(kind, IFNAMSIZ))
    refuse(t.request.extack, EINVAL, 'Specified TC filter name too long');
}

/** @differs the kernel writes this out in each handler */
export function chainIndexOf(t: TcRequest): number {
  const index = t.u32(TCA.CHAIN.type, 0);
  if (index > TC_ACT_EXT_VAL_MASK) refuse(t.request.extack, EINVAL, 'Specified chain index exceeds upper limit');
  return index;
}

function refusePrioZero(t: TcRequest): never {
  refuse(t.request.extack, ENOENT, 'Invalid filter command with priority of zero');
}

/**
 * The tcf_proto of the requested priority, if there is one. Refuses another protocol than its own.
 *
 * @models net/sched/cls_api.c tcf_chain_tp_find()
 */
function findProto(t: TcRequest, chain: TcfChain): TcfProto | undefined {
  const tp = chain.protos.get(prioOf(t));
  if (tp === undefined) return undefined;
  const protocol = protocolOf(t);
  if (tp.protocol === protocol || protocol === 0) return tp;
  const text = t.request.machine.has('tc-proto-mismatch-text')
    ? 'Protocol mismatch for filter with specified priority'
    : 'Filter with specified priority/protocol not found';
  refuse(t.request.extack, EINVAL, text);
}

function checkSameKind(t: TcRequest, tp: TcfProto): void {
  const kind = t.tca[TCA.KIND.type];
  if (kind !== undefined && !nlaIs(kind, tp.ops.kind))
    refuse(t.request.extack, EINVAL, 'Specified filter kind does not match existing one');
}

function refuseWithoutCreate(t: TcRequest): never {
  refuse(t.request.extack, ENOENT, 'Need both RTM_NEWTFILTER and NLM_F_CREATE to create a new filter');
}

/** One below the least priority in use from the middle up, or the first. @models net/sched/cls_api.c tcf_auto_prio() */
export function autoPrio(chain: TcfChain): number {
  const lowest = chain.protos.from(AUTO_PRIO_KEY);
  return lowest === undefined ? AUTO_PRIO_FIRST : lowest.prio - 1;
}

function refuseTakenAutoPrio(t: TcRequest): never {
  if (t.request.machine.has('auto-prio-enospc'))
    refuse(t.request.extack, ENOSPC, 'Lowest ID from auto-alloc range already in use');
  refuse(t.request.extack, EINVAL, 'Filter with specified priority/protocol not found');
}

/** A tcf_proto for the request, in the chain; the request holds it as well. */
function createProto(t: TcRequest, chain: TcfChain, auto: boolean): TcfProto {
  const { extack } = t.request;
  const kind = t.tca[TCA.KIND.type];
  if (kind === undefined || protocolOf(t) === 0) refuse(extack, EINVAL, 'Filter kind and protocol must be specified');
  if (!t.wants(NLM_F_CREATE)) refuseWithoutCreate(t);
  const prio = auto ? autoPrio(chain) : prioOf(t);
  const ops = tcfProtoLookupOps(t.net, kind, extack);
  const tp = new TcfProto(chain, ops, { prio, protocol: protocolOf(t), classid: chain.block.classid }, t);
  chainInsert(chain, tp);
  return tp;
}

/** Creates or changes a filter of `tp`. */
function changeFilter(t: TcRequest, place: Place, tp: TcfProto): TcfFilter | undefined {
  checkSameKind(t, tp);
  const old = tp.ops.get(tp, t.handle);
  if (old === undefined && !t.wants(NLM_F_CREATE)) refuseWithoutCreate(t);
  if (old !== undefined && t.wants(NLM_F_EXCL)) refuse(t.request.extack, EEXIST, 'Filter already exists');
  const { template } = tp.chain;
  if (template !== undefined && template.ops !== tp.ops)
    refuse(t.request.extack, EINVAL, 'Chain template is set to a different filter kind');
  return tp.ops.change({ t, tp, base: place.cl, handle: t.handle, old });
}

/** A filter under a new tcf_proto, which goes again when the filter is refused. */
function addToNewProto(t: TcRequest, place: Place, chain: TcfChain, auto: boolean): void {
  const tp = createProto(t, chain, auto);
  try {
    const filter = changeFilter(t, place, tp);
    tfilterNotify(t.request, tp, place, filter, RTM_NEWTFILTER);
  } catch (refusal) {
    chainRemove(chain, tp);
    throw refusal;
  } finally {
    tp.release(t);
  }
}

function addToProto(t: TcRequest, place: Place, tp: TcfProto): void {
  tp.hold(t);
  try {
    const filter = changeFilter(t, place, tp);
    tfilterNotify(t.request, tp, place, filter, RTM_NEWTFILTER);
  } finally {
    tp.release(t);
  }
}

/** Packets that a filter may judge do not pass the qdisc by. */
function noBypass({ q }: Place): void {
  if (q !== undefined) q.flags &= ~TCQ_F_CAN_BYPASS;
}

/** RTM_NEWTFILTER. @models net/sched/cls_api.c tc_new_tfilter() */
export function newTfilter(request: RtnlRequest): void {
  const t = parseTc(request);
  const auto = prioOf(t) === 0;
  if (auto && !t.wants(NLM_F_CREATE)) refusePrioZero(t);
  const place = findPlace(t, checkKindLength);
  let chain: TcfChain | undefined;
  try {
    place.block.classid = place.parent;
    chain = chainGet(place.block, chainIndexOf(t), true, t)!;
    if (auto && chain.protos.get(AUTO_PRIO_KEY) !== undefined) refuseTakenAutoPrio(t);
    const tp = auto ? undefined : findProto(t, chain);
    if (tp === undefined) addToNewProto(t, place, chain, auto);
    else addToProto(t, place, tp);
    noBypass(place);
  } finally {
    if (chain !== undefined) chainPut(chain, t);
    putPlace(t, place);
  }
}

/** Everything in a chain, told of in header form first. @models net/sched/cls_api.c tfilter_notify_chain() */
export function flushChain(t: TcRequest, place: Place, chain: TcfChain): void {
  for (let tp = chain.protos.from(0); tp !== undefined; tp = chain.protos.from(tp.prio + 1))
    tfilterNotify(t.request, tp, place, undefined, RTM_DELTFILTER);
  chainFlush(chain);
}

function deleteFilter(t: TcRequest, place: Place, chain: TcfChain, tp: TcfProto): void {
  const filter = tp.ops.get(tp, t.handle);
  if (filter === undefined) refuse(t.request.extack, ENOENT, 'Specified filter handle not found');
  if (tfilterDelNotify(t.request, tp, place, filter)) chainRemove(chain, tp);
}

function findProtoOrRefuse(t: TcRequest, chain: TcfChain): TcfProto {
  const tp = findProto(t, chain);
  if (tp === undefined) refuse(t.request.extack, ENOENT, 'Filter with specified priority/protocol not found');
  checkSameKind(t, tp);
  return tp;
}

function deleteFrom(t: TcRequest, place: Place, chain: TcfChain): void {
  if (prioOf(t) === 0) {
    flushChain(t, place, chain);
    return;
  }
  const tp = findProtoOrRefuse(t, chain).hold(t);
  try {
    if (t.handle !== 0) {
      deleteFilter(t, place, chain, tp);
      return;
    }
    chainRemove(chain, tp);
  } finally {
    if (t.handle !== 0) tp.release(t);
  }
  notifyProtoGone(t, place, tp);
}

/** The filters go before their tcf_proto is told of. */
function notifyProtoGone(t: TcRequest, place: Place, tp: TcfProto): void {
  tfilterNotify(t.request, tp, place, undefined, RTM_DELTFILTER);
  tp.release(t);
}

/** RTM_DELTFILTER. @models net/sched/cls_api.c tc_del_tfilter() */
export function delTfilter(request: RtnlRequest): void {
  const t = parseTc(request);
  if (prioOf(t) === 0 && (protocolOf(t) !== 0 || t.handle !== 0 || t.tca[TCA.KIND.type] !== undefined))
    refuse(request.extack, ENOENT, 'Cannot flush filters with protocol, handle or kind set');
  const place = findPlace(t, checkKindLength);
  let chain: TcfChain | undefined;
  try {
    chain = chainGet(place.block, chainIndexOf(t), false, t);
    if (chain !== undefined) deleteFrom(t, place, chain);
    else if (prioOf(t) !== 0) refuse(request.extack, ENOENT, 'Cannot find specified filter chain');
  } finally {
    if (chain !== undefined) chainPut(chain, t);
    putPlace(t, place);
  }
}

function answer(t: TcRequest, place: Place, chain: TcfChain): void {
  const { request } = t;
  const tp = findProtoOrRefuse(t, chain);
  const filter = tp.ops.get(tp, t.handle);
  if (filter === undefined) refuse(request.extack, ENOENT, 'Specified filter handle not found');
  request.net.rtnl.unicast(filterMessage(request, tp, place, filter, RTM_NEWTFILTER, undefined), request.portid);
}

/** RTM_GETTFILTER of one filter. @models net/sched/cls_api.c tc_get_tfilter() */
export function getTfilter(request: RtnlRequest): void {
  const t = parseTc(request);
  if (prioOf(t) === 0) refusePrioZero(t);
  const place = findPlace(t, checkKindLength);
  let chain: TcfChain | undefined;
  try {
    chain = chainGet(place.block, chainIndexOf(t), false, t);
    if (chain === undefined) refuse(request.extack, EINVAL, 'Cannot find specified filter chain');
    answer(t, place, chain);
  } finally {
    if (chain !== undefined) chainPut(chain, t);
    putPlace(t, place);
  }
}
