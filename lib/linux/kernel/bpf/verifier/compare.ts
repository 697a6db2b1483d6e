// kernel/bpf/verifier.c: whether a kept state covers the current one, so that what follows need not be walked again
// (regsafe(), stacksafe(), states_equal()). Ids need not be the same numbers, but must relate the same registers.
import * as T from '../type_flags.js';
import type { VerifierEnv } from './env.js';
import { BPF_ADD_CONST, RegState } from './reg_state.js';
import * as S from './state.js';
import type { FuncState, StackSlot, VerifierState } from './state.js';

/** enum exact_level */
export const NOT_EXACT = 0;
export const EXACT = 1;
export const RANGE_WITHIN = 2;
export type ExactLevel = typeof NOT_EXACT | typeof EXACT | typeof RANGE_WITHIN;

/** Which id of the kept state stands for which of the current one. */
class IdMap {
  readonly #old: number[] = [];
  readonly #cur: number[] = [];
  #temporary: number;

  constructor(lastId: number) {
    this.#temporary = lastId;
  }

  /** @models kernel/bpf/verifier.c check_ids() */
  check(old: number, cur: number): boolean {
    if ((old === 0) !== (cur === 0)) return false;
    if (old === 0) return true;
    for (let i = 0; i < this.#old.length; i++) {
      if (this.#old[i] === old) return this.#cur[i] === cur;
      if (this.#cur[i] === cur) return false;
    }
    this.#old.push(old);
    this.#cur.push(cur);
    return true;
  }

  /** @models kernel/bpf/verifier.c check_scalar_ids() */
  checkScalar(old: number, given: number): boolean {
    if (old === 0) return true;
    const cur = given === 0 ? ++this.#temporary : given;
    if (!this.check(old, cur)) return false;
    return (old & BPF_ADD_CONST) === 0 || this.check(old & ~BPF_ADD_CONST, cur & ~BPF_ADD_CONST);
  }
}

/** @models kernel/bpf/verifier.c regs_exact() */
function regsExact(old: RegState, cur: RegState, ids: IdMap): boolean {
  return old.sameUpToId(cur) && ids.check(old.id, cur.id) && ids.check(old.refObjId, cur.refObjId);
}

function scalarSafe(env: VerifierEnv, old: RegState, cur: RegState, ids: IdMap, exact: ExactLevel): boolean {
  if (env.exploreAluLimits) return old.sameUpToId(cur) && ids.checkScalar(old.id, cur.id);
  if (!old.precise && exact === NOT_EXACT) return true;
  if (old.id !== 0) {
    const adds = old.id & BPF_ADD_CONST;
    if (adds !== (cur.id & BPF_ADD_CONST) || (adds !== 0 && old.off !== cur.off)) return false;
  }
  return ids.checkScalar(old.id, cur.id) && old.rangeContains(cur) && old.varOff.contains(cur.varOff);
}

function packetSafe(old: RegState, cur: RegState, ids: IdMap): boolean {
  const known = old.range >= 0 && cur.range >= 0;
  if (known ? old.range > cur.range : old.range !== cur.range) return false;
  if (old.off !== cur.off || !ids.check(old.id, cur.id)) return false;
  return old.rangeContains(cur) && old.varOff.contains(cur.varOff);
}

function memorySafe(old: RegState, cur: RegState, ids: IdMap): boolean {
  return (
    old.sameUpToVarOff(cur) &&
    old.rangeContains(cur) &&
    old.varOff.contains(cur.varOff) &&
    ids.check(old.id, cur.id) &&
    ids.check(old.refObjId, cur.refObjId)
  );
}

/** @models kernel/bpf/verifier.c regsafe() */
function regSafe(env: VerifierEnv, old: RegState, cur: RegState, ids: IdMap, exact: ExactLevel): boolean {
  if (exact === EXACT) return regsExact(old, cur, ids);
  if (old.type === T.NOT_INIT) return true;
  if (old.type !== cur.type) return false;
  switch (T.baseType(old.type)) {
    case T.SCALAR_VALUE:
      return scalarSafe(env, old, cur, ids, exact);
    case T.PTR_TO_MAP_KEY:
    case T.PTR_TO_MAP_VALUE:
    case T.PTR_TO_MEM:
    case T.PTR_TO_BUF:
    case T.PTR_TO_TP_BUFFER:
      return memorySafe(old, cur, ids);
    case T.PTR_TO_PACKET_META:
    case T.PTR_TO_PACKET:
      return packetSafe(old, cur, ids);
    case T.PTR_TO_STACK:
      return regsExact(old, cur, ids) && old.frameno === cur.frameno;
    case T.PTR_TO_ARENA:
      return true;
    default:
      return regsExact(old, cur, ids);
  }
}

const unbound = new RegState();
unbound.markUnknown(false);

/** Whether all eight bytes are plain data. */
function isAllMisc(env: VerifierEnv, slot: StackSlot): boolean {
  if (slot.types === S.ALL_MISC) return true;
  if (!env.allowUninitStack) return false;
  for (let byte = 0; byte < S.BPF_REG_SIZE; byte++) {
    const type = slot.typeOf(byte);
    if (type !== S.STACK_MISC && type !== S.STACK_INVALID) return false;
  }
  return true;
}

/** The scalar that a load of all eight bytes gives, or undefined. @models kernel/bpf/verifier.c scalar_reg_for_stack() */
function scalarOf(env: VerifierEnv, slot: StackSlot): RegState | undefined {
  if (slot.isSpilledScalar64) return slot.reg;
  return isAllMisc(env, slot) ? unbound : undefined;
}

/** Whether nothing of a kept slot needs to be there. */
function isUnused(env: VerifierEnv, slot: StackSlot): boolean {
  if (slot.types === 0) return true;
  if (!env.allowUninitStack) return false;
  return isAllMisc(env, slot);
}

function bytesSafe(env: VerifierEnv, old: StackSlot, cur: StackSlot): boolean {
  for (let byte = 0; byte < S.BPF_REG_SIZE; byte++) {
    const type = old.typeOf(byte);
    if (type === S.STACK_INVALID || (env.allowUninitStack && type === S.STACK_MISC)) continue;
    if (type === S.STACK_MISC && cur.typeOf(byte) === S.STACK_ZERO) continue;
    if (type !== cur.typeOf(byte)) return false;
  }
  return true;
}

function slotSafe(
  env: VerifierEnv,
  old: StackSlot,
  cur: StackSlot | undefined,
  ids: IdMap,
  exact: ExactLevel,
): boolean {
  if (exact === EXACT && old.types !== cur?.types) return false;
  if (isUnused(env, old)) return true;
  if (cur === undefined) return false;
  const oldReg = scalarOf(env, old);
  const curReg = scalarOf(env, cur);
  // The kernel compares from the first byte on that matters; a scalar is compared as a whole.
  if (oldReg !== undefined && curReg !== undefined) return regSafe(env, oldReg, curReg, ids, exact);
  if (!bytesSafe(env, old, cur)) return false;
  return !old.isSpilled || regSafe(env, old.reg, cur.reg, ids, exact);
}

/** @models kernel/bpf/verifier.c stacksafe() */
function stackSafe(env: VerifierEnv, old: FuncState, cur: FuncState, ids: IdMap, exact: ExactLevel): boolean {
  for (const [spi, slot] of old.stack.entries()) if (!slotSafe(env, slot, cur.stack[spi], ids, exact)) return false;
  return true;
}

/** @models kernel/bpf/verifier.c refsafe() */
function refSafe(old: VerifierState, cur: VerifierState, ids: IdMap): boolean {
  if (old.refs.length !== cur.refs.length || old.activeLocks !== cur.activeLocks) return false;
  if (!ids.check(old.activeLockId, cur.activeLockId) || old.activeLockPtr !== cur.activeLockPtr) return false;
  return old.refs.every((ref, i) => {
    const other = cur.refs[i]!;
    return ids.check(ref.id, other.id) && ref.type === other.type && ref.ptr === other.ptr;
  });
}

/** @models kernel/bpf/verifier.c func_states_equal() */
function framesEqual(
  env: VerifierEnv,
  old: FuncState,
  cur: FuncState,
  insn: number,
  ids: IdMap,
  exact: ExactLevel,
): boolean {
  if (old.callbackDepth > cur.callbackDepth) return false;
  const live = env.aux[insn]!.liveRegsBefore;
  for (let i = 0; i < 11; i++)
    if ((live & (1 << i)) !== 0 && !regSafe(env, old.regs[i]!, cur.regs[i]!, ids, exact)) return false;
  return stackSafe(env, old, cur, ids, exact);
}

/** Whether `old` covers `cur`. @models kernel/bpf/verifier.c states_equal() */
export function statesEqual(env: VerifierEnv, old: VerifierState, cur: VerifierState, exact: ExactLevel): boolean {
  if (old.frame.length !== cur.frame.length || (old.speculative && !cur.speculative)) return false;
  const ids = new IdMap(env.idGen);
  if (!refSafe(old, cur, ids)) return false;
  return old.frame.every((frame, i) => {
    const other = cur.frame[i]!;
    return frame.callsite === other.callsite && framesEqual(env, frame, other, old.insnOf(i), ids, exact);
  });
}

/** Whether the registers are the very same, ids included. @models kernel/bpf/verifier.c states_maybe_looping() */
export function maybeLooping(old: VerifierState, cur: VerifierState): boolean {
  if (old.curframe !== cur.curframe) return false;
  const regs = cur.cur.regs;
  return old.cur.regs.every((reg, i) => {
    const other = regs[i]!;
    return reg.id === other.id && reg.refObjId === other.refObjId && reg.sameUpToId(other);
  });
}
