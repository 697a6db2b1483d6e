// Tables of helpers by number, as the *_func_proto() functions of the kernel look them up, and short ways to write their
// entries. A table states facts (what goes in, what comes out); what runs is put in by withFuncs().
import type { BpfFuncProto } from './func_proto.js';
import * as T from './type_flags.js';

export type ProtoTable = ReadonlyMap<number, BpfFuncProto>;
type Extra = Partial<BpfFuncProto>;

/** A helper that gives `retType` for `args`. @differs a way to write one */
export function returning(retType: number, args: readonly number[], extra: Extra = {}): BpfFuncProto {
  return { gplOnly: false, pktAccess: false, retType, args, ...extra };
}

/** A helper that gives a number. @differs a way to write one */
export const integer = (args: readonly number[], extra: Extra = {}): BpfFuncProto =>
  returning(T.RET_INTEGER, args, extra);

/** A helper that gives nothing. @differs a way to write one */
export const nothing = (args: readonly number[], extra: Extra = {}): BpfFuncProto => returning(T.RET_VOID, args, extra);

export const GPL: Extra = { gplOnly: true };
export const PACKET: Extra = { pktAccess: true };

/** ARG_PTR_TO_MEM that is only read. */
export const RDONLY_MEM = T.ARG_PTR_TO_MEM | T.MEM_RDONLY;
/** The same, or NULL. */
export const RDONLY_MEM_OR_NULL = T.ARG_PTR_TO_MEM | T.PTR_MAYBE_NULL | T.MEM_RDONLY;
/** A number of its own that is only written. */
export const OUT_NUMBER = T.ARG_PTR_TO_FIXED_SIZE_MEM | T.MEM_UNINIT | T.MEM_WRITE | T.MEM_ALIGNED;

/**
 * The table with what runs for the numbers that `funcs` has. Throws RangeError for a number that the table has not.
 *
 * @differs facts and behaviour stand in files of their own
 */
export function withFuncs(table: ProtoTable, funcs: ReadonlyMap<number, BpfFuncProto['func']>): ProtoTable {
  const all = new Map(table);
  for (const [id, func] of funcs) {
    const proto = all.get(id);
    if (proto === undefined) throw new RangeError(`helper ${id} is not in the table`);
    if (func !== undefined) all.set(id, { ...proto, func });
  }
  return all;
}
