// The numbers by which programs, maps, BTF objects and links are found: one table a kind, numbers from 1 on, each new one
// above the last until they wrap. A number names an object while it lives; it holds no reference.
import type { Btf } from './btf/btf.js';
import type { BpfMap } from './map.js';
import type { BpfLink } from './link.js';
import type { BpfProg } from './prog.js';

/** INT_MAX is not given. */
const LAST = 0x7ffffffe;

/** What has a number: 0 = none (yet, or no longer). */
interface Numbered {
  id: number;
}

export class IdTable<T extends Numbered> {
  readonly #entries = new Map<number, T>();
  #next: number;

  /** `first`: numbers below it are given to none but by insert(). */
  constructor(first = 1) {
    this.#next = first;
  }

  /** Gives `object` the next number. @models kernel/bpf/syscall.c bpf_map_alloc_id() */
  add(object: T): void {
    let id = this.#next;
    while (this.#entries.has(id)) id = id === LAST ? 1 : id + 1;
    this.#next = id === LAST ? 1 : id + 1;
    object.id = id;
    this.#entries.set(id, object);
  }

  /** Gives `object` a number that nobody has. */
  insert(id: number, object: T): void {
    object.id = id;
    this.#entries.set(id, object);
  }

  /** Takes the number back, if the object has one. @models kernel/bpf/syscall.c bpf_map_free_id() */
  remove(object: T): void {
    if (object.id === 0) return;
    this.#entries.delete(object.id);
    object.id = 0;
  }

  get(id: number): T | undefined {
    return this.#entries.get(id);
  }

  /** The least number from `start` on, or undefined. */
  next(start: number): number | undefined {
    if (this.#entries.has(start)) return start;
    let least = Infinity;
    for (const id of this.#entries.keys()) if (id >= start && id < least) least = id;
    return least === Infinity ? undefined : least;
  }

  /** In order of their numbers. */
  list(): T[] {
    return [...this.#entries.values()].sort((a, b) => a.id - b.id);
  }
}

/** One a machine. */
export class BpfIds {
  readonly progs = new IdTable<BpfProg>();
  readonly maps = new IdTable<BpfMap>();
  /** The first is the kernel's own. */
  readonly btfs = new IdTable<Btf>(2);
  readonly links = new IdTable<BpfLink>();
  /** Open files of BPF_ENABLE_STATS: while there is one, runs of programs are counted. */
  statsUsers = 0;
}
