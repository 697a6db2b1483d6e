// Runs a program one instruction at a time: for views, traces and checks of every access. The interpreter's loop is the
// same; it runs over cells that trap, with the one instruction put in. Functions that a helper calls back run at once.
import { BPF_LOAD_ACQ } from '../uapi/linux/bpf_insn.js';
import { Cpu } from './cpu.js';
import { ProgramFault } from './fault.js';
import { execute } from './interpreter.js';
import { opcodes } from './isa.js';
import type { Memory } from './memory.js';
import * as Op from './op.js';
import type { Program } from './program.js';
import { CELLS } from './program.js';

/** An access that an instruction is about to make. */
export interface Access {
  readonly address: number;
  readonly size: number;
  readonly isWrite: boolean;
}

export class Stepper {
  readonly #cpu: Cpu;

  /** `context` goes to R1. Close it when done. */
  constructor(memory: Memory, program: Program, context: number) {
    this.#cpu = new Cpu(memory);
    this.#cpu.stepping = true;
    this.#cpu.start(program, 0);
    this.#cpu.regs[2] = context;
    this.#cpu.regs[3] = 0;
  }

  /** The program that runs now; a tail call changes it. */
  get program(): Program {
    return this.#cpu.program;
  }

  /** Index of the next instruction. */
  get pc(): number {
    return this.#cpu.p / CELLS;
  }

  /** Subprograms entered and not left. */
  get depth(): number {
    return this.#cpu.depth;
  }

  /** Rn: its low half at 2n, its high half at 2n + 1. */
  get regs(): Int32Array {
    return this.#cpu.regs;
  }

  /** What the next instruction will read or write; undefined when it does neither. */
  get access(): Access | undefined {
    const { insns } = this.program;
    const opcode = opcodes[insns.code(this.pc)];
    if (opcode === undefined || opcode.size === 0 || opcode.form === 'ld-abs' || opcode.form === 'ld-ind')
      return undefined;
    const isRead = opcode.form === 'ldx' || (opcode.form === 'atomic' && insns.imm(this.pc) === BPF_LOAD_ACQ);
    const base = isRead ? insns.src(this.pc) : insns.dst(this.pc);
    const address = (this.regs[2 * base]! >>> 0) + insns.off(this.pc);
    return { address, size: opcode.size, isWrite: !isRead };
  }

  /** Runs one instruction; true when the program has ended, its result in R0. */
  step(): boolean {
    const cpu = this.#cpu;
    const { program, p } = cpu;
    const { shadow } = program;
    shadow[p] = program.alone(p);
    try {
      if (execute(cpu)) return true;
    } finally {
      shadow[p] = Op.TRAP;
    }
    cpu.p = cpu.program.landed(cpu.p);
    return false;
  }

  close(): void {
    this.#cpu.close();
  }
}

export interface TraceHooks {
  /** Before each instruction. */
  readonly onStep?: (stepper: Stepper) => void;
  /** Whether an access may be made; one that may not is a fault. */
  readonly allows?: (access: Access) => boolean;
}

/** Runs a program to its end under hooks: the low half of R0, and how many instructions ran. */
export function trace(
  memory: Memory,
  program: Program,
  context: number,
  hooks: TraceHooks = {},
): { low: number; high: number; insns: number } {
  const stepper = new Stepper(memory, program, context);
  try {
    for (let insns = 1; ; insns++) {
      hooks.onStep?.(stepper);
      const { access } = stepper;
      if (access !== undefined && hooks.allows?.(access) === false)
        throw new ProgramFault(stepper.pc, `${access.size} bytes at 0x${access.address.toString(16)} are not its own`);
      if (stepper.step()) return { low: stepper.regs[0]!, high: stepper.regs[1]!, insns };
    }
  } finally {
    stepper.close();
  }
}
