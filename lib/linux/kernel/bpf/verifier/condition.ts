// kernel/bpf/verifier.c: comparisons of registers: which way they go (is_branch_taken()), and how the bounds of both
// operands narrow on each way (regs_refine_cond_op()).
import * as C from '../../../../uapi/linux/bpf_common.js';
import * as I from '../../../../uapi/linux/bpf_insn.js';
import * as T from '../type_flags.js';
import { isPktPointerAny } from './packet_range.js';
import { isPointer } from './reg_arg.js';
import { AT_PKT_END, BEYOND_PKT_END, type RegState } from './reg_state.js';
import { Tnum } from './tnum.js';
import { Word } from './word.js';

/** true: the jump is taken; false: it is not; undefined: both are possible. */
type Taken = boolean | undefined;

const flips = new Map([
  [C.BPF_JEQ, C.BPF_JEQ],
  [I.BPF_JNE, I.BPF_JNE],
  [C.BPF_JSET, C.BPF_JSET],
  [C.BPF_JGE, I.BPF_JLE],
  [C.BPF_JGT, I.BPF_JLT],
  [I.BPF_JLE, C.BPF_JGE],
  [I.BPF_JLT, C.BPF_JGT],
  [I.BPF_JSGE, I.BPF_JSLE],
  [I.BPF_JSGT, I.BPF_JSLT],
  [I.BPF_JSLE, I.BPF_JSGE],
  [I.BPF_JSLT, I.BPF_JSGT],
]);

/** The comparison with its operands exchanged. @models kernel/bpf/verifier.c flip_opcode() */
export const flipOpcode = (op: number): number => flips.get(op) ?? 0;

/** No bit of the right operand is set in the left one: has no opcode of its own. */
const JNSET = C.BPF_JSET | C.BPF_X;

const reverses = new Map([
  [C.BPF_JEQ, I.BPF_JNE],
  [I.BPF_JNE, C.BPF_JEQ],
  [C.BPF_JSET, JNSET],
  [JNSET, C.BPF_JSET],
  [C.BPF_JGE, I.BPF_JLT],
  [C.BPF_JGT, I.BPF_JLE],
  [I.BPF_JLE, C.BPF_JGT],
  [I.BPF_JLT, C.BPF_JGE],
  [I.BPF_JSGE, I.BPF_JSLT],
  [I.BPF_JSGT, I.BPF_JSLE],
  [I.BPF_JSLE, I.BPF_JSGT],
  [I.BPF_JSLT, I.BPF_JSGE],
]);

/** What holds where the jump is not taken. @models kernel/bpf/verifier.c rev_opcode() */
export const revOpcode = (op: number): number => reverses.get(op) ?? 0;

/** Bounds of one operand in the width of the comparison. */
interface Range {
  readonly t: Tnum;
  readonly umin: Word;
  readonly umax: Word;
  readonly smin: Word;
  readonly smax: Word;
}

function rangeOf(reg: RegState, jmp32: boolean): Range {
  if (!jmp32) return { t: reg.varOff, umin: reg.umin, umax: reg.umax, smin: reg.smin, smax: reg.smax };
  return {
    t: reg.varOff.subreg(),
    umin: Word.uint(reg.u32min | 0),
    umax: Word.uint(reg.u32max | 0),
    smin: Word.int(reg.s32min),
    smax: Word.int(reg.s32max),
  };
}

function lowerHalvesDiffer(a: RegState, b: RegState): boolean {
  return a.u32min > b.u32max || a.u32max < b.u32min || a.s32min > b.s32max || a.s32max < b.s32min;
}

function isEqual(reg1: RegState, reg2: RegState, a: Range, b: Range, jmp32: boolean): Taken {
  if (a.t.isConst() && b.t.isConst()) return a.t.value.eq(b.t.value);
  if (!a.t.overlaps(b.t)) return false;
  if (b.umax.ltu(a.umin) || a.umax.ltu(b.umin) || b.smax.lts(a.smin) || a.smax.lts(b.smin)) return false;
  return !jmp32 && lowerHalvesDiffer(reg1, reg2) ? false : undefined;
}

function isSet(reg1: RegState, reg2: RegState, a: Range, b: Range, jmp32: boolean): Taken {
  let [left, right] = [a.t, b.t];
  if (!reg2.isConst(jmp32)) {
    if (!reg1.isConst(jmp32)) return undefined;
    [left, right] = [right, left];
  }
  if (!left.value.and(left.mask.not()).and(right.value).isZero()) return true;
  return left.mask.or(left.value).and(right.value).isZero() ? false : undefined;
}

/** a > b */
function greater(lt: (x: Word, y: Word) => boolean, amin: Word, amax: Word, bmin: Word, bmax: Word): Taken {
  if (lt(bmax, amin)) return true;
  return lt(bmin, amax) ? undefined : false;
}

