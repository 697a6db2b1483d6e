// kernel/bpf/verifier.c: compilers save registers around calls of helpers that, written out in place, would not touch them.
// Such pairs of stores and loads are found before the walk, and taken out when the stack places serve nothing else.
import * as C from '../../../../uapi/linux/bpf_common.js';
import { BPF_FUNC_get_smp_processor_id } from '../../../../uapi/linux/bpf_func_id.js';
import * as I from '../../../../uapi/linux/bpf_insn.js';
import { jmpA } from '../../../../vm/build.js';
import { RET_VOID } from '../type_flags.js';
import type { BpfInsn } from '../verifier_ops.js';
import { isHelperCall } from './call_kinds.js';
import type { SubprogInfo, VerifierEnv } from './env.js';

const CALL = C.BPF_JMP | I.BPF_CALL;
const STX = C.BPF_STX | C.BPF_MEM | I.BPF_DW;
const LDX = C.BPF_LDX | C.BPF_MEM | I.BPF_DW;
const FP = I.BPF_REG_FP;
/** R0 to R5 */
const ALL_CALLER_SAVED = 0x3f;

/** Registers that a call changes, and whether it is written out in place. */
function clobbers(env: VerifierEnv, call: BpfInsn): { mask: number; inlined: boolean } {
  const proto = isHelperCall(call) ? env.proto(call.imm) : undefined;
  if (proto === undefined) return { mask: ALL_CALLER_SAVED, inlined: false };
  const args = (1 << (proto.args.length + 1)) - 2;
  return {
    mask: (proto.retType === RET_VOID ? 0 : 1) | args,
    inlined: proto.allowFastcall === true && call.imm === BPF_FUNC_get_smp_processor_id,
  };
}

const isPair = (stx: BpfInsn, ldx: BpfInsn, off: number): boolean =>
  stx.code === STX &&
  ldx.code === LDX &&
  stx.dst === FP &&
  ldx.src === FP &&
  stx.src === ldx.dst &&
  stx.off === off &&
  ldx.off === off;

/** @models kernel/bpf/verifier.c mark_fastcall_pattern_for_call() */
function markCall(env: VerifierEnv, subprog: SubprogInfo, call: number, lowest: number, targets: Uint8Array): void {
  const { mask, inlined } = clobbers(env, env.insns[call]!);
  let expected = ~mask & ALL_CALLER_SAVED;
  if (expected === 0) return;
  let pairs = 0;
  let off = lowest;
  for (; pairs < 6; off += 8) {
    const stx = call - pairs - 1;
    const ldx = call + pairs + 1;
    if (stx < 0 || ldx >= env.insns.length || targets[stx + 1] === 1 || targets[ldx] === 1) break;
    const saved = env.insns[stx]!;
    if (!isPair(saved, env.insns[ldx]!, off) || (expected & (1 << saved.src)) === 0) break;
    expected &= ~(1 << saved.src);
    env.aux[stx]!.fastcallPattern = env.aux[ldx]!.fastcallPattern = true;
    pairs++;
  }
  if (pairs === 0) return;
  if (inlined) env.aux[call]!.fastcallSpills = pairs;
  else subprog.keepFastcallStack = true;
  subprog.fastcallStackOff = Math.min(subprog.fastcallStackOff, off);
}

/** @models kernel/bpf/verifier.c mark_fastcall_patterns() */
export function markFastcallPatterns(env: VerifierEnv): void {
  const targets = Uint8Array.from(env.aux, ({ jumpTarget }) => (jumpTarget ? 1 : 0));
  for (let s = 0; s < env.subprogCnt; s++) {
    const subprog = env.subprogs[s]!;
    const end = env.subprogs[s + 1]!.start;
    let lowest = 0;
    for (let i = subprog.start; i < end; i++) {
      const { code, dst, off } = env.insns[i]!;
      if (code === STX && dst === FP) lowest = Math.min(lowest, off);
    }
    for (let i = subprog.start; i < end; i++)
      if (env.insns[i]!.code === CALL) markCall(env, subprog, i, lowest, targets);
  }
}

/** @models kernel/bpf/verifier.c remove_fastcall_spills_fills() */
export function removeFastcallSpills(env: VerifierEnv): void {
  for (let s = 0; s < env.subprogCnt; s++) {
    const subprog = env.subprogs[s]!;
    const end = env.subprogs[s + 1]!.start;
    let modified = false;
    for (let i = subprog.start; i < end; i++) {
      const pairs = env.aux[i]!.fastcallSpills;
      for (let j = 1; j <= pairs; j++) env.insns[i - j] = env.insns[i + j] = jmpA(0);
      modified ||= pairs > 0;
    }
    if (modified && !subprog.keepFastcallStack) subprog.stackDepth = -subprog.fastcallStackOff;
  }
}
