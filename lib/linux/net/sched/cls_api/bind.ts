// include/net/pkt_cls.h tcf_bind_filter(), tcf_unbind_filter(): a filter that names a class tells the class, so that a
// class in use is not deleted.
import type { ClassRef } from '../sch_generic.js';
import type { TcfFilter, TcfProto } from './proto.js';

/** What a filter says about matching packets: struct tcf_result. */
export interface TcfResult {
  readonly classid: number;
  /** The class that was told; 0 = none. */
  cl: ClassRef;
}

/**
 * Binds `res` to its class, as the qdisc finds it from class `base`. Filters of shared blocks have no qdisc to ask.
 *
 * @models include/net/pkt_cls.h tcf_bind_filter()
 */
export function bindFilter(tp: TcfProto, res: TcfResult, base: ClassRef): void {
  const { q } = tp.chain.block;
  res.cl = q?.ops.classOps?.bindTcf?.(q, base, res.classid) ?? 0;
}

/** @models include/net/pkt_cls.h tcf_unbind_filter() */
export function unbindFilter(tp: TcfProto, res: TcfResult): void {
  const { q } = tp.chain.block;
  if (q !== undefined && res.cl !== 0) q.ops.classOps?.unbindTcf?.(q, res.cl);
  res.cl = 0;
}

/**
 * Where a filter points to; kinds whose filters point to classes keep it as `res`.
 *
 * @differs the kernel has each kind walk its own filters
 */
export function resultOf(filter: TcfFilter & { readonly res?: TcfResult }): TcfResult | undefined {
  return filter.res;
}

/**
 * The class `classid` has come (`cl`) or goes (0): whoever names it is bound or unbound.
 *
 * @models include/net/pkt_cls.h tc_cls_bind_class()
 */
export function bindClass(tp: TcfProto, res: TcfResult, classid: number, cl: ClassRef, base: ClassRef): void {
  if (res.classid !== classid) return;
  const old = res.cl;
  if (cl === 0) {
    unbindFilter(tp, res);
    return;
  }
  bindFilter(tp, res, base);
  if (old !== 0) tp.chain.block.q?.ops.classOps?.unbindTcf?.(tp.chain.block.q, old);
}
