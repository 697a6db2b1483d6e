// kernel/bpf/verifier.c: loops (strongly connected components of the control flow) and what is going on in them. While a
// loop is being walked, the marks of its kept states are incomplete; a state that was found equal to one of them waits as
// a back edge until all paths from the loop's entry are done, and then the marks are carried over it.
import { compute, type SccIds } from './scc_compute.js';
import type { VerifierEnv } from './env.js';
import { markAllScalarsPrecise, propagatePrecision } from './precision.js';
import type { VerifierState } from './state.js';

const MAX_BACKEDGE_ITERS = 64;

/** struct bpf_scc_visit: one loop, entered through one chain of calls. */
interface Visit {
  entry: VerifierState | undefined;
  backedges: VerifierState[];
  count: number;
}

export class SccTable {
  readonly #env: VerifierEnv;
  readonly #visits = new Map<string, Visit>();

  constructor(env: VerifierEnv) {
    this.#env = env;
    const ids: SccIds = compute(env);
    for (const [i, id] of ids.entries()) env.aux[i]!.scc = id;
  }

  /** All of a function's check is done. */
  clear(): void {
    this.#visits.clear();
  }

  /** A kept state may be the first of a loop. @models kernel/bpf/verifier.c maybe_enter_scc() */
  enter(state: VerifierState): void {
    const chain = this.#chain(state);
    if (chain === undefined) return;
    let visit = this.#visits.get(chain);
    if (visit === undefined) this.#visits.set(chain, (visit = { entry: undefined, backedges: [], count: 0 }));
    if (visit.entry !== undefined) return;
    visit.entry = state;
    this.#log('enter', chain);
  }

  /** All paths of a kept state are done. @models kernel/bpf/verifier.c maybe_exit_scc() */
  exit(state: VerifierState): void {
    const chain = this.#chain(state);
    if (chain === undefined) return;
    const visit = this.#visits.get(chain);
    if (visit === undefined) {
      if (!state.speculative) throw this.#env.bug(`scc exit: no visit info for call chain (${chain})`);
      return;
    }
    if (visit.entry !== state) return;
    this.#log('exit', chain);
    visit.entry = undefined;
    this.#env.numBackedges -= visit.count;
    visit.count = 0;
    this.updatePeakStates();
    this.#propagate(visit);
  }

  /** `backedge` was found equal to `state`, whose loop is not done. @models kernel/bpf/verifier.c add_scc_backedge() */
  addBackedge(state: VerifierState, backedge: VerifierState): void {
    const chain = this.#chain(state);
    const visit = chain === undefined ? undefined : this.#visits.get(chain);
    if (chain === undefined || visit === undefined)
      throw this.#env.bug(`add backedge: no SCC in verification path, insn_idx ${state.insnIdx}`);
    this.#log('backedge', chain);
    visit.backedges.unshift(backedge);
    visit.count++;
    this.#env.numBackedges++;
    this.updatePeakStates();
  }

  /** Whether marks of a kept state may still come. @models kernel/bpf/verifier.c incomplete_read_marks() */
  isIncomplete(state: VerifierState): boolean {
    const chain = this.#chain(state);
    return chain !== undefined && (this.#visits.get(chain)?.backedges.length ?? 0) > 0;
  }

  /** @models kernel/bpf/verifier.c update_peak_states() */
  updatePeakStates(): void {
    const env = this.#env;
    env.peakStates = Math.max(env.peakStates, env.exploredSize + env.freeListSize + env.numBackedges);
  }

  /** Calls down to the outermost frame that is in a loop, and the loop. @models kernel/bpf/verifier.c compute_scc_callchain() */
  #chain(state: VerifierState): string | undefined {
    let chain = '';
    for (let i = 0; i <= state.curframe; i++) {
      const insn = state.insnOf(i);
      const { scc } = this.#env.aux[insn]!;
      if (scc !== 0) return `${chain}${scc}`;
      chain += `${insn},`;
    }
    return undefined;
  }

  #log(what: string, chain: string): void {
    if (this.#env.tracingAll) this.#env.verbose(`SCC ${what} (${chain})\n`);
  }

  /** @models kernel/bpf/verifier.c propagate_backedges() */
  #propagate(visit: Visit): void {
    let changed = true;
    for (let i = 0; changed; i++) {
      if (i > MAX_BACKEDGE_ITERS) {
        if (this.#env.tracingAll) this.#env.verbose('propagate_backedges: too many iterations\n');
        for (const state of visit.backedges) markAllScalarsPrecise(this.#env, state);
        break;
      }
      changed = false;
      for (const state of visit.backedges) if (propagatePrecision(this.#env, state.equalState!, state)) changed = true;
    }
    visit.backedges = [];
  }
}
