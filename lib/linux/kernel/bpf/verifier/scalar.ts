// kernel/bpf/verifier.c: what arithmetic does to the bounds of scalars (scalar_min_max_*). Each function changes `dst`, whose
// tnum the caller has already computed where the C function finds it so; regBoundsSync() follows.
import { coerceRegToSize, updateReg32Bounds, updateRegBounds } from './bounds.js';
import type { RegState } from './reg_state.js';
import { Word } from './word.js';

const S32_MIN = -0x80000000;
const S32_MAX = 0x7fffffff;
const U32_MAX = 0xffffffff;

function unboundSigned(dst: RegState): void {
  dst.smin = Word.S64_MIN;
  dst.smax = Word.S64_MAX;
}

function unboundUnsigned(dst: RegState): void {
  dst.umin = Word.ZERO;
  dst.umax = Word.U64_MAX;
}

function unboundSigned32(dst: RegState): void {
  dst.s32min = S32_MIN;
  dst.s32max = S32_MAX;
}

const fits32 = (n: number): boolean => n >= S32_MIN && n <= S32_MAX;

function add32(dst: RegState, src: RegState): void {
  const smin = dst.s32min + src.s32min;
  const smax = dst.s32max + src.s32max;
  if (fits32(smin) && fits32(smax)) {
    dst.s32min = smin;
    dst.s32max = smax;
  } else unboundSigned32(dst);
  const umin = dst.u32min + src.u32min;
  const umax = dst.u32max + src.u32max;
  // When all sums overflow, or none does, the bounds still follow each other.
  if (umin <= U32_MAX && umax > U32_MAX) {
    dst.u32min = 0;
    dst.u32max = U32_MAX;
  } else {
    dst.u32min = umin >>> 0;
    dst.u32max = umax >>> 0;
  }
}

function add64(dst: RegState, src: RegState): void {
  const smin = dst.smin.add(src.smin);
  const smax = dst.smax.add(src.smax);
  if (dst.smin.addOverflows(src.smin, smin) || dst.smax.addOverflows(src.smax, smax)) unboundSigned(dst);
  else {
    dst.smin = smin;
    dst.smax = smax;
  }
  const umin = dst.umin.add(src.umin);
  const umax = dst.umax.add(src.umax);
  if (!umin.ltu(dst.umin) && umax.ltu(dst.umax)) unboundUnsigned(dst);
  else {
    dst.umin = umin;
    dst.umax = umax;
  }
}

/** @models kernel/bpf/verifier.c scalar_min_max_add() */
export function scalarAdd(dst: RegState, src: RegState): void {
  add32(dst, src);
  add64(dst, src);
  dst.varOff = dst.varOff.add(src.varOff);
}

function sub32(dst: RegState, src: RegState): void {
  const smin = dst.s32min - src.s32max;
  const smax = dst.s32max - src.s32min;
  if (fits32(smin) && fits32(smax)) {
    dst.s32min = smin;
    dst.s32max = smax;
  } else unboundSigned32(dst);
  const umin = dst.u32min - src.u32max;
  const umax = dst.u32max - src.u32min;
  if (umin < 0 && umax >= 0) {
    dst.u32min = 0;
    dst.u32max = U32_MAX;
  } else {
    dst.u32min = umin >>> 0;
    dst.u32max = umax >>> 0;
  }
}

function sub64(dst: RegState, src: RegState): void {
  const smin = dst.smin.sub(src.smax);
  const smax = dst.smax.sub(src.smin);
  if (dst.smin.subOverflows(src.smax, smin) || dst.smax.subOverflows(src.smin, smax)) unboundSigned(dst);
  else {
    dst.smin = smin;
    dst.smax = smax;
  }
  const umin = dst.umin.sub(src.umax);
  const umax = dst.umax.sub(src.umin);
  if (dst.umin.ltu(src.umax) && !dst.umax.ltu(src.umin)) unboundUnsigned(dst);
  else {
    dst.umin = umin;
    dst.umax = umax;
  }
}

/** @models kernel/bpf/verifier.c scalar_min_max_sub() */
export function scalarSub(dst: RegState, src: RegState): void {
  sub32(dst, src);
  sub64(dst, src);
  dst.varOff = dst.varOff.sub(src.varOff);
}

