// kernel/bpf/verifier.c: the deductions between what is known of a scalar in its five domains (tnum, u64, s64, u32, s32),
// and the truncations that loads, 32-bit operations and sign extensions make. Every change of bounds ends in
// regBoundsSync().
import type { RegState } from './reg_state.js';
import { Tnum } from './tnum.js';
import { Word } from './word.js';

const S32_MIN = -0x80000000;
const S32_MAX = 0x7fffffff;
const U32_MAX = 0xffffffff;

function update32(reg: RegState): void {
  const value = reg.varOff.value.lo;
  const mask = reg.varOff.mask.lo;
  const smin = value | (mask & S32_MIN);
  const smax = value | (mask & S32_MAX);
  const umax = (value | mask) >>> 0;
  if (smin > reg.s32min) reg.s32min = smin;
  if (smax < reg.s32max) reg.s32max = smax;
  if (value >>> 0 > reg.u32min) reg.u32min = value >>> 0;
  if (umax < reg.u32max) reg.u32max = umax;
}

/** The bounds that the bits of a number imply. @models kernel/bpf/verifier.c __update_reg32_bounds() */
export const updateReg32Bounds = update32;

function update64(reg: RegState): void {
  const { value, mask } = reg.varOff;
  reg.smin = reg.smin.maxs(new Word(value.hi | (mask.hi & S32_MIN), value.lo));
  reg.smax = reg.smax.mins(new Word(value.hi | (mask.hi & S32_MAX), value.lo | mask.lo));
  reg.umin = reg.umin.maxu(value);
  const max = value.or(mask);
  reg.umax = reg.umax.minu(max);
  // Whether range and tnum have but one value in common.
  const { umin, umax } = reg;
  const next = reg.varOff.step(umin);
  const isMin = umin.and(mask.not()).eq(value);
  if (isMin) {
    if (umax.ltu(next)) reg.setBounds(umin);
  } else if (next.eq(max)) reg.setBounds(max);
  else if (!umax.ltu(next) && umax.ltu(reg.varOff.step(next))) reg.setBounds(next);
}

/** @models kernel/bpf/verifier.c __update_reg_bounds() */
export function updateRegBounds(reg: RegState): void {
  update32(reg);
  update64(reg);
}

function raise32(reg: RegState, min: number, max: number): void {
  if (min > reg.s32min) reg.s32min = min;
  if (max < reg.s32max) reg.s32max = max;
}

function narrow32(reg: RegState, min: number, max: number): void {
  if (min > reg.u32min) reg.u32min = min;
  if (max < reg.u32max) reg.u32max = max;
}

/** What a 64-bit range says of the lower half: of both domains where its upper half is the same throughout. */
function deduce32From64(reg: RegState): void {
  const { umin, umax, smin, smax } = reg;
  if (umin.hi === umax.hi) {
    narrow32(reg, umin.lo >>> 0, umax.lo >>> 0);
    if (umin.lo <= umax.lo) raise32(reg, umin.lo, umax.lo);
  }
  if (smin.hi === smax.hi) {
    if (smin.lo >>> 0 <= smax.lo >>> 0) narrow32(reg, smin.lo >>> 0, smax.lo >>> 0);
    if (smin.lo <= smax.lo) raise32(reg, smin.lo, smax.lo);
  }
  // Upper halves that follow each other, from a negative lower half to one that is not: a proper signed range.
  if (((umin.hi + 1) | 0) === umax.hi && umin.lo < 0 && umax.lo >= 0) raise32(reg, umin.lo, umax.lo);
  if (((smin.hi + 1) | 0) === smax.hi && smin.lo < 0 && smax.lo >= 0) raise32(reg, smin.lo, smax.lo);
}

function deduce32(reg: RegState): void {
  deduce32From64(reg);
  if ((reg.u32min | 0) <= (reg.u32max | 0)) raise32(reg, reg.u32min | 0, reg.u32max | 0);
  if (reg.s32min >>> 0 <= reg.s32max >>> 0) {
    narrow32(reg, reg.s32min >>> 0, reg.s32max >>> 0);
  } else if (reg.u32max < reg.s32min >>> 0) {
    // The signed range crosses 0, the unsigned one meets only its lower part.
    reg.s32min = reg.u32min | 0;
    reg.u32max = Math.min(reg.u32max, reg.s32max >>> 0);
  } else if (reg.s32max >>> 0 < reg.u32min) {
    reg.s32max = reg.u32max | 0;
    reg.u32min = Math.max(reg.u32min, reg.s32min >>> 0);
  }
}

