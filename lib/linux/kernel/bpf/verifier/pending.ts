// kernel/bpf/verifier.c: branches that wait to be walked (push_stack(), pop_stack()), and how many paths of each kept state
// are still open. Speculative branches are those that only a processor's guess would take.
import { EFAULT } from '../../../../uapi/asm-generic/errno.js';
import type { VerifierEnv } from './env.js';
import type { VerifierState } from './state.js';

const BPF_COMPLEXITY_LIMIT_JMP_SEQ = 8192;

/** Puts a copy of the current state aside, to go on at `insnIdx`. @models kernel/bpf/verifier.c push_stack() */
export function pushStack(env: VerifierEnv, insnIdx: number, prevInsnIdx: number, speculative: boolean): VerifierState {
  const state = env.curState.clone();
  env.pending.push({ state, insnIdx, prevInsnIdx, logPos: env.log.endPos });
  state.speculative ||= speculative;
  checkDepth(env);
  if (state.parent !== undefined) state.parent.branches++;
  return state;
}

function checkDepth(env: VerifierEnv): void {
  if (env.pending.length > BPF_COMPLEXITY_LIMIT_JMP_SEQ)
    throw env.refuse(EFAULT, `The sequence of ${env.pending.length} jumps is too complex.`);
}

/** Puts a state of its own aside: an asynchronous callback. @models kernel/bpf/verifier.c push_async_cb() */
export function pushAsync(env: VerifierEnv, state: VerifierState, insnIdx: number, prevInsnIdx: number): void {
  env.pending.push({ state, insnIdx, prevInsnIdx, logPos: env.log.endPos });
  checkDepth(env);
}

/** A path has come to its end. @models kernel/bpf/verifier.c update_branch_counts() */
export function updateBranchCounts(env: VerifierEnv, from: VerifierState): void {
  for (let st: VerifierState | undefined = from; st !== undefined; st = st.parent) {
    if (--st.branches !== 0) return;
    env.scc.exit(st);
    if (st.inFreeList) maybeFree(env, st);
  }
}

/** A state that is out of its list counts until nothing needs it. @models kernel/bpf/verifier.c maybe_free_verifier_state() */
export function maybeFree(env: VerifierEnv, st: VerifierState): void {
  if (!st.inFreeList || st.branches !== 0 || env.scc.isIncomplete(st)) return;
  st.inFreeList = false;
  env.freeListSize--;
}

/** Goes on with the branch that was put aside last; false when none waits. @models kernel/bpf/verifier.c pop_stack() */
export function popStack(env: VerifierEnv, popLog: boolean): boolean {
  const next = env.pending.pop();
  if (next === undefined) return false;
  env.curState = next.state;
  if (popLog) env.log.reset(next.logPos);
  env.insnIdx = next.insnIdx;
  env.prevInsnIdx = next.prevInsnIdx;
  return true;
}