/** 0 - dst. @models kernel/bpf/verifier.c adjust_scalar_min_max_vals() */
export function scalarNeg(dst: RegState): void {
  const old = dst.clone();
  dst.markKnown(Word.ZERO);
  sub32(dst, old);
  sub64(dst, old);
  dst.varOff = old.varOff.neg();
}

function mul32(dst: RegState, src: RegState): void {
  const umin = dst.u32min * src.u32min;
  const umax = dst.u32max * src.u32max;
  if (umin > U32_MAX || umax > U32_MAX) {
    dst.u32min = 0;
    dst.u32max = U32_MAX;
  } else {
    dst.u32min = umin;
    dst.u32max = umax;
  }
  const products = [dst.s32min * src.s32min, dst.s32min * src.s32max, dst.s32max * src.s32min, dst.s32max * src.s32max];
  const min = Math.min(...products);
  const max = Math.max(...products);
  if (min < S32_MIN || max > S32_MAX) unboundSigned32(dst);
  else {
    // `+ 0` makes 0 of -0.
    dst.s32min = min + 0;
    dst.s32max = max + 0;
  }
}

function mul64(dst: RegState, src: RegState): void {
  const umax = dst.umax.mulUnsigned(src.umax);
  const umin = dst.umin.mulUnsigned(src.umin);
  if (umax === undefined || umin === undefined) unboundUnsigned(dst);
  else {
    dst.umin = umin;
    dst.umax = umax;
  }
  const a = dst.smin.mulSigned(src.smin);
  const b = dst.smin.mulSigned(src.smax);
  const c = dst.smax.mulSigned(src.smin);
  const d = dst.smax.mulSigned(src.smax);
  if (a === undefined || b === undefined || c === undefined || d === undefined) unboundSigned(dst);
  else {
    dst.smin = a.mins(b).mins(c).mins(d);
    dst.smax = a.maxs(b).maxs(c).maxs(d);
  }
}

/** @models kernel/bpf/verifier.c scalar_min_max_mul() */
export function scalarMul(dst: RegState, src: RegState): void {
  dst.varOff = dst.varOff.mul(src.varOff);
  mul32(dst, src);
  mul64(dst, src);
}

/** The signed 32-bit bounds follow the unsigned ones unless these cross the sign. */
function follow32(dst: RegState): void {
  if ((dst.u32min | 0) <= (dst.u32max | 0)) {
    dst.s32min = dst.u32min | 0;
    dst.s32max = dst.u32max | 0;
  } else unboundSigned32(dst);
}

function follow64(dst: RegState): void {
  if (!dst.umax.lts(dst.umin)) {
    dst.smin = dst.umin;
    dst.smax = dst.umax;
  } else unboundSigned(dst);
  updateRegBounds(dst);
}

/** Whether both operands' lower halves were constants; then dst's is known by its tnum. */
function known32(dst: RegState, src: RegState): boolean {
  if (!src.varOff.subregIsConst() || !dst.varOff.subregIsConst()) return false;
  dst.mark32Known(dst.varOff.value.lo);
  return true;
}

function known64(dst: RegState, src: RegState): boolean {
  if (!src.varOff.isConst() || !dst.varOff.isConst()) return false;
  dst.markKnown(dst.varOff.value);
  return true;
}

/** @models kernel/bpf/verifier.c scalar_min_max_and() */
export function scalarAnd(dst: RegState, src: RegState): void {
  dst.varOff = dst.varOff.and(src.varOff);
  if (!known32(dst, src)) {
    dst.u32min = dst.varOff.value.lo >>> 0;
    dst.u32max = Math.min(dst.u32max, src.u32max);
    follow32(dst);
  }
  if (known64(dst, src)) return;
  dst.umin = dst.varOff.value;
  dst.umax = dst.umax.minu(src.umax);
  follow64(dst);
}

/** @models kernel/bpf/verifier.c scalar_min_max_or() */
export function scalarOr(dst: RegState, src: RegState): void {
  dst.varOff = dst.varOff.or(src.varOff);
  if (!known32(dst, src)) {
    dst.u32min = Math.max(dst.u32min, src.u32min);
    dst.u32max = (dst.varOff.value.lo | dst.varOff.mask.lo) >>> 0;
    follow32(dst);
  }
  if (known64(dst, src)) return;
  dst.umin = dst.umin.maxu(src.umin);
  dst.umax = dst.varOff.value.or(dst.varOff.mask);
  follow64(dst);
}

