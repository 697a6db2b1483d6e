// kernel/bpf/verifier.c and net/core/filter.c of Linux 4.1 as classifiers came to be: what its instruction set is, and what
// its programs may do. They read packets by LD_ABS and LD_IND, use the stack and maps, and three helpers; their context has
// no fields. The check itself is the later kernel's; what that one accepts and 4.1 does not is refused here or is a gap.
import { EINVAL } from '../../../uapi/asm-generic/errno.js';
import * as C from '../../../uapi/linux/bpf_common.js';
import * as F from '../../../uapi/linux/bpf_func_id.js';
import * as I from '../../../uapi/linux/bpf_insn.js';
import { BPF_PSEUDO_MAP_FD } from '../../../uapi/linux/bpf.js';
import { errno, ModelGap } from '../../errno.js';
import type { BpfVerifierOps } from './verifier_ops.js';

const helpers: ReadonlySet<number> = new Set([
  F.BPF_FUNC_map_lookup_elem,
  F.BPF_FUNC_map_update_elem,
  F.BPF_FUNC_map_delete_elem,
]);

/** `ops` of a later kernel, less what socket filters and classifiers of 4.1 have not. @differs one table for all kernels */
export const asEarly = (ops: BpfVerifierOps): BpfVerifierOps => ({
  ...ops,
  getFuncProto: (id, prog, task) =>
    prog.machine.has('bpf-objects') || helpers.has(id) ? ops.getFuncProto(id, prog, task) : undefined,
  isValidAccess: (off, size, type, prog, info) =>
    prog.machine.has('bpf-objects') && ops.isValidAccess(off, size, type, prog, info),
});

const sizes = [C.BPF_W, C.BPF_H, C.BPF_B];
const aluOps = [
  C.BPF_ADD,
  C.BPF_SUB,
  C.BPF_MUL,
  C.BPF_DIV,
  C.BPF_OR,
  C.BPF_AND,
  C.BPF_LSH,
  C.BPF_RSH,
  C.BPF_MOD,
  C.BPF_XOR,
  I.BPF_MOV,
  I.BPF_ARSH,
];
const jumpOps = [C.BPF_JEQ, C.BPF_JGT, C.BPF_JGE, C.BPF_JSET, I.BPF_JNE, I.BPF_JSGT, I.BPF_JSGE];

const JA = C.BPF_JMP | C.BPF_JA;
const CALL = C.BPF_JMP | I.BPF_CALL;
const LD_IMM64 = C.BPF_LD | C.BPF_IMM | I.BPF_DW;
const XADDS: ReadonlySet<number> = new Set([C.BPF_STX | I.BPF_XADD | C.BPF_W, C.BPF_STX | I.BPF_XADD | I.BPF_DW]);

const codes: ReadonlySet<number> = new Set([
  ...[C.BPF_ALU, I.BPF_ALU64].flatMap((alu) => aluOps.flatMap((op) => [alu | op | C.BPF_K, alu | op | C.BPF_X])),
  ...[C.BPF_ALU, I.BPF_ALU64].map((alu) => alu | C.BPF_NEG),
  C.BPF_ALU | I.BPF_END | I.BPF_TO_LE,
  C.BPF_ALU | I.BPF_END | I.BPF_TO_BE,
  ...jumpOps.flatMap((op) => [C.BPF_JMP | op | C.BPF_K, C.BPF_JMP | op | C.BPF_X]),
  JA,
  CALL,
  C.BPF_JMP | I.BPF_EXIT,
  ...[...sizes, I.BPF_DW].flatMap((size) => [C.BPF_LDX, C.BPF_STX, C.BPF_ST].map((kind) => kind | C.BPF_MEM | size)),
  ...XADDS,
  ...sizes.flatMap((size) => [C.BPF_LD | C.BPF_ABS | size, C.BPF_LD | C.BPF_IND | size]),
  LD_IMM64,
]);

/** EINVAL for an instruction that came later. */
function checkInsn(code: number, source: number, off: number, imm: number): void {
  if (!codes.has(code)) throw errno(EINVAL);
  if (code === CALL && source !== 0) throw errno(EINVAL);
  if (code === LD_IMM64 && source > BPF_PSEUDO_MAP_FD) throw errno(EINVAL);
  if (XADDS.has(code) && imm !== 0) throw errno(EINVAL);
  const kind = code & 7;
  if ((kind === C.BPF_ALU || kind === I.BPF_ALU64) && off !== 0) throw errno(EINVAL);
  // Every loop is refused; whether a jump back is one, only a walk would tell.
  if (kind === C.BPF_JMP && code !== CALL && off < 0) throw new ModelGap('jumps back in programs of Linux 4.1');
}

/**
 * Refuses what came after 4.1.
 *
 * @differs one pass over instructions: that kernel's own walk, which is stricter about pointers, is not modelled
 */
export function checkEarlyInsns(insns: Uint8Array): void {
  const view = new DataView(insns.buffer, insns.byteOffset, insns.byteLength);
  for (let at = 0; at < insns.length; at += I.BPF_INSN_SIZE) {
    const code = view.getUint8(at);
    checkInsn(code, view.getUint8(at + 1) >> 4, view.getInt16(at + 2, true), view.getInt32(at + 4, true));
    if (code === LD_IMM64) at += I.BPF_INSN_SIZE;
  }
}
