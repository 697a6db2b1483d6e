// net/sched/cls_flower.c: the flower classifier, filters that compare named fields of a packet. Filters with the same
// mask lie together; within one mask no two have the same masked values, and a change keeps the mask. Dumps go by handle.
import type { Nla } from '../../../../codec/nla.js';
import { NL_VALIDATE_LIBERAL, parseNested } from '../../../../codec/parse.js';
import { EEXIST, EINVAL, ENOSPC, EOPNOTSUPP } from '../../../../uapi/asm-generic/errno.js';
import * as P from '../../../../uapi/linux/pkt_cls.js';
import { TCA_FLOWER, TCA_FLOWER_6_1 } from '../../../../uapi/linux/pkt_cls.js';
import { TCA } from '../../../../uapi/linux/rtnetlink.js';
import { errno, refuse } from '../../../errno.js';
import type { MessageWriter } from '../../netlink/message.js';
import { bindFilter, type TcfResult, unbindFilter } from '../cls_api/bind.js';
import * as exts from '../cls_api/exts.js';
import { flagsValid } from '../cls_api/flags.js';
import type { FilterChange, TcfProto, TcfProtoOps } from '../cls_api/proto.js';
import { tcfQueueWork } from '../cls_api/work.js';
import type { Net } from '../../core/net_namespace.js';
import type { TcRequest } from '../sch_api/request.js';
import { classify } from './classify.js';
import { dumpKey } from './dump_key.js';
import { FlowerFilter, FlowerHead, type Parms } from './filter.js';
import type { FlowMatch } from './match.js';
import { setKey } from './set_key.js';

/** No old-style policer. */
const extsAttributes: exts.ExtsAttributes = { action: TCA_FLOWER.ACT.type, police: 0 };
const INT_MAX = 0x7fffffff;

type Change = FilterChange<FlowerFilter>;

const headOf = (tp: TcfProto): FlowerHead => tp.root as FlowerHead;

/** The options, or a refusal that carries no text: they are parsed without extack. */
function parseOptions(t: TcRequest, options: Nla) {
  const set = t.request.machine.has('flower-later-keys') ? TCA_FLOWER : TCA_FLOWER_6_1;
  return parseNested(set, options, NL_VALIDATE_LIBERAL, undefined);
}
type Options = ReturnType<typeof parseOptions>;

/** A free handle for a new filter. */
function newHandle({ tp, handle }: Change): number {
  if (handle !== 0) return handle;
  const lowest = headOf(tp).handles.lowestFree(INT_MAX);
  if (lowest === undefined) throw errno(ENOSPC);
  return lowest;
}

/** Refuses a mask that looks at more than the chain's template, or that differs from that of the filter to change, and a match that another filter has. */
function checkMatch({ t, tp, old }: Change, filter: FlowerFilter): void {
  const template = tp.chain.template?.priv as FlowMatch | undefined;
  if (template !== undefined && !filter.match.mask.isWithin(template.mask))
    refuse(t.request.extack, EINVAL, 'cls_flower: Mask does not fit the template');
  if (old !== undefined && old.mask !== filter.mask) throw errno(EINVAL);
  if (old === undefined && filter.mask.find(filter.masked) !== undefined) throw errno(EEXIST);
}

/** A filter in no list yet. `parms` are bound and made already. */
function withKey(change: Change, tb: Options, options: Nla, handle: number, parms: Parms): FlowerFilter {
  const { t, tp } = change;
  let filter: FlowerFilter | undefined;
  try {
    const match = setKey(t, options, tb.$nla);
    filter = new FlowerFilter(tp, handle, parms, match, headOf(tp).maskOf(match.mask));
  } finally {
    if (filter === undefined) exts.tcfExtsDestroy(parms.exts);
  }
  try {
    checkMatch(change, filter);
    if ((parms.flags & P.TCA_CLS_FLAGS_SKIP_SW) !== 0) throw errno(EOPNOTSUPP);
  } catch (refusal) {
    filter.release(tp);
    throw refusal;
  }
  return filter;
}

/** A filter that is bound to its class and in no list yet; its tcf_proto holds it. */
function makeFilter(change: Change, tb: Options, options: Nla, handle: number, flags: number): FlowerFilter {
  const { t, tp, base } = change;
  const given = { action: tb.$nla[TCA_FLOWER.ACT.type], police: undefined, filterFlags: flags };
  const actions = exts.tcfExtsValidate(t, tp, given);
  const res: TcfResult = { classid: tb.CLASSID ?? 0, cl: 0 };
  if (tb.CLASSID !== undefined) bindFilter(tp, res, base);
  let filter: FlowerFilter | undefined;
  try {
    filter = withKey(change, tb, options, handle, { flags, res, exts: actions });
    return filter;
  } finally {
    if (filter === undefined) unbindFilter(tp, res);
  }
}