/** @models kernel/bpf/verifier.c scalar_min_max_xor() */
export function scalarXor(dst: RegState, src: RegState): void {
  dst.varOff = dst.varOff.xor(src.varOff);
  if (!known32(dst, src)) {
    dst.u32min = dst.varOff.value.lo >>> 0;
    dst.u32max = (dst.varOff.value.lo | dst.varOff.mask.lo) >>> 0;
    follow32(dst);
  }
  if (known64(dst, src)) return;
  dst.umin = dst.varOff.value;
  dst.umax = dst.varOff.value.or(dst.varOff.mask);
  follow64(dst);
}

function lsh32Bounds(dst: RegState, shift: number): void {
  unboundSigned32(dst);
  if (shift > 31 || dst.u32max > 2 ** (31 - shift)) {
    dst.u32min = 0;
    dst.u32max = U32_MAX;
  } else {
    dst.u32min = (dst.u32min << shift) >>> 0;
    dst.u32max = (dst.u32max << shift) >>> 0;
  }
}

/** `shift` is below 32. @models kernel/bpf/verifier.c scalar32_min_max_lsh() */
export function scalar32Lsh(dst: RegState, shift: number): void {
  const subreg = dst.varOff.subreg();
  lsh32Bounds(dst, shift);
  dst.varOff = subreg.shl(shift).subreg();
  dst.mark64Unbounded();
  updateReg32Bounds(dst);
}

/** `shift` is below 64. @models kernel/bpf/verifier.c scalar_min_max_lsh() */
export function scalarLsh(dst: RegState, shift: number): void {
  // The first half of a sign extension.
  if (shift === 32) {
    dst.smax = new Word(dst.s32max, 0);
    dst.smin = new Word(dst.s32min, 0);
  } else unboundSigned(dst);
  if (Word.ONE.shl(63 - shift).ltu(dst.umax)) unboundUnsigned(dst);
  else {
    dst.umin = dst.umin.shl(shift);
    dst.umax = dst.umax.shl(shift);
  }
  lsh32Bounds(dst, shift);
  dst.varOff = dst.varOff.shl(shift);
  updateRegBounds(dst);
}

/** @models kernel/bpf/verifier.c scalar32_min_max_rsh() */
export function scalar32Rsh(dst: RegState, shift: number): void {
  unboundSigned32(dst);
  dst.varOff = dst.varOff.subreg().shr(shift);
  dst.u32min >>>= shift;
  dst.u32max >>>= shift;
  dst.mark64Unbounded();
  updateReg32Bounds(dst);
}

/** @models kernel/bpf/verifier.c scalar_min_max_rsh() */
export function scalarRsh(dst: RegState, shift: number): void {
  unboundSigned(dst);
  dst.varOff = dst.varOff.shr(shift);
  dst.umin = dst.umin.shr(shift);
  dst.umax = dst.umax.shr(shift);
  dst.mark32Unbounded();
  updateRegBounds(dst);
}

/** @models kernel/bpf/verifier.c scalar32_min_max_arsh() */
export function scalar32Arsh(dst: RegState, shift: number): void {
  dst.s32min >>= shift;
  dst.s32max >>= shift;
  dst.varOff = dst.varOff.subreg().sar(shift, 32);
  dst.u32min = 0;
  dst.u32max = U32_MAX;
  dst.mark64Unbounded();
  updateReg32Bounds(dst);
}

/** @models kernel/bpf/verifier.c scalar_min_max_arsh() */
export function scalarArsh(dst: RegState, shift: number): void {
  dst.smin = dst.smin.sar(shift);
  dst.smax = dst.smax.sar(shift);
  dst.varOff = dst.varOff.sar(shift, 64);
  unboundUnsigned(dst);
  dst.mark32Unbounded();
  updateRegBounds(dst);
}

/**
 * Bytes in the order of the network (`swaps`), or only the lowest `bits` bits.
 * @models kernel/bpf/verifier.c scalar_byte_swap()
 */
export function scalarByteSwap(dst: RegState, bits: 16 | 32 | 64, swaps: boolean): void {
  if (swaps) {
    dst.varOff = dst.varOff.swap(bits);
    dst.markUnbounded();
  }
  if (bits !== 64) coerceRegToSize(dst, bits >> 3);
  if (!swaps && bits === 64) return;
  dst.id = 0;
  dst.off = 0;
}
