// The one reference mechanism of the model (kref, refcount_t, dev_hold, qdisc_refcount_inc … of the kernel). An object
// is born with one reference; every reference has a named holder; the last release frees, and a freed object asserts
// at the next use.
import { assert } from './errno.js';
import type { Events, Holder } from './events.js';

/** Where objects of one machine are entered while they live, for snapshots. */
export interface ObjectTable {
  readonly objects: Set<KObject>;
  readonly events: Events;
}

export abstract class KObject implements Holder {
  readonly #table: ObjectTable;
  readonly #holders: Holder[];

  /** `creator` holds the first reference. */
  constructor(table: ObjectTable, creator: Holder) {
    this.#table = table;
    this.#holders = [creator];
    table.objects.add(this);
    table.events.sink?.({ type: 'created', object: this });
  }

  /** Kind and identity for people, e.g. `net_device veth0`. */
  abstract get label(): string;

  /** Called once when the last reference goes. */
  protected abstract destroy(): void;

  get refcount(): number {
    return this.#holders.length;
  }

  /** Everyone who holds a reference, one entry a reference, oldest first. */
  get holders(): readonly Holder[] {
    return this.#holders;
  }

  get freed(): boolean {
    return this.#holders.length === 0;
  }

  /** Takes a reference for `holder` and returns the object. */
  hold(holder: Holder): this {
    if (this.freed) assert(false, `hold of freed ${this.label} by ${holder.label}`);
    this.#holders.push(holder);
    this.#table.events.sink?.({ type: 'held', object: this, holder, refcount: this.refcount });
    return this;
  }

  /** Drops one reference of `holder`; it must have one. */
  release(holder: Holder): void {
    const at = this.#holders.lastIndexOf(holder);
    if (at < 0) assert(false, `${holder.label} releases ${this.label} without holding it`);
    if (at === this.#holders.length - 1) this.#holders.pop();
    else this.#holders.splice(at, 1);
    this.#table.events.sink?.({ type: 'released', object: this, holder, refcount: this.refcount });
    if (!this.freed) return;
    this.#table.objects.delete(this);
    this.#table.events.sink?.({ type: 'freed', object: this });
    this.destroy();
  }

  /** Asserts that the object is alive; for uses that take no reference. */
  use(): this {
    if (this.freed) assert(false, `use of freed ${this.label}`);
    return this;
  }
}