function deduce64(reg: RegState): void {
  if (!reg.umax.lts(reg.umin)) {
    reg.smin = reg.smin.maxs(reg.umin);
    reg.smax = reg.smax.mins(reg.umax);
  }
  if (!reg.smax.ltu(reg.smin)) {
    reg.umin = reg.umin.maxu(reg.smin);
    reg.umax = reg.umax.minu(reg.smax);
  } else if (reg.umax.ltu(reg.smin)) {
    reg.smin = reg.umin;
    reg.umax = reg.umax.minu(reg.smax);
  } else if (reg.smax.ltu(reg.umin)) {
    reg.smax = reg.umax;
    reg.umin = reg.umin.maxu(reg.smin);
  }
}

/** What the lower half says of the whole. */
function deduceMixed(reg: RegState): void {
  reg.umin = reg.umin.maxu(new Word(reg.umin.hi, reg.u32min | 0));
  reg.umax = reg.umax.minu(new Word(reg.umax.hi, reg.u32max | 0));
  reg.smin = reg.smin.maxs(new Word(reg.smin.hi, reg.u32min | 0));
  reg.smax = reg.smax.mins(new Word(reg.smax.hi, reg.u32max | 0));
  // A sign-extended number whose lower half is not negative is not negative.
  if (reg.s32min >= 0 && !reg.smin.lts(Word.S32_MIN) && !Word.S32_MAX.lts(reg.smax)) {
    reg.smin = reg.umin = Word.int(reg.s32min);
    reg.smax = reg.umax = Word.int(reg.s32max);
    reg.varOff = reg.varOff.intersect(Tnum.range(reg.smin, reg.smax));
  }
}

function deduce(reg: RegState): void {
  deduce32(reg);
  deduce64(reg);
  deduceMixed(reg);
}

/** What the unsigned bounds say of the bits. */
function boundOffset(reg: RegState): void {
  const var64 = reg.varOff.intersect(Tnum.range(reg.umin, reg.umax));
  const var32 = var64.subreg().intersect(Tnum.range(Word.uint(reg.u32min | 0), Word.uint(reg.u32max | 0)));
  reg.varOff = var64.clearSubreg().or(var32);
}

/** Every domain learns what the others know. @models kernel/bpf/verifier.c reg_bounds_sync() */
export function regBoundsSync(reg: RegState): void {
  if (isSettled(reg)) return;
  updateRegBounds(reg);
  deduce(reg);
  deduce(reg);
  deduce(reg);
  boundOffset(reg);
  updateRegBounds(reg);
}

/** A constant that every domain agrees about: nothing can be learned. */
function isSettled({ varOff, umin, umax, smin, smax, s32min, s32max, u32min, u32max }: RegState): boolean {
  return (
    (varOff.mask.lo | varOff.mask.hi) === 0 &&
    umin.eq(varOff.value) &&
    umax.eq(umin) &&
    smin.eq(umin) &&
    smax.eq(umin) &&
    s32min === s32max &&
    u32min === u32max &&
    s32min === umin.lo &&
    u32min === umin.lo >>> 0
  );
}

/**
 * What contradicts itself in the bounds, or undefined. Contradictions come from branches that cannot be taken.
 * @models kernel/bpf/verifier.c reg_bounds_sanity_check()
 */
export function boundsViolation(reg: RegState): string | undefined {
  if (reg.umax.ltu(reg.umin) || reg.smax.lts(reg.smin) || reg.u32min > reg.u32max || reg.s32min > reg.s32max)
    return 'range bounds violation';
  const { value } = reg.varOff;
  if (reg.varOff.isConst()) {
    if (!reg.umin.eq(value) || !reg.umax.eq(value) || !reg.smin.eq(value) || !reg.smax.eq(value))
      return 'const tnum out of sync with range bounds';
  }
  if (!reg.varOff.subregIsConst()) return undefined;
  if (
    reg.u32min !== value.lo >>> 0 ||
    reg.u32max !== value.lo >>> 0 ||
    reg.s32min !== value.lo ||
    reg.s32max !== value.lo
  )
    return 'const subreg tnum out of sync with range bounds';
  return undefined;
}

