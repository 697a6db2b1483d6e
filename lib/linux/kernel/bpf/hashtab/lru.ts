// kernel/bpf/hashtab.c: BPF_MAP_TYPE_LRU_HASH and BPF_MAP_TYPE_LRU_PERCPU_HASH. A full map takes a new element and lets go
// of one that was not used for long (lib/vm/maps/lru.ts). bpf(2) reads without marking a use. An element is made before the
// flags are looked at, so that even a refused update may evict.
import * as at from '../../../../vm/maps/bpf_map.js';
import { copyBytes, roundUp8 } from '../../../../vm/maps/bytes.js';
import { LruList } from '../../../../vm/maps/lru.js';
import { Slab } from '../../../../vm/maps/slab.js';
import { EINVAL, ENOENT, ENOMEM } from '../../../../uapi/asm-generic/errno.js';
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

abstract class LruHtab extends Htab {
  /** Not there yet while the constructor of the base refuses. */
  protected readonly lru: LruList;

  constructor(machine: Machine, attr: MapAttr, creator: Holder, valueBytes: number) {
    super(machine, attr, creator, valueBytes);
    const percpu = (attr.mapFlags & B.BPF_F_NO_COMMON_LRU) !== 0;
    const { cpus } = machine.config;
    this.lru = new LruList(machine.memory, {
      nodes: percpu ? this.maxEntries / cpus : this.maxEntries,
      cpus,
      percpu,
      make: () => this.#make(),
      evict: (node) => this.#evict(node),
    });
    if (this.lru.failed) this.refuse(creator, ENOMEM);
  }

  #make(): number {
    const elem = this.makeElem();
    return elem === 0 ? 0 : elem + at.HTAB_ELEM_LRU_NODE;
  }

  /** An element that was never used, or 0. */
  protected abstract makeElem(): number;

  /** @models kernel/bpf/hashtab.c htab_lru_map_delete_node() */
  #evict(node: number): boolean {
    const elem = node - at.HTAB_ELEM_LRU_NODE;
    const { u32 } = this.memory;
    if (u32[(elem + at.HTAB_ELEM_PPREV) >>> 2] === 0) return false;
    this.table.remove(elem);
    u32[(elem + at.HTAB_ELEM_PPREV) >>> 2] = 0;
    this.count--;
    return true;
  }

  /** An element in no bucket for a key, or 0. @models kernel/bpf/hashtab.c prealloc_lru_pop() */
  protected popNode(key: number, hash: number): number {
    const node = this.lru.popFree();
    if (node === 0) return 0;
    const elem = node - at.HTAB_ELEM_LRU_NODE;
    this.memory.u32[(elem + at.HTAB_ELEM_HASH) >>> 2] = hash;
    copyBytes(this.memory, elem + at.HTAB_ELEM_KEY, key, this.keySize);
    return elem;
  }

  protected override free(elem: number): void {
    this.memory.u32[(elem + at.HTAB_ELEM_PPREV) >>> 2] = 0;
    this.lru.pushFree(elem + at.HTAB_ELEM_LRU_NODE);
  }

  protected setRef(elem: number): void {
    this.lru.setRef(elem + at.HTAB_ELEM_LRU_NODE);
  }

  /** @models kernel/bpf/hashtab.c htab_lru_map_lookup_elem() */
  override lookupElem(key: number): number {
    const elem = this.table.lookup(key);
    if (elem === 0) return 0;
    this.setRef(elem);
    return this.valueAt(elem);
  }

  /** @models kernel/bpf/hashtab.c htab_lru_map_lookup_elem_sys() */
  override lookupElemSys(key: number): number {
    const elem = this.table.lookup(key);
    return elem === 0 ? 0 : this.valueAt(elem);
  }

  protected override grownUsage(): number {
    return 0;
  }

  protected override destroy(): void {
    (this.lru as LruList | undefined)?.dispose();
    super.destroy();
  }
}

/** BPF_MAP_TYPE_LRU_HASH */
export class LruHashMap extends LruHtab {
  constructor(machine: Machine, attr: MapAttr, creator: Holder) {
    super(machine, attr, creator, roundUp8(attr.valueSize));
  }

  protected override makeElem(): number {
    return this.slab.alloc();
  }

