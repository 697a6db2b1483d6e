// Copies of short runs of bytes that live briefly, side by side in one buffer: a typed array with memory of its own
// costs four times as much (measured: 600 ns against 150 ns for a request of 84 bytes, its view included). A buffer
// goes when nothing points into it any more, so runs that are kept for long have a slab of their own, of small buffers.
import { copyBytes } from './bytes.js';

export class Slab {
  readonly #size: number;
  /** Memory of the last run that was placed, and of others. */
  memory = new Uint8Array(0);
  #used = 0;

  /** Buffers are of `size` bytes; runs longer than a sixteenth of it get memory of their own. */
  constructor(size = 65_536) {
    this.#size = size;
  }

  /** A copy of the first `length` bytes of `data`, aligned to 8 bytes. */
  copy(data: Uint8Array, length = data.length): Uint8Array {
    if (length > this.#size >> 4) return data.slice(0, length);
    const start = this.place(data, 0, length);
    return new Uint8Array(this.memory.buffer, start, length);
  }

  /** Copies `length` bytes of `from` into `memory`, without a view of their own; returns where they start. */
  place(from: Uint8Array, at: number, length: number): number {
    const start = this.#take(length);
    copyBytes(this.memory, start, from, at, length);
    return start;
  }

  #take(length: number): number {
    if (this.#used + length > this.memory.length) {
      this.memory = new Uint8Array(Math.max(this.#size, length));
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += (length + 7) & ~7;
    return start;
  }
}
