// kernel/bpf/liveness.c: where an instruction goes next within its function. Calls fall through.
import * as C from '../../../../uapi/linux/bpf_common.js';
import * as I from '../../../../uapi/linux/bpf_insn.js';
import { bpfClass, bpfOp } from '../../../../vm/isa.js';
import type { BpfInsn } from '../verifier_ops.js';
import { LD_IMM64 } from './call_kinds.js';

/** @models kernel/bpf/liveness.c bpf_jmp_offset() */
export const jmpOffset = ({ code, off, imm }: BpfInsn): number => (code === (I.BPF_JMP32 | C.BPF_JA) ? imm : off);

/** Whether it is of a class of jumps. @differs the kernel compares classes in place */
export const isJump = (code: number): boolean => bpfClass(code) === C.BPF_JMP || bpfClass(code) === I.BPF_JMP32;

/** None, one or two instructions, the one that follows first. @models kernel/bpf/liveness.c bpf_insn_successors() */
export function successors(insns: readonly BpfInsn[], idx: number): readonly number[] {
  const insn = insns[idx]!;
  if (!isJump(insn.code)) return [idx + (insn.code === LD_IMM64 ? 2 : 1)];
  switch (bpfOp(insn.code)) {
    case I.BPF_EXIT:
      return [];
    case I.BPF_CALL:
      return [idx + 1];
    case C.BPF_JA:
      return [idx + jmpOffset(insn) + 1];
    default:
      return [idx + 1, idx + jmpOffset(insn) + 1];
  }
}