function addFilter(change: Change, tb: Options, options: Nla, flags: number): FlowerFilter {
  const filter = makeFilter(change, tb, options, newHandle(change), flags);
  headOf(change.tp).add(filter, undefined);
  return filter;
}

function replaceFilter(change: Change, tb: Options, options: Nla, flags: number, old: FlowerFilter): FlowerFilter {
  const { tp } = change;
  const filter = makeFilter(change, tb, options, old.handle, flags);
  headOf(tp).add(filter, old);
  unbindFilter(tp, old.res);
  tcfQueueWork(tp.chain.block.net, old, tp);
  return filter;
}

/**
 * Creates a filter, or replaces `old`: everything comes from the new request, whose mask must be the same.
 *
 * @models net/sched/cls_flower.c fl_change()
 */
function change(request: Change): FlowerFilter {
  const { t, tp, old, handle } = request;
  const options = t.tca[TCA.OPTIONS.type];
  if (options === undefined) throw errno(EINVAL);
  const tb = parseOptions(t, options);
  if (old !== undefined && handle !== 0 && old.handle !== handle) throw errno(EINVAL);
  const flags = tb.FLAGS ?? 0;
  if (!flagsValid(flags)) throw errno(EINVAL);
  const filter =
    old === undefined ? addFilter(request, tb, options, flags) : replaceFilter(request, tb, options, flags, old);
  tp.version++;
  return filter;
}

/** Takes a filter out. @models net/sched/cls_flower.c __fl_delete() */
function deleteFilter(tp: TcfProto, filter: FlowerFilter): void {
  headOf(tp).remove(filter);
  tp.version++;
  unbindFilter(tp, filter.res);
  tcfQueueWork(tp.chain.block.net, filter, tp);
}

/** The filter of the next greater handle. @models net/sched/cls_flower.c fl_walk() */
function next(tp: TcfProto, filter: FlowerFilter | undefined): FlowerFilter | undefined {
  const { handles, order } = headOf(tp);
  const handle = order.after(filter?.handle ?? -1);
  return handle === undefined ? undefined : handles.get(handle);
}

/** @models net/sched/cls_flower.c fl_destroy() */
function destroy(tp: TcfProto): void {
  for (let filter = next(tp, undefined); filter !== undefined; filter = next(tp, undefined)) deleteFilter(tp, filter);
}

/** @models net/sched/cls_flower.c fl_dump() */
function dump(tp: TcfProto, filter: FlowerFilter, skb: MessageWriter): void {
  const nest = skb.nest(TCA.OPTIONS.type);
  if (filter.res.classid !== 0) skb.putU32(TCA_FLOWER.CLASSID.type, filter.res.classid);
  dumpKey(skb, tp.chain.block.net, filter.match);
  skb.putU32(TCA_FLOWER.FLAGS.type, filter.flags);
  skb.putU32(TCA_FLOWER.IN_HW_COUNT.type, 0);
  exts.tcfExtsDump(skb, filter.exts, extsAttributes);
  skb.nestEnd(nest);
  exts.tcfExtsDumpStats(skb, filter.exts);
}

/** @models net/sched/cls_flower.c fl_terse_dump() */
function terseDump(_tp: TcfProto, filter: FlowerFilter, skb: MessageWriter): void {
  const nest = skb.nest(TCA.OPTIONS.type);
  skb.putU32(TCA_FLOWER.FLAGS.type, filter.flags);
  exts.tcfExtsTerseDump(skb, filter.exts, extsAttributes);
  skb.nestEnd(nest);
}

/** @models net/sched/cls_flower.c fl_tmplt_create() */
function templateCreate(t: TcRequest): FlowMatch {
  const options = t.tca[TCA.OPTIONS.type];
  if (options === undefined) throw errno(EINVAL);
  return setKey(t, options, parseOptions(t, options).$nla);
}

/** @models net/sched/cls_flower.c fl_tmplt_dump() */
function templateDump(net: Net, priv: unknown, skb: MessageWriter): void {
  const nest = skb.nest(TCA.OPTIONS.type);
  dumpKey(skb, net, priv as FlowMatch);
  skb.nestEnd(nest);
}

export const clsFlowerOps: TcfProtoOps = {
  kind: 'flower',
  classify,
  init: (tp) => {
    tp.root = new FlowerHead();
  },
  destroy,
  get: (tp, handle) => headOf(tp).handles.get(handle),
  change,
  delete: (tp, filter: FlowerFilter) => {
    deleteFilter(tp, filter);
    return headOf(tp).order.empty;
  },
  next,
  dump,
  terseDump,
  template: { create: templateCreate, dump: templateDump },
};
