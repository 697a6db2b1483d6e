// What a program did that the verifier should have made impossible: a bug of the model, never an answer to a client. The
// interpreter stops with a RangeError of its own or of the engine, and explains it here.
import type { Cpu } from './cpu.js';
import { CELLS } from './program.js';

export class ProgramFault extends Error {
  /** Index of the instruction. */
  readonly pc: number;

  constructor(pc: number, what: string, cause?: unknown) {
    super(`instruction ${pc}: ${what}`, { cause });
    this.pc = pc;
  }
}

class WildAddress extends RangeError {}

/** Register `r`, times two, holds no address. */
export function wild(regs: Int32Array, r: number): never {
  const half = (x: number): string => (x >>> 0).toString(16).padStart(8, '0');
  throw new WildAddress(`R${r >> 1} is 0x${half(regs[r + 1]!)}${half(regs[r]!)}`);
}

const REGISTERS = 11;

/** Explains what stopped the loop at the instruction before cell `p`. */
export function faultAt(cpu: Cpu, p: number, error: RangeError): ProgramFault {
  const pc = p / CELLS - 1;
  const { insns } = cpu.program;
  const registers = Array.from({ length: REGISTERS }, (_, r) => {
    const [low, high] = [cpu.regs[2 * r]! >>> 0, cpu.regs[2 * r + 1]! >>> 0];
    return `R${r}=${high === 0 ? '' : `${high.toString(16)}:`}${low.toString(16)}`;
  });
  const code = pc < insns.length ? ` (opcode 0x${insns.code(pc).toString(16)})` : '';
  return new ProgramFault(pc, `${error.message}${code}; ${registers.join(' ')}`, error);
}
