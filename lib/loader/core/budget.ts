// How much work relocations against kernel types may be. Types that refer to each other many times over multiply; a real
// object needs some thousands of steps, a hostile one is stopped here.

export class Budget {
  #left: number;
  readonly #spent: () => Error;

  /** `spent` makes the error of whoever takes one step too many. */
  constructor(steps: number, spent: () => Error) {
    this.#left = steps;
    this.#spent = spent;
  }

  take(steps = 1): void {
    this.#left -= steps;
    if (this.#left < 0) throw this.#spent();
  }
}
