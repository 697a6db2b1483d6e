// kernel/bpf/verifier.c: which scalars matter. A kept state's scalar is precise when the exact bounds were needed on the way
// to the end; others compare equal whatever they are. When a bound is needed, the way is walked in reverse
// (backtracking), from state to parent state, and everything the value came from is marked.
import { BPF_FUNC_tail_call } from '../../../../uapi/linux/bpf_func_id.js';
import * as C from '../../../../uapi/linux/bpf_common.js';
import * as I from '../../../../uapi/linux/bpf_insn.js';
import { bpfClass, bpfMode, bpfOp, bpfSrc } from '../../../../vm/isa.js';
import { SCALAR_VALUE } from '../type_flags.js';
import type { BpfInsn } from '../verifier_ops.js';
import { isPseudoCall, isSyncCallbackCall } from './call_kinds.js';
import type { VerifierEnv } from './env.js';
import { HistoryWalk } from './history.js';
import { insnText, printVerifierState, regMaskStr, stackMaskStr } from './print.js';
import type { RegState } from './reg_state.js';
import * as S from './state.js';
import type { FuncState, HistoryEntry, VerifierState } from './state.js';

/** R1 to R5 */
const ARGS = 0x3e;

/** Backtracking cannot tell; every scalar on the way is taken as precise. */
const NOT_SUPPORTED = false;

/** struct backtrack_state: registers and slots, by frame, that are still looked for. */
export class Backtrack {
  frame: number;
  readonly regs = new Int32Array(I.MAX_CALL_FRAMES);
  /** Slots below 32, and from there on. */
  readonly low = new Int32Array(I.MAX_CALL_FRAMES);
  readonly high = new Int32Array(I.MAX_CALL_FRAMES);

  constructor(frame: number) {
    this.frame = frame;
  }

  isEmpty(): boolean {
    for (let i = 0; i <= this.frame; i++) if ((this.regs[i]! | this.low[i]! | this.high[i]!) !== 0) return false;
    return true;
  }

  hasReg(reg: number): boolean {
    return (this.regs[this.frame]! & (1 << reg)) !== 0;
  }

  setReg(reg: number): void {
    this.setFrameReg(this.frame, reg);
  }

  clearReg(reg: number): void {
    this.clearFrameReg(this.frame, reg);
  }

  setFrameReg(frame: number, reg: number): void {
    this.regs[frame]! |= 1 << reg;
  }

  clearFrameReg(frame: number, reg: number): void {
    this.regs[frame]! &= ~(1 << reg);
  }

  hasSlot(frame: number, slot: number): boolean {
    return ((slot < 32 ? this.low : this.high)[frame]! & (1 << (slot & 31))) !== 0;
  }

  setSlot(frame: number, slot: number): void {
    (slot < 32 ? this.low : this.high)[frame]! |= 1 << (slot & 31);
  }

  clearSlot(frame: number, slot: number): void {
    (slot < 32 ? this.low : this.high)[frame]! &= ~(1 << (slot & 31));
  }

  get hasArgs(): boolean {
    return (this.regs[this.frame]! & ARGS) !== 0;
  }
}

/** bt_sync_linked_regs(): registers that got their range together are wanted together. */
function syncLinkedRegs(bt: Backtrack, entry: HistoryEntry | undefined): void {
  const linked = entry?.linkedRegs;
  if (linked === undefined) return;
  const wanted = linked.some(({ frameno, index, isReg }) =>
    isReg ? (bt.regs[frameno]! & (1 << index)) !== 0 : bt.hasSlot(frameno, index),
  );
  if (!wanted) return;
  for (const { frameno, index, isReg } of linked)
    if (isReg) bt.setFrameReg(frameno, index);
    else bt.setSlot(frameno, index);
}

function backtrackAlu(insn: BpfInsn, bt: Backtrack): void {
  const { code, dst, src } = insn;
  const op = bpfOp(code);
  if (op === I.BPF_MOV) bt.clearReg(dst);
  if (bpfSrc(code) === C.BPF_X && src !== I.BPF_REG_FP) bt.setReg(src);
}

