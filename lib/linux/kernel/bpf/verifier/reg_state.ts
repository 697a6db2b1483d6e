// include/linux/bpf_verifier.h struct bpf_reg_state: what the verifier knows of a register, or of a register that was
// spilled to the stack. A scalar has bounds in four domains and a tnum; a pointer has a fixed offset, and the same for the
// variable part of its offset.
import type { MapView } from './map_view.js';
import { NOT_INIT, SCALAR_VALUE } from '../type_flags.js';
import { Tnum } from './tnum.js';
import { Word } from './word.js';

const S32_MIN = -0x80000000;
const S32_MAX = 0x7fffffff;
const U32_MAX = 0xffffffff;

/** Ranges of packet pointers that are known to be at or beyond the end. */
export const AT_PKT_END = -1;
export const BEYOND_PKT_END = -2;

/** In the id of a scalar: it is another one plus a constant, which stands in `off`. */
export const BPF_ADD_CONST64 = 1 << 30;
/** The sum was made in 32 bits. */
export const BPF_ADD_CONST32 = 1 << 29;
export const BPF_ADD_CONST = BPF_ADD_CONST64 | BPF_ADD_CONST32;

export const DEF_NOT_SUBREG = 0;

export class RegState {
  /** PTR_TO_*, SCALAR_VALUE, NOT_INIT with flags. */
  type = NOT_INIT;
  /** Fixed part of a pointer's offset. */
  off = 0;
  /** Bytes from a packet pointer's origin that are known to be there; AT_PKT_END, BEYOND_PKT_END. */
  range = 0;
  map: MapView | undefined = undefined;
  /** Which lookup gave the inner map. */
  mapUid = 0;
  memSize = 0;
  /** PTR_TO_FUNC */
  subprogno = 0;
  /** Name of the kernel's type behind a PTR_TO_BTF_ID. */
  btf = '';
  varOff: Tnum = Tnum.UNKNOWN;
  smin: Word = Word.S64_MIN;
  smax: Word = Word.S64_MAX;
  umin: Word = Word.ZERO;
  umax: Word = Word.U64_MAX;
  s32min = S32_MIN;
  s32max = S32_MAX;
  u32min = 0;
  u32max = U32_MAX;
  /** Registers of the same id have the same value (scalars) or the same origin (pointers). */
  id = 0;
  refObjId = 0;
  frameno = 0;
  /** 1 + the instruction that wrote its lower half alone; DEF_NOT_SUBREG. */
  subregDef = DEF_NOT_SUBREG;
  precise = false;

  /** *this = *from */
  copy(from: RegState): void {
    this.type = from.type;
    this.off = from.off;
    this.range = from.range;
    this.map = from.map;
    this.mapUid = from.mapUid;
    this.memSize = from.memSize;
    this.subprogno = from.subprogno;
    this.btf = from.btf;
    this.copyBounds(from);
    this.id = from.id;
    this.refObjId = from.refObjId;
    this.frameno = from.frameno;
    this.subregDef = from.subregDef;
    this.precise = from.precise;
  }

  copyBounds(from: RegState): void {
    this.varOff = from.varOff;
    this.smin = from.smin;
    this.smax = from.smax;
    this.umin = from.umin;
    this.umax = from.umax;
    this.s32min = from.s32min;
    this.s32max = from.s32max;
    this.u32min = from.u32min;
    this.u32max = from.u32max;
  }

  clone(): RegState {
    const made = new RegState();
    made.copy(this);
    return made;
  }

  /** What lies between `type` and `var_off` in the C struct: the offset and what kinds of pointers share. */
  clearPointer(): void {
    this.off = 0;
    this.range = 0;
    this.map = undefined;
    this.mapUid = 0;
    this.memSize = 0;
    this.subprogno = 0;
    this.btf = '';
  }

  /** The union of the C struct alone, from another pointer. */
  copyRaw(from: RegState): void {
    this.range = from.range;
    this.map = from.map;
    this.mapUid = from.mapUid;
    this.memSize = from.memSize;
    this.subprogno = from.subprogno;
    this.btf = from.btf;
  }

  clearRaw(): void {
    const off = this.off;
    this.clearPointer();
    this.off = off;
  }

