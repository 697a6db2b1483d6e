// The further holders of an object, behind its first two. They are a list, as the last to come is
// mostly the first to go; when another one goes from a long list, they are counts by holder from then on, so that
// letting go costs the same for a chain of 50,000 priorities as for one of five.
import type { Holder } from './events.js';

/** So many of a list are searched, the youngest. */
const SEARCHED = 16;

function count(counts: Map<Holder, number>, holder: Holder): void {
  counts.set(holder, (counts.get(holder) ?? 0) + 1);
}

/** Whether there was one. */
function uncount(counts: Map<Holder, number>, holder: Holder): boolean {
  const had = counts.get(holder) ?? 0;
  if (had > 1) counts.set(holder, had - 1);
  else counts.delete(holder);
  return had > 0;
}

export class Holders {
  size = 0;
  #list: Holder[] = [];
  #counts: Map<Holder, number> | undefined;

  add(holder: Holder): void {
    this.size++;
    if (this.#counts === undefined) this.#list.push(holder);
    else count(this.#counts, holder);
  }

  /** Takes one entry of `holder` off, the youngest of a list; false when there is none. */
  remove(holder: Holder): boolean {
    const removed = this.#counts === undefined ? this.#unlist(holder) : uncount(this.#counts, holder);
    if (removed) this.size--;
    if (this.size === 0) this.#counts = undefined;
    return removed;
  }

  #unlist(holder: Holder): boolean {
    const list = this.#list;
    const least = Math.max(list.length - SEARCHED, 0);
    for (let at = list.length - 1; at >= least; at--) {
      if (list[at] !== holder) continue;
      if (at === list.length - 1) list.pop();
      else list.splice(at, 1);
      return true;
    }
    return least > 0 && uncount(this.#startCounting(), holder);
  }

  #startCounting(): Map<Holder, number> {
    const counts = new Map<Holder, number>();
    for (const holder of this.#list) count(counts, holder);
    this.#list = [];
    this.#counts = counts;
    return counts;
  }

  /** Takes the oldest entry off. */
  shift(): Holder | undefined {
    if (this.#list.length > SEARCHED) this.#startCounting();
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
