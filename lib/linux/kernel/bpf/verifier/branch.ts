// kernel/bpf/verifier.c check_cond_jmp_op(): conditional jumps: which way a comparison goes when that is known, what each way
// teaches about its operands, and about everything that has the same value or origin.
import { EACCES, EINVAL } from '../../../../uapi/asm-generic/errno.js';
import * as C from '../../../../uapi/linux/bpf_common.js';
import * as I from '../../../../uapi/linux/bpf_insn.js';
import { bpfClass, bpfOp, bpfSrc } from '../../../../vm/isa.js';
import * as T from '../type_flags.js';
import type { BpfInsn } from '../verifier_ops.js';
import { sanityCheck } from './alu.js';
import { regBoundsSync } from './bounds.js';
import { isBranchTaken, regsRefineCondOp, revOpcode } from './condition.js';
import type { VerifierEnv } from './env.js';
import { pushJmpHistory } from './history.js';
import { collectLinkedRegs, syncLinkedRegs } from './linked_regs.js';
import { isPktPointerAny, tryMatchPktPointers } from './packet_range.js';
import { markPtrNotNull, markPtrOrNullRegs } from './null_check.js';
import { pushStack } from './pending.js';
import { markChainPrecision } from './precision.js';
import { printInsnState } from './print.js';
import { findPrevEntry, widenImpreciseScalars } from './pruning.js';
import { checkRegArg, isPointer, isPointerValue, SRC_OP } from './reg_arg.js';
import { RegState } from './reg_state.js';
import { sanitizeSpeculativePath } from './sanitize.js';
import { INSN_F_DST_REG_STACK, INSN_F_SRC_REG_STACK, type LinkedReg, type VerifierState } from './state.js';
import { Word } from './word.js';

const mayBeNull = (reg: RegState): boolean => (reg.type & T.PTR_MAYBE_NULL) !== 0;

/** A jump that is taken until the loop has gone on for too long. */
function mayGoto(env: VerifierEnv, insn: BpfInsn): void {
  if (insn.code !== (C.BPF_JMP | I.BPF_JCOND) || insn.src !== I.BPF_MAY_GOTO || insn.dst !== 0 || insn.imm !== 0)
    throw env.refuse(EINVAL, `invalid may_goto imm ${insn.imm}`);
  const idx = env.insnIdx;
  const previous = findPrevEntry(env, env.curState.parent, idx);
  const queued = pushStack(env, idx + 1, idx, false);
  queued.mayGotoDepth++;
  if (previous !== undefined) widenImpreciseScalars(env, previous, queued);
  env.insnIdx += insn.off;
}

/** The right operand: a register, or a constant as if in one. */
function rightOperand(env: VerifierEnv, insn: BpfInsn, dst: RegState): RegState {
  if (bpfSrc(insn.code) === C.BPF_X) {
    if (insn.imm !== 0) throw env.refuse(EINVAL, 'BPF_JMP/JMP32 uses reserved fields');
    checkRegArg(env, insn.src, SRC_OP);
    const src = env.regs[insn.src]!;
    if (!(isPktPointerAny(dst) && isPktPointerAny(src)) && isPointerValue(env, insn.src))
      throw env.refuse(EACCES, `R${insn.src} pointer comparison prohibited`);
    return src;
  }
  if (insn.src !== 0) throw env.refuse(EINVAL, 'BPF_JMP/JMP32 uses reserved fields');
  const constant = new RegState();
  constant.type = T.SCALAR_VALUE;
  constant.markKnown(Word.int(insn.imm));
  return constant;
}

function noteStackOperands(env: VerifierEnv, insn: BpfInsn, dst: RegState, src: RegState): void {
  let flags = 0;
  if (bpfSrc(insn.code) === C.BPF_X && src.type === T.PTR_TO_STACK) flags |= INSN_F_SRC_REG_STACK;
  if (dst.type === T.PTR_TO_STACK) flags |= INSN_F_DST_REG_STACK;
  if (flags !== 0) pushJmpHistory(env, env.curState, flags, undefined);
}

/** Goes the only way there is. */
function follow(env: VerifierEnv, insn: BpfInsn, taken: boolean, dst: RegState, src: RegState): void {
  if (!isPointer(dst)) markChainPrecision(env, insn.dst);
  if (bpfSrc(insn.code) === C.BPF_X && !isPointer(src)) markChainPrecision(env, insn.src);
  const idx = env.insnIdx;
  if (!env.bypassSpecV1) sanitizeSpeculativePath(env, insn, taken ? idx + 1 : idx + insn.off + 1, idx);
  if (env.tracing) printInsnState(env, env.curState, env.curState.curframe);
  if (taken) env.insnIdx += insn.off;
}

