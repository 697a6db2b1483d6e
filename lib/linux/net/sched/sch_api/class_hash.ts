// net/sched/sch_api.c, the part qdisc_class_hash: classes of a qdisc by class id. The table grows by doubling, which
// reverses buckets; dumps show classes in its order, so both are kept exactly.

/** What the table needs to know of a class. */
export interface ClassCommon {
  readonly classid: number;
}

/** @models include/net/sch_generic.h qdisc_class_hash() */
function bucketOf(classid: number, mask: number): number {
  const folded = classid ^ (classid >>> 8);
  return (folded ^ (folded >>> 4)) & mask;
}

const tableOf = <C>(size: number): C[][] => Array.from({ length: size }, () => []);

export class QdiscClassHash<C extends ClassCommon> {
  #table = tableOf<C>(4);
  #count = 0;
  #order: readonly C[] | undefined;

  #bucket(classid: number): C[] {
    return this.#table[bucketOf(classid, this.#table.length - 1)]!;
  }

  /** The class with this id; none has 0. */
  find(classid: number): C | undefined {
    return classid === 0 ? undefined : this.#bucket(classid).find((cl) => cl.classid === classid);
  }

  insert(cl: C): void {
    this.#bucket(cl.classid).unshift(cl);
    this.#count++;
    this.#order = undefined;
  }

  remove(cl: C): void {
    const bucket = this.#bucket(cl.classid);
    bucket.splice(bucket.indexOf(cl), 1);
    this.#count--;
    this.#order = undefined;
  }

  /** Doubles the table when it is three quarters full. @models net/sched/sch_api.c qdisc_class_hash_grow() */
  grow(): void {
    if (this.#count * 4 <= this.#table.length * 3) return;
    const old = this.#table;
    this.#table = tableOf<C>(old.length * 2);
    for (const bucket of old) for (const cl of bucket) this.#bucket(cl.classid).unshift(cl);
    this.#order = undefined;
  }

  /** Every class, by bucket; stays as it is when the table changes. */
  get order(): readonly C[] {
    return (this.#order ??= this.#table.flat());
  }

  /** Goes on by position when the table changes on the way, as the kernel's count of skipped classes does. */
  *[Symbol.iterator](): IterableIterator<C> {
    for (let i = 0; i < this.order.length; i++) yield this.order[i]!;
  }
}
