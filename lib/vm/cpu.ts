// One run of a program as it is at a moment: registers, stack, active functions, tail calls. The interpreter keeps what it
// changes at every instruction in variables and writes it back when it stops; a run that starts inside a helper has a Cpu
// of its own.
import { MAX_BPF_STACK, MAX_CALL_FRAMES, MAX_TAIL_CALL_CNT, BPF_MAX_LOOPS } from '../uapi/linux/bpf_insn.js';
import type { Memory } from './memory.js';
import type { Program } from './program.js';

/** R0 to R10 and the internal AX, two halves each; as many as a register number can name. */
const HALVES = 32;
/** Halves of R6 to R10, which a function gives back as it got them. */
const SAVED_FROM = 12;
const SAVED_TO = 22;
/** A saved frame: the halves and the cell to go on at. */
const FRAME = SAVED_TO - SAVED_FROM + 1;
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
    this.#callers.length = 0;
    this.regs[FP] = this.#stack + MAX_BPF_STACK;
    this.regs[FP + 1] = 0;
  }

  /** Enters a subprogram that returns to cell `p`; false when too many are active. */
  enter(p: number): boolean {
    const { regs, depth } = this;
    if (depth === MAX_CALL_FRAMES - 1) return false;
    const frame = depth * FRAME;
    for (let i = SAVED_FROM; i < SAVED_TO; i++) this.#saved[frame + i - SAVED_FROM] = regs[i]!;
    this.#saved[frame + FRAME - 1] = p;
    this.#callers[depth] = this.program;
    this.depth = depth + 1;
    regs[FP] = regs[FP]! + MAX_BPF_STACK;
    return true;
  }

  /** Leaves a subprogram; the cell to go on at. */
  leave(): number {
    const depth = --this.depth;
    const frame = depth * FRAME;
    for (let i = SAVED_FROM; i < SAVED_TO; i++) this.regs[i] = this.#saved[frame + i - SAVED_FROM]!;
    this.#become(this.#callers[depth]!);
    return this.#saved[frame + FRAME - 1]!;
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

  #become(program: Program): void {
    this.program = program;
    this.code = this.stepping ? program.shadow : program.code;
  }
}
