// What became of one case of a file, and the sum of all.

export type Outcome =
  | { readonly verdict: 'agrees' }
  | { readonly verdict: 'differs'; readonly lines: readonly string[] }
  | { readonly verdict: 'not run'; readonly reason: string };

export interface Case {
  readonly name: string;
  readonly outcome: Outcome;
}

export const agrees: Outcome = { verdict: 'agrees' };
export const differs = (...lines: readonly string[]): Outcome => ({ verdict: 'differs', lines });
export const notRun = (reason: string): Outcome => ({ verdict: 'not run', reason });

/** Agrees when there is nothing to say. */
export const judged = (lines: readonly string[]): Outcome => (lines.length === 0 ? agrees : differs(...lines));

export class Tally {
  agree = 0;
  differ = 0;
  notRun = 0;

  add({ verdict }: Outcome): void {
    if (verdict === 'agrees') this.agree++;
    else if (verdict === 'differs') this.differ++;
    else this.notRun++;
  }

  join(other: Tally): void {
    this.agree += other.agree;
    this.differ += other.differ;
    this.notRun += other.notRun;
  }

  toString(): string {
    return `${this.agree} agree, ${this.differ} differ, ${this.notRun} not run`;
  }
}

/** What the model does not have yet and a case needs. */
export class NotModelled extends Error {
  constructor(what: string) {
    super(`not modelled: ${what}`);
  }
}
