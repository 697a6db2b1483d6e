// kernel/bpf/verifier.c is_state_visited(): at a prune point the current state is compared with the kept ones; it ends here
// when one covers it, and is kept itself when that promises to be of use. Loops show up here, too.
import { EINVAL } from '../../../../uapi/asm-generic/errno.js';
import { SCALAR_VALUE } from '../type_flags.js';
import { isMayGoto } from './call_kinds.js';
import { verboseLinfo } from './btf_info.js';
import * as Compare from './compare.js';
import type { VerifierEnv } from './env.js';
import { pushJmpHistory } from './history.js';
import { maybeFree } from './pending.js';
import { markAllScalarsImprecise, propagatePrecision } from './precision.js';
import { printVerifierState } from './print.js';
import type { RegState } from './reg_state.js';
import type { FuncState, VerifierState } from './state.js';

const BPF_COMPLEXITY_LIMIT_STATES = 64;
/** History entries above which a state is kept in any case. */
const LONG_HISTORY = 40;

/** Kept states, the latest first. @models kernel/bpf/verifier.c explored_state() */
function exploredStates(env: VerifierEnv, insn: number): VerifierState[] {
  const bucket = ((insn ^ env.curState.cur.callsite) >>> 0) % env.insns.length;
  return (env.explored[bucket] ??= []);
}

function cleanFrame(env: VerifierEnv, frame: FuncState, insn: number): void {
  const live = env.aux[insn]!.liveRegsBefore;
  for (let i = 0; i < 10; i++) if ((live & (1 << i)) === 0) frame.regs[i]!.markNotInit(env.precise);
  for (const [spi, slot] of frame.stack.entries()) {
    if (slot.types === 0 || env.liveness.isAlive(frame.frameno, spi)) continue;
    slot.reg.markNotInit(env.precise);
    slot.types = 0;
  }
}

/** Forgets what is dead in states whose paths are all done. @models kernel/bpf/verifier.c clean_live_states() */
function cleanLiveStates(env: VerifierEnv, insn: number, states: readonly VerifierState[]): void {
  for (const state of states) {
    if (state.branches !== 0 || state.insnIdx !== insn || state.cleaned) continue;
    if (!state.sameCallsites(env.curState) || env.scc.isIncomplete(state)) continue;
    env.liveness.query(state);
    state.cleaned = true;
    for (const [i, frame] of state.frame.entries()) cleanFrame(env, frame, state.insnOf(i));
  }
}

/** The nearest kept state at `insn` on the way to `cur`. @models kernel/bpf/verifier.c find_prev_entry() */
export function findPrevEntry(
  env: VerifierEnv,
  cur: VerifierState | undefined,
  insn: number,
): VerifierState | undefined {
  if (cur === undefined) return undefined;
  return exploredStates(env, insn).find(
    (st) => st.insnIdx === insn && st.branches !== 0 && st.sameCallsites(cur) && st.dfsDepth < cur.dfsDepth,
  );
}

function maybeWiden(env: VerifierEnv, old: RegState, cur: RegState): void {
  if (old.type !== SCALAR_VALUE || old.type !== cur.type) return;
  if (old.precise || cur.precise || old.sameUpToId(cur)) return;
  cur.markUnknown(env.precise);
}

/** Scalars that differ from round to round and need not be precise become unknown. @models kernel/bpf/verifier.c widen_imprecise_scalars() */
export function widenImpreciseScalars(env: VerifierEnv, old: VerifierState, cur: VerifierState): void {
  for (let fr = old.curframe; fr >= 0; fr--) {
    const fold = old.frame[fr]!;
    const fcur = cur.frame[fr]!;
    for (let i = 0; i < 11; i++) maybeWiden(env, fold.regs[i]!, fcur.regs[i]!);
    for (const [spi, slot] of fold.stack.entries()) {
      const other = fcur.stack[spi];
      if (slot.isSpilled && other?.isSpilled === true) maybeWiden(env, slot.reg, other.reg);
    }
  }
}

/** What comparing with one kept state led to. */
const MISS = 0;
const HIT = 1;
const HIT_IN_LOOP = 2;
type Comparison = typeof MISS | typeof HIT | typeof HIT_IN_LOOP;

class Visit {
  readonly #env: VerifierEnv;
  readonly #insn: number;
  readonly #states: VerifierState[];
  readonly #force: boolean;
  #add: boolean;

  constructor(env: VerifierEnv, insn: number) {
    this.#env = env;
    this.#insn = insn;
    this.#states = exploredStates(env, insn);
    const { forceCheckpoint } = env.aux[insn]!;
    this.#force = env.testStateFreq || forceCheckpoint || env.curState.history.length > LONG_HISTORY;
    this.#add =
      this.#force || (env.jmpsProcessed - env.prevJmpsProcessed >= 2 && env.insnProcessed - env.prevInsnProcessed >= 8);
  }

