// struct list_head in the linear memory: circular lists through the elements themselves. A head and a node look the same:
// the address of the next at 0, of the one before at 8.
import type { Memory } from '../memory.js';

/** Bytes of struct list_head. */
export const SIZEOF_LIST_HEAD = 16;
const PREV = 8;

export class Lists {
  readonly #memory: Memory;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  init(head: number): void {
    const { u32 } = this.#memory;
    u32[head >>> 2] = head;
    u32[(head + PREV) >>> 2] = head;
  }

  next(node: number): number {
    return this.#memory.u32[node >>> 2]!;
  }

  prev(node: number): number {
    return this.#memory.u32[(node + PREV) >>> 2]!;
  }

  isEmpty(head: number): boolean {
    return this.#memory.u32[head >>> 2] === head;
  }

  /** list_add(): `node` comes first. */
  add(node: number, head: number): void {
    const { u32 } = this.#memory;
    const first = u32[head >>> 2]!;
    u32[node >>> 2] = first;
    u32[(node + PREV) >>> 2] = head;
    u32[(first + PREV) >>> 2] = node;
    u32[head >>> 2] = node;
  }

  del(node: number): void {
    const { u32 } = this.#memory;
    const next = u32[node >>> 2]!;
    const prev = u32[(node + PREV) >>> 2]!;
    u32[(next + PREV) >>> 2] = prev;
    u32[prev >>> 2] = next;
  }

  move(node: number, head: number): void {
    this.del(node);
    this.add(node, head);
  }
}
