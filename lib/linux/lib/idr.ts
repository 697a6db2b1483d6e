// lib/idr.c and include/linux/idr.h: small integers bound to objects, the lowest free number first. Filters use it for
// handles, blocks and actions for indexes. Both given and automatic numbers cost O(log n) at most.

/** Numbers given back below the mark, smallest first: a binary heap. */
class FreedNumbers {
  readonly #heap: number[] = [];

  get length(): number {
    return this.#heap.length;
  }

  push(id: number): void {
    const heap = this.#heap;
    let at = heap.push(id) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent]! <= id) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = id;
  }

  pop(): number {
    const heap = this.#heap;
    const least = heap[0]!;
    const last = heap.pop()!;
    if (heap.length > 0) this.#sink(last);
    return least;
  }

  #sink(id: number): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child++;
      if (heap[child]! >= id) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = id;
  }
}

/** A map that costs nothing but itself for one entry: most filters are alone under their priority. */
class Entries<T> {
  #soleId = -1;
  #sole: T | undefined;
  #many: Map<number, T> | undefined;

  get size(): number {
    return this.#many?.size ?? (this.#soleId < 0 ? 0 : 1);
  }

  has(id: number): boolean {
    return this.#many === undefined ? id === this.#soleId : this.#many.has(id);
  }

  get(id: number): T | undefined {
    if (this.#many !== undefined) return this.#many.get(id);
    return id === this.#soleId ? this.#sole : undefined;
  }

  set(id: number, entry: T): void {
    if (this.#many === undefined && (this.#soleId < 0 || this.#soleId === id)) {
      this.#soleId = id;
      this.#sole = entry;
      return;
    }
    this.#many ??= new Map([[this.#soleId, this.#sole as T]]);
    this.#many.set(id, entry);
  }

  delete(id: number): boolean {
    if (this.#many !== undefined) return this.#many.delete(id);
    if (id !== this.#soleId) return false;
    this.#soleId = -1;
    this.#sole = undefined;
    return true;
  }

  keys(): number[] {
    if (this.#many !== undefined) return [...this.#many.keys()];
    return this.#soleId < 0 ? [] : [this.#soleId];
  }
}

export class Idr<T> {
  readonly #entries = new Entries<T>();
  #freed: FreedNumbers | undefined;
  /** Every number from `start` up to here is taken, or waits in `#freed`. */
  #mark: number;

  /** `start` is the least number given automatically. */
  constructor(start: number) {
    this.#mark = start;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(id: number): T | undefined {
    return this.#entries.get(id);
  }

  has(id: number): boolean {
    return this.#entries.has(id);
  }

  /** Binds `id` itself; false when it is taken. */
  insert(id: number, entry: T): boolean {
    if (this.#entries.has(id)) return false;
    this.#entries.set(id, entry);
    return true;
  }

  /** Binds the lowest free number; undefined when that is above `max`. */
  alloc(entry: T, max: number): number | undefined {
    const id = this.#lowestFree();
    if (id > max) {
      if (id < this.#mark) this.#giveBack(id);
      return undefined;
    }
    if (id === this.#mark) this.#mark++;
    this.#entries.set(id, entry);
    return id;
  }

  #lowestFree(): number {
    while (this.#freed !== undefined && this.#freed.length > 0) {
      const id = this.#freed.pop();
      if (!this.#entries.has(id)) return id;
    }
    while (this.#entries.has(this.#mark)) this.#mark++;
    return this.#mark;
  }

  /** Every number that is taken, least first. */
  ids(): number[] {
    return this.#entries.keys().sort((a, b) => a - b);
  }

  /** Binds a taken number to another entry. */
  replace(id: number, entry: T): void {
    this.#entries.set(id, entry);
  }

  remove(id: number): void {
    if (this.#entries.delete(id) && id < this.#mark) this.#giveBack(id);
  }

  #giveBack(id: number): void {
    (this.#freed ??= new FreedNumbers()).push(id);
  }
}
