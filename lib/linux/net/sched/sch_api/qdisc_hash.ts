// include/linux/netdevice.h `qdisc_hash`: the children of a device's root by handle. Lookups want one handle, dumps the
// order of the table. Qdiscs enter with a handle that stays (0 for defaults, which no lookup finds).
import type { Qdisc } from '../sch_generic.js';

/** DECLARE_HASHTABLE(qdisc_hash, 4): the bucket of a handle among sixteen. */
const bucketOf = (handle: number): number => Math.imul(handle, 0x61c88647) >>> 28;

export class QdiscHash {
  /** In order of arrival. */
  readonly #all = new Set<Qdisc>();
  readonly #byHandle = new Map<number, Qdisc[]>();
  #byBucket: readonly Qdisc[] | undefined;
  #oldestFirst: readonly Qdisc[] | undefined;

  add(q: Qdisc): void {
    this.#all.add(q);
    this.#byBucket = this.#oldestFirst = undefined;
    if (q.handle === 0) return;
    const same = this.#byHandle.get(q.handle);
    if (same === undefined) this.#byHandle.set(q.handle, [q]);
    else same.unshift(q);
  }

  /** Does nothing for a qdisc that is not there. */
  delete(q: Qdisc): void {
    if (!this.#all.delete(q)) return;
    this.#byBucket = this.#oldestFirst = undefined;
    const same = this.#byHandle.get(q.handle);
    if (same === undefined) return;
    same.splice(same.indexOf(q), 1);
    if (same.length === 0) this.#byHandle.delete(q.handle);
  }

  /** The newest one with this handle. */
  find(handle: number): Qdisc | undefined {
    return this.#byHandle.get(handle)?.[0];
  }

  /** By bucket, newest first. */
  get byBucket(): readonly Qdisc[] {
    return (this.#byBucket ??= [...this.#all].reverse().sort((a, b) => bucketOf(a.handle) - bucketOf(b.handle)));
  }

  get oldestFirst(): readonly Qdisc[] {
    return (this.#oldestFirst ??= [...this.#all]);
  }
}