function backtrackLoad(bt: Backtrack, reg: number, entry: HistoryEntry | undefined): void {
  bt.clearReg(reg);
  if (entry === undefined || (entry.flags & S.INSN_F_STACK_ACCESS) === 0) return;
  bt.setSlot(S.stackAccessFrameno(entry.flags), S.stackAccessSpi(entry.flags));
}

function backtrackStore(insn: BpfInsn, bt: Backtrack, entry: HistoryEntry | undefined): boolean {
  if (bt.hasReg(insn.dst)) return NOT_SUPPORTED;
  if (entry === undefined || (entry.flags & S.INSN_F_STACK_ACCESS) === 0) return true;
  const frame = S.stackAccessFrameno(entry.flags);
  const slot = S.stackAccessSpi(entry.flags);
  if (!bt.hasSlot(frame, slot)) return true;
  bt.clearSlot(frame, slot);
  if (bpfClass(insn.code) === C.BPF_STX) bt.setReg(insn.src);
  return true;
}

const hex = (mask: number): string => (mask >>> 0).toString(16);

/** Backwards over a call of a subprogram: out of it, into the caller. */
function backtrackSubprogCall(env: VerifierEnv, idx: number, insn: BpfInsn, bt: Backtrack): void {
  const subprog = env.findSubprog(idx + insn.imm + 1);
  if (env.types?.isGlobal(subprog) === true) {
    if (bt.hasArgs) throw env.bug(`global subprog unexpected regs ${hex(bt.regs[bt.frame]!)}`);
    bt.clearReg(0);
    return;
  }
  if ((bt.regs[bt.frame]! & ~ARGS) !== 0) throw env.bug(`static subprog unexpected regs ${hex(bt.regs[bt.frame]!)}`);
  if ((bt.low[bt.frame]! | bt.high[bt.frame]!) !== 0) throw env.bug('static subprog leftover stack slots');
  for (let i = 1; i <= 5; i++)
    if (bt.hasReg(i)) {
      bt.clearReg(i);
      bt.setFrameReg(bt.frame - 1, i);
    }
  leaveFrame(env, bt);
}

function leaveFrame(env: VerifierEnv, bt: Backtrack): void {
  if (bt.frame === 0) throw env.bug('subprog exit from frame 0');
  bt.frame--;
}

function enterFrame(env: VerifierEnv, bt: Backtrack): void {
  if (bt.frame === I.MAX_CALL_FRAMES - 1) throw env.bug(`subprog enter from frame ${bt.frame}`);
  bt.frame++;
}

/** Backwards from a callback into the helper that calls it. */
function backtrackCallback(env: VerifierEnv, bt: Backtrack): void {
  if ((bt.regs[bt.frame]! & ~ARGS) !== 0) throw env.bug(`callback unexpected regs ${hex(bt.regs[bt.frame]!)}`);
  if ((bt.low[bt.frame]! | bt.high[bt.frame]!) !== 0) throw env.bug('callback leftover stack slots');
  for (let i = 1; i <= 5; i++) bt.clearReg(i);
  leaveFrame(env, bt);
}

function backtrackCall(env: VerifierEnv, idx: number, subseq: number, insn: BpfInsn, bt: Backtrack): void {
  bt.clearReg(0);
  if (bt.hasArgs) throw env.bug(`backtracking call unexpected regs ${hex(bt.regs[bt.frame]!)}`);
  if (insn.src === 0 && insn.imm === BPF_FUNC_tail_call && subseq - idx !== 1) enterFrame(env, bt);
}

/** Backwards over the exit of a subprogram: into it. */
function backtrackExit(env: VerifierEnv, subseq: number, bt: Backtrack): void {
  if (subseq >= 0 && env.aux[subseq]!.callsCallback) for (let i = 1; i <= 5; i++) bt.clearReg(i);
  if (bt.hasArgs) throw env.bug(`backtracking exit unexpected regs ${hex(bt.regs[bt.frame]!)}`);
  const r0 = subseq >= 1 && isPseudoCall(env.insns[subseq - 1]!) && bt.hasReg(0);
  bt.clearReg(0);
  enterFrame(env, bt);
  if (r0) bt.setReg(0);
}

