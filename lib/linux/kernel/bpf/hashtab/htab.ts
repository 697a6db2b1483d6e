// kernel/bpf/hashtab.c: what all hash maps share. The table and its elements lie in the linear memory as struct htab_elem
// (lib/vm/maps/hash.ts); here is policy: which claims are refused, what flags mean, when a map is full, what it counts for.
// The element count and the elements in the table always agree.
import * as at from '../../../../vm/maps/bpf_map.js';
import { copyBytes, roundUp8 } from '../../../../vm/maps/bytes.js';
import { HashTable } from '../../../../vm/maps/hash.js';
import { Slab } from '../../../../vm/maps/slab.js';
import { E2BIG, EEXIST, EINVAL, ENOENT, ENOMEM, EPERM } from '../../../../uapi/asm-generic/errno.js';
import * as B from '../../../../uapi/linux/bpf.js';
import { MAX_BPF_STACK } from '../../../../uapi/linux/bpf_insn.js';
import { CAP_SYS_ADMIN } from '../../../../uapi/linux/capability.js';
import { errno } from '../../../errno.js';
import type { Holder } from '../../../events.js';
import type { Machine } from '../../../machine.js';
import type { Task } from '../../task.js';
import { BpfMap, ENOTSUPP, type MapAttr, type MapShape } from '../map.js';
import {
  AREA_MAX,
  attrNumaNode,
  BPF_F_ACCESS_MASK,
  flagsAccessOk,
  KMALLOC_MAX_SIZE,
  NUMA_NO_NODE,
  roundUpPowerOfTwo,
} from '../map_ops.js';
import { PCPU_MIN_UNIT_SIZE } from '../percpu.js';

const HTAB_CREATE_FLAG_MASK =
  B.BPF_F_NO_PREALLOC | B.BPF_F_NO_COMMON_LRU | B.BPF_F_NUMA_NODE | BPF_F_ACCESS_MASK | B.BPF_F_ZERO_SEED;
const SIZEOF_BPF_HTAB = 832;
const SIZEOF_BUCKET = 16;
/** Bytes a CPU of the counters that guard buckets. */
const LOCK_COUNTERS = 32;
const U32_MAX = 0xffffffff;

const isPercpu = (type: number): boolean =>
  type === B.BPF_MAP_TYPE_PERCPU_HASH || type === B.BPF_MAP_TYPE_LRU_PERCPU_HASH;
const isLru = (type: number): boolean => type === B.BPF_MAP_TYPE_LRU_HASH || type === B.BPF_MAP_TYPE_LRU_PERCPU_HASH;

/** @models kernel/bpf/hashtab.c htab_map_alloc_check() */
export function htabMapAllocCheck(machine: Machine, attr: MapAttr, task: Task): void {
  const { mapFlags: flags, keySize, valueSize } = attr;
  const percpu = isPercpu(attr.mapType);
  const percpuLru = (flags & B.BPF_F_NO_COMMON_LRU) !== 0;
  if ((flags & B.BPF_F_ZERO_SEED) !== 0 && !task.capable(CAP_SYS_ADMIN)) throw errno(EPERM);
  if ((flags & ~HTAB_CREATE_FLAG_MASK) !== 0 || !flagsAccessOk(flags)) throw errno(EINVAL);
  if (!isLru(attr.mapType) && percpuLru) throw errno(EINVAL);
  if (isLru(attr.mapType) && (flags & B.BPF_F_NO_PREALLOC) !== 0) throw errno(ENOTSUPP);
  if (attrNumaNode(attr) !== NUMA_NO_NODE && (percpu || percpuLru)) throw errno(EINVAL);
  if (attr.maxEntries === 0 || keySize === 0 || valueSize === 0) throw errno(EINVAL);
  if (!machine.has('bpf-objects') && keySize > MAX_BPF_STACK) throw errno(E2BIG);
  if (keySize + valueSize >= KMALLOC_MAX_SIZE - at.HTAB_ELEM_KEY) throw errno(E2BIG);
  if (percpu && roundUp8(valueSize) > PCPU_MIN_UNIT_SIZE) throw errno(E2BIG);
}