  /** ___mark_reg_known(): the value or variable offset is `n`; everything else stays. */
  setBounds(n: Word): void {
    this.varOff = Tnum.const(n);
    this.smin = this.smax = this.umin = this.umax = n;
    this.s32min = this.s32max = n.lo;
    this.u32min = this.u32max = n.lo >>> 0;
  }

  /** __mark_reg_known() */
  markKnown(n: Word): void {
    this.clearPointer();
    this.id = 0;
    this.refObjId = 0;
    this.setBounds(n);
  }

  /** __mark_reg32_known() */
  mark32Known(n: number): void {
    this.varOff = this.varOff.withSubreg(Tnum.const(Word.uint(n)));
    this.s32min = this.s32max = n | 0;
    this.u32min = this.u32max = n >>> 0;
  }

  markUnbounded(): void {
    this.mark64Unbounded();
    this.mark32Unbounded();
  }

  mark64Unbounded(): void {
    this.smin = Word.S64_MIN;
    this.smax = Word.S64_MAX;
    this.umin = Word.ZERO;
    this.umax = Word.U64_MAX;
  }

  mark32Unbounded(): void {
    this.s32min = S32_MIN;
    this.s32max = S32_MAX;
    this.u32min = 0;
    this.u32max = U32_MAX;
  }

  /** __mark_reg_unknown(): a scalar of which nothing is known. */
  markUnknown(precise: boolean): void {
    this.type = SCALAR_VALUE;
    this.clearPointer();
    this.id = 0;
    this.refObjId = 0;
    this.varOff = Tnum.UNKNOWN;
    this.frameno = 0;
    this.precise = precise;
    this.markUnbounded();
  }

  markNotInit(precise: boolean): void {
    this.markUnknown(precise);
    this.type = NOT_INIT;
  }

  /** __mark_reg_const_zero() */
  markConstZero(precise: boolean): void {
    this.markKnown(Word.ZERO);
    this.type = SCALAR_VALUE;
    this.precise = precise;
  }

  /** register_is_null(): a scalar 0. */
  isNull(): boolean {
    return this.type === SCALAR_VALUE && this.varOff.equalsConst(Word.ZERO);
  }

  /** is_reg_const() */
  isConst(subreg: boolean): boolean {
    return this.type === SCALAR_VALUE && (subreg ? this.varOff.subregIsConst() : this.varOff.isConst());
  }

  /** reg_const_value() */
  constValue(subreg: boolean): Word {
    return subreg ? Word.uint(this.varOff.value.lo) : this.varOff.value;
  }

  /** get_reg_width(): bits that its value takes. */
  get width(): number {
    return this.umax.fls();
  }

  /** Whether everything up to `id` of the C struct is the same: type, offset, origin, bounds. */
  sameUpToId(b: RegState): boolean {
    return (
      this.type === b.type &&
      this.off === b.off &&
      this.range === b.range &&
      this.map === b.map &&
      this.mapUid === b.mapUid &&
      this.memSize === b.memSize &&
      this.subprogno === b.subprogno &&
      this.btf === b.btf &&
      this.varOff.eq(b.varOff) &&
      this.sameBounds(b)
    );
  }

  sameBounds(b: RegState): boolean {
    return (
      this.smin.eq(b.smin) &&
      this.smax.eq(b.smax) &&
      this.umin.eq(b.umin) &&
      this.umax.eq(b.umax) &&
      this.s32min === b.s32min &&
      this.s32max === b.s32max &&
      this.u32min === b.u32min &&
      this.u32max === b.u32max
    );
  }

  /** Whether type, offset and origin are the same. */
  sameUpToVarOff(b: RegState): boolean {
    return (
      this.type === b.type &&
      this.off === b.off &&
      this.range === b.range &&
      this.map === b.map &&
      this.mapUid === b.mapUid &&
      this.memSize === b.memSize &&
      this.subprogno === b.subprogno &&
      this.btf === b.btf
    );
  }

  /** range_within(): whether the bounds of `b` lie within ours. */
  rangeContains(b: RegState): boolean {
    return (
      !b.umin.ltu(this.umin) &&
      !this.umax.ltu(b.umax) &&
      !b.smin.lts(this.smin) &&
      !this.smax.lts(b.smax) &&
      this.u32min <= b.u32min &&
      this.u32max >= b.u32max &&
      this.s32min <= b.s32min &&
      this.s32max >= b.s32max
    );
  }
}
