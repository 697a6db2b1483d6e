// kernel/bpf/verifier.c: instructions that no path reaches are taken out, or made harmless where the loader may not know
// what the verifier knows.
import * as C from '../../../../uapi/linux/bpf_common.js';
import * as I from '../../../../uapi/linux/bpf_insn.js';
import { jmpA } from '../../../../vm/build.js';
import { bpfClass, bpfOp } from '../../../../vm/isa.js';
import type { BpfInsn } from '../verifier_ops.js';
import { isMayGoto } from './call_kinds.js';
import type { VerifierEnv } from './env.js';
import { remove } from './rewrite.js';

function isCondJump(code: number): boolean {
  const op = bpfOp(code);
  if (bpfClass(code) === I.BPF_JMP32) return op !== C.BPF_JA;
  return bpfClass(code) === C.BPF_JMP && op !== C.BPF_JA && op !== I.BPF_EXIT && op !== I.BPF_CALL;
}

/** Comparisons of which one way is never taken become jumps. @models kernel/bpf/verifier.c opt_hard_wire_dead_code_branches() */
function hardWireBranches({ insns, aux }: VerifierEnv): void {
  for (const [i, insn] of insns.entries()) {
    if (!isCondJump(insn.code)) continue;
    if (aux[i + 1]?.seen !== true) insns[i] = jmpA(insn.off);
    else if (aux[i + 1 + insn.off]?.seen !== true) insns[i] = jmpA(0);
  }
}

const isNop = ({ code, off }: BpfInsn): boolean => code === (C.BPF_JMP | C.BPF_JA) && off === 0;

/** @models kernel/bpf/verifier.c opt_remove_nops() */
function removeNops(env: VerifierEnv): void {
  remove(env, (_, insn) => isNop(insn));
  while (env.insns.some((insn) => isMayGoto(insn) && insn.off === 0))
    remove(env, (_, insn) => isMayGoto(insn) && insn.off === 0);
}

/** @models kernel/bpf/verifier.c opt_remove_dead_code() */
export function optimizeDeadCode(env: VerifierEnv): void {
  hardWireBranches(env);
  const { aux } = env;
  remove(env, (i) => !aux[i]!.seen);
  removeNops(env);
}

/** @models kernel/bpf/verifier.c sanitize_dead_code() */
export function sanitizeDeadCode({ insns, aux }: VerifierEnv): void {
  for (let i = 0; i < insns.length; i++) if (!aux[i]!.seen) insns[i] = jmpA(-1);
}
