// kernel/bpf/verifier.c: the strongly connected components of the control flow, by Pearce's form of Tarjan's algorithm.
import type { VerifierEnv } from './env.js';
import { successors } from './successors.js';

/** By instruction: number of its component, 0 for one that is alone and does not loop. */
export type SccIds = Int32Array;

const NOT_ON_STACK = 0x7fffffff;

class Components {
  readonly ids: SccIds;
  readonly #env: VerifierEnv;
  readonly #pre: Int32Array;
  readonly #low: Int32Array;
  readonly #stack: number[] = [];
  #preorder = 1;
  #nextId = 1;

  constructor(env: VerifierEnv) {
    this.#env = env;
    this.ids = new Int32Array(env.insns.length);
    this.#pre = new Int32Array(env.insns.length);
    this.#low = new Int32Array(env.insns.length);
  }

  /** Everything that can be reached from `root`. */
  visit(root: number): void {
    if (this.#pre[root] !== 0) return;
    const walk = [root];
    while (walk.length > 0) {
      const insn = walk[walk.length - 1]!;
      this.#discover(insn);
      const next = successors(this.#env.insns, insn);
      const unseen = this.#lower(insn, next);
      if (unseen >= 0) {
        walk.push(unseen);
        continue;
      }
      if (this.#low[insn]! >= this.#pre[insn]!) this.#close(insn, next);
      walk.pop();
    }
  }

  #discover(insn: number): void {
    if (this.#pre[insn] !== 0) return;
    this.#low[insn] = this.#pre[insn] = this.#preorder++;
    this.#stack.push(insn);
  }

  /** Takes over the lowest preorder number of successors; the first one that is not yet visited, or -1. */
  #lower(insn: number, next: readonly number[]): number {
    for (const successor of next) {
      if (this.#pre[successor] === 0) return successor;
      this.#low[insn] = Math.min(this.#low[insn]!, this.#low[successor]!);
    }
    return -1;
  }

  /** `insn` is the root of a component: what lies above it on the stack belongs to it. */
  #close(insn: number, next: readonly number[]): void {
    const stack = this.#stack;
    const loops = stack[stack.length - 1] !== insn || next.includes(insn) || this.#env.aux[insn]!.callsCallback;
    let member: number;
    do {
      member = stack.pop()!;
      this.#low[member] = NOT_ON_STACK;
      if (loops) this.ids[member] = this.#nextId;
    } while (member !== insn);
    if (loops) this.#nextId++;
  }
}

/** @models kernel/bpf/verifier.c compute_scc() */
export function compute(env: VerifierEnv): SccIds {
  const components = new Components(env);
  for (let i = 0; i < env.insns.length; i++) components.visit(i);
  return components.ids;
}
