// kernel/bpf/core.c bpf_patch_insn_single(), bpf_remove_insns(): changing a verified program. A pass says for each instruction
// what stands in its place; everything that points somewhere (jumps, calls, functions, lines) is moved along at once.
import { ERANGE } from '../../../../uapi/asm-generic/errno.js';
import * as C from '../../../../uapi/linux/bpf_common.js';
import * as I from '../../../../uapi/linux/bpf_insn.js';
import { bpfOp } from '../../../../vm/isa.js';
import type { BpfInsn } from '../verifier_ops.js';
import { isPseudoCall, isPseudoFunc } from './call_kinds.js';
import { InsnAux, type VerifierEnv } from './env.js';
import { isJump } from './successors.js';

/** A jump or a reference to a function, as an instruction number relative to its own. */
function distanceOf(insn: BpfInsn): number | undefined {
  if (isPseudoCall(insn) || isPseudoFunc(insn)) return insn.imm;
  const op = bpfOp(insn.code);
  if (!isJump(insn.code) || op === I.BPF_EXIT || op === I.BPF_CALL) return undefined;
  return insn.code === (I.BPF_JMP32 | C.BPF_JA) ? insn.imm : insn.off;
}

function withDistance(env: VerifierEnv, insn: BpfInsn, distance: number): BpfInsn {
  if (isPseudoCall(insn) || isPseudoFunc(insn) || insn.code === (I.BPF_JMP32 | C.BPF_JA))
    return { ...insn, imm: distance };
  if (distance < -0x8000 || distance > 0x7fff) throw env.refuse(ERANGE, 'insn cannot be patched due to 16-bit range');
  return { ...insn, off: distance };
}

/** Where an instruction came from: the instruction in whose place it stands, and its place among those. */
interface Origin {
  readonly old: number;
  readonly at: number;
  readonly count: number;
}

/**
 * The old number of the instruction that a jump leads to, or undefined when it stays among the instructions that stand for
 * one. The last of those is where the instruction itself was.
 */
function oldTarget({ old, at, count }: Origin, distance: number): number | undefined {
  if (at === count - 1) return old + distance + 1;
  const local = at + distance + 1;
  if (local < 0) return old + local;
  return local < count ? undefined : old + 1 + local - count;
}

export interface Pass {
  /** What stands for instruction `i`; undefined: itself; empty: nothing. */
  readonly make: (i: number, insn: BpfInsn) => readonly BpfInsn[] | undefined;
  /** Instructions of which jumps go to the last one of those that stand for them. */
  readonly entersAtLast?: number;
}

/**
 * Rewrites the program. Returns the new number of each old instruction, and of its end.
 *
 * @models kernel/bpf/verifier.c bpf_patch_insn_data()
 */
export function rewrite(env: VerifierEnv, { make, entersAtLast }: Pass): Int32Array {
  const { insns, aux } = env;
  const moved = new Int32Array(insns.length + 1);
  const lists = new Map<number, readonly BpfInsn[]>();
  for (const [old, insn] of insns.entries()) {
    moved[old] = old;
    const list = make(old, insn);
    if (list !== undefined) lists.set(old, list);
  }
  moved[insns.length] = insns.length;
  if (lists.size === 0) return moved;
  const made: BpfInsn[] = [];
  const madeAux: InsnAux[] = [];
  const origins: Origin[] = [];
  for (const [old, insn] of insns.entries()) {
    moved[old] = made.length;
    const list = lists.get(old);
    const count = list?.length ?? 1;
    for (let at = 0; at < count; at++) {
      made.push(list?.[at] ?? insn);
      origins.push({ old, at, count });
      madeAux.push(at === count - 1 ? aux[old]! : insertedAux(aux[old]!));
    }
  }
  moved[insns.length] = made.length;
  const entries = moved.slice();
  if (entersAtLast !== undefined) entries[entersAtLast] = moved[entersAtLast + 1]! - 1;
  for (const [i, insn] of made.entries()) {
    const distance = distanceOf(insn);
    const target = distance === undefined ? undefined : oldTarget(origins[i]!, distance);
    if (target === undefined) continue;
    const now = (isPseudoCall(insn) || isPseudoFunc(insn) ? moved : entries)[target]! - i - 1;
    if (now !== distance) made[i] = withDistance(env, insn, now);
  }
  env.insns = made;
  env.aux = madeAux;
  moveSubprogs(env, moved);
  env.lines.move(moved);
  return moved;
}

function insertedAux({ origIdx, seen }: InsnAux): InsnAux {
  const made = new InsnAux(origIdx);
  made.seen = seen;
  return made;
}

/** Functions of which nothing is left are gone. */
function moveSubprogs(env: VerifierEnv, moved: Int32Array): void {
  const { subprogs, subprogCnt } = env;
  const end = subprogs[subprogCnt]!;
  const kept = subprogs.slice(0, subprogCnt).filter(({ start }, i) => moved[start] !== moved[subprogs[i + 1]!.start]);
  for (const subprog of [...kept, end]) subprog.start = moved[subprog.start]!;
  env.subprogs = [...kept, end];
  env.subprogCnt = kept.length;
}

/** Takes instructions away. @models kernel/bpf/verifier.c verifier_remove_insns() */
export function remove(env: VerifierEnv, isGone: (i: number, insn: BpfInsn) => boolean): void {
  rewrite(env, { make: (i, insn) => (isGone(i, insn) ? [] : undefined) });
}
