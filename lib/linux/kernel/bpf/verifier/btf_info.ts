// kernel/bpf/verifier.c: type information that comes with a program: its functions and lines (func_info, line_info).
import type { VerifierEnv } from './env.js';

/** What the verifier asks of a program's type information. */
export interface ProgTypes {
  isGlobal(subprog: number): boolean;
  isStatic(subprog: number): boolean;
  nameOf(subprog: number): string;
  /** Global functions that something calls. */
  readonly called: Set<number>;
  /** Compares the registers of the current function with what a function wants: 0 or an errno. */
  checkCall(subprog: number): number;
}

/** The line of source of an instruction, when it is another one than that shown last. @models kernel/bpf/log.c verbose_linfo() */
export function verboseLinfo(_env: VerifierEnv, _insn: number, _prefix: string): void {}
