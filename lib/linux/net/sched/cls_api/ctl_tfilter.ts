// net/sched/cls_api.c tc_ctl_tfilter() of kernels without chains (4.1): RTM_NEWTFILTER, RTM_DELTFILTER and RTM_GETTFILTER
// in one function with one order of checks. Filters live in chain 0, which no message speaks of; the answer to a GET goes
// to the group.
import { EEXIST, EINVAL, ENOENT } from '../../../../uapi/asm-generic/errno.js';
import { NLM_F_CREATE, NLM_F_EXCL } from '../../../../uapi/linux/netlink.js';
import { RTM_DELTFILTER, RTM_GETTFILTER, RTM_NEWTFILTER, TCA } from '../../../../uapi/linux/rtnetlink.js';
import { errno } from '../../../errno.js';
import { nlaIs } from '../../../lib/nlattr.js';
import type { RtnlRequest } from '../../core/rtnetlink.js';
import { parseTc, type TcRequest } from '../sch_api/request.js';
import { findPlace, type Place, putPlace } from './block.js';
import { chainGet, chainInsert, chainPut, chainRemove, type TcfChain } from './chain.js';
import { AUTO_PRIO_KEY, autoPrio, prioOf, protocolOf } from './filter.js';
import { filterMessage, sendFilter, tfilterNotify } from './notify.js';
import { type TcfFilter, TcfProto, tcfProtoBase, type TcfProtoOps } from './proto.js';

/** The tcf_proto of the request's priority; with automatic priority there must be none at the first one tried. */
function findProto(t: TcRequest, chain: TcfChain): TcfProto | undefined {
  const auto = prioOf(t) === 0;
  const tp = chain.protos.get(auto ? AUTO_PRIO_KEY : prioOf(t));
  if (tp === undefined) return undefined;
  if (auto || (tp.protocol !== protocolOf(t) && protocolOf(t) !== 0)) throw errno(EINVAL);
  return tp;
}

function opsOf(t: TcRequest): TcfProtoOps {
  const kind = t.tca[TCA.KIND.type]!;
  for (const ops of tcfProtoBase(t.net).values()) if (nlaIs(kind, ops.kind)) return ops;
  throw errno(ENOENT);
}

const creates = (t: TcRequest): boolean => t.request.type === RTM_NEWTFILTER && t.wants(NLM_F_CREATE);

function newProto(t: TcRequest, place: Place, chain: TcfChain): TcfProto {
  if (t.tca[TCA.KIND.type] === undefined || protocolOf(t) === 0) throw errno(EINVAL);
  if (!creates(t)) throw errno(ENOENT);
  const prio = prioOf(t) === 0 ? autoPrio(chain) : prioOf(t);
  return new TcfProto(chain, opsOf(t), { prio, protocol: protocolOf(t), classid: place.parent }, t);
}

function change(t: TcRequest, place: Place, tp: TcfProto, old: TcfFilter | undefined): void {
  const filter = tp.ops.change({ t, tp, base: place.cl, handle: t.handle, old });
  if (tp.chain.protos.get(tp.prio) === undefined) chainInsert(tp.chain, tp);
  tfilterNotify(t.request, tp, { q: place.q, parent: tp.classid }, filter, RTM_NEWTFILTER);
}

/** Handle 0 deletes the whole priority; the message precedes the deletion. */
function withoutFilter(t: TcRequest, place: Place, tp: TcfProto): void {
  if (t.request.type === RTM_DELTFILTER && t.handle === 0) {
    tfilterNotify(t.request, tp, { q: place.q, parent: tp.classid }, undefined, RTM_DELTFILTER);
    chainRemove(tp.chain, tp);
    return;
  }
  if (!creates(t)) throw errno(ENOENT);
  change(t, place, tp, undefined);
}

function withFilter(t: TcRequest, place: Place, tp: TcfProto, filter: TcfFilter): void {
  const { request } = t;
  const at = { q: place.q, parent: tp.classid };
  if (request.type === RTM_GETTFILTER) {
    sendFilter(request, filterMessage(request, tp, at, filter, RTM_NEWTFILTER, undefined));
  } else if (request.type === RTM_DELTFILTER) {
    const last = tp.ops.delete(tp, filter, request.extack);
    tfilterNotify(request, tp, at, filter, RTM_DELTFILTER);
    if (last) chainRemove(tp.chain, tp);
  } else {
    if (t.wants(NLM_F_EXCL)) throw errno(EEXIST);
    change(t, place, tp, filter);
  }
}

function serve(t: TcRequest, place: Place, chain: TcfChain): void {
  const kind = t.tca[TCA.KIND.type];
  const found = findProto(t, chain);
  if (found !== undefined && kind !== undefined && !nlaIs(kind, found.ops.kind)) throw errno(EINVAL);
  const tp = found?.hold(t) ?? newProto(t, place, chain);
  try {
    const filter = tp.ops.get(tp, t.handle);
    if (filter === undefined) withoutFilter(t, place, tp);
    else withFilter(t, place, tp, filter);
  } finally {
    tp.release(t);
  }
}

/** RTM_*TFILTER of 4.1. @models net/sched/cls_api.c tc_ctl_tfilter() */
export function ctlTfilter(request: RtnlRequest): void {
  const t = parseTc(request);
  if (prioOf(t) === 0 && !creates(t)) throw errno(ENOENT);
  const place = findPlace(t);
  let chain: TcfChain | undefined;
  try {
    chain = chainGet(place.block, 0, true, t)!;
    serve(t, place, chain);
  } finally {
    if (chain !== undefined) chainPut(chain, t);
    putPlace(t, place);
  }
}
