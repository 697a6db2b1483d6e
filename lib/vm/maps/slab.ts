// Elements of one size for one map: cut out of chunks of the linear memory, given back to a list through their second
// word. A chunk is taken when an element of it is needed, so a map that could hold millions costs nothing while empty.
import type { Memory } from '../memory.js';
import { HTAB_ELEM_PPREV } from './bpf_map.js';

/** Bytes of a chunk: at least one element, else about this. */
const CHUNK = 65536;

export class Slab {
  readonly #memory: Memory;
  readonly #size: number;
  readonly #chunks: number[] = [];
  #free = 0;
  /** What has not been cut off the youngest chunk. */
  #next = 0;
  #end = 0;

  /** `size`: bytes of an element, a multiple of 8, at least 16. */
  constructor(memory: Memory, size: number) {
    this.#memory = memory;
    this.#size = size;
  }

  /** An element, or 0 when the memory is exhausted. Zeroed at its first use only. */
  alloc(): number {
    const given = this.#free;
    if (given === 0) return this.#cut();
    this.#free = this.#memory.u32[(given + HTAB_ELEM_PPREV) >>> 2]!;
    return given;
  }

  free(elem: number): void {
    this.#memory.u32[(elem + HTAB_ELEM_PPREV) >>> 2] = this.#free;
    this.#free = elem;
  }

  /** Gives every chunk back: no element may be used any more. */
  dispose(): void {
    for (const chunk of this.#chunks.splice(0)) this.#memory.free(chunk);
    this.#free = this.#next = this.#end = 0;
  }

  #cut(): number {
    if (this.#next === this.#end && !this.#grow()) return 0;
    const given = this.#next;
    this.#next += this.#size;
    return given;
  }

  /** The first chunks are small: most maps stay so. */
  #grow(): boolean {
    const wanted = Math.min(CHUNK, 1024 << Math.min(this.#chunks.length, 6));
    const length = Math.max(1, Math.floor(wanted / this.#size)) * this.#size;
    const chunk = this.#memory.alloc(length);
    if (chunk === 0) return false;
    this.#chunks.push(chunk);
    this.#next = chunk;
    this.#end = chunk + length;
    return true;
  }
}
