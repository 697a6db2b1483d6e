// kernel/bpf/arraymap.c, what all arrays share, and arrays of values: BPF_MAP_TYPE_ARRAY. Values lie right behind struct
// bpf_map, as in the kernel, for programs read them without a call. A large array gets its memory at its first use, so that
// a claim of 2 GiB costs nothing.
import * as at from '../../../vm/maps/bpf_map.js';
import { roundUp8, zeroBytes } from '../../../vm/maps/bytes.js';
import { E2BIG, EEXIST, EINVAL, ENOENT, ENOMEM } from '../../../uapi/asm-generic/errno.js';
import * as B from '../../../uapi/linux/bpf.js';
import { BTF_KIND_DATASEC, BTF_KIND_INT } from '../../../uapi/linux/btf.js';
import { CAP_PERFMON } from '../../../uapi/linux/capability.js';
import { errno, Errno } from '../../errno.js';
import type { Holder } from '../../events.js';
import type { Machine } from '../../machine.js';
import type { Task } from '../task.js';
import type { Btf } from './btf/btf.js';
import { copyValue } from './btf/record.js';
import { BpfMap, ENOTSUPP, type MapAttr } from './map.js';
import {
  AREA_MAX,
  attrNumaNode,
  BPF_F_ACCESS_MASK,
  flagsAccessOk,
  nextIndex,
  NUMA_NO_NODE,
  roundUpPowerOfTwo,
} from './map_ops.js';
import { PCPU_MIN_UNIT_SIZE } from './percpu.js';
import type { BpfInsn } from './verifier_ops.js';
import * as gen from './map_gen_lookup.js';

const ARRAY_CREATE_FLAG_MASK =
  B.BPF_F_NUMA_NODE | B.BPF_F_MMAPABLE | BPF_F_ACCESS_MASK | B.BPF_F_PRESERVE_ELEMS | B.BPF_F_INNER_MAP;
const INT_MAX = 0x7fffffff;
const PAGE_SIZE = 4096;
/** An array up to this size gets its memory when it is made. */
const EAGER = 1 << 20;

const pageAlign = (size: number): number => Math.ceil(size / PAGE_SIZE) * PAGE_SIZE;

/** @models kernel/bpf/arraymap.c array_map_alloc_check() */
export function arrayMapAllocCheck(machine: Machine, attr: MapAttr): void {
  const percpu = attr.mapType === B.BPF_MAP_TYPE_PERCPU_ARRAY;
  const { mapFlags: flags } = attr;
  if (attr.maxEntries === 0 || attr.keySize !== 4 || attr.valueSize === 0) throw errno(EINVAL);
  if ((flags & ~ARRAY_CREATE_FLAG_MASK) !== 0 || !flagsAccessOk(flags)) throw errno(EINVAL);
  if (percpu && attrNumaNode(attr) !== NUMA_NO_NODE) throw errno(EINVAL);
  if (attr.mapType !== B.BPF_MAP_TYPE_ARRAY && (flags & (B.BPF_F_MMAPABLE | B.BPF_F_INNER_MAP)) !== 0)
    throw errno(EINVAL);
  if (attr.mapType !== B.BPF_MAP_TYPE_PERF_EVENT_ARRAY && (flags & B.BPF_F_PRESERVE_ELEMS) !== 0) throw errno(EINVAL);
  if (attr.valueSize > INT_MAX) throw errno(machine.has('bpf-objects') ? E2BIG : ENOMEM);
  if (percpu && roundUp8(attr.valueSize) > PCPU_MIN_UNIT_SIZE) throw errno(E2BIG);
}

/** What every kind of array shares: indexes, their order, the struct in front. */
export abstract class IndexedMap extends BpfMap {
  /** Bytes from one element to the next. */
  readonly elemSize: number;
  /** Entries there is memory for: more than asked for where speculation is masked. */
  readonly #places: number;

  /** Refuses when there cannot be memory. `task`: whether CAP_PERFMON lets programs go without masked indexes. */
  constructor(machine: Machine, attr: MapAttr, creator: Holder, task: Task, elemSize: number) {
    super(machine, attr, creator);
    this.elemSize = elemSize;
    this.bypassSpecV1 = task.capable(CAP_PERFMON);
    this.#places = this.bypassSpecV1 ? this.maxEntries : roundUpPowerOfTwo(this.maxEntries);
  }

  /** Whether programs may look up without a mask on the index. */
  readonly bypassSpecV1: boolean;

  /** Bytes of the elements. */
  protected get dataSize(): number {
    return this.#places * this.elemSize;
  }