const ltu = (x: Word, y: Word): boolean => x.ltu(y);
const lts = (x: Word, y: Word): boolean => x.lts(y);
const not = (taken: Taken): Taken => (taken === undefined ? undefined : !taken);

/** @models kernel/bpf/verifier.c is_scalar_branch_taken() */
function isScalarBranchTaken(reg1: RegState, reg2: RegState, op: number, jmp32: boolean): Taken {
  const a = rangeOf(reg1, jmp32);
  const b = rangeOf(reg2, jmp32);
  switch (op) {
    case C.BPF_JEQ:
      return isEqual(reg1, reg2, a, b, jmp32);
    case I.BPF_JNE:
      return not(isEqual(reg1, reg2, a, b, jmp32));
    case C.BPF_JSET:
      return isSet(reg1, reg2, a, b, jmp32);
    case C.BPF_JGT:
      return greater(ltu, a.umin, a.umax, b.umin, b.umax);
    case I.BPF_JSGT:
      return greater(lts, a.smin, a.smax, b.smin, b.smax);
    case I.BPF_JLT:
      return greater(ltu, b.umin, b.umax, a.umin, a.umax);
    case I.BPF_JSLT:
      return greater(lts, b.smin, b.smax, a.smin, a.smax);
    case C.BPF_JGE:
      return not(greater(ltu, b.umin, b.umax, a.umin, a.umax));
    case I.BPF_JSGE:
      return not(greater(lts, b.smin, b.smax, a.smin, a.smax));
    case I.BPF_JLE:
      return not(greater(ltu, a.umin, a.umax, b.umin, b.umax));
    case I.BPF_JSLE:
      return not(greater(lts, a.smin, a.smax, b.smin, b.smax));
    default:
      return undefined;
  }
}

/** @models kernel/bpf/verifier.c is_pkt_ptr_branch_taken() */
function isPktBranchTaken(dst: RegState, src: RegState, given: number): Taken {
  let pkt = dst;
  let op = given;
  if (src.type !== T.PTR_TO_PACKET_END) {
    if (dst.type !== T.PTR_TO_PACKET_END) return undefined;
    pkt = src;
    op = flipOpcode(given);
  }
  if (pkt.range >= 0) return undefined;
  if ((op === I.BPF_JLE || op === C.BPF_JGT) && pkt.range === BEYOND_PKT_END) return op === C.BPF_JGT;
  const atEnd = pkt.range === BEYOND_PKT_END || pkt.range === AT_PKT_END;
  return (op === I.BPF_JLT || op === C.BPF_JGE) && atEnd ? op === C.BPF_JGE : undefined;
}

const neverNull = new Set([
  ...[T.PTR_TO_SOCKET, T.PTR_TO_TCP_SOCK, T.PTR_TO_MAP_VALUE, T.PTR_TO_MAP_KEY, T.PTR_TO_SOCK_COMMON],
  T.CONST_PTR_TO_MAP,
]);

/** @models kernel/bpf/verifier.c reg_not_null() */
function isNotNull({ type }: RegState): boolean {
  if ((type & T.PTR_MAYBE_NULL) !== 0) return false;
  const base = T.baseType(type);
  if (base === T.PTR_TO_BTF_ID) return (type & T.PTR_TRUSTED) !== 0;
  return neverNull.has(base) || (base === T.PTR_TO_MEM && (type & T.PTR_UNTRUSTED) === 0);
}

/** Which way `reg1 op reg2` goes. @models kernel/bpf/verifier.c is_branch_taken() */
export function isBranchTaken(reg1: RegState, reg2: RegState, op: number, jmp32: boolean): Taken {
  if (!jmp32 && isPktPointerAny(reg1) && isPktPointerAny(reg2)) return isPktBranchTaken(reg1, reg2, op);
  if (!isPointer(reg1) && !isPointer(reg2)) return isScalarBranchTaken(reg1, reg2, op, jmp32);
  const [pointer, scalar] = reg2.isConst(jmp32) ? [reg1, reg2] : [reg2, reg1];
  if (!scalar.isConst(jmp32) || !isNotNull(pointer) || !scalar.constValue(jmp32).isZero()) return undefined;
  return op === C.BPF_JEQ ? false : op === I.BPF_JNE ? true : undefined;
}

function refineEqual32(a: RegState, b: RegState): void {
  a.u32min = b.u32min = Math.max(a.u32min, b.u32min);
  a.u32max = b.u32max = Math.min(a.u32max, b.u32max);
  a.s32min = b.s32min = Math.max(a.s32min, b.s32min);
  a.s32max = b.s32max = Math.min(a.s32max, b.s32max);
  const t = a.varOff.subreg().intersect(b.varOff.subreg());
  a.varOff = a.varOff.withSubreg(t);
  b.varOff = b.varOff.withSubreg(t);
}

