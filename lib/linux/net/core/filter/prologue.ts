// net/core/filter.c: the instructions that the verifier puts in front of programs that write packet bytes directly, and
// those that stand for loads of the old kind (BPF_LD_ABS and BPF_LD_IND).
import * as C from '../../../../uapi/linux/bpf_common.js';
import { BPF_JSGE } from '../../../../uapi/linux/bpf_insn.js';
import { BPF_FUNC_skb_pull_data } from '../../../../uapi/linux/bpf_func_id.js';
import * as B from '../../../../vm/build.js';
import {
  SKB_LOAD_HELPER_16_NO_CACHE,
  SKB_LOAD_HELPER_32_NO_CACHE,
  SKB_LOAD_HELPER_8_NO_CACHE,
} from '../../../../vm/internal_helpers.js';
import type { BpfInsn } from '../../../kernel/bpf/verifier_ops.js';
import { CLONED_MASK, SKB_CLONED_OFFSET } from '../skbuff/layout.js';

/**
 * Makes the packet the program's own before it writes to it; `dropVerdict` is returned when that fails.
 *
 * @models net/core/filter.c bpf_unclone_prologue()
 */
export function bpfUnclonePrologue(directWrite: boolean, first: BpfInsn, dropVerdict: number): BpfInsn[] | undefined {
  if (!directWrite) return undefined;
  return [
    B.ldxMem(C.BPF_B, 6, 1, SKB_CLONED_OFFSET),
    B.alu32Imm(C.BPF_AND, 6, CLONED_MASK),
    B.jmpImm(C.BPF_JEQ, 6, 0, 7),
    B.mov64Reg(6, 1),
    B.alu64Reg(C.BPF_XOR, 2, 2),
    B.emitCall(BPF_FUNC_skb_pull_data),
    B.jmpImm(C.BPF_JEQ, 0, 0, 2),
    B.mov32Imm(0, dropVerdict),
    B.exitInsn(),
    B.mov64Reg(1, 6),
    { ...first },
  ];
}

/** Where the verifier wants the context for loads of the old kind. */
const BPF_REG_CTX = 6;

const loadHelpers: Readonly<Record<number, number>> = {
  [C.BPF_B]: SKB_LOAD_HELPER_8_NO_CACHE,
  [C.BPF_H]: SKB_LOAD_HELPER_16_NO_CACHE,
  [C.BPF_W]: SKB_LOAD_HELPER_32_NO_CACHE,
};

/**
 * A load that fails ends the program with 0. The verifier has seen to it that R6 is the context.
 *
 * @models net/core/filter.c bpf_gen_ld_abs()
 */
export function bpfGenLdAbs(insn: BpfInsn): BpfInsn[] {
  const indirect = (insn.code & 0xe0) === C.BPF_IND;
  const offset = indirect ? [B.mov64Reg(2, insn.src)] : [B.mov64Imm(2, insn.imm)];
  if (indirect && insn.imm !== 0) offset.push(B.alu64Imm(C.BPF_ADD, 2, insn.imm));
  return [
    ...offset,
    B.mov64Reg(1, BPF_REG_CTX),
    B.emitCall(loadHelpers[insn.code & 0x18]!),
    B.jmpImm(BPF_JSGE, 0, 0, 2),
    B.alu32Reg(C.BPF_XOR, 0, 0),
    B.exitInsn(),
  ];
}
