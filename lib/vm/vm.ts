// The machine that programs run on: its memory, the addresses of functions that programs hand to helpers, and the runs
// under way. Runs nest: a helper may start another program (a redirected packet meets another classifier) or call back
// into the one that called it.
import { Cpu } from './cpu.js';
import { ProgramFault } from './fault.js';
import { Insns } from './insn.js';
import { execute } from './interpreter.js';
import type { Memory } from './memory.js';
import type { CompileOptions, FunctionTable } from './program.js';
import { FUNCTION_HIGH, Program } from './program.js';
import { warmProgram } from './warm.js';

interface FunctionEntry {
  readonly program: Program;
  readonly cell: number;
}

/** The engine is one for all machines of this process: the loop needs to be shown everything once. */
let isWarm = false;

/** Functions called back between two calls of onBudget: helpers loop, too. */
const CALLBACKS = 1 << 14;

/** Low half of the first function's address. */
const FUNCTIONS_FROM = -0x4000_0000;

class Functions implements FunctionTable {
  readonly #entries = new Map<number, FunctionEntry>();
  #next = FUNCTIONS_FROM;

  add(program: Program, cell: number): number {
    const address = this.#next++;
    this.#entries.set(address, { program, cell });
    return address;
  }

  remove(program: Program): void {
    for (const [address, entry] of this.#entries) if (entry.program === program) this.#entries.delete(address);
  }

  at(low: number, high: number): FunctionEntry {
    const entry = high === FUNCTION_HIGH ? this.#entries.get(low) : undefined;
    if (entry === undefined) throw new ProgramFault(-1, 'a callback is no function');
    return entry;
  }
}

export class Vm {
  readonly memory: Memory;
  /** High half of what the last run() or callback() gave. */
  high = 0;
  readonly #functions = new Functions();
  readonly #cpus: Cpu[] = [];
  /** Runs under way. */
  #depth = 0;
  #onBudget: (() => void) | undefined;
  /** Functions called back since onBudget was. */
  #callbacks = 0;

  constructor(memory: Memory) {
    this.memory = memory;
    if (!isWarm) this.#warm();
    isWarm = true;
  }

  /** Makes instructions ready to run; they must have been verified. */
  compile(insns: Uint8Array, options: CompileOptions = {}): Program {
    return new Program(new Insns(insns), this.#functions, options);
  }

  /** Called every now and then while a program loops; it may throw to end the run. */
  set onBudget(hook: (() => void) | undefined) {
    this.#onBudget = hook;
    for (const cpu of this.#cpus) cpu.onBudget = hook;
  }

  /** Runs a program with R1 = `context`: R0, low half signed; the high half is in `high`. */
  run(program: Program, context: number): number {
    const cpu = this.#enter();
    try {
      cpu.start(program, 0);
      cpu.regs[2] = context;
      cpu.regs[3] = 0;
      execute(cpu);
      this.high = cpu.regs[1]!;
      return cpu.regs[0]!;
    } finally {
      this.#depth--;
    }
  }

  /**
   * Calls a function by the address a program gave a helper, with R1 to R5 from `args` (low and high halves): R0, as run()
   * gives it.
   */
  callback(low: number, high: number, args: Int32Array): number {
    const { program, cell } = this.#functions.at(low, high);
    this.#callbacks = (this.#callbacks + 1) % CALLBACKS;
    if (this.#callbacks === 0) this.#onBudget?.();
    const cpu = this.#enter();
    try {
      cpu.start(program, cell);
      cpu.regs.set(args, 2);
      execute(cpu);
      this.high = cpu.regs[1]!;
      return cpu.regs[0]!;
    } finally {
      this.#depth--;
    }
  }

  #warm(): void {
    const place = this.memory.alloc(16);
    const leaf = this.compile(warmProgram().slice(-8));
    const program = this.compile(warmProgram(), {
      helpers: () => () => undefined,
      tailCall: () => leaf,
    });
    const cpu = this.#enter();
    this.#depth--;
    cpu.quantum = 1;
    cpu.onBudget = () => undefined;
    for (let i = 0; i < 2; i++) this.run(program, place);
    this.#cpus.length = 0;
    cpu.close();
    this.memory.free(place);
  }

  #enter(): Cpu {
    const cpu = (this.#cpus[this.#depth] ??= this.#make());
    this.#depth++;
    return cpu;
  }

  #make(): Cpu {
    const cpu = new Cpu(this.memory);
    cpu.onBudget = this.#onBudget;
    return cpu;
  }
}