function backtrackCondition({ code, dst, src }: BpfInsn, bt: Backtrack, entry: HistoryEntry | undefined): void {
  if (bpfSrc(code) !== C.BPF_X || (!bt.hasReg(dst) && !bt.hasReg(src))) return;
  const flags = entry?.flags ?? 0;
  if ((flags & S.INSN_F_SRC_REG_STACK) === 0) bt.setReg(src);
  if ((flags & S.INSN_F_DST_REG_STACK) === 0) bt.setReg(dst);
}

/** True when the instruction is done with, false when registers that got their range here are still to be looked at. */
function backtrackJump(
  env: VerifierEnv,
  idx: number,
  subseq: number,
  insn: BpfInsn,
  bt: Backtrack,
  entry: HistoryEntry | undefined,
): boolean {
  const op = bpfOp(insn.code);
  if (isPseudoCall(insn)) {
    backtrackSubprogCall(env, idx, insn, bt);
    return true;
  }
  if (isSyncCallbackCall(insn) && idx !== subseq - 1) {
    backtrackCallback(env, bt);
    return true;
  }
  if (op === I.BPF_EXIT) {
    backtrackExit(env, subseq, bt);
    return true;
  }
  if (op === I.BPF_CALL) backtrackCall(env, idx, subseq, insn, bt);
  else backtrackCondition(insn, bt, entry);
  return false;
}

function logStep(env: VerifierEnv, bt: Backtrack, idx: number): void {
  if (!env.tracingAll) return;
  const regs = regMaskStr(bt.regs[bt.frame]!);
  const stack = stackMaskStr(bt.low[bt.frame]!, bt.high[bt.frame]!);
  env.verbose(`mark_precise: frame${bt.frame}: regs=${regs} stack=${stack} before ${idx}: ${insnText(env, idx)}`);
}

/**
 * NOT_SUPPORTED, or true.
 *
 * @models kernel/bpf/verifier.c backtrack_insn()
 * @differs what an atomic instruction fetches from the stack is looked for there, which 6.18 forgets
 */
function backtrackInsn(
  env: VerifierEnv,
  idx: number,
  subseq: number,
  entry: HistoryEntry | undefined,
  bt: Backtrack,
): boolean {
  const insn = env.insns[idx]!;
  if (insn.code === 0) return true;
  logStep(env, bt, idx);
  syncLinkedRegs(bt, entry);
  const { code, dst } = insn;
  switch (bpfClass(code)) {
    case C.BPF_ALU:
    case I.BPF_ALU64:
      if (!bt.hasReg(dst) || bpfOp(code) === I.BPF_END || bpfOp(code) === C.BPF_NEG) return true;
      backtrackAlu(insn, bt);
      break;
    case C.BPF_LDX:
      if (!bt.hasReg(dst)) return true;
      backtrackLoad(bt, dst, entry);
      break;
    case C.BPF_STX:
    case C.BPF_ST: {
      const load = atomicLoadReg(insn);
      if (load < 0) {
        if (!backtrackStore(insn, bt, entry)) return NOT_SUPPORTED;
        break;
      }
      if (!bt.hasReg(load)) return true;
      backtrackLoad(bt, load, entry);
      break;
    }
    case C.BPF_LD:
      if (!bt.hasReg(dst)) return true;
      bt.clearReg(dst);
      if (bpfMode(code) === C.BPF_IND || bpfMode(code) === C.BPF_ABS) return NOT_SUPPORTED;
      break;
    default:
      if (backtrackJump(env, idx, subseq, insn, bt, entry)) return true;
  }
  syncLinkedRegs(bt, entry);
  return true;
}

