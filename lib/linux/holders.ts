// The further holders of an object, behind its first two. Few are kept as a list; from a number on, as counts by holder, so
// that letting go costs the same for a chain of 50,000 priorities as for one of five.
import type { Holder } from './events.js';

/** Lists up to this length are searched. */
const SHORT = 16;

export class Holders {
  size = 0;
  #list: Holder[] = [];
  #counts: Map<Holder, number> | undefined;

  add(holder: Holder): void {
    this.size++;
    if (this.#counts !== undefined) this.#count(holder);
    else if (this.#list.push(holder) > SHORT) this.#startCounting();
  }

  #startCounting(): void {
    this.#counts = new Map();
    for (const holder of this.#list) this.#count(holder);
    this.#list = [];
  }

  #count(holder: Holder): void {
    this.#counts!.set(holder, (this.#counts!.get(holder) ?? 0) + 1);
  }

  /** Takes one entry of `holder` off, the youngest of a list; false when there is none. */
  remove(holder: Holder): boolean {
    const removed = this.#counts === undefined ? this.#unlist(holder) : this.#uncount(this.#counts, holder);
    if (removed) this.size--;
    return removed;
  }

  #unlist(holder: Holder): boolean {
    const at = this.#list.lastIndexOf(holder);
    if (at < 0) return false;
    if (at === this.#list.length - 1) this.#list.pop();
    else this.#list.splice(at, 1);
    return true;
  }

  #uncount(counts: Map<Holder, number>, holder: Holder): boolean {
    const count = counts.get(holder);
    if (count === undefined) return false;
    if (count === 1) counts.delete(holder);
    else counts.set(holder, count - 1);
    return true;
  }

  /** Takes the oldest entry off. */
  shift(): Holder | undefined {
    const oldest = this.#list[0] ?? this.#counts?.keys().next().value;
    if (oldest !== undefined) this.remove(oldest);
    return oldest;
  }

  /** One entry a reference, oldest first. */
  list(): Holder[] {
    if (this.#counts === undefined) return [...this.#list];
    return [...this.#counts].flatMap(([holder, count]) => Array<Holder>(count).fill(holder));
  }
}
