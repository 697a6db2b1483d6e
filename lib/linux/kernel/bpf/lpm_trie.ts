// kernel/bpf/lpm_trie.c: BPF_MAP_TYPE_LPM_TRIE. The trie itself is lib/vm/maps/lpm.ts; here are claims, flags and limits.
import { LpmTrie, SIZEOF_LPM_TRIE_NODE } from '../../../vm/maps/lpm.js';
import { EEXIST, EINVAL, ENOENT, ENOMEM, ENOSPC } from '../../../uapi/asm-generic/errno.js';
import * as B from '../../../uapi/linux/bpf.js';
import { BTF_KIND_STRUCT } from '../../../uapi/linux/btf.js';
import { errno } from '../../errno.js';
import type { Holder } from '../../events.js';
import type { Machine } from '../../machine.js';
import type { Btf } from './btf/btf.js';
import { BpfMap, type MapAttr } from './map.js';
import { BPF_F_ACCESS_MASK, flagsAccessOk, KMALLOC_MAX_SIZE } from './map_ops.js';

const LPM_CREATE_FLAG_MASK = B.BPF_F_NO_PREALLOC | B.BPF_F_NUMA_NODE | BPF_F_ACCESS_MASK;
/** Bytes of a key in front of its bits. */
const SIZEOF_KEY = 4;
const LPM_DATA_SIZE_MIN = 1;
const LPM_DATA_SIZE_MAX = 256;
const LPM_VAL_SIZE_MAX = KMALLOC_MAX_SIZE - LPM_DATA_SIZE_MAX - SIZEOF_LPM_TRIE_NODE;

function checkAttr(attr: MapAttr): void {
  const { mapFlags: flags } = attr;
  const dataSize = attr.keySize - SIZEOF_KEY;
  if (attr.maxEntries === 0 || (flags & B.BPF_F_NO_PREALLOC) === 0) throw errno(EINVAL);
  if ((flags & ~LPM_CREATE_FLAG_MASK) !== 0 || !flagsAccessOk(flags)) throw errno(EINVAL);
  if (dataSize < LPM_DATA_SIZE_MIN || dataSize > LPM_DATA_SIZE_MAX) throw errno(EINVAL);
  if (attr.valueSize < 1 || attr.valueSize > LPM_VAL_SIZE_MAX) throw errno(EINVAL);
}

/** @models kernel/bpf/lpm_trie.c trie_alloc() */
export function trieAlloc(machine: Machine, attr: MapAttr, creator: Holder): BpfMap {
  checkAttr(attr);
  return new LpmTrieMap(machine, attr, creator);
}

export class LpmTrieMap extends BpfMap {
  readonly #trie: LpmTrie;

  constructor(machine: Machine, attr: MapAttr, creator: Holder) {
    super(machine, attr, creator);
    this.#trie = new LpmTrie(machine.memory, attr.keySize - SIZEOF_KEY, attr.valueSize);
  }

  /** @models kernel/bpf/lpm_trie.c trie_lookup_elem() */
  override lookupElem(key: number): number {
    return this.#trie.lookup(key);
  }

  /** @models kernel/bpf/lpm_trie.c trie_update_elem() */
  override updateElem(key: number, value: number, flags: number): number {
    if (flags >>> 0 > B.BPF_EXIST) return -EINVAL;
    if (this.#trie.prefixlen(key) > this.#trie.maxPrefixlen) return -EINVAL;
    if (this.#trie.has(key)) {
      if (flags === B.BPF_NOEXIST) return -EEXIST;
    } else if (flags === B.BPF_EXIST) return -ENOENT;
    else if (this.#trie.count === this.maxEntries) return -ENOSPC;
    return this.#trie.insert(key, value) ? 0 : -ENOMEM;
  }

  /** @models kernel/bpf/lpm_trie.c trie_delete_elem() */
  override deleteElem(key: number): number {
    if (this.#trie.prefixlen(key) > this.#trie.maxPrefixlen) return -EINVAL;
    return this.#trie.remove(key) ? 0 : -ENOENT;
  }

  /** @models kernel/bpf/lpm_trie.c trie_get_next_key() */
  override getNextKey(key: number, next: number): number {
    return this.#trie.next(key, next) ? 0 : -ENOENT;
  }

  /** @models kernel/bpf/lpm_trie.c trie_check_btf() */
  override checkBtf(btf: Btf, keyTypeId: number): number {
    return btf.types.kindOf(keyTypeId) === BTF_KIND_STRUCT ? 0 : -EINVAL;
  }

  /** @models kernel/bpf/lpm_trie.c trie_mem_usage() */
  override memUsage(): number {
    return (SIZEOF_LPM_TRIE_NODE + this.keySize - SIZEOF_KEY + this.valueSize) * this.#trie.count;
  }

  protected override destroy(): void {
    this.#trie.dispose();
    super.destroy();
  }
}
