// kernel/bpf/bloom_filter.c: BPF_MAP_TYPE_BLOOM_FILTER. Values are pushed and asked for; an answer "is in" may be wrong, an
// answer "is not" never. A large filter gets its memory at its first value.
import { jhash } from '../../../vm/maps/jhash.js';
import { E2BIG, EINVAL, ENOENT, ENOMEM, EOPNOTSUPP } from '../../../uapi/asm-generic/errno.js';
import * as B from '../../../uapi/linux/bpf.js';
import { errno } from '../../errno.js';
import type { Holder } from '../../events.js';
import type { Machine } from '../../machine.js';
import type { Task } from '../task.js';
import type { Btf } from './btf/btf.js';
import { BpfMap, type MapAttr } from './map.js';
import { BPF_F_ACCESS_MASK, flagsAccessOk, KMALLOC_MAX_SIZE, roundUpPowerOfTwo } from './map_ops.js';

const BLOOM_CREATE_FLAG_MASK = B.BPF_F_NUMA_NODE | B.BPF_F_ZERO_SEED | BPF_F_ACCESS_MASK;
const SIZEOF_BPF_BLOOM_FILTER = 312;
const DEFAULT_HASHES = 5;
const U32_MAX = 0xffffffff;

/** @models kernel/bpf/bloom_filter.c bloom_map_alloc_check() */
export function bloomMapAllocCheck(_machine: Machine, attr: MapAttr): void {
  if (attr.valueSize > KMALLOC_MAX_SIZE) throw errno(E2BIG);
}

/** @models kernel/bpf/bloom_filter.c bloom_map_alloc() */
export function bloomMapAlloc(machine: Machine, attr: MapAttr, creator: Holder): BpfMap {
  if (attr.keySize !== 0 || attr.valueSize === 0 || attr.maxEntries === 0) throw errno(EINVAL);
  if ((attr.mapFlags & ~BLOOM_CREATE_FLAG_MASK) !== 0 || !flagsAccessOk(attr.mapFlags)) throw errno(EINVAL);
  if ((attr.mapExtraLow & ~0xf) !== 0 || attr.mapExtraHigh !== 0) throw errno(EINVAL);
  return new BloomFilterMap(machine, attr, creator);
}

/** Bits of a filter: about 1 / ln 2 for each entry and hash, a power of two. */
function bitsFor(entries: number, hashes: number): number {
  const all = entries * hashes;
  const bits = Math.floor(all / 5) * 7;
  if (all > U32_MAX || bits > 2 ** 31) return 2 ** 32;
  return bits <= 64 ? 64 : roundUpPowerOfTwo(bits);
}

export class BloomFilterMap extends BpfMap {
  readonly #hashes: number;
  readonly #bits: number;
  readonly #seed: number;
  #bitset = 0;

  constructor(machine: Machine, attr: MapAttr, creator: Holder) {
    super(machine, attr, creator);
    this.#hashes = attr.mapExtraLow === 0 ? DEFAULT_HASHES : attr.mapExtraLow;
    this.#bits = bitsFor(attr.maxEntries, this.#hashes);
    this.#seed = (attr.mapFlags & B.BPF_F_ZERO_SEED) !== 0 ? 0 : machine.entropy.u32();
  }

  /** Number of the bit for a value by hash `index`. */
  #bit(value: number, index: number): number {
    const hash = jhash(this.memory, value, this.valueSize, (this.#seed + index) | 0);
    return this.#bits === 2 ** 32 ? hash : (hash & (this.#bits - 1)) >>> 0;
  }

  /** @models kernel/bpf/bloom_filter.c bloom_map_push_elem() */
  override pushElem(value: number, flags: number): number {
    if (flags !== B.BPF_ANY) return -EINVAL;
    if (this.#bitset === 0) this.#bitset = this.memory.alloc(this.#bits / 8);
    if (this.#bitset === 0) return -ENOMEM;
    const { u8 } = this.memory;
    for (let i = 0; i < this.#hashes; i++) {
      const bit = this.#bit(value, i);
      u8[this.#bitset + (bit >>> 3)]! |= 1 << (bit & 7);
    }
    return 0;
  }

  /** @models kernel/bpf/bloom_filter.c bloom_map_peek_elem() */
  override peekElem(value: number): number {
    if (this.#bitset === 0) return -ENOENT;
    const { u8 } = this.memory;
    for (let i = 0; i < this.#hashes; i++) {
      const bit = this.#bit(value, i);
      if ((u8[this.#bitset + (bit >>> 3)]! & (1 << (bit & 7))) === 0) return -ENOENT;
    }
    return 0;
  }

  override updateElem(): number {
    return -EINVAL;
  }

  override deleteElem(): number {
    return -EOPNOTSUPP;
  }

  override getNextKey(): number {
    return -EOPNOTSUPP;
  }

  /** The value to look for is at `value`. */
  override sysLookup(_key: number, value: number, _flags: number): number {
    return this.peekElem(value);
  }

  override sysUpdate(_task: Task, _key: number, value: number, flags: number): number {
    return this.pushElem(value, flags);
  }

  /** It has no keys. @models kernel/bpf/bloom_filter.c bloom_map_check_btf() */
  override checkBtf(_btf: Btf, keyTypeId: number): number {
    return keyTypeId === 0 ? 0 : -EINVAL;
  }

  /** @models kernel/bpf/bloom_filter.c bloom_map_mem_usage() */
  override memUsage(): number {
    return SIZEOF_BPF_BLOOM_FILTER + this.#bits / 8;
  }

  protected override destroy(): void {
    if (this.#bitset !== 0) this.memory.free(this.#bitset);
    super.destroy();
  }
}
