// kernel/bpf/verifier.c check_alu_op(): arithmetic. Scalars with scalars go by their bounds (scalar.ts); a pointer may be
// moved by a scalar (pointer_alu.ts); anything else with pointers is refused, or gives a number of which nothing is known.
import { EACCES, EINVAL } from '../../../../uapi/asm-generic/errno.js';
import * as C from '../../../../uapi/linux/bpf_common.js';
import * as I from '../../../../uapi/linux/bpf_insn.js';
import { aluSigns, bpfClass, bpfOp, bpfSrc } from '../../../../vm/isa.js';
import { errno } from '../../../errno.js';
import { EFAULT } from '../../../../uapi/asm-generic/errno.js';
import { SCALAR_VALUE } from '../type_flags.js';
import type { BpfInsn } from '../verifier_ops.js';
import * as Bounds from './bounds.js';
import type { VerifierEnv } from './env.js';
import { pushStack } from './pending.js';
import { adjustPtr } from './pointer_alu.js';
import { markChainPrecision } from './precision.js';
import { checkRegArg, DST_OP, DST_OP_NO_MARK, isPointerValue, SRC_OP } from './reg_arg.js';
import { BPF_ADD_CONST, BPF_ADD_CONST32, BPF_ADD_CONST64, DEF_NOT_SUBREG, RegState } from './reg_state.js';
import { sanitizeErr, sanitizeNeeded, sanitizeValAlu } from './sanitize.js';
import * as Scalar from './scalar.js';
import { assignScalarId, clearScalarId } from './stack.js';
import { Word } from './word.js';

/**
 * Bounds that contradict each other: the program asked to be told, or everything becomes possible.
 *
 * @models kernel/bpf/verifier.c reg_bounds_sanity_check()
 */
export function sanityCheck(env: VerifierEnv, reg: RegState, where: string): void {
  const message = Bounds.boundsViolation(reg);
  if (message === undefined) return;
  const range = (min: string, max: string): string => `[${min}, ${max}]`;
  env.verbose(
    `verifier bug: REG INVARIANTS VIOLATION (${where}): ${message} u64=${range(reg.umin.hex(), reg.umax.hex())} ` +
      `s64=${range(reg.smin.hex(), reg.smax.hex())} u32=${range(hex32(reg.u32min), hex32(reg.u32max))} ` +
      `s32=${range(hex32(reg.s32min), hex32(reg.s32max))} var_off=(${reg.varOff.value.hex()}, ${reg.varOff.mask.hex()})\n`,
  );
  if (env.testRegInvariants) throw errno(EFAULT);
  reg.markUnbounded();
}

const hex32 = (n: number): string => `0x${(n >>> 0).toString(16)}`;

function isSrcConst(src: RegState, alu32: boolean): boolean {
  if (alu32) return src.varOff.subregIsConst() && src.s32min === src.s32max && src.u32min === src.u32max;
  return src.varOff.isConst() && src.smin.eq(src.smax) && src.umin.eq(src.umax);
}

/** Whether bounds of the result can be computed at all. @models kernel/bpf/verifier.c is_safe_to_compute_dst_reg_range() */
function isComputable(op: number, src: RegState, alu32: boolean): boolean {
  switch (op) {
    case C.BPF_ADD:
    case C.BPF_SUB:
    case C.BPF_NEG:
    case C.BPF_AND:
    case C.BPF_XOR:
    case C.BPF_OR:
    case C.BPF_MUL:
    case I.BPF_END:
      return true;
    case C.BPF_LSH:
    case C.BPF_RSH:
    case I.BPF_ARSH:
      return isSrcConst(src, alu32) && src.umax.ltu(Word.int(alu32 ? 32 : 64));
    default:
      return false;
  }
}

/** A mask that is all ones or all zeros, as a comparison makes: both are walked. @models kernel/bpf/verifier.c maybe_fork_scalars() */
function maybeFork(env: VerifierEnv, insn: BpfInsn, dst: RegState, src: RegState): void {
  if (!src.varOff.isConst()) return;
  const wide = dst.smin.eq(Word.U64_MAX) && dst.smax.isZero();
  if (!wide && !(dst.s32min === -1 && dst.s32max === 0)) return;
  const other = pushStack(env, env.insnIdx, env.insnIdx, false).cur.regs[insn.dst]!;
  if (wide) {
    other.markKnown(Word.ZERO);
    dst.markKnown(Word.U64_MAX);
  } else {
    other.mark32Known(0);
    dst.mark32Known(-1);
  }
}