/** The register that an atomic instruction fetches into, or -1. */
function atomicLoadReg({ code, dst, src, imm }: BpfInsn): number {
  if (bpfClass(code) !== C.BPF_STX || bpfMode(code) !== I.BPF_ATOMIC) return -1;
  if (imm === I.BPF_LOAD_ACQ) return dst;
  if (imm === I.BPF_CMPXCHG) return 0;
  return imm !== I.BPF_STORE_REL && (imm & I.BPF_FETCH) !== 0 ? src : -1;
}

/** @models kernel/bpf/verifier.c mark_all_scalars_precise() */
export function markAllScalarsPrecise(env: VerifierEnv, state: VerifierState): void {
  if (env.tracingAll)
    env.verbose(`mark_precise: frame${state.curframe}: falling back to forcing all scalars precise\n`);
  for (let st = state.parent; st !== undefined; st = st.parent)
    for (const [i, frame] of st.frame.entries()) {
      for (let r = 0; r < 10; r++) forcePrecise(env, frame.regs[r]!, i, `r${r}`);
      for (const [spi, slot] of frame.stack.entries())
        if (slot.isSpilled) forcePrecise(env, slot.reg, i, `fp${-(spi + 1) * 8}`);
    }
}

function forcePrecise(env: VerifierEnv, reg: RegState, frame: number, name: string): void {
  if (reg.type !== SCALAR_VALUE || reg.precise) return;
  reg.precise = true;
  if (env.tracingAll) env.verbose(`force_precise: frame${frame}: forcing ${name} to be precise\n`);
}

/** @models kernel/bpf/verifier.c mark_all_scalars_imprecise() */
export function markAllScalarsImprecise(state: VerifierState): void {
  state.forEachReg((reg) => {
    if (reg.type === SCALAR_VALUE) reg.precise = false;
  });
}

/** The arguments of a global function, at its very start. */
function markEntry(env: VerifierEnv, st: VerifierState, bt: Backtrack): boolean {
  const frame = st.frame[0]!;
  const fits = st.curframe === 0 && frame.subprogno > 0 && frame.callsite === S.BPF_MAIN_FUNC;
  const regs = bt.regs[bt.frame]!;
  if (!fits || (bt.low[bt.frame]! | bt.high[bt.frame]!) !== 0 || (regs & ~ARGS) !== 0)
    throw env.bug(`backtracking func entry subprog ${frame.subprogno} reg_mask ${hex(regs)} stack_mask 0`);
  let changed = false;
  for (let i = 1; i <= 5; i++) {
    if ((regs & (1 << i)) === 0 || frame.regs[i]!.type !== SCALAR_VALUE) continue;
    frame.regs[i]!.precise = true;
    changed = true;
  }
  return changed;
}

/** Marks what is wanted in one register of a parent; false when nothing further is to be looked for there. */
function markReg(reg: RegState): boolean {
  if (reg.type !== SCALAR_VALUE || reg.precise) return false;
  reg.precise = true;
  return true;
}

function markFrame(env: VerifierEnv, frame: FuncState, fr: number, bt: Backtrack): boolean {
  let changed = false;
  for (let i = 0, mask = bt.regs[fr]!; mask !== 0; i++, mask >>>= 1) {
    if ((mask & 1) === 0) continue;
    if (markReg(frame.regs[i]!)) changed = true;
    else bt.clearFrameReg(fr, i);
  }
  if ((bt.low[fr]! | bt.high[fr]!) === 0) return changed;
  for (let i = 0; i < 64; i++) {
    if (!bt.hasSlot(fr, i)) continue;
    const slot = frame.stack[i];
    if (slot === undefined) throw env.bug(`stack slot ${i}, total slots ${frame.stack.length}`);
    if (slot.isSpilledScalar && markReg(slot.reg)) changed = true;
    else bt.clearSlot(fr, i);
  }
  return changed;
}

