// lib/idr.c and include/linux/idr.h: small integers bound to objects, the lowest free number first. Filters use it for
// handles, blocks and actions for indexes. Both given and automatic numbers cost O(log n) at most.

/** Numbers given back below the mark, smallest first: a binary heap. */
class FreedNumbers {
  readonly #heap: number[] = [];

  get length(): number {
    return this.#heap.length;
  }

  get least(): number {
    return this.#heap[0]!;
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

  /** Takes the least one out. */
  pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length > 0) this.#sink(last);
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

export class Idr<T> {
  /** A sole entry has no map: most filters are alone under their priority. */
  #soleId = -1;
  #sole: T | undefined;
  #many: Map<number, T> | undefined;
  #freed: FreedNumbers | undefined;
  /** Every number from the least automatic one up to here, but not this one, is taken or waits in `#freed`. */
  #mark: number;

  /** `start` is the least number given automatically. */
  constructor(start: number) {
    this.#mark = start;
  }

  get size(): number {
    return this.#many?.size ?? (this.#soleId < 0 ? 0 : 1);
  }

  get(id: number): T | undefined {
    if (this.#many !== undefined) return this.#many.get(id);
    return id === this.#soleId ? this.#sole : undefined;
  }

  has(id: number): boolean {
    return this.#many === undefined ? id === this.#soleId : this.#many.has(id);
  }

  /** Binds `id` itself; false when it is taken. */
  insert(id: number, entry: T): boolean {
    if (this.has(id)) return false;
    this.set(id, entry);
    return true;
  }

  /** Binds the lowest free number; undefined when that is above `max`. */
  alloc(entry: T, max: number): number | undefined {
    const id = this.lowestFree(max);
    if (id !== undefined) this.set(id, entry);
    return id;
  }

  /** The lowest free number, which stays free; undefined when that is above `max`. */
  lowestFree(max: number): number | undefined {
    const freed = this.#freed;
    while (freed !== undefined && freed.length > 0 && this.has(freed.least)) freed.pop();
    while (this.has(this.#mark)) this.#mark++;
    const id = freed === undefined || freed.length === 0 ? this.#mark : freed.least;
    return id > max ? undefined : id;
  }

  /** Every number that is taken, least first. */
  ids(): number[] {
    if (this.#many !== undefined) return [...this.#many.keys()].sort((a, b) => a - b);
    return this.#soleId < 0 ? [] : [this.#soleId];
  }

  /** Binds a number, taken or not, to an entry. */
  set(id: number, entry: T): void {
    if (this.#many === undefined && (this.#soleId < 0 || this.#soleId === id)) {
      this.#soleId = id;
      this.#sole = entry;
      return;
    }
    this.#many ??= new Map([[this.#soleId, this.#sole as T]]);
    this.#many.set(id, entry);
  }

  remove(id: number): void {
    if (!this.has(id)) return;
    if (this.#many !== undefined) this.#many.delete(id);
    else {
      this.#soleId = -1;
      this.#sole = undefined;
    }
    if (id < this.#mark) (this.#freed ??= new FreedNumbers()).push(id);
  }
}