function shift(op: number, dst: RegState, by: number, alu32: boolean): void {
  if (op === C.BPF_LSH) (alu32 ? Scalar.scalar32Lsh : Scalar.scalarLsh)(dst, by);
  else if (op === C.BPF_RSH) (alu32 ? Scalar.scalar32Rsh : Scalar.scalarRsh)(dst, by);
  else (alu32 ? Scalar.scalar32Arsh : Scalar.scalarArsh)(dst, by);
}

function compute(env: VerifierEnv, insn: BpfInsn, dst: RegState, src: RegState, alu32: boolean): void {
  const op = bpfOp(insn.code);
  switch (op) {
    case C.BPF_ADD:
      Scalar.scalarAdd(dst, src);
      break;
    case C.BPF_SUB:
      Scalar.scalarSub(dst, src);
      break;
    case C.BPF_NEG:
      Scalar.scalarNeg(dst);
      break;
    case C.BPF_MUL:
      Scalar.scalarMul(dst, src);
      break;
    case C.BPF_AND:
      maybeFork(env, insn, dst, src);
      Scalar.scalarAnd(dst, src);
      break;
    case C.BPF_OR:
      maybeFork(env, insn, dst, src);
      Scalar.scalarOr(dst, src);
      break;
    case C.BPF_XOR:
      Scalar.scalarXor(dst, src);
      break;
    case I.BPF_END:
      Scalar.scalarByteSwap(dst, insn.imm as 16 | 32 | 64, !alu32 || bpfSrc(insn.code) === I.BPF_TO_BE);
      break;
    default:
      shift(op, dst, alu32 ? src.u32min : src.umin.lo, alu32);
  }
}

/** @models kernel/bpf/verifier.c adjust_scalar_min_max_vals() */
function adjustScalar(env: VerifierEnv, insn: BpfInsn, dst: RegState, src: RegState): void {
  const op = bpfOp(insn.code);
  const alu32 = bpfClass(insn.code) !== I.BPF_ALU64;
  if (!isComputable(op, src, alu32)) {
    dst.markUnknown(env.precise);
    return;
  }
  if (sanitizeNeeded(op)) {
    const reason = sanitizeValAlu(env, insn);
    if (reason < 0) throw sanitizeErr(env, insn, reason, undefined, undefined);
  }
  compute(env, insn, dst, src, alu32);
  if (alu32 && op !== I.BPF_END) Bounds.zext32To64(dst);
  Bounds.regBoundsSync(dst);
}

const S32_MIN = -0x80000000;

/** The constant that an addition or subtraction adds, when it has one that counts. */
function addedConstant(insn: BpfInsn, src: RegState, before: Word, alu32: boolean): number | undefined {
  const op = bpfOp(insn.code);
  const itself = bpfSrc(insn.code) === C.BPF_X && insn.src === insn.dst;
  if ((op !== C.BPF_ADD && op !== C.BPF_SUB) || itself || !src.isConst(alu32)) return undefined;
  const { hi, lo } = src.varOff.value;
  if (alu32 ? before.hi !== 0 : hi !== lo >> 31) return undefined;
  if (op === C.BPF_ADD) return lo;
  return lo === S32_MIN ? undefined : -lo;
}

/** dst is another register's value plus a constant from now on, or nothing that is known. `before`: its upper bound then. */
function linkByConstant(env: VerifierEnv, insn: BpfInsn, dst: RegState, src: RegState, before: Word): void {
  const alu32 = bpfClass(insn.code) !== I.BPF_ALU64;
  const linked = env.bpfCapable && dst.id !== 0 && (dst.id & BPF_ADD_CONST) === 0;
  const off = linked ? addedConstant(insn, src, before, alu32) : undefined;
  if (off === undefined) clearScalarId(dst);
  else {
    dst.id |= alu32 ? BPF_ADD_CONST32 : BPF_ADD_CONST64;
    dst.off = off;
  }
}

