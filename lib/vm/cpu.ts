// One run of a program as it is at a moment: registers, stack, active functions, tail calls. The interpreter keeps what it
// changes at every instruction in variables and writes it back when it stops; a run that starts inside a helper has a Cpu
// of its own.
import { MAX_BPF_STACK, MAX_CALL_FRAMES, MAX_TAIL_CALL_CNT, BPF_MAX_LOOPS } from '../uapi/linux/bpf_insn.js';
import type { Memory } from './memory.js';
import type { Program } from './program.js';

/** R0 to R10 and the internal AX, two halves each; as many as a register number can name. */
const HALVES = 32;
/** A saved frame: the halves of R6 to R9, and the cell to go on at. */
const FRAME = 9;
const R6 = 12;
const FP = 20;

export class Cpu {
  readonly memory: Memory;
  readonly regs = new Int32Array(HALVES);
  /** What runs; set before execute(). */
  program!: Program;
  /** Cells of `program`, or those that trap. */
  code!: Int32Array;
  /** The next cell. */
  p = 0;
  /** Functions that wait for the one that runs. */
  depth = 0;
  stepping = false;
  /** Called when a loop has gone round often; it may throw to end the run. */
  onBudget: (() => void) | undefined;
  /** Rounds of loops between two calls of onBudget. */
  quantum = 1 << 16;
  #tailCalls = 0;
  #mayGoto = 0;
  readonly #stack: number;
  readonly #saved = new Int32Array(MAX_CALL_FRAMES * FRAME);
  readonly #callers: Program[] = [];

  constructor(memory: Memory) {
    this.memory = memory;
    this.#stack = memory.alloc(MAX_CALL_FRAMES * MAX_BPF_STACK);
    if (this.#stack === 0) throw new RangeError('no memory for the stack of a program');
  }

  /** Gives the stack back. */
  close(): void {
    this.memory.free(this.#stack);
  }

  /** Makes ready for a run from a cell of `program`; R1 to R5 are the caller's to set. */
  start(program: Program, p: number): void {
    this.program = program;
    this.code = this.stepping ? program.shadow : program.code;
    this.p = p;
    this.depth = 0;
    this.#tailCalls = 0;
    this.#mayGoto = 0;
    this.#setFrame(0);
  }

  /** Enters a subprogram that returns to cell `p`; false when too many are active. */
  enter(p: number): boolean {
    const { regs, depth } = this;
    if (depth === MAX_CALL_FRAMES - 1) return false;
    const saved = this.#saved;
    const at = depth * FRAME;
    // One by one: this is most of what a call costs.
    saved[at] = regs[R6]!;
    saved[at + 1] = regs[R6 + 1]!;
    saved[at + 2] = regs[R6 + 2]!;
    saved[at + 3] = regs[R6 + 3]!;
    saved[at + 4] = regs[R6 + 4]!;
    saved[at + 5] = regs[R6 + 5]!;
    saved[at + 6] = regs[R6 + 6]!;
    saved[at + 7] = regs[R6 + 7]!;
    saved[at + 8] = p;
    this.#callers[depth] = this.program;
    this.depth = depth + 1;
    this.#setFrame(depth + 1);
    return true;
  }

  /** Leaves a subprogram; the cell to go on at. */
  leave(): number {
    const { regs } = this;
    const depth = this.depth - 1;
    const saved = this.#saved;
    const at = depth * FRAME;
    regs[R6] = saved[at]!;
    regs[R6 + 1] = saved[at + 1]!;
    regs[R6 + 2] = saved[at + 2]!;
    regs[R6 + 3] = saved[at + 3]!;
    regs[R6 + 4] = saved[at + 4]!;
    regs[R6 + 5] = saved[at + 5]!;
    regs[R6 + 6] = saved[at + 6]!;
    regs[R6 + 7] = saved[at + 7]!;
    this.depth = depth;
    this.#setFrame(depth);
    if (this.#callers[depth] !== this.program) this.#become(this.#callers[depth]!);
    return saved[at + 8]!;
  }

  /**
   * Jumps into another program: slot R3 of the prog array R2. False when the slot is empty or out of range, or there were
   * too many jumps in this run.
   */
  tailCall(): boolean {
    if (this.#tailCalls >= MAX_TAIL_CALL_CNT) return false;
    const next = this.program.tailCall(this.regs[4]! >>> 0, this.regs[6]! >>> 0);
    if (next === undefined) return false;
    this.#tailCalls++;
    this.#become(next);
    return true;
  }

  /** Whether a `may_goto` ends its loop. */
  mayGoto(): boolean {
    return ++this.#mayGoto > BPF_MAX_LOOPS;
  }

  /** R10 is the end of the function's stack. */
  #setFrame(depth: number): void {
    this.regs[FP] = this.#stack + (depth + 1) * MAX_BPF_STACK;
    this.regs[FP + 1] = 0;
  }

  #become(program: Program): void {
    this.program = program;
    this.code = this.stepping ? program.shadow : program.code;
  }
}
