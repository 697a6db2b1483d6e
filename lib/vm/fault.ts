// What a program did that the verifier should have made impossible: a bug of the model, never an answer to a client.

export class ProgramFault extends Error {
  /** Index of the instruction. */
  readonly pc: number;

  constructor(pc: number, what: string, cause?: unknown) {
    super(`instruction ${pc}: ${what}`, { cause });
    this.pc = pc;
  }
}