  /** @models kernel/bpf/hashtab.c htab_lru_map_update_elem() */
  override updateElem(key: number, value: number, flags: number): number {
    if (flags >>> 0 > B.BPF_EXIST) return -EINVAL;
    const hash = this.table.hash(key);
    const elem = this.popNode(key, hash);
    if (elem === 0) return -ENOMEM;
    copyValue(this.memory, this.record, this.valueAt(elem), value, this.valueSize);
    const old = this.table.find(key, hash);
    const refused = this.checkFlags(old, flags);
    if (refused !== 0 || !this.table.insert(elem, key, hash)) {
      this.free(elem);
      return refused === 0 ? -ENOMEM : refused;
    }
    this.count++;
    if (old !== 0) {
      this.setRef(elem);
      this.take(old);
    }
    return 0;
  }

  protected override copyOut(elem: number, value: number): void {
    copyValue(this.memory, this.record, value, this.valueAt(elem), this.valueSize);
    initValue(this.memory, this.record, value);
  }

  override genLookup(): BpfInsn[] | undefined {
    return gen.htabLruLookup(this);
  }

  protected override preallocUsage(): number {
    return this.elemSize * this.maxEntries;
  }
}

/** BPF_MAP_TYPE_LRU_PERCPU_HASH: elements hold the address of the values of the first CPU, which stays theirs. */
export class LruPercpuHashMap extends LruHtab {
  readonly #values: PercpuValues;
  /** Values; not there yet while a constructor of a base refuses. */
  private readonly areas: Slab;

  constructor(machine: Machine, attr: MapAttr, creator: Holder) {
    super(machine, attr, creator, SIZEOF_POINTER);
    this.#values = new PercpuValues(machine, attr.valueSize);
    this.areas = new Slab(machine.memory, Math.max(16, this.#values.size));
  }

  protected override makeElem(): number {
    const elem = this.slab.alloc();
    if (elem === 0) return 0;
    const area = this.areas.alloc();
    if (area === 0) {
      this.slab.free(elem);
      return 0;
    }
    this.memory.u32[(elem + this.valueOffset) >>> 2] = area;
    return elem;
  }

  protected override valueAt(elem: number): number {
    return this.memory.u32[(elem + this.valueOffset) >>> 2]!;
  }

  override lookupPercpuElem(key: number, cpu: number): number {
    const elem = this.table.lookup(key);
    if (elem === 0 || this.#values.of(1, cpu) === 0) return 0;
    this.setRef(elem);
    return this.#values.of(this.valueAt(elem), cpu);
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

  override sysLookup(key: number, value: number): number {
    const elem = this.table.lookup(key);
    if (elem === 0) return -ENOENT;
    this.copyOut(elem, value);
    return 0;
  }

  protected override copyOut(elem: number, value: number): void {
    this.#values.copyOut(this.record, value, this.valueAt(elem));
  }

  /** @models kernel/bpf/hashtab.c __htab_lru_percpu_map_update_elem() */
  #update(key: number, value: number, flags: number, onAllCpus: boolean): number {
    if (flags >>> 0 > B.BPF_EXIST) return -EINVAL;
    const hash = this.table.hash(key);
    const elem = flags === B.BPF_EXIST ? 0 : this.popNode(key, hash);
    if (elem === 0 && flags !== B.BPF_EXIST) return -ENOMEM;
    const old = this.table.find(key, hash);
    const refused = this.checkFlags(old, flags);
    if (refused !== 0 || old !== 0) {
      if (elem !== 0) this.free(elem);
      if (refused === 0) this.#replace(old, value, onAllCpus);
      return refused;
    }
    return this.#put(elem, key, hash, value, onAllCpus);
  }

  #replace(elem: number, value: number, onAllCpus: boolean): void {
    this.setRef(elem);
    if (onAllCpus) this.#values.copyIn(this.record, this.valueAt(elem), value);
    else this.#values.set(this.record, this.valueAt(elem), value);
  }

  #put(elem: number, key: number, hash: number, value: number, onAllCpus: boolean): number {
    if (!this.table.insert(elem, key, hash)) {
      this.free(elem);
      return -ENOMEM;
    }
    if (onAllCpus) this.#values.copyIn(this.record, this.valueAt(elem), value);
    else this.#values.init(this.record, this.valueAt(elem), value);
    this.count++;
    return 0;
  }

  override genLookup(): BpfInsn[] | undefined {
    return undefined;
  }

  protected override preallocUsage(cpus: number): number {
    return (this.elemSize + this.#values.stride * cpus) * this.maxEntries;
  }

  protected override destroy(): void {
    (this.areas as Slab | undefined)?.dispose();
    super.destroy();
  }
}