/** Each CPU's list of an LRU without common list has as many elements. */
function shapeOf(machine: Machine, attr: MapAttr): MapShape {
  if ((attr.mapFlags & B.BPF_F_NO_COMMON_LRU) === 0) return {};
  const { cpus } = machine.config;
  const up = Math.ceil(attr.maxEntries / cpus) * cpus;
  return { maxEntries: up > U32_MAX ? up - cpus : up };
}

export abstract class Htab extends BpfMap {
  protected readonly table: HashTable;
  protected readonly slab: Slab;
  /** Bytes of an element up to its value or the address of its values. */
  protected readonly elemSize: number;
  /** Elements in the table. */
  protected count = 0;
  /** From an element to its value. */
  protected readonly valueOffset: number;

  /** Refuses when there cannot be memory. `valueBytes`: what an element needs for its value. */
  constructor(machine: Machine, attr: MapAttr, creator: Holder, valueBytes: number) {
    super(machine, attr, creator, shapeOf(machine, attr));
    this.valueOffset = at.HTAB_ELEM_KEY + roundUp8(attr.keySize);
    this.elemSize = this.valueOffset + valueBytes;
    this.slab = new Slab(machine.memory, this.elemSize);
    const nBuckets = this.#buckets(creator);
    const seeded = (attr.mapFlags & B.BPF_F_ZERO_SEED) === 0 && machine.has('bpf-objects');
    const seed = seeded ? machine.entropy.u32() : 0;
    this.table = new HashTable(machine.memory, attr.keySize, nBuckets, seed);
    if (this.table.failed) this.refuse(creator, ENOMEM);
  }

