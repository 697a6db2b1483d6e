// kernel/bpf/verifier.c check_max_stack_depth(): how much stack all functions of a chain of calls take together.
import { E2BIG, EACCES } from '../../../../uapi/asm-generic/errno.js';
import * as B from '../../../../uapi/linux/bpf.js';
import { MAX_BPF_STACK, MAX_CALL_FRAMES } from '../../../../uapi/linux/bpf_insn.js';
import { isPseudoCall, isPseudoFunc } from './call_kinds.js';
import type { VerifierEnv } from './env.js';

/** Stack above which a function of a kind that has a stack of its own uses that. */
const PRIV_STACK_MIN_SIZE = 64;
/** Callers' stack above which a function must not make tail calls. */
const TAIL_CALL_STACK = 256;

/** Kinds of programs whose functions have stacks beside the kernel's. */
const privateStack = new Set([
  ...[B.BPF_PROG_TYPE_KPROBE, B.BPF_PROG_TYPE_TRACEPOINT, B.BPF_PROG_TYPE_PERF_EVENT, B.BPF_PROG_TYPE_RAW_TRACEPOINT],
]);

/** A function that is gone into, and where its caller goes on. */
interface Frame {
  readonly subprog: number;
  readonly next: number;
}

class Chain {
  readonly #env: VerifierEnv;
  readonly #frames: Frame[] = [];
  readonly #private: boolean;
  #depth = 0;
  #subprog: number;
  #next = 0;

  constructor(env: VerifierEnv, subprog: number) {
    this.#env = env;
    this.#subprog = subprog;
    this.#private = subprog === 0 && privateStack.has(env.prog.type);
  }

  run(): void {
    this.#enter(this.#subprog);
    for (;;) {
      if (this.#findCall()) continue;
      this.#markTailCalls();
      const frame = this.#frames.pop();
      if (frame === undefined) return;
      this.#depth -= this.#sizeOf(this.#subprog);
      this.#subprog = frame.subprog;
      this.#next = frame.next;
    }
  }

  #sizeOf(subprog: number): number {
    const size = Math.ceil(this.#env.subprogs[subprog]!.stackDepth / 16) * 16;
    return this.#private && size >= PRIV_STACK_MIN_SIZE ? 0 : size;
  }

  #enter(subprog: number): void {
    const env = this.#env;
    const info = env.subprogs[subprog]!;
    if (subprog !== 0 && info.hasTailCall && this.#depth >= TAIL_CALL_STACK)
      throw env.refuse(
        EACCES,
        `tail_calls are not allowed when call stack of previous frames is ${this.#depth} bytes. Too large`,
      );
    this.#checkPrivate(subprog, info.stackDepth);
    this.#depth += this.#sizeOf(subprog);
    if (this.#depth > MAX_BPF_STACK)
      throw env.refuse(EACCES, `combined stack size of ${this.#frames.length + 1} calls is ${this.#depth}. Too large`);
    this.#subprog = subprog;
    this.#next = info.start;
  }

  #checkPrivate(subprog: number, stackDepth: number): void {
    if (this.#private && stackDepth > MAX_BPF_STACK)
      throw this.#env.refuse(EACCES, `stack size of subprog ${subprog} is ${stackDepth}. Too large`);
  }

  /** Goes into the next function that is called; false when there is none. */
  #findCall(): boolean {
    const env = this.#env;
    const end = env.subprogs[this.#subprog + 1]!.start;
    for (let i = this.#next; i < end; i++) {
      const insn = env.insns[i]!;
      if (!isPseudoCall(insn) && !isPseudoFunc(insn)) continue;
      const subprog = env.findSubprog(i + insn.imm + 1);
      if (env.subprogs[subprog]!.isAsyncCb && !isPseudoCall(insn)) continue;
      this.#frames.push({ subprog: this.#subprog, next: i + 1 });
      if (this.#frames.length >= MAX_CALL_FRAMES)
        throw env.refuse(E2BIG, `the call stack of ${this.#frames.length} frames is too deep !`);
      this.#enter(subprog);
      return true;
    }
    return false;
  }

  #markTailCalls(): void {
    const { subprogs } = this.#env;
    if (!subprogs[this.#subprog]!.hasTailCall) return;
    for (const { subprog } of this.#frames) subprogs[subprog]!.tailCallReachable = true;
  }
}

/** @models kernel/bpf/verifier.c check_max_stack_depth() */
export function checkMaxStackDepth(env: VerifierEnv): void {
  for (let i = 0; i < env.subprogCnt; i++) if (i === 0 || env.subprogs[i]!.isAsyncCb) new Chain(env, i).run();
}
