// include/linux/filter.h: the instructions from which net/core/filter.c builds what it puts into programs. Each function
// makes one.
import * as C from '../../../../uapi/linux/bpf_common.js';
import type { BpfInsn } from '../../../kernel/bpf/verifier_ops.js';

export const BPF_DW = 0x18;
const BPF_ALU64 = 0x07;
const BPF_JMP32 = 0x06;
const BPF_MOV = 0xb0;
const BPF_CALL = 0x80;
const BPF_EXIT = 0x90;
export const BPF_JNE = 0x50;
export const BPF_JSGE = 0x70;
/** The register that only the kernel uses. */
export const BPF_REG_AX = 11;
export const BPF_REG_CTX = 6;

const insn = (code: number, dst: number, src: number, off: number, imm: number): BpfInsn => ({
  code,
  dst,
  src,
  off,
  imm,
});

/** dst = *(size *)(src + off) */
export const ldxMem = (size: number, dst: number, src: number, off: number): BpfInsn =>
  insn(C.BPF_LDX | size | C.BPF_MEM, dst, src, off, 0);

/** *(size *)(dst + off) = src */
export const stxMem = (size: number, dst: number, src: number, off: number): BpfInsn =>
  insn(C.BPF_STX | size | C.BPF_MEM, dst, src, off, 0);

/** The store `si` (of a register or a constant) at `off`, with another size. */
export const emitStore = (size: number, si: BpfInsn, off: number): BpfInsn =>
  insn((si.code & 0x07) | size | C.BPF_MEM, si.dst, si.src, off, si.imm);

export const alu64Imm = (op: number, dst: number, imm: number): BpfInsn => insn(BPF_ALU64 | op, dst, 0, 0, imm);
export const alu64Reg = (op: number, dst: number, src: number): BpfInsn =>
  insn(BPF_ALU64 | op | C.BPF_X, dst, src, 0, 0);
export const alu32Imm = (op: number, dst: number, imm: number): BpfInsn => insn(C.BPF_ALU | op, dst, 0, 0, imm);
export const alu32Reg = (op: number, dst: number, src: number): BpfInsn =>
  insn(C.BPF_ALU | op | C.BPF_X, dst, src, 0, 0);
export const mov64Imm = (dst: number, imm: number): BpfInsn => insn(BPF_ALU64 | BPF_MOV, dst, 0, 0, imm);
export const mov64Reg = (dst: number, src: number): BpfInsn => insn(BPF_ALU64 | BPF_MOV | C.BPF_X, dst, src, 0, 0);
export const mov32Imm = (dst: number, imm: number): BpfInsn => insn(C.BPF_ALU | BPF_MOV, dst, 0, 0, imm);
export const jmpImm = (op: number, dst: number, imm: number, off: number): BpfInsn =>
  insn(C.BPF_JMP | op, dst, 0, off, imm);
export const jmp32Imm = (op: number, dst: number, imm: number, off: number): BpfInsn =>
  insn(BPF_JMP32 | op, dst, 0, off, imm);
export const jmpA = (off: number): BpfInsn => insn(C.BPF_JMP | C.BPF_JA, 0, 0, off, 0);
/** A call of the helper `id`. */
export const emitCall = (id: number): BpfInsn => insn(C.BPF_JMP | BPF_CALL, 0, 0, 0, id);
export const exitInsn = (): BpfInsn => insn(C.BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