  /** True when a kept state covers the current one. */
  run(): boolean {
    const env = this.#env;
    cleanLiveStates(env, this.#insn, this.#states);
    let count = 0;
    for (const state of this.#states.slice()) {
      count++;
      if (state.insnIdx !== this.#insn) continue;
      const found = state.branches !== 0 ? this.#compareOpen(state) : this.#compareDone(state);
      if (found !== MISS) {
        this.#hit(state, found === HIT_IN_LOOP);
        return true;
      }
      this.#miss(state);
    }
    env.maxStatesPerInsn = Math.max(env.maxStatesPerInsn, count);
    if (!env.bpfCapable && count > BPF_COMPLEXITY_LIMIT_STATES) return false;
    if (this.#add) this.#keep();
    return false;
  }

  #compareDone(state: VerifierState): Comparison {
    const loop = this.#env.scc.isIncomplete(state);
    const exact = loop ? Compare.RANGE_WITHIN : Compare.NOT_EXACT;
    if (!Compare.statesEqual(this.#env, state, this.#env.curState, exact)) return MISS;
    return loop ? HIT_IN_LOOP : HIT;
  }

  /** The kept state is on the way to the current one: a loop. */
  #compareOpen(state: VerifierState): Comparison {
    const env = this.#env;
    const cur = env.curState;
    const within = (): boolean => Compare.statesEqual(env, state, cur, Compare.RANGE_WITHIN);
    const isAsync = state.cur.inAsyncCallbackFn && state.cur.asyncEntryCnt !== cur.cur.asyncEntryCnt;
    if (!isAsync) {
      if (isMayGoto(env.insns[this.#insn]!) && state.mayGotoDepth !== cur.mayGotoDepth && within()) return HIT_IN_LOOP;
      if (env.aux[this.#insn]!.callsCallback) {
        if (within()) return HIT_IN_LOOP;
      } else this.#checkInfinite(state);
    }
    if (
      !this.#force &&
      env.jmpsProcessed - env.prevJmpsProcessed < 20 &&
      env.insnProcessed - env.prevInsnProcessed < 100
    )
      this.#add = false;
    return MISS;
  }

  #checkInfinite(state: VerifierState): void {
    const env = this.#env;
    const cur = env.curState;
    const same =
      Compare.maybeLooping(state, cur) &&
      Compare.statesEqual(env, state, cur, Compare.EXACT) &&
      state.mayGotoDepth === cur.mayGotoDepth &&
      state.callbackUnrollDepth === cur.callbackUnrollDepth;
    if (!same) return;
    verboseLinfo(env, this.#insn, '; ');
    const refusal = env.refuse(EINVAL, `infinite loop detected at insn ${this.#insn}`);
    env.verbose('cur state:');
    printVerifierState(env, cur, cur.curframe, true);
    env.verbose('old state:');
    printVerifierState(env, state, cur.curframe, true);
    throw refusal;
  }

  #hit(state: VerifierState, loop: boolean): void {
    const env = this.#env;
    const cur = env.curState;
    state.hitCnt++;
    if (env.aux[env.insnIdx]!.jmpPoint) pushJmpHistory(env, cur, 0, undefined);
    propagatePrecision(env, state, cur);
    if (!loop) return;
    const backedge = cur.clone();
    backedge.equalState = state;
    backedge.insnIdx = this.#insn;
    env.scc.addBackedge(state, backedge);
  }

  #miss(state: VerifierState): void {
    const env = this.#env;
    if (this.#add) state.missCnt++;
    const n = env.aux[this.#insn]!.forceCheckpoint && state.branches > 0 ? 64 : 3;
    if (state.missCnt <= state.hitCnt * n + n) return;
    state.inFreeList = true;
    this.#states.splice(this.#states.indexOf(state), 1);
    env.freeListSize++;
    env.exploredSize--;
    maybeFree(env, state);
  }

  #keep(): void {
    const env = this.#env;
    const cur = env.curState;
    env.totalStates++;
    env.exploredSize++;
    env.scc.updatePeakStates();
    env.prevJmpsProcessed = env.jmpsProcessed;
    env.prevInsnProcessed = env.insnProcessed;
    if (env.bpfCapable) markAllScalarsImprecise(cur);
    const kept = cur.clone();
    kept.insnIdx = this.#insn;
    env.scc.enter(kept);
    cur.parent = kept;
    cur.firstInsnIdx = this.#insn;
    cur.dfsDepth = kept.dfsDepth + 1;
    cur.history = [];
    this.#states.unshift(kept);
  }
}

/** True when the current state need not be walked on. @models kernel/bpf/verifier.c is_state_visited() */
export const isStateVisited = (env: VerifierEnv, insn: number): boolean => new Visit(env, insn).run();
