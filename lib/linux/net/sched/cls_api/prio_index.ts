// The filters of a chain in order of priority, for any number of them: a bit for each of the 65,536 priorities, in pages
// that exist only where there are filters, and a map to the objects. Insertion, removal and "the first from this
// priority on" cost a few word operations however many there are.

const PAGE_WORDS = 32;
const PAGE_BITS = 1024;
const PAGES = 64;

/** Position of the lowest set bit at or above `bit`, or -1. */
function nextBit(words: Uint32Array, bit: number, end: number): number {
  let word = bit >>> 5;
  let left = words[word]! & (-1 << (bit & 31));
  for (;;) {
    if (left !== 0) return (word << 5) + 31 - Math.clz32(left & -left);
    if (++word >= end) return -1;
    left = words[word]!;
  }
}

export class PrioIndex<T> {
  readonly #items = new Map<number, T>();
  readonly #pages: (Uint32Array | undefined)[] = [];

  get size(): number {
    return this.#items.size;
  }

  get(prio: number): T | undefined {
    return this.#items.get(prio);
  }

  /** Enters `item` at a free priority, 0 to 65535. */
  set(prio: number, item: T): void {
    this.#items.set(prio, item);
    const page = (this.#pages[prio >>> 10] ??= new Uint32Array(PAGE_WORDS));
    page[(prio >>> 5) & 31]! |= 1 << (prio & 31);
  }

  delete(prio: number): void {
    if (!this.#items.delete(prio)) return;
    const at = prio >>> 10;
    const page = this.#pages[at]!;
    page[(prio >>> 5) & 31]! &= ~(1 << (prio & 31));
    if (page.every((word) => word === 0)) this.#pages[at] = undefined;
  }

  /** The item of the least priority that is `prio` or more. */
  from(prio: number): T | undefined {
    let bit = prio & (PAGE_BITS - 1);
    for (let at = prio >>> 10; at < PAGES; at++, bit = 0) {
      const page = this.#pages[at];
      if (page === undefined) continue;
      const found = nextBit(page, bit, PAGE_WORDS);
      if (found >= 0) return this.#items.get((at << 10) + found);
    }
    return undefined;
  }

  /** Removes everything and returns it in order. */
  drain(): T[] {
    const all = [...this.#items].sort(([a], [b]) => a - b).map(([, item]) => item);
    this.#items.clear();
    this.#pages.length = 0;
    return all;
  }
}
