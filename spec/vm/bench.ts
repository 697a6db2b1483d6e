// What specs of the VM share: a machine to run instructions on, and registers as 64-bit numbers.
import type { Insn } from '../../lib/vm/insn.js';
import { encodeInsns } from '../../lib/vm/insn.js';
import { Memory } from '../../lib/vm/memory.js';
import type { CompileOptions, Program } from '../../lib/vm/program.js';
import { Vm } from '../../lib/vm/vm.js';

export const U64 = (1n << 64n) - 1n;
export const u64 = (value: bigint): bigint => value & U64;
export const low = (value: bigint): number => Number(BigInt.asIntN(32, value));
export const high = (value: bigint): number => Number(BigInt.asIntN(32, value >> 32n));
export const joined = (lowHalf: number, highHalf: number): bigint =>
  (BigInt(highHalf >>> 0) << 32n) | BigInt(lowHalf >>> 0);

export class Bench {
  readonly memory = new Memory();
  readonly vm = new Vm(this.memory);

  compile(insns: readonly (Insn | readonly Insn[])[], options: CompileOptions = {}): Program {
    return this.vm.compile(encodeInsns(insns.flat()), options);
  }

  /** R0 of a program. */
  run(program: Program, context = 0): bigint {
    return joined(this.vm.run(program, context), this.vm.high);
  }

  /** Compiles and runs. */
  result(insns: readonly (Insn | readonly Insn[])[], context = 0, options: CompileOptions = {}): bigint {
    return this.run(this.compile(insns, options), context);
  }
}
