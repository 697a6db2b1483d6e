// What a program did that the verifier should have made impossible: a bug of the model, never an answer to a client.

export class ProgramFault extends Error {
  /** Index of the instruction. */
  readonly pc: number;

  constructor(pc: number, what: string) {
    super(`instruction ${pc}: ${what}`);
    this.pc = pc;
  }
}
