// net/sched/sch_api.c, the part size tables: what a packet counts as, given with a qdisc (TCA_STAB).
import { Bytes } from '../../../../codec/bytes.js';
import type { Extack } from '../../../../codec/extack.js';
import type { Nla } from '../../../../codec/nla.js';
import { NL_VALIDATE_LIBERAL, parseNested } from '../../../../codec/parse.js';
import { EINVAL } from '../../../../uapi/asm-generic/errno.js';
import { STAB_SIZE_LOG_MAX, TCA_STAB, tc_sizespec } from '../../../../uapi/linux/pkt_sched.js';
import { TCA } from '../../../../uapi/linux/rtnetlink.js';
import { refuse } from '../../../errno.js';
import type { MessageWriter } from '../../netlink/message.js';

export interface SizeTable {
  /** The struct tc_sizespec as given. */
  readonly szopts: Uint8Array;
  /** Sizes by cell, u16 each. */
  readonly data: Uint8Array;
}

/**
 * The size table in `opt`. Refuses incomplete and inconsistent ones.
 *
 * @models net/sched/sch_api.c qdisc_get_stab()
 */
export function qdiscGetStab(opt: Nla, extack: Extack): SizeTable {
  const tb = parseNested(TCA_STAB, opt, NL_VALIDATE_LIBERAL, extack);
  const base = tb.$nla[TCA_STAB.BASE.type];
  if (base === undefined) refuse(extack, EINVAL, 'Size table base attribute is missing');
  const spec = tc_sizespec.get(base.msg, base.start);
  if (spec.tsize > 0 && tb.DATA === undefined) refuse(extack, EINVAL, 'Size table data attribute is missing');
  const data = spec.tsize > 0 ? tb.DATA! : new Uint8Array(0);
  if (data.length >> 1 !== spec.tsize) refuse(extack, EINVAL, 'Invalid size of size table');
  if (spec.size_log > STAB_SIZE_LOG_MAX || spec.cell_log > STAB_SIZE_LOG_MAX)
    refuse(extack, EINVAL, 'Invalid logarithmic size of size table');
  return { szopts: base.bytes().slice(0, tc_sizespec.size), data: data.slice() };
}

/** @models net/sched/sch_api.c qdisc_dump_stab() */
export function qdiscDumpStab(skb: MessageWriter, stab: SizeTable): void {
  const nest = skb.nest(TCA.STAB.type);
  skb.putRaw(TCA_STAB.BASE.type, stab.szopts);
  skb.nestEnd(nest);
}

/** Bytes a packet of `length` counts for. @models net/sched/sch_api.c __qdisc_calculate_pkt_len() */
export function stabPacketLength({ szopts, data }: SizeTable, length: number): number {
  const spec = tc_sizespec.get(new Bytes(szopts), 0);
  let counted = length + spec.overhead;
  if (spec.tsize === 0) return counted;
  const slot = Math.max(0, counted + spec.cell_align) >> spec.cell_log;
  const at = (index: number): number => data[2 * index]! | (data[2 * index + 1]! << 8);
  counted = slot < spec.tsize ? at(slot) : at(spec.tsize - 1) * Math.trunc(slot / spec.tsize) + at(slot % spec.tsize);
  counted *= 2 ** spec.size_log;
  return Math.max(1, counted);
}