/** @models kernel/bpf/verifier.c reg_set_min_max() */
function setMinMax(
  env: VerifierEnv,
  onTrue: readonly [RegState, RegState],
  onFalse: readonly [RegState, RegState],
  op: number,
  jmp32: boolean,
): void {
  if (onFalse[0].type !== T.SCALAR_VALUE || onFalse[1].type !== T.SCALAR_VALUE) return;
  regsRefineCondOp(onFalse[0], onFalse[1], revOpcode(op), jmp32);
  regBoundsSync(onFalse[0]);
  regBoundsSync(onFalse[1]);
  regsRefineCondOp(onTrue[0], onTrue[1], op, jmp32);
  regBoundsSync(onTrue[0]);
  regBoundsSync(onTrue[1]);
  sanityCheck(env, onTrue[0], 'true_reg1');
  sanityCheck(env, onTrue[1], 'true_reg2');
  sanityCheck(env, onFalse[0], 'false_reg1');
  sanityCheck(env, onFalse[1], 'false_reg2');
}

/** Registers that share an id with an operand. */
function linkedTo(env: VerifierEnv, insn: BpfInsn, dst: RegState, src: RegState): LinkedReg[] {
  const linked: LinkedReg[] = [];
  if (bpfSrc(insn.code) === C.BPF_X && src.type === T.SCALAR_VALUE && src.id !== 0)
    collectLinkedRegs(env, env.curState, src.id, linked);
  if (dst.type === T.SCALAR_VALUE && dst.id !== 0) collectLinkedRegs(env, env.curState, dst.id, linked);
  if (linked.length > 1) pushJmpHistory(env, env.curState, 0, linked);
  return linked;
}

/** Both operands are pointers, and one of them is known to be none to nothing. */
function compareWithNonNull(insn: BpfInsn, dst: RegState, src: RegState, equal: readonly RegState[] | undefined): void {
  const differ = mayBeNull(src) !== mayBeNull(dst);
  const isBtf = T.baseType(src.type) === T.PTR_TO_BTF_ID || T.baseType(dst.type) === T.PTR_TO_BTF_ID;
  if (!isPointer(src) || !isPointer(dst) || !differ || isBtf || equal === undefined) return;
  markPtrNotNull(equal[mayBeNull(src) ? insn.src : insn.dst]!);
}

/** Both ways are possible. */
function fork(env: VerifierEnv, insn: BpfInsn, dst: RegState, src: RegState, op: number, jmp32: boolean): void {
  const linked = linkedTo(env, insn, dst, src);
  const here = env.curState;
  const other = pushStack(env, env.insnIdx + insn.off + 1, env.insnIdx, false);
  const otherRegs = other.cur.regs;
  const isReg = bpfSrc(insn.code) === C.BPF_X;
  setMinMax(env, [otherRegs[insn.dst]!, isReg ? otherRegs[insn.src]! : src.clone()], [dst, src], op, jmp32);
  if (isReg && src.type === T.SCALAR_VALUE && src.id !== 0) {
    syncLinkedRegs(here, src, linked);
    syncLinkedRegs(other, otherRegs[insn.src]!, linked);
  }
  if (dst.type === T.SCALAR_VALUE && dst.id !== 0) {
    syncLinkedRegs(here, dst, linked);
    syncLinkedRegs(other, otherRegs[insn.dst]!, linked);
  }
  if (!jmp32 && isReg) {
    const equal = op === C.BPF_JEQ ? otherRegs : op === I.BPF_JNE ? here.cur.regs : undefined;
    compareWithNonNull(insn, dst, src, equal);
  }
  learnFromPointers(env, insn, dst, other, op, jmp32);
}

function learnFromPointers(
  env: VerifierEnv,
  insn: BpfInsn,
  dst: RegState,
  other: VerifierState,
  op: number,
  jmp32: boolean,
): void {
  const isZero = bpfSrc(insn.code) === C.BPF_K && insn.imm === 0;
  if (!jmp32 && isZero && (op === C.BPF_JEQ || op === I.BPF_JNE) && mayBeNull(dst)) {
    markPtrOrNullRegs(env.curState, insn.dst, op === I.BPF_JNE);
    markPtrOrNullRegs(other, insn.dst, op === C.BPF_JEQ);
    return;
  }
  const right = env.regs[insn.src]!;
  if (!tryMatchPktPointers(insn, dst, right, env.curState, other) && isPointerValue(env, insn.dst))
    throw env.refuse(EACCES, `R${insn.dst} pointer comparison prohibited`);
}

/** @models kernel/bpf/verifier.c check_cond_jmp_op() */
export function checkCondJmpOp(env: VerifierEnv, insn: BpfInsn): void {
  const op = bpfOp(insn.code);
  if (op === C.BPF_JA || op > I.BPF_JCOND) throw env.refuse(EINVAL, `invalid BPF_JMP/JMP32 opcode ${op.toString(16)}`);
  if (op === I.BPF_JCOND) {
    mayGoto(env, insn);
    return;
  }
  checkRegArg(env, insn.dst, SRC_OP);
  const dst = env.regs[insn.dst]!;
  const src = rightOperand(env, insn, dst);
  noteStackOperands(env, insn, dst, src);
  const jmp32 = bpfClass(insn.code) === I.BPF_JMP32;
  const taken = isBranchTaken(dst, src, op, jmp32);
  if (taken !== undefined) {
    follow(env, insn, taken, dst, src);
    return;
  }
  fork(env, insn, dst, src, op, jmp32);
  if (env.tracing) printInsnState(env, env.curState, env.curState.curframe);
}