/** Pointers and scalars combined; true when that is all. */
function combinePointers(env: VerifierEnv, insn: BpfInsn, dst: RegState, src: RegState): boolean {
  const op = bpfOp(insn.code);
  if (src.type !== SCALAR_VALUE && dst.type !== SCALAR_VALUE) {
    if (op === C.BPF_SUB && env.allowPtrLeaks) {
      dst.markUnknown(env.precise);
      return true;
    }
    throw env.refuse(EACCES, `R${insn.dst} pointer ${aluSigns[op >> 4] ?? ''} pointer prohibited`);
  }
  if (src.type !== SCALAR_VALUE) {
    markChainPrecision(env, insn.dst);
    adjustPtr(env, insn, src, dst);
    return true;
  }
  if (dst.type !== SCALAR_VALUE) {
    if (bpfSrc(insn.code) === C.BPF_X) markChainPrecision(env, insn.src);
    adjustPtr(env, insn, dst, src);
    return true;
  }
  if (bpfSrc(insn.code) === C.BPF_X && dst.precise) markChainPrecision(env, insn.src);
  return false;
}

/** @models kernel/bpf/verifier.c adjust_reg_min_max_vals() */
function adjustReg(env: VerifierEnv, insn: BpfInsn): void {
  const { regs } = env;
  const dst = regs[insn.dst]!;
  let src: RegState;
  if (bpfSrc(insn.code) === C.BPF_X) src = regs[insn.src]!;
  else {
    src = new RegState();
    src.type = SCALAR_VALUE;
    src.markKnown(Word.int(insn.imm));
  }
  if (combinePointers(env, insn, dst, src)) return;
  // The source is read as it was, also when it is the destination.
  const operand = src === dst ? src.clone() : src;
  const before = dst.umax;
  adjustScalar(env, insn, dst, operand);
  linkByConstant(env, insn, dst, operand, before);
}

function checkNegEnd(env: VerifierEnv, insn: BpfInsn): void {
  const { code, dst, src, off, imm } = insn;
  const isNeg = bpfOp(code) === C.BPF_NEG;
  if (isNeg && (bpfSrc(code) !== C.BPF_K || src !== 0 || off !== 0 || imm !== 0))
    throw env.refuse(EINVAL, 'BPF_NEG uses reserved fields');
  const wide = bpfClass(code) === I.BPF_ALU64;
  const badSize = imm !== 16 && imm !== 32 && imm !== 64;
  if (!isNeg && (src !== 0 || off !== 0 || badSize || (wide && bpfSrc(code) !== I.BPF_TO_LE)))
    throw env.refuse(EINVAL, 'BPF_END uses reserved fields');
  checkRegArg(env, dst, SRC_OP);
  if (isPointerValue(env, dst)) throw env.refuse(EACCES, `R${dst} pointer arithmetic prohibited`);
  const reg = env.regs[dst]!;
  if (reg.type !== SCALAR_VALUE) {
    checkRegArg(env, dst, DST_OP);
    return;
  }
  checkRegArg(env, dst, DST_OP_NO_MARK);
  adjustScalar(env, insn, reg, reg.clone());
}

function checkMovFields(env: VerifierEnv, { code, src, off, imm }: BpfInsn): void {
  const isReg = bpfSrc(code) === C.BPF_X;
  if (!isReg) {
    if (src !== 0 || off !== 0) throw env.refuse(EINVAL, 'BPF_MOV uses reserved fields');
    return;
  }
  const wide = bpfClass(code) === I.BPF_ALU64;
  if (wide && off === I.BPF_ADDR_SPACE_CAST) {
    if (imm !== 1 && imm !== 0x10000)
      throw env.refuse(EINVAL, 'addr_space_cast insn can only convert between address space 1 and 0');
    throw env.refuse(EINVAL, 'addr_space_cast insn can only be used in a program that has an associated arena');
  }
  const known = off === 0 || off === 8 || off === 16 || (wide && off === 32);
  if (!known || imm !== 0) throw env.refuse(EINVAL, 'BPF_MOV uses reserved fields');
}

/** Copies a scalar's low bits, sign-extended; the copy keeps the id when nothing is changed by that. */
function movSigned(env: VerifierEnv, dst: RegState, src: RegState, bits: number, wide: boolean): void {
  const same = src.umax.ltu(Word.ONE.shl(bits - 1));
  if (same) assignScalarId(env, src);
  dst.copy(src);
  if (!same) clearScalarId(dst);
  if (wide) Bounds.coerceRegToSizeSx(dst, bits >> 3);
  else Bounds.coerceSubregToSizeSx(dst, bits >> 3);
}