  /** Number of buckets, when what the map can grow to is thinkable. */
  #buckets(creator: Holder): number {
    if (this.maxEntries > 2 ** 31) this.refuse(creator, E2BIG);
    const nBuckets = roundUpPowerOfTwo(this.maxEntries);
    if (nBuckets > U32_MAX / SIZEOF_BUCKET) this.refuse(creator, E2BIG);
    if (nBuckets * SIZEOF_BUCKET > AREA_MAX) this.refuse(creator, ENOMEM);
    if (this.prealloc && this.elemSize * this.maxEntries > AREA_MAX) this.refuse(creator, ENOMEM);
    return nBuckets;
  }

  /** The map goes, the refusal stays. */
  protected refuse(creator: Holder, number: number): never {
    this.release(creator);
    throw errno(number);
  }

  protected get prealloc(): boolean {
    return (this.mapFlags & B.BPF_F_NO_PREALLOC) === 0;
  }

  /** Address of the element with the key, or 0. @models kernel/bpf/hashtab.c __htab_map_lookup_elem() */
  lookupRaw(key: number): number {
    return this.table.lookup(key);
  }

  /** @models kernel/bpf/hashtab.c htab_map_lookup_elem() */
  override lookupElem(key: number): number {
    const elem = this.table.lookup(key);
    return elem === 0 ? 0 : this.valueAt(elem);
  }

  /** Address of the value of an element, of the first CPU for per-CPU kinds. */
  protected valueAt(elem: number): number {
    return elem + this.valueOffset;
  }

  /** @models kernel/bpf/hashtab.c htab_map_get_next_key() */
  override getNextKey(key: number, next: number): number {
    const known = key === 0 ? 0 : this.table.lookup(key);
    const elem = known === 0 ? this.table.firstFrom(0) : this.table.after(known);
    if (elem === 0) return -ENOENT;
    copyBytes(this.memory, next, elem + at.HTAB_ELEM_KEY, this.keySize);
    return 0;
  }

  /** A kernel that knows two kinds of maps looks for room first. @models kernel/bpf/hashtab.c check_flags() */
  protected checkFlags(old: number, flags: number): number {
    if (old === 0 && this.count >= this.maxEntries && !this.machine.has('bpf-objects')) return -E2BIG;
    const wanted = flags & ~B.BPF_F_LOCK;
    if (old !== 0 && wanted === B.BPF_NOEXIST) return -EEXIST;
    return old === 0 && wanted === B.BPF_EXIST ? -ENOENT : 0;
  }

  /** @models kernel/bpf/hashtab.c htab_map_delete_elem() */
  override deleteElem(key: number): number {
    const elem = this.table.lookup(key);
    if (elem === 0) return -ENOENT;
    this.take(elem);
    return 0;
  }

  /** Out of the table and free. */
  protected take(elem: number): void {
    this.table.remove(elem);
    this.count--;
    this.free(elem);
  }

  /** Empties a table whose elements hold something. @models kernel/bpf/hashtab.c fd_htab_map_free() */
  protected deleteAll(): void {
    const table = this.table as HashTable | undefined;
    for (let elem = table?.firstFrom(0) ?? 0; elem !== 0;) {
      const next = this.table.after(elem);
      this.take(elem);
      elem = next;
    }
  }

  /** Gives an element back that is in no bucket. */
  protected abstract free(elem: number): void;

  /** @models kernel/bpf/hashtab.c __htab_map_lookup_and_delete_elem() */
  override sysLookupAndDelete(key: number, value: number, flags: number): number {
    const elem = this.table.lookup(key);
    if (elem === 0) return -ENOENT;
    this.copyOut(elem, value, flags);
    this.take(elem);
    return 0;
  }

  /** The value of an element, as bpf(2) shows it. */
  protected abstract copyOut(elem: number, value: number, flags: number): void;

  /** The elements of one bucket in their order: batch commands go by buckets. */
  bucketElems(bucket: number): number[] {
    const elems: number[] = [];
    for (let elem = this.table.firstOf(bucket); elem !== 0; elem = this.table.nextInBucket(elem)) elems.push(elem);
    return elems;
  }

  /** The first bucket from `bucket` on that has elements, else the number of buckets. */
  usedBucketFrom(bucket: number): number {
    return this.table.usedFrom(bucket);
  }

  /** The value of an element as bpf(2) shows it. */
  copyElem(elem: number, value: number, flags: number): void {
    this.copyOut(elem, value, flags);
  }

  /** Deletes an element of the table. */
  deleteRaw(elem: number): void {
    this.take(elem);
  }

  get nBuckets(): number {
    return this.table.nBuckets;
  }

  /** Each element in the order of buckets, for bpf_for_each_map_elem(); `visit` gives true to stop. */
  forEachElem(visit: (key: number, value: number) => boolean): number {
    let visited = 0;
    for (let elem = this.table.firstFrom(0); elem !== 0;) {
      const next = this.table.after(elem);
      visited++;
      if (visit(elem + at.HTAB_ELEM_KEY, this.valueAt(elem))) break;
      elem = next;
    }
    return visited;
  }

  /** @models kernel/bpf/hashtab.c htab_map_mem_usage() */
  override memUsage(): number {
    const { cpus } = this.machine.config;
    const fixed = SIZEOF_BPF_HTAB + SIZEOF_BUCKET * this.nBuckets + LOCK_COUNTERS * cpus;
    return fixed + (this.prealloc ? this.preallocUsage(cpus) : this.grownUsage(cpus));
  }

  /** Bytes of elements made in advance. */
  protected abstract preallocUsage(cpus: number): number;

  /** Bytes of elements made as needed. */
  protected abstract grownUsage(cpus: number): number;

  protected override destroy(): void {
    // A map that was refused has no table.
    (this.table as HashTable | undefined)?.dispose();
    this.slab.dispose();
    super.destroy();
  }
}
