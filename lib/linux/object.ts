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

/** Its private properties are plain ones: those with `#` make holding and releasing cost twice as much. */
export abstract class KObject implements Holder {
  private readonly objectTable: ObjectTable;
  /** The references, oldest first: few objects have more than two, and then a list. */
  private firstHolder: Holder | undefined;
  private secondHolder: Holder | undefined = undefined;
  private moreHolders: Holders | undefined = undefined;
  /** Neighbours in the list of live objects; only ObjectList touches them. */
  older: KObject | undefined = undefined;
  younger: KObject | undefined = undefined;

  /** `creator` holds the first reference. */
  constructor(table: ObjectTable, creator: Holder) {
    this.objectTable = table;
    this.firstHolder = creator;
    if (table.events.sink !== undefined) table.events.creating(this);
    table.objects.add(this);
  }

  /** Kind and identity for people, e.g. `net_device veth0`. */
  abstract get label(): string;

  /** Called once when the last reference goes. */
  protected abstract destroy(): void;

  get refcount(): number {
    if (this.secondHolder !== undefined) return 2 + (this.moreHolders?.size ?? 0);
    return this.firstHolder === undefined ? 0 : 1;
  }

  /** Everyone who holds a reference, one entry a reference, oldest first. */
  get holders(): readonly Holder[] {
    const few = [this.firstHolder, this.secondHolder].filter((holder) => holder !== undefined);
    return this.moreHolders === undefined ? few : [...few, ...this.moreHolders.list()];
  }

  get freed(): boolean {
    return this.firstHolder === undefined;
  }

  /** Takes a reference for `holder` and returns the object. */
  hold(holder: Holder): this {
    if (this.firstHolder === undefined) assert(false, `hold of freed ${this.label} by ${holder.label}`);
    if (this.secondHolder === undefined) this.secondHolder = holder;
    else (this.moreHolders ??= new Holders()).add(holder);
    const { events } = this.objectTable;
    if (events.sink !== undefined) events.emit({ type: 'held', object: this, holder, refcount: this.refcount });
    return this;
  }

  /** Drops one reference of `holder`, the youngest; it must have one. */
  release(holder: Holder): void {
    if (this.moreHolders?.remove(holder) !== true) {
      if (this.secondHolder !== holder) {
        if (this.firstHolder !== holder) assert(false, `${holder.label} releases ${this.label} without holding it`);
        this.firstHolder = this.secondHolder;
      }
      this.secondHolder = this.moreHolders?.shift();
    }
    const { events } = this.objectTable;
    if (events.sink !== undefined) events.emit({ type: 'released', object: this, holder, refcount: this.refcount });
    if (this.firstHolder !== undefined) return;
    this.objectTable.objects.delete(this);
    if (events.sink !== undefined) events.emit({ type: 'freed', object: this });
    this.destroy();
  }

  /** Asserts that the object is alive; for uses that take no reference. */
  use(): this {
    if (this.freed) assert(false, `use of freed ${this.label}`);
    return this;
  }
}
