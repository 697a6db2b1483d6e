// kernel/bpf/hashtab.c: BPF_MAP_TYPE_HASH and BPF_MAP_TYPE_PERCPU_HASH. A new element comes first in its bucket, and so does
// one whose value is replaced, for it is a new element; per-CPU values are replaced in place.
import { roundUp8 } from '../../../../vm/maps/bytes.js';
import { Slab } from '../../../../vm/maps/slab.js';
import { E2BIG, EINVAL, ENOENT, ENOMEM } from '../../../../uapi/asm-generic/errno.js';
import * as B from '../../../../uapi/linux/bpf.js';
import type { Holder } from '../../../events.js';
import type { Machine } from '../../../machine.js';
import type { Task } from '../../task.js';
import { copyValue, initValue } from '../btf/record.js';
import type { MapAttr } from '../map.js';
import * as gen from '../map_gen_lookup.js';
import { PercpuValues } from '../percpu.js';
import type { BpfInsn } from '../verifier_ops.js';
import { Htab } from './htab.js';

const SIZEOF_POINTER = 8;
const SIZEOF_LLIST_NODE = 8;

/** BPF_MAP_TYPE_HASH */
export class HashMap extends Htab {
  constructor(machine: Machine, attr: MapAttr, creator: Holder) {
    super(machine, attr, creator, roundUp8(attr.valueSize));
  }

  /** @models kernel/bpf/hashtab.c htab_map_update_elem() */
  override updateElem(key: number, value: number, flags: number): number {
    if ((flags & ~B.BPF_F_LOCK) >>> 0 > B.BPF_EXIST) return -EINVAL;
    const hash = this.table.hash(key);
    const noLock = this.refuseLock(flags);
    if (noLock !== 0) return noLock;
    const old = this.table.find(key, hash);
    const refused = this.checkFlags(old, flags);
    if (refused !== 0) return refused;
    if (old !== 0 && (flags & B.BPF_F_LOCK) !== 0) {
      copyValue(this.memory, this.record, this.valueAt(old), value, this.valueSize);
      return 0;
    }
    return this.#put(key, hash, value, old);
  }

  #put(key: number, hash: number, value: number, old: number): number {
    if (old === 0 && this.count >= this.maxEntries) return -E2BIG;
    const elem = this.slab.alloc();
    if (elem === 0) return -ENOMEM;
    initValue(this.memory, this.record, this.valueAt(elem));
    copyValue(this.memory, this.record, this.valueAt(elem), value, this.valueSize);
    if (!this.table.insert(elem, key, hash)) {
      this.slab.free(elem);
      return -ENOMEM;
    }
    this.count++;
    if (old !== 0) this.take(old);
    return 0;
  }

  protected override free(elem: number): void {
    this.slab.free(elem);
  }

  protected override copyOut(elem: number, value: number): void {
    copyValue(this.memory, this.record, value, this.valueAt(elem), this.valueSize);
    initValue(this.memory, this.record, value);
  }

  override genLookup(): BpfInsn[] | undefined {
    return gen.htabLookup(this);
  }

  protected override preallocUsage(cpus: number): number {
    return this.elemSize * (this.maxEntries + cpus) + SIZEOF_POINTER * cpus;
  }

  protected override grownUsage(): number {
    return (this.elemSize + SIZEOF_LLIST_NODE) * this.count;
  }
}

/** BPF_MAP_TYPE_PERCPU_HASH: elements hold the address of the values of the first CPU. */
export class PercpuHashMap extends Htab {
  /** Values; not there yet while the constructor of the base refuses. */
  private readonly areas: Slab;
  readonly #values: PercpuValues;

  constructor(machine: Machine, attr: MapAttr, creator: Holder) {
    super(machine, attr, creator, SIZEOF_POINTER);
    this.#values = new PercpuValues(machine, attr.valueSize);
    this.areas = new Slab(machine.memory, Math.max(16, this.#values.size));
  }

  protected override valueAt(elem: number): number {
    return this.memory.u32[(elem + this.valueOffset) >>> 2]!;
  }

  override lookupPercpuElem(key: number, cpu: number): number {
    const elem = this.table.lookup(key);
    return elem === 0 ? 0 : this.#values.of(this.valueAt(elem), cpu);
  }

  override updateElem(key: number, value: number, flags: number): number {
    return this.#update(key, value, flags, false);
  }

  override get sysValueSize(): number {
    return this.#values.size;
  }

  override sysUpdate(_task: Task, key: number, value: number, flags: number): number {
    return this.#update(key, value, flags, true);
  }

  /** @models kernel/bpf/hashtab.c bpf_percpu_hash_copy() */
  override sysLookup(key: number, value: number): number {
    const elem = this.table.lookup(key);
    if (elem === 0) return -ENOENT;
    this.copyOut(elem, value);
    return 0;
  }

  protected override copyOut(elem: number, value: number): void {
    this.#values.copyOut(this.record, value, this.valueAt(elem));
  }

  /** @models kernel/bpf/hashtab.c __htab_percpu_map_update_elem() */
  #update(key: number, value: number, flags: number, onAllCpus: boolean): number {
    if (flags >>> 0 > B.BPF_EXIST) return -EINVAL;
    const hash = this.table.hash(key);
    const old = this.table.find(key, hash);
    const refused = this.checkFlags(old, flags);
    if (refused !== 0) return refused;
    if (old === 0) return this.#put(key, hash, value, onAllCpus);
    if (onAllCpus) this.#values.copyIn(this.record, this.valueAt(old), value);
    else this.#values.set(this.record, this.valueAt(old), value);
    return 0;
  }

  #put(key: number, hash: number, value: number, onAllCpus: boolean): number {
    if (this.count >= this.maxEntries) return -E2BIG;
    const elem = this.slab.alloc();
    if (elem === 0) return -ENOMEM;
    const area = this.areas.alloc();
    if (area === 0 || !this.table.insert(elem, key, hash)) {
      if (area !== 0) this.areas.free(area);
      this.slab.free(elem);
      return -ENOMEM;
    }
    this.memory.u32[(elem + this.valueOffset) >>> 2] = area;
    if (onAllCpus) this.#values.copyIn(this.record, area, value);
    else this.#values.init(this.record, area, value);
    this.count++;
    return 0;
  }

  protected override free(elem: number): void {
    this.areas.free(this.valueAt(elem));
    this.slab.free(elem);
  }

  override genLookup(): BpfInsn[] | undefined {
    return gen.htabPercpuLookup(this);
  }

  protected override preallocUsage(cpus: number): number {
    return (this.elemSize + this.#values.stride * cpus) * this.maxEntries;
  }

  protected override grownUsage(cpus: number): number {
    const pointers = 2 * SIZEOF_LLIST_NODE + SIZEOF_POINTER;
    return (this.elemSize + pointers + this.#values.stride * cpus) * this.count;
  }

  protected override destroy(): void {
    (this.areas as Slab | undefined)?.dispose();
    super.destroy();
  }
}