/** The upper half becomes 0. @models kernel/bpf/verifier.c zext_32_to_64() */
export function zext32To64(reg: RegState): void {
  reg.varOff = reg.varOff.subreg();
  reg.umin = Word.uint(reg.u32min | 0);
  reg.umax = Word.uint(reg.u32max | 0);
  const positive = reg.s32min >= 0 && reg.s32max >= 0;
  reg.smin = positive ? Word.uint(reg.s32min) : Word.ZERO;
  reg.smax = positive ? Word.uint(reg.s32max) : Word.U32_MAX;
}

/** Keeps the lowest `size` bytes (1, 2, 4). @models kernel/bpf/verifier.c coerce_reg_to_size() */
export function coerceRegToSize(reg: RegState, size: number): void {
  reg.varOff = reg.varOff.cast(size);
  const mask = Word.ONE.shl(size * 8).sub(Word.ONE);
  const upper = mask.not();
  if (reg.umin.and(upper).eq(reg.umax.and(upper))) {
    reg.umin = reg.umin.and(mask);
    reg.umax = reg.umax.and(mask);
  } else {
    reg.umin = Word.ZERO;
    reg.umax = mask;
  }
  reg.smin = reg.umin;
  reg.smax = reg.umax;
  if (size < 4) reg.mark32Unbounded();
  regBoundsSync(reg);
}

/** The lowest `size` bytes of a half, sign-extended. */
function signExtend(lo: number, size: number): number {
  const shift = 32 - size * 8;
  return shift === 0 ? lo : (lo << shift) >> shift;
}

function setSext64Default(reg: RegState, size: number): void {
  const min = size === 4 ? S32_MIN : -(1 << (size * 8 - 1));
  const max = size === 4 ? S32_MAX : (1 << (size * 8 - 1)) - 1;
  reg.smin = Word.int(min);
  reg.smax = Word.int(max);
  reg.s32min = min;
  reg.s32max = max;
  reg.umin = Word.ZERO;
  reg.umax = Word.U64_MAX;
  reg.u32min = 0;
  reg.u32max = U32_MAX;
  reg.varOff = Tnum.UNKNOWN;
}

/** Sign-extends the lowest `size` bytes (1, 2, 4) to 64 bits. @models kernel/bpf/verifier.c coerce_reg_to_size_sx() */
export function coerceRegToSizeSx(reg: RegState, size: number): void {
  if (reg.varOff.isConst()) {
    reg.setBounds(Word.int(signExtend(reg.varOff.value.lo, size)));
    return;
  }
  const bits = size * 8;
  const a = signExtend(reg.smax.lo, size);
  const b = signExtend(reg.smin.lo, size);
  if (!reg.smax.shr(bits).eq(reg.smin.shr(bits)) || a >= 0 !== b >= 0) {
    setSext64Default(reg, size);
    return;
  }
  const min = Math.min(a, b);
  const max = Math.max(a, b);
  reg.s32min = min;
  reg.s32max = max;
  reg.u32min = min >>> 0;
  reg.u32max = max >>> 0;
  reg.smin = reg.umin = Word.int(min);
  reg.smax = reg.umax = Word.int(max);
  reg.varOff = Tnum.range(reg.umin, reg.umax);
}

function setSext32(reg: RegState, min: number, max: number): void {
  reg.s32min = min;
  reg.s32max = max;
  reg.u32min = min >>> 0;
  reg.u32max = max >>> 0;
}

/** Sign-extends the lowest `size` bytes (1, 2) to 32 bits. @models kernel/bpf/verifier.c coerce_subreg_to_size_sx() */
export function coerceSubregToSizeSx(reg: RegState, size: number): void {
  if (reg.varOff.isConst()) {
    const n = signExtend(reg.varOff.value.lo, size);
    reg.varOff = Tnum.const(Word.int(n));
    setSext32(reg, n, n);
    return;
  }
  const bits = size * 8;
  const a = signExtend(reg.s32max, size);
  const b = signExtend(reg.s32min, size);
  if (reg.s32max >>> bits !== reg.s32min >>> bits || a >= 0 !== b >= 0) {
    setSext32(reg, -(1 << (bits - 1)), (1 << (bits - 1)) - 1);
    reg.u32min = 0;
    reg.u32max = U32_MAX;
    reg.varOff = Tnum.UNKNOWN.subreg();
    return;
  }
  const min = Math.min(a, b);
  const max = Math.max(a, b);
  setSext32(reg, min, max);
  reg.varOff = Tnum.range(Word.int(min), Word.int(max)).subreg();
}