function refineEqual64(a: RegState, b: RegState): void {
  a.umin = b.umin = a.umin.maxu(b.umin);
  a.umax = b.umax = a.umax.minu(b.umax);
  a.smin = b.smin = a.smin.maxs(b.smin);
  a.smax = b.smax = a.smax.mins(b.smax);
  a.varOff = b.varOff = a.varOff.intersect(b.varOff);
}

/** `a` is not `n`, which may be one of its bounds. */
function refineUnequal(a: RegState, n: Word, jmp32: boolean): void {
  if (jmp32) {
    const u = n.lo >>> 0;
    if (a.u32min === u) a.u32min++;
    if (a.u32max === u) a.u32max--;
    if (a.s32min === n.lo) a.s32min++;
    if (a.s32max === n.lo) a.s32max--;
    return;
  }
  if (a.umin.eq(n)) a.umin = a.umin.add(Word.ONE);
  if (a.umax.eq(n)) a.umax = a.umax.sub(Word.ONE);
  if (a.smin.eq(n)) a.smin = a.smin.add(Word.ONE);
  if (a.smax.eq(n)) a.smax = a.smax.sub(Word.ONE);
}

const isPowerOf2 = (n: Word): boolean => !n.isZero() && n.and(n.sub(Word.ONE)).isZero();

function refineSet(a: RegState, n: Word, jmp32: boolean): void {
  if (!isPowerOf2(n)) return;
  const bit = Tnum.const(n);
  a.varOff = jmp32 ? a.varOff.withSubreg(a.varOff.subreg().or(bit)) : a.varOff.or(bit);
}

function refineClear(a: RegState, n: Word, jmp32: boolean): void {
  // What was known may contradict the tnum when this way cannot be gone.
  a.markUnbounded();
  const rest = Tnum.const(n.not());
  a.varOff = jmp32 ? a.varOff.withSubreg(a.varOff.subreg().and(rest)) : a.varOff.and(rest);
}

/** a <= b, or a < b. */
function refineUnsigned(a: RegState, b: RegState, strict: boolean, jmp32: boolean): void {
  if (jmp32) {
    const by = strict ? 1 : 0;
    const max = Math.min(a.u32max, (b.u32max - by) >>> 0);
    const min = Math.max((a.u32min + by) >>> 0, b.u32min);
    a.u32max = max;
    b.u32min = min;
    return;
  }
  const by = strict ? Word.ONE : Word.ZERO;
  a.umax = a.umax.minu(b.umax.sub(by));
  b.umin = b.umin.maxu(a.umin.add(by));
}

function refineSigned(a: RegState, b: RegState, strict: boolean, jmp32: boolean): void {
  if (jmp32) {
    const by = strict ? 1 : 0;
    a.s32max = Math.min(a.s32max, (b.s32max - by) | 0);
    b.s32min = Math.max((a.s32min + by) | 0, b.s32min);
    return;
  }
  const by = strict ? Word.ONE : Word.ZERO;
  a.smax = a.smax.mins(b.smax.sub(by));
  b.smin = b.smin.maxs(a.smin.add(by));
}

/** Comparisons with a constant on either side. */
function refineByConstant(reg1: RegState, reg2: RegState, op: number, jmp32: boolean): void {
  const [a, b] = reg2.isConst(jmp32) ? [reg1, reg2] : [reg2, reg1];
  if (!b.isConst(jmp32)) return;
  const n = b.constValue(jmp32);
  if (op === I.BPF_JNE) refineUnequal(a, n, jmp32);
  else if (op === C.BPF_JSET) refineSet(a, n, jmp32);
  else refineClear(a, n, jmp32);
}

/** Narrows both operands by `reg1 op reg2`. @models kernel/bpf/verifier.c regs_refine_cond_op() */
export function regsRefineCondOp(reg1: RegState, reg2: RegState, op: number, jmp32: boolean): void {
  switch (op) {
    case C.BPF_JGE:
    case C.BPF_JGT:
    case I.BPF_JSGE:
    case I.BPF_JSGT:
      regsRefineCondOp(reg2, reg1, flipOpcode(op), jmp32);
      return;
    case C.BPF_JEQ:
      if (jmp32) refineEqual32(reg1, reg2);
      else refineEqual64(reg1, reg2);
      return;
    case I.BPF_JNE:
    case C.BPF_JSET:
    case JNSET:
      refineByConstant(reg1, reg2, op, jmp32);
      return;
    case I.BPF_JLE:
    case I.BPF_JLT:
      refineUnsigned(reg1, reg2, op === I.BPF_JLT, jmp32);
      return;
    case I.BPF_JSLE:
    case I.BPF_JSLT:
      refineSigned(reg1, reg2, op === I.BPF_JSLT, jmp32);
  }
}
