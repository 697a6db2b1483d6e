// include/net/pkt_cls.h tcf_bind_filter(), tcf_unbind_filter(): a filter that names a class tells the class, so that a
// class in use is not deleted.
import type { ClassRef } from '../sch_generic.js';
import type { TcfProto } from './proto.js';

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
