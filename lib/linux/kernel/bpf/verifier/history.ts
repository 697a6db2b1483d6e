// kernel/bpf/verifier.c: what a state remembers of its way: jumps that were taken and accesses to the stack, so that
// backtracking (precision.ts) can walk it in reverse.
import type { VerifierEnv } from './env.js';
import type { LinkedReg, VerifierState } from './state.js';

/** Notes the current instruction in a state's history. @models kernel/bpf/verifier.c push_jmp_history() */
export function pushJmpHistory(
  env: VerifierEnv,
  cur: VerifierState,
  flags: number,
  linkedRegs: readonly LinkedReg[] | undefined,
): void {
  const { history } = cur;
  const last = env.curHistEnt;
  if (last !== undefined && history[history.length - 1] === last) {
    env.curHistEnt = { ...last, flags: last.flags | flags, linkedRegs };
    history[history.length - 1] = env.curHistEnt;
    return;
  }
  env.curHistEnt = { idx: env.insnIdx, prevIdx: env.prevInsnIdx, flags, linkedRegs };
  history.push(env.curHistEnt);
}

/** Walks a state's instructions from the last to the first. */
export class HistoryWalk {
  readonly #state: VerifierState;
  #left: number;

  constructor(state: VerifierState) {
    this.#state = state;
    this.#left = state.history.length;
  }

  /** @models kernel/bpf/verifier.c get_jmp_hist_entry() */
  entry(insn: number): VerifierState['history'][number] | undefined {
    const entry = this.#state.history[this.#left - 1];
    return entry?.idx === insn ? entry : undefined;
  }

  /** The instruction before `insn`, or undefined at the start of the state. @models kernel/bpf/verifier.c get_prev_insn_idx() */
  previous(insn: number): number | undefined {
    const { history, firstInsnIdx } = this.#state;
    const left = this.#left;
    if (insn === firstInsnIdx && (left === 0 || (left === 1 && history[0]!.idx === insn))) return undefined;
    const entry = history[left - 1];
    if (entry?.idx !== insn) return insn - 1;
    this.#left--;
    return entry.prevIdx;
  }
}
