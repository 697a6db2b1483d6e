// The one reference mechanism of the model (kref, refcount_t, dev_hold, qdisc_refcount_inc … of the kernel). An object
// is born with one reference; every reference has a named holder; the last release frees, and a freed object asserts
// at the next use.
import { assert } from './errno.js';
import type { Events, Holder } from './events.js';
import { Holders } from './holders.js';

/** Where objects of one machine are entered while they live, for snapshots. */
export interface ObjectTable {
  readonly objects: ObjectList;
  readonly events: Events;
}

/** The live objects of a machine in order of creation: a list through the objects themselves. */
export class ObjectList implements Iterable<KObject> {
  size = 0;
  #oldest: KObject | undefined;
  #youngest: KObject | undefined;

  add(object: KObject): void {
    object.older = this.#youngest;
    if (this.#youngest === undefined) this.#oldest = object;
    else this.#youngest.younger = object;
    this.#youngest = object;
    this.size++;
  }

  delete(object: KObject): void {
    const { older, younger } = object;
    if (older === undefined) this.#oldest = younger;
    else older.younger = younger;
    if (younger === undefined) this.#youngest = older;
    else younger.older = older;
    object.older = object.younger = undefined;
    this.size--;
  }

  *[Symbol.iterator](): Iterator<KObject> {
    for (let object = this.#oldest; object !== undefined; object = object.younger) yield object;
  }
}

export abstract class KObject implements Holder {
  readonly #table: ObjectTable;
  /** The oldest reference; most objects have no other, and then no list. */
  #first: Holder | undefined;
  #more: Holders | undefined;
  /** Neighbours in the list of live objects; only ObjectList touches them. */
  older: KObject | undefined = undefined;
  younger: KObject | undefined = undefined;

  /** `creator` holds the first reference. */
  constructor(table: ObjectTable, creator: Holder) {
    this.#table = table;
    this.#first = creator;
    table.objects.add(this);
    table.events.creating(this);
  }

  /** Kind and identity for people, e.g. `net_device veth0`. */
  abstract get label(): string;

  /** Called once when the last reference goes. */
  protected abstract destroy(): void;

  get refcount(): number {
    return this.#first === undefined ? 0 : 1 + (this.#more?.size ?? 0);
  }

  /** Everyone who holds a reference, one entry a reference, oldest first. */
  get holders(): readonly Holder[] {
    return this.#first === undefined ? [] : [this.#first, ...(this.#more?.list() ?? [])];
  }

  get freed(): boolean {
    return this.#first === undefined;
  }

  /** Takes a reference for `holder` and returns the object. */
  hold(holder: Holder): this {
    if (this.freed) assert(false, `hold of freed ${this.label} by ${holder.label}`);
    (this.#more ??= new Holders()).add(holder);
    this.#tell('held', holder);
    return this;
  }

  /** Drops one reference of `holder`; it must have one. */
  release(holder: Holder): void {
    if (!this.#drop(holder)) assert(false, `${holder.label} releases ${this.label} without holding it`);
    this.#tell('released', holder);
    if (!this.freed) return;
    this.#table.objects.delete(this);
    if (this.#table.events.sink !== undefined) this.#table.events.emit({ type: 'freed', object: this });
    this.destroy();
  }

  #tell(type: 'held' | 'released', holder: Holder): void {
    const { events } = this.#table;
    if (events.sink !== undefined) events.emit({ type, object: this, holder, refcount: this.refcount });
  }

  /** Takes the youngest entry of `holder` off; false when there is none. */
  #drop(holder: Holder): boolean {
    if (this.#more?.remove(holder) === true) return true;
    if (this.#first !== holder) return false;
    this.#first = this.#more?.shift();
    return true;
  }

  /** Asserts that the object is alive; for uses that take no reference. */
  use(): this {
    if (this.freed) assert(false, `use of freed ${this.label}`);
    return this;
  }
}
