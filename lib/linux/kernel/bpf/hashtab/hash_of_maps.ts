// kernel/bpf/hashtab.c: BPF_MAP_TYPE_HASH_OF_MAPS. The value is the address of the inner map's struct bpf_map, replaced in
// place; the table holds the inner map.
import { E2BIG, EINVAL, ENOENT, ENOMEM, ENOTSUPP } from '../../../../uapi/asm-generic/errno.js';
import * as B from '../../../../uapi/linux/bpf.js';
import { errno, errnoOf } from '../../../errno.js';
import type { Holder } from '../../../events.js';
import type { Machine } from '../../../machine.js';
import type { Task } from '../../task.js';
import type { BpfMap, MapAttr } from '../map.js';
import * as gen from '../map_gen_lookup.js';
import { innerMapOf, type InnerMapMeta, metaAlloc } from '../map_in_map.js';
import type { BpfInsn } from '../verifier_ops.js';
import { Htab, htabMapAllocCheck } from './htab.js';

const SIZEOF_POINTER = 8;
const SIZEOF_LLIST_NODE = 8;

/** @models kernel/bpf/hashtab.c fd_htab_map_alloc_check() */
export function fdHtabMapAllocCheck(machine: Machine, attr: MapAttr, task: Task): void {
  if (attr.valueSize !== 4) throw errno(EINVAL);
  htabMapAllocCheck(machine, attr, task);
}

export class HashOfMaps extends Htab {
  override readonly innerMapMeta: InnerMapMeta;

  constructor(machine: Machine, attr: MapAttr, creator: Holder, task: Task) {
    super(machine, attr, creator, SIZEOF_POINTER);
    this.innerMapMeta = this.attempt(creator, () => metaAlloc(task, attr.innerMapFd, this));
  }

  #inner(elem: number): BpfMap {
    return this.machine.bpfMaps.at(this.memory, this.memory.u32[(elem + this.valueOffset) >>> 2]!);
  }

  /** @models kernel/bpf/hashtab.c htab_of_map_lookup_elem() */
  override lookupElem(key: number): number {
    const elem = this.table.lookup(key);
    return elem === 0 ? 0 : this.memory.u32[(elem + this.valueOffset) >>> 2]!;
  }

  /** @models kernel/bpf/hashtab.c bpf_fd_htab_map_lookup_elem() */
  override sysLookup(key: number, value: number): number {
    const elem = this.table.lookup(key);
    if (elem === 0) return -ENOENT;
    this.copyOut(elem, value);
    return 0;
  }

  override sysLookupAndDelete(): number {
    return -ENOTSUPP;
  }

  /** @models kernel/bpf/hashtab.c bpf_fd_htab_map_update_elem() */
  override sysUpdate(task: Task, key: number, value: number, flags: number): number {
    try {
      const inner = innerMapOf(task, this.memory.view.getInt32(value, true), this.innerMapMeta);
      return this.#update(key, inner, flags);
    } catch (refused) {
      return -errnoOf(refused);
    }
  }

  /** @models kernel/bpf/hashtab.c htab_map_update_elem_in_place() */
  #update(key: number, inner: BpfMap, flags: number): number {
    if (flags >>> 0 > B.BPF_EXIST) return -EINVAL;
    const hash = this.table.hash(key);
    const old = this.table.find(key, hash);
    const refused = this.checkFlags(old, flags);
    if (refused !== 0) return refused;
    const { address } = inner;
    if (old === 0) return this.#put(key, hash, inner, address);
    inner.hold(this);
    this.#inner(old).release(this);
    this.memory.u32[(old + this.valueOffset) >>> 2] = address;
    return 0;
  }

  #put(key: number, hash: number, inner: BpfMap, address: number): number {
    if (this.count >= this.maxEntries) return -E2BIG;
    const elem = this.slab.alloc();
    if (elem === 0) return -ENOMEM;
    if (!this.table.insert(elem, key, hash)) {
      this.slab.free(elem);
      return -ENOMEM;
    }
    this.memory.u32[(elem + this.valueOffset) >>> 2] = address;
    this.memory.u32[(elem + this.valueOffset + 4) >>> 2] = 0;
    inner.hold(this);
    this.count++;
    return 0;
  }

  protected override free(elem: number): void {
    this.#inner(elem).release(this);
    this.slab.free(elem);
  }

  protected override copyOut(elem: number, value: number): void {
    this.memory.view.setUint32(value, this.#inner(elem).id, true);
  }

  override genLookup(): BpfInsn[] | undefined {
    return gen.htabOfMapsLookup(this);
  }

  override checkBtf(): number {
    return -ENOTSUPP;
  }

  protected override preallocUsage(cpus: number): number {
    return this.elemSize * this.maxEntries + SIZEOF_POINTER * cpus;
  }

  protected override grownUsage(): number {
    return (this.elemSize + SIZEOF_LLIST_NODE) * this.count;
  }

  protected override destroy(): void {
    this.deleteAll();
    super.destroy();
  }
}