function mov64(env: VerifierEnv, insn: BpfInsn, dst: RegState, src: RegState): void {
  if (insn.off === 0) {
    assignScalarId(env, src);
    dst.copy(src);
    dst.subregDef = DEF_NOT_SUBREG;
    return;
  }
  if (isPointerValue(env, insn.src)) throw env.refuse(EACCES, `R${insn.src} sign-extension part of pointer`);
  if (src.type !== SCALAR_VALUE) {
    dst.markUnknown(env.precise);
    return;
  }
  movSigned(env, dst, src, insn.off, true);
  dst.subregDef = DEF_NOT_SUBREG;
}

function mov32(env: VerifierEnv, insn: BpfInsn, dst: RegState, src: RegState): void {
  if (isPointerValue(env, insn.src)) throw env.refuse(EACCES, `R${insn.src} partial copy of pointer`);
  if (src.type !== SCALAR_VALUE) dst.markUnknown(env.precise);
  else {
    if (insn.off === 0) {
      const same = src.width <= 32;
      if (same) assignScalarId(env, src);
      dst.copy(src);
      if (!same) clearScalarId(dst);
    } else movSigned(env, dst, src, insn.off, false);
    dst.subregDef = env.insnIdx + 1;
  }
  Bounds.zext32To64(dst);
  Bounds.regBoundsSync(dst);
}

function checkMov(env: VerifierEnv, insn: BpfInsn): void {
  checkMovFields(env, insn);
  const isReg = bpfSrc(insn.code) === C.BPF_X;
  if (isReg) checkRegArg(env, insn.src, SRC_OP);
  checkRegArg(env, insn.dst, DST_OP_NO_MARK);
  const { regs } = env;
  const dst = regs[insn.dst]!;
  const wide = bpfClass(insn.code) === I.BPF_ALU64;
  if (isReg) {
    if (wide) mov64(env, insn, dst, regs[insn.src]!);
    else mov32(env, insn, dst, regs[insn.src]!);
    return;
  }
  dst.markUnknown(env.precise);
  dst.markKnown(wide ? Word.int(insn.imm) : Word.uint(insn.imm));
}

function checkBinaryFields(env: VerifierEnv, { code, src, off, imm }: BpfInsn): void {
  const op = bpfOp(code);
  const isReg = bpfSrc(code) === C.BPF_X;
  const isDivision = op === C.BPF_MOD || op === C.BPF_DIV;
  const badOff = off !== 0 && !(off === 1 && isDivision);
  if (badOff || (isReg ? imm !== 0 : src !== 0)) throw env.refuse(EINVAL, 'BPF_ALU uses reserved fields');
}

function checkBinary(env: VerifierEnv, insn: BpfInsn): void {
  const { code, dst, imm } = insn;
  const op = bpfOp(code);
  const isReg = bpfSrc(code) === C.BPF_X;
  checkBinaryFields(env, insn);
  if (isReg) checkRegArg(env, insn.src, SRC_OP);
  checkRegArg(env, dst, SRC_OP);
  if ((op === C.BPF_MOD || op === C.BPF_DIV) && !isReg && imm === 0) throw env.refuse(EINVAL, 'div by zero');
  const bits = bpfClass(code) === I.BPF_ALU64 ? 64 : 32;
  const isShift = op === C.BPF_LSH || op === C.BPF_RSH || op === I.BPF_ARSH;
  if (isShift && !isReg && (imm < 0 || imm >= bits)) throw env.refuse(EINVAL, `invalid shift ${imm}`);
  checkRegArg(env, dst, DST_OP_NO_MARK);
  adjustReg(env, insn);
}

/** @models kernel/bpf/verifier.c check_alu_op() */
export function checkAluOp(env: VerifierEnv, insn: BpfInsn): void {
  const op = bpfOp(insn.code);
  if (op === I.BPF_END || op === C.BPF_NEG) checkNegEnd(env, insn);
  else if (op === I.BPF_MOV) checkMov(env, insn);
  else if (op > I.BPF_END) throw env.refuse(EINVAL, `invalid BPF_ALU opcode ${op.toString(16)}`);
  else checkBinary(env, insn);
  sanityCheck(env, env.regs[insn.dst]!, 'alu');
}