function markParent(env: VerifierEnv, st: VerifierState, bt: Backtrack): boolean {
  let changed = false;
  for (let fr = bt.frame; fr >= 0; fr--) {
    if (markFrame(env, st.frame[fr]!, fr, bt)) changed = true;
    if (!env.tracingAll) continue;
    const stack = stackMaskStr(bt.low[fr]!, bt.high[fr]!);
    env.verbose(`mark_precise: frame${fr}: parent state regs=${regMaskStr(bt.regs[fr]!)} stack=${stack}: `);
    printVerifierState(env, st, fr, true);
  }
  return changed;
}

/**
 * Marks what `bt` asks for in `start`, and everything it came from, in all parent states. Whether a mark was new.
 * @models kernel/bpf/verifier.c __mark_chain_precision()
 */
export function markChainPrecisionOf(env: VerifierEnv, start: VerifierState, bt: Backtrack): boolean {
  if (!env.bpfCapable || bt.isEmpty()) return false;
  let changed = false;
  let st = start;
  let lastIdx = start.insnIdx;
  let firstIdx = start.firstInsnIdx;
  let subseq = -1;
  let skip = true;
  for (;;) {
    if (env.tracingAll)
      env.verbose(`mark_precise: frame${bt.frame}: last_idx ${lastIdx} first_idx ${firstIdx} subseq_idx ${subseq} \n`);
    if (lastIdx < 0) return markEntry(env, st, bt) || changed;
    const walk = new HistoryWalk(st);
    for (let i: number | undefined = lastIdx; i !== undefined; i = walk.previous(i)) {
      if (!skip && !backtrackInsn(env, i, subseq, walk.entry(i), bt)) {
        markAllScalarsPrecise(env, start);
        return changed;
      }
      skip = false;
      if (bt.isEmpty()) return changed;
      subseq = i;
      if (i < 0) throw env.bug(`backtracking idx ${i}`);
    }
    if (st.parent === undefined) break;
    st = st.parent;
    if (markParent(env, st, bt)) changed = true;
    if (bt.isEmpty()) return changed;
    subseq = firstIdx;
    lastIdx = st.lastInsnIdx;
    firstIdx = st.firstInsnIdx;
  }
  if (!bt.isEmpty()) markAllScalarsPrecise(env, start);
  return changed;
}

/** The exact bounds of a register of the current function are needed. @models kernel/bpf/verifier.c mark_chain_precision() */
export function markChainPrecision(env: VerifierEnv, regno: number): void {
  if (!env.bpfCapable || regno < 0) return;
  const state = env.curState;
  if (state.cur.regs[regno]!.type !== SCALAR_VALUE) throw env.bug('backtracking misuse');
  const bt = new Backtrack(state.curframe);
  bt.setReg(regno);
  markChainPrecisionOf(env, state, bt);
}

/** Those of a spilled register. @models kernel/bpf/verifier.c mark_chain_precision_batch() */
export function markSlotPrecision(env: VerifierEnv, frame: number, spi: number): void {
  const bt = new Backtrack(env.curState.curframe);
  bt.setSlot(frame, spi);
  markChainPrecisionOf(env, env.curState, bt);
}

/**
 * What is precise in a kept state that `cur` was found equal to becomes precise in the parents of `cur`.
 * @models kernel/bpf/verifier.c propagate_precision()
 */
export function propagatePrecision(env: VerifierEnv, old: VerifierState, cur: VerifierState): boolean {
  const bt = new Backtrack(cur.curframe);
  for (let fr = old.curframe; fr >= 0; fr--) {
    const names: string[] = [];
    const frame = old.frame[fr]!;
    for (let i = 0; i < 10; i++) {
      const reg = frame.regs[i]!;
      if (reg.type !== SCALAR_VALUE || !reg.precise) continue;
      names.push(`r${i}`);
      bt.setFrameReg(fr, i);
    }
    for (const [spi, slot] of frame.stack.entries()) {
      if (!slot.isSpilledScalar || !slot.reg.precise) continue;
      names.push(`fp${-(spi + 1) * 8}`);
      bt.setSlot(fr, spi);
    }
    if (names.length > 0 && env.tracingAll) env.verbose(`frame ${fr}: propagating ${names.join(',')}\n`);
  }
  return markChainPrecisionOf(env, cur, bt);
}
