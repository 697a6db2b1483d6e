// kernel/bpf/verifier.c: reading and writing a register as an operand, and which instructions define only the lower half of
// one (whose upper half some machines must clear).
import { EACCES, EINVAL } from '../../../../uapi/asm-generic/errno.js';
import { BPF_PSEUDO_CALL } from '../../../../uapi/linux/bpf.js';
import * as C from '../../../../uapi/linux/bpf_common.js';
import * as I from '../../../../uapi/linux/bpf_insn.js';
import { bpfClass, bpfMode, bpfOp, bpfSize } from '../../../../vm/isa.js';
import { NOT_INIT, SCALAR_VALUE } from '../type_flags.js';
import type { BpfInsn } from '../verifier_ops.js';
import type { VerifierEnv } from './env.js';
import { DEF_NOT_SUBREG, type RegState } from './reg_state.js';

/** enum reg_arg_type */
export const SRC_OP = 0;
export const DST_OP = 1;
export const DST_OP_NO_MARK = 2;
export type RegArgType = typeof SRC_OP | typeof DST_OP | typeof DST_OP_NO_MARK;

export const CALLER_SAVED_REGS = 6;

function isReg64Jmp(insn: BpfInsn, op: number, t: RegArgType): boolean {
  if (op !== I.BPF_CALL) return true;
  return insn.src !== BPF_PSEUDO_CALL && t === SRC_OP;
}

/** Whether the instruction works on all 64 bits of the operand. @models kernel/bpf/verifier.c is_reg64() */
export function isReg64(insn: BpfInsn, reg: RegState | undefined, t: RegArgType): boolean {
  const { code, imm } = insn;
  const op = bpfOp(code);
  switch (bpfClass(code)) {
    case C.BPF_JMP:
      return isReg64Jmp(insn, op, t);
    case I.BPF_ALU64:
      return op !== I.BPF_END || (imm !== 16 && imm !== 32);
    case C.BPF_ALU:
      return op === I.BPF_END && imm === 64;
    case I.BPF_JMP32:
      return false;
    case C.BPF_LDX:
      return t === SRC_OP || bpfSize(code) === I.BPF_DW || bpfMode(code) === I.BPF_MEMSX;
    case C.BPF_STX:
      return (t === SRC_OP && reg?.type !== SCALAR_VALUE) || bpfSize(code) === I.BPF_DW;
    case C.BPF_LD:
      return bpfMode(code) === C.BPF_IMM || t === SRC_OP;
    default:
      return true;
  }
}

/** The register that an instruction defines, or -1. @models kernel/bpf/verifier.c insn_def_regno() */
export function insnDefRegno({ code, dst, src, imm }: BpfInsn): number {
  switch (bpfClass(code)) {
    case C.BPF_JMP:
    case I.BPF_JMP32:
    case C.BPF_ST:
      return -1;
    case C.BPF_STX:
      if (bpfMode(code) !== I.BPF_ATOMIC) return -1;
      if (imm === I.BPF_CMPXCHG) return 0;
      if (imm === I.BPF_LOAD_ACQ) return dst;
      return (imm & I.BPF_FETCH) !== 0 ? src : -1;
    default:
      return dst;
  }
}

/** @models kernel/bpf/verifier.c insn_has_def32() */
export function insnHasDef32(insn: BpfInsn): boolean {
  return insnDefRegno(insn) !== -1 && !isReg64(insn, undefined, DST_OP);
}

/** The upper half is read: whoever wrote the lower one must clear it. @models kernel/bpf/verifier.c mark_insn_zext() */
function markInsnZext(env: VerifierEnv, reg: RegState): void {
  if (reg.subregDef === DEF_NOT_SUBREG) return;
  env.aux[reg.subregDef - 1]!.zextDst = true;
  reg.subregDef = DEF_NOT_SUBREG;
}

/** Checks and notes the use of a register in `regs`. @models kernel/bpf/verifier.c __check_reg_arg() */
export function checkRegArgOf(env: VerifierEnv, regs: readonly RegState[], regno: number, t: RegArgType): void {
  const reg = regs[regno];
  if (reg === undefined) throw env.refuse(EINVAL, `R${regno} is invalid`);
  env.scratchedRegs |= 1 << regno;
  const rw64 = isReg64(env.insns[env.insnIdx]!, reg, t);
  if (t === SRC_OP) {
    if (reg.type === NOT_INIT) throw env.refuse(EACCES, `R${regno} !read_ok`);
    if (regno !== I.BPF_REG_FP && rw64) markInsnZext(env, reg);
    return;
  }
  if (regno === I.BPF_REG_FP) throw env.refuse(EACCES, 'frame pointer is read only');
  reg.subregDef = rw64 ? DEF_NOT_SUBREG : env.insnIdx + 1;
  if (t === DST_OP) reg.markUnknown(env.precise);
}

/** The same for the current function. @models kernel/bpf/verifier.c check_reg_arg() */
export function checkRegArg(env: VerifierEnv, regno: number, t: RegArgType): void {
  checkRegArgOf(env, env.regs, regno, t);
}

/** What a call leaves of R0 to R5: nothing. @models kernel/bpf/verifier.c clear_caller_saved_regs() */
export function clearCallerSavedRegs(env: VerifierEnv, regs: readonly RegState[]): void {
  for (let i = 0; i < CALLER_SAVED_REGS; i++) {
    regs[i]!.markNotInit(env.precise);
    checkRegArgOf(env, regs, i, DST_OP_NO_MARK);
  }
}

/** @models kernel/bpf/verifier.c __is_pointer_value() */
export const isPointer = (reg: RegState): boolean => reg.type !== SCALAR_VALUE;

/** Whether a register's value must not be shown to the user. @models kernel/bpf/verifier.c is_pointer_value() */
export function isPointerValue(env: VerifierEnv, regno: number): boolean {
  return !env.allowPtrLeaks && env.regs[regno]!.type !== SCALAR_VALUE;
}
