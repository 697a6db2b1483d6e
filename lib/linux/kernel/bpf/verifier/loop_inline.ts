// kernel/bpf/verifier.c optimize_bpf_loop(): bpf_loop() with a callback that is known is written out in place.
import { E2BIG } from '../../../../uapi/asm-generic/errno.js';
import * as C from '../../../../uapi/linux/bpf_common.js';
import { BPF_FUNC_loop } from '../../../../uapi/linux/bpf_func_id.js';
import * as I from '../../../../uapi/linux/bpf_insn.js';
import * as B from '../../../../vm/build.js';
import type { BpfInsn } from '../verifier_ops.js';
import { isHelperCall } from './call_kinds.js';
import type { VerifierEnv } from './env.js';
import { rewrite } from './rewrite.js';

/** Most rounds of a loop. */
const BPF_MAX_LOOPS = 8 * 1024 * 1024;
const FP = I.BPF_REG_FP;
/** Place of the callback's call among the instructions. */
const CALL_AT = 12;

/** R6: rounds, R7: count, R8: context of the callback; their old values lie at `base` of the stack. */
function inlined(base: number): BpfInsn[] {
  const slots = [base, base + 8, base + 16];
  return [
    B.jmpImm(I.BPF_JLE, 1, BPF_MAX_LOOPS, 2),
    B.mov32Imm(0, -E2BIG),
    B.jmpA(16),
    ...slots.map((off, i) => B.stxMem(I.BPF_DW, FP, 6 + i, off)),
    B.mov64Reg(6, 1),
    B.mov32Imm(7, 0),
    B.mov64Reg(8, 3),
    B.jmpReg(C.BPF_JGE, 7, 6, 5),
    B.mov64Reg(1, 7),
    B.mov64Reg(2, 8),
    B.callRel(0),
    B.alu64Imm(C.BPF_ADD, 7, 1),
    B.jmpImm(C.BPF_JEQ, 0, 0, -6),
    B.mov64Reg(0, 7),
    ...slots.map((off, i) => B.ldxMem(I.BPF_DW, 6 + i, FP, off)),
  ];
}

/** @models kernel/bpf/verifier.c optimize_bpf_loop() */
export function optimizeBpfLoop(env: VerifierEnv): void {
  const calls = new Map<number, number>();
  for (const [i, insn] of env.insns.entries()) {
    const { loopCallback } = env.aux[i]!;
    if (isHelperCall(insn) && insn.imm === BPF_FUNC_loop && loopCallback >= 0) calls.set(i, loopCallback);
  }
  if (calls.size === 0) return;
  const { subprogs } = env;
  const callbacks = new Map([...calls].map(([i, subprog]) => [i, subprogs[subprog]!]));
  const grown = new Set([...calls.keys()].map((i) => env.containingSubprog(i)));
  for (const subprog of grown) subprog.stackDepth = Math.ceil(subprog.stackDepth / 8) * 8 + 24;
  const moved = rewrite(env, {
    make: (i) => (calls.has(i) ? inlined(-env.containingSubprog(i).stackDepth) : undefined),
  });
  for (const [old, { start }] of callbacks) {
    const at = moved[old]! + CALL_AT;
    env.insns[at] = { ...env.insns[at]!, imm: start - at - 1 };
  }
}
