// include/linux/filter.h: instructions by name, for code that writes them: `mov64Reg(6, 1)` is BPF_MOV64_REG(BPF_REG_6,
// BPF_REG_1). The classic conversion, context accessors and the verifier's rewriting use them; `size` is BPF_B to BPF_DW,
// `op` an operation of ALU or JMP.
import * as C from '../uapi/linux/bpf_common.js';
import * as I from '../uapi/linux/bpf_insn.js';
import type { Insn } from './insn.js';

/** BPF_RAW_INSN() */
export const raw = (code: number, dst: number, src: number, off: number, imm: number): Insn => ({
  code,
  dst,
  src,
  off,
  imm,
});

export const alu64Reg = (op: number, dst: number, src: number, off = 0): Insn =>
  raw(I.BPF_ALU64 | op | C.BPF_X, dst, src, off, 0);
export const alu32Reg = (op: number, dst: number, src: number, off = 0): Insn =>
  raw(C.BPF_ALU | op | C.BPF_X, dst, src, off, 0);
export const alu64Imm = (op: number, dst: number, imm: number, off = 0): Insn =>
  raw(I.BPF_ALU64 | op | C.BPF_K, dst, 0, off, imm | 0);
export const alu32Imm = (op: number, dst: number, imm: number, off = 0): Insn =>
  raw(C.BPF_ALU | op | C.BPF_K, dst, 0, off, imm | 0);
/** BPF_ENDIAN(): `type` BPF_TO_LE or BPF_TO_BE. */
export const endian = (type: number, dst: number, bits: number): Insn =>
  raw(C.BPF_ALU | I.BPF_END | type, dst, 0, 0, bits);
export const bswap = (dst: number, bits: number): Insn => raw(I.BPF_ALU64 | I.BPF_END, dst, 0, 0, bits);

export const mov64Reg = (dst: number, src: number): Insn => alu64Reg(I.BPF_MOV, dst, src);
export const mov32Reg = (dst: number, src: number): Insn => alu32Reg(I.BPF_MOV, dst, src);
export const mov64Imm = (dst: number, imm: number): Insn => alu64Imm(I.BPF_MOV, dst, imm);
export const mov32Imm = (dst: number, imm: number): Insn => alu32Imm(I.BPF_MOV, dst, imm);
/** BPF_ZEXT_REG(): the move that the verifier adds to clear a high half. */
export const zextReg = (dst: number): Insn => raw(C.BPF_ALU | I.BPF_MOV | C.BPF_X, dst, dst, 0, 1);

/** BPF_LD_IMM64_RAW(), both halves. */
export const ldImm64 = (dst: number, low: number, high: number, src = 0): [Insn, Insn] => [
  raw(C.BPF_LD | I.BPF_DW | C.BPF_IMM, dst, src, 0, low | 0),
  raw(0, 0, 0, 0, high | 0),
];
export const ldAbs = (size: number, imm: number): Insn => raw(C.BPF_LD | size | C.BPF_ABS, 0, 0, 0, imm | 0);
export const ldInd = (size: number, src: number, imm: number): Insn =>
  raw(C.BPF_LD | size | C.BPF_IND, 0, src, 0, imm | 0);

export const ldxMem = (size: number, dst: number, src: number, off: number): Insn =>
  raw(C.BPF_LDX | size | C.BPF_MEM, dst, src, off, 0);
export const ldxMemsx = (size: number, dst: number, src: number, off: number): Insn =>
  raw(C.BPF_LDX | size | I.BPF_MEMSX, dst, src, off, 0);
export const stxMem = (size: number, dst: number, src: number, off: number): Insn =>
  raw(C.BPF_STX | size | C.BPF_MEM, dst, src, off, 0);
export const stMem = (size: number, dst: number, off: number, imm: number): Insn =>
  raw(C.BPF_ST | size | C.BPF_MEM, dst, 0, off, imm | 0);
export const atomicOp = (size: number, op: number, dst: number, src: number, off: number): Insn =>
  raw(C.BPF_STX | size | I.BPF_ATOMIC, dst, src, off, op);

export const jmpReg = (op: number, dst: number, src: number, off: number): Insn =>
  raw(C.BPF_JMP | op | C.BPF_X, dst, src, off, 0);
export const jmpImm = (op: number, dst: number, imm: number, off: number): Insn =>
  raw(C.BPF_JMP | op | C.BPF_K, dst, 0, off, imm | 0);
export const jmp32Reg = (op: number, dst: number, src: number, off: number): Insn =>
  raw(I.BPF_JMP32 | op | C.BPF_X, dst, src, off, 0);
export const jmp32Imm = (op: number, dst: number, imm: number, off: number): Insn =>
  raw(I.BPF_JMP32 | op | C.BPF_K, dst, 0, off, imm | 0);
export const jmpA = (off: number): Insn => raw(C.BPF_JMP | C.BPF_JA, 0, 0, off, 0);
export const jmp32A = (imm: number): Insn => raw(I.BPF_JMP32 | C.BPF_JA, 0, 0, 0, imm);

/** BPF_EMIT_CALL(): a helper by its id. */
export const emitCall = (id: number): Insn => raw(C.BPF_JMP | I.BPF_CALL, 0, 0, 0, id);
/** BPF_CALL_REL(): the subprogram `imm` + 1 instructions on. */
export const callRel = (imm: number): Insn => raw(C.BPF_JMP | I.BPF_CALL, 0, 1, 0, imm);
export const exitInsn = (): Insn => raw(C.BPF_JMP | I.BPF_EXIT, 0, 0, 0, 0);
export const tailCall = (): Insn => raw(C.BPF_JMP | I.BPF_TAIL_CALL, 0, 0, 0, 0);
export const nospec = (): Insn => raw(C.BPF_ST | I.BPF_NOSPEC, 0, 0, 0, 0);