  /** Takes memory at once for a small array; the object goes when there is none. */
  protected reserve(creator: Holder): void {
    try {
      if (this.#places > 0xffffffff) throw errno(E2BIG);
      if (this.areaSize > AREA_MAX) throw errno(ENOMEM);
      if (this.areaSize <= EAGER) this.materialize();
    } catch (e) {
      this.release(creator);
      throw e;
    }
  }

  /** Bytes of everything the array needs. */
  protected get areaSize(): number {
    return at.BPF_ARRAY_VALUE + this.dataSize;
  }

  protected override layOut(): number {
    const address = this.memory.alloc(at.BPF_ARRAY_VALUE + this.dataSize);
    if (address !== 0) this.describe(address);
    return address;
  }

  protected describe(address: number): void {
    const { view } = this.memory;
    view.setUint32(address + at.BPF_ARRAY_ELEM_SIZE, this.elemSize, true);
    view.setUint32(address + at.BPF_ARRAY_INDEX_MASK, this.indexMask, true);
  }

  get indexMask(): number {
    return roundUpPowerOfTwo(this.maxEntries) - 1;
  }

  /** Whether there is memory by now; programs have the address already, so it matters to bpf(2) alone. */
  protected ready(): boolean {
    if (this.placed) return true;
    try {
      return this.address !== 0;
    } catch (e) {
      if (e instanceof Errno) return false;
      throw e;
    }
  }

  protected index(key: number): number {
    return (key & 3) === 0 ? this.memory.u32[key >>> 2]! : this.memory.view.getUint32(key, true);
  }

  /** Address of element `index`, which exists. */
  protected place(index: number): number {
    return this.address + at.BPF_ARRAY_VALUE + this.elemSize * index;
  }

  /** @models kernel/bpf/arraymap.c array_map_get_next_key() */
  override getNextKey(key: number, next: number): number {
    return nextIndex(this, key, next);
  }

  override deleteElem(_key: number): number {
    return -EINVAL;
  }

  /** The checks of an update in their order: 0 or a negative errno. */
  protected checkUpdate(index: number, flags: number): number {
    if ((flags & ~B.BPF_F_LOCK) >>> 0 > B.BPF_EXIST) return -EINVAL;
    if (index >= this.maxEntries) return -E2BIG;
    if ((flags & B.BPF_NOEXIST) !== 0) return -EEXIST;
    return this.refuseLock(flags);
  }
}

/**
 * The key is a 32-bit int; a map of global variables has none.
 *
 * @models kernel/bpf/arraymap.c array_map_check_btf()
 */
export function arrayMapCheckBtf(map: BpfMap, btf: Btf, keyTypeId: number, valueTypeId: number): number {
  if (keyTypeId === 0) {
    if (map.mapType !== B.BPF_MAP_TYPE_ARRAY || map.maxEntries !== 1) return -EINVAL;
    return btf.types.kindOf(valueTypeId) === BTF_KIND_DATASEC ? 0 : -EINVAL;
  }
  return btf.types.kindOf(keyTypeId) === BTF_KIND_INT && btf.types.isPlainInt(keyTypeId, 32) ? 0 : -EINVAL;
}

/** BPF_MAP_TYPE_ARRAY */
export class ArrayMap extends IndexedMap {
  /** Start of the block that a mappable array lies in. */
  #block = 0;

  constructor(machine: Machine, attr: MapAttr, creator: Holder, task: Task) {
    super(machine, attr, creator, task, roundUp8(attr.valueSize));
    this.reserve(creator);
  }

  get mmapable(): boolean {
    return (this.mapFlags & B.BPF_F_MMAPABLE) !== 0;
  }

  /** Values of a mappable array begin on a page and end with one. */
  protected override get areaSize(): number {
    return this.mmapable ? PAGE_SIZE + pageAlign(this.dataSize) : super.areaSize;
  }

  protected override layOut(): number {
    if (!this.mmapable) return super.layOut();
    this.#block = this.memory.alloc(PAGE_SIZE + this.areaSize);
    if (this.#block === 0) return 0;
    const address = pageAlign(this.#block + at.BPF_ARRAY_VALUE) - at.BPF_ARRAY_VALUE;
    this.describe(address);
    return address;
  }

  protected override unplace(address: number): void {
    this.memory.free(this.#block === 0 ? address : this.#block);
  }

  /** @models kernel/bpf/arraymap.c array_map_mmap() */
  override get mappedArea(): { readonly address: number; readonly size: number } | undefined {
    if (!this.mmapable || !this.ready()) return undefined;
    return { address: this.place(0), size: pageAlign(this.maxEntries * this.elemSize) };
  }

  /** @models kernel/bpf/arraymap.c array_map_lookup_elem() */
  override lookupElem(key: number): number {
    const index = this.index(key);
    return index < this.maxEntries ? this.place(index) : 0;
  }

  /** Values that nobody wrote are zeros, and stay without memory. */
  override sysLookup(key: number, value: number, flags: number, task: Task): number {
    if (this.placed) return super.sysLookup(key, value, flags, task);
    if (this.index(key) >= this.maxEntries) return -ENOENT;
    zeroBytes(this.memory, value, this.valueSize);
    return 0;
  }

  /** @models kernel/bpf/arraymap.c array_map_update_elem() */
  override updateElem(key: number, value: number, flags: number): number {
    const index = this.index(key);
    const refused = this.checkUpdate(index, flags);
    if (refused !== 0) return refused;
    if (!this.ready()) return -ENOMEM;
    copyValue(this.memory, this.record, this.place(index), value, this.valueSize);
    return 0;
  }

  override checkBtf(btf: Btf, keyTypeId: number, valueTypeId: number): number {
    return arrayMapCheckBtf(this, btf, keyTypeId, valueTypeId);
  }

  override genLookup(): BpfInsn[] | undefined {
    return (this.mapFlags & B.BPF_F_INNER_MAP) !== 0 ? undefined : gen.arrayLookup(this);
  }

  /** @models kernel/bpf/arraymap.c array_map_direct_value_addr() */
  override directValueAddr(off: number): number {
    if (this.maxEntries !== 1) return -ENOTSUPP;
    return off >= this.valueSize ? -EINVAL : this.place(0);
  }

  /** @models kernel/bpf/arraymap.c array_map_mem_usage() */
  override memUsage(): number {
    return this.areaSize;
  }
}
