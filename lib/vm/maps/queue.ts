// The elements of a queue or a stack: a ring in the linear memory with one place more than elements, so that full and empty
// differ. A queue gives the oldest first, a stack the youngest.
import type { Memory } from '../memory.js';
import { copyBytes } from './bytes.js';

export class ElementRing {
  readonly #memory: Memory;
  readonly #valueSize: number;
  readonly #places: number;
  #elements = 0;
  #head = 0;
  #tail = 0;

  constructor(memory: Memory, valueSize: number, maxEntries: number) {
    this.#memory = memory;
    this.#valueSize = valueSize;
    this.#places = maxEntries + 1;
  }

  /** Takes the memory; false when there is none. Needed before the first element. */
  reserve(): boolean {
    if (this.#elements === 0) this.#elements = this.#memory.alloc(this.#places * this.#valueSize);
    return this.#elements !== 0;
  }

  get isEmpty(): boolean {
    return this.#head === this.#tail;
  }

  get isFull(): boolean {
    return this.#after(this.#head) === this.#tail;
  }

  push(value: number): void {
    copyBytes(this.#memory, this.#at(this.#head), value, this.#valueSize);
    this.#head = this.#after(this.#head);
  }

  dropOldest(): void {
    this.#tail = this.#after(this.#tail);
  }

  dropYoungest(): void {
    this.#head = this.#before(this.#head);
  }

  /** Address of the oldest element; there must be one. */
  get oldest(): number {
    return this.#at(this.#tail);
  }

  get youngest(): number {
    return this.#at(this.#before(this.#head));
  }

  dispose(): void {
    if (this.#elements !== 0) this.#memory.free(this.#elements);
    this.#elements = 0;
  }

  #at(place: number): number {
    return this.#elements + place * this.#valueSize;
  }

  #after(place: number): number {
    return place + 1 >= this.#places ? 0 : place + 1;
  }

  #before(place: number): number {
    return place === 0 ? this.#places - 1 : place - 1;
  }
}
