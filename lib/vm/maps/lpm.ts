// The trie of a longest-prefix-match map in the linear memory. A node stands for a prefix: how many bits, the bits, two
// children by the bit that follows, and behind the bits the value. Nodes without a value (intermediate ones) always have two
// children. Keys are a 32-bit prefix length and the bits, most significant first.
import type { Memory } from '../memory.js';
import { copyBytes } from './bytes.js';
import { Slab } from './slab.js';

/** struct lpm_trie_node of kernel/bpf/lpm_trie.c, offsets in bytes. */
const CHILD = 0;
const PREFIXLEN = 16;
const FLAGS = 20;
const DATA = 24;
/** Bytes in front of the bits. */
export const SIZEOF_LPM_TRIE_NODE = DATA;

const INTERMEDIATE = 1;

/** Where the bits of a key begin. */
const KEY_DATA = 4;

export class LpmTrie {
  /** Prefixes that have a value. */
  count = 0;
  readonly #memory: Memory;
  readonly #dataSize: number;
  readonly #valueSize: number;
  readonly #slab: Slab;
  #root = 0;

  constructor(memory: Memory, dataSize: number, valueSize: number) {
    this.#memory = memory;
    this.#dataSize = dataSize;
    this.#valueSize = valueSize;
    this.#slab = new Slab(memory, (DATA + dataSize + valueSize + 7) & ~7);
  }

  get maxPrefixlen(): number {
    return this.#dataSize * 8;
  }

  /** The prefix length that a key names. */
  prefixlen(key: number): number {
    return this.#memory.view.getUint32(key, true);
  }

  /** Address of the value of the longest prefix of the key, or 0. */
  lookup(key: number): number {
    const length = this.prefixlen(key);
    if (length > this.maxPrefixlen) return 0;
    let found = 0;
    for (let node = this.#root; node !== 0;) {
      const matched = this.#match(node, key + KEY_DATA, length);
      if (matched === this.maxPrefixlen) {
        found = node;
        break;
      }
      if (matched < this.#lengthOf(node)) break;
      if (!this.#isIntermediate(node)) found = node;
      node = this.#child(node, this.#bit(key + KEY_DATA, this.#lengthOf(node)));
    }
    return found === 0 ? 0 : found + DATA + this.#dataSize;
  }

  /** Whether exactly this prefix has a value. */
  has(key: number): boolean {
    return this.#exact(key) !== 0;
  }

  /** Sets the value of a prefix; false when there is no memory. */
  insert(key: number, value: number): boolean {
    const length = this.prefixlen(key);
    const slot = this.#slotFor(key, length);
    const node = this.#at(slot);
    const added = this.#make(key + KEY_DATA, length);
    if (added === 0) return false;
    copyBytes(this.#memory, added + DATA + this.#dataSize, value, this.#valueSize);
    if (node === 0) {
      this.#set(slot, added);
      this.count++;
    } else if (!this.#place(slot, node, added, key, length)) {
      this.#slab.free(added);
      return false;
    }
    return true;
  }

  /** Puts `added` where `node` is, above it, or beside it. */
  #place(slot: number, node: number, added: number, key: number, length: number): boolean {
    const matched = this.#match(node, key + KEY_DATA, length);
    if (matched === this.#lengthOf(node)) {
      if (this.#isIntermediate(node)) this.count++;
      copyBytes(this.#memory, added + CHILD, node + CHILD, 16);
      this.#set(slot, added);
      this.#slab.free(node);
      return true;
    }
    if (matched === length) this.#setChild(added, this.#bit(node + DATA, matched), node);
    else return this.#fork(slot, node, added, key, matched);
    this.count++;
    this.#set(slot, added);
    return true;
  }

  /** A node without value above `node` and `added`, which differ behind `matched` bits. */
  #fork(slot: number, node: number, added: number, key: number, matched: number): boolean {
    const fork = this.#make(node + DATA, matched);
    if (fork === 0) return false;
    this.#memory.u32[(fork + FLAGS) >>> 2] = INTERMEDIATE;
    const side = this.#bit(key + KEY_DATA, matched);
    this.#setChild(fork, side, added);
    this.#setChild(fork, 1 - side, node);
    this.count++;
    this.#set(slot, fork);
    return true;
  }

  /** Takes a prefix and its value away; false when it has none. */
  remove(key: number): boolean {
    const length = this.prefixlen(key);
    let slot = 0;
    let above = 0;
    let parent = 0;
    let node = this.#root;
    let matched = 0;
    while (node !== 0) {
      matched = this.#match(node, key + KEY_DATA, length);
      if (this.#lengthOf(node) !== matched || this.#lengthOf(node) === length) break;
      parent = node;
      above = slot;
      slot = this.#childSlot(node, this.#bit(key + KEY_DATA, this.#lengthOf(node)));
      node = this.#at(slot);
    }
    if (node === 0 || this.#lengthOf(node) !== length || matched !== length || this.#isIntermediate(node)) return false;
    this.count--;
    this.#unlink(slot, above, parent, node);
    return true;
  }

  #unlink(slot: number, above: number, parent: number, node: number): void {
    const left = this.#child(node, 0);
    const right = this.#child(node, 1);
    if (left !== 0 && right !== 0) {
      this.#memory.u32[(node + FLAGS) >>> 2] = INTERMEDIATE;
      return;
    }
    if (parent !== 0 && this.#isIntermediate(parent) && left === 0 && right === 0) {
      const sibling = this.#child(parent, node === this.#child(parent, 0) ? 1 : 0);
      this.#set(above, sibling);
      this.#slab.free(parent);
    } else this.#set(slot, left !== 0 ? left : right);
    this.#slab.free(node);
  }

  /**
   * Writes the prefix after `key` to `next`: longer ones before those they lie in. 0 as key, and one that is not there, mean
   * the first. False at the end.
   */
  next(key: number, next: number): boolean {
    if (this.#root === 0) return false;
    const node = key === 0 ? this.#leftmost(this.#root) : this.#after(key);
    if (node === 0) return false;
    this.#memory.view.setUint32(next, this.#lengthOf(node), true);
    copyBytes(this.#memory, next + KEY_DATA, node + DATA, this.#dataSize);
    return true;
  }

  #after(key: number): number {
    const length = this.prefixlen(key);
    if (length > this.maxPrefixlen) return this.#leftmost(this.#root);
    const path = this.#path(key, length);
    if (path === undefined) return this.#leftmost(this.#root);
    for (let at = path.length - 1; at > 0; at--) {
      const parent = path[at - 1]!;
      if (this.#child(parent, 0) === path[at]) {
        const right = this.#child(parent, 1);
        if (right !== 0) return this.#leftmost(right);
      }
      if (!this.#isIntermediate(parent)) return parent;
    }
    return 0;
  }

  /** The nodes from the root to that of a prefix that is there. */
  #path(key: number, length: number): number[] | undefined {
    const path: number[] = [];
    for (let node = this.#root; node !== 0;) {
      path.push(node);
      const matched = this.#match(node, key + KEY_DATA, length);
      if (this.#lengthOf(node) !== matched) return undefined;
      if (this.#lengthOf(node) === length) return this.#isIntermediate(node) ? undefined : path;
      node = this.#child(node, this.#bit(key + KEY_DATA, this.#lengthOf(node)));
    }
    return undefined;
  }

  #exact(key: number): number {
    return this.#path(key, this.prefixlen(key))?.at(-1) ?? 0;
  }

  /** The first node with a value under `from`, children before parents. */
  #leftmost(from: number): number {
    let found = 0;
    for (let node = from; node !== 0;) {
      if (!this.#isIntermediate(node)) found = node;
      const left = this.#child(node, 0);
      node = left !== 0 || this.#isIntermediate(node) ? left : this.#child(node, 1);
    }
    return found;
  }

  dispose(): void {
    this.#slab.dispose();
    this.#root = 0;
  }

  /** Where a prefix is, or hangs in: a slot (0: the root), see #at(). */
  #slotFor(key: number, length: number): number {
    let slot = 0;
    for (let node = this.#root; node !== 0; node = this.#at(slot)) {
      const matched = this.#match(node, key + KEY_DATA, length);
      if (this.#lengthOf(node) !== matched || this.#lengthOf(node) === length) break;
      slot = this.#childSlot(node, this.#bit(key + KEY_DATA, this.#lengthOf(node)));
    }
    return slot;
  }

  #make(data: number, length: number): number {
    const node = this.#slab.alloc();
    if (node === 0) return 0;
    const { u32 } = this.#memory;
    for (const offset of [0, 4, 8, 12]) u32[(node + CHILD + offset) >>> 2] = 0;
    u32[(node + PREFIXLEN) >>> 2] = length;
    u32[(node + FLAGS) >>> 2] = 0;
    copyBytes(this.#memory, node + DATA, data, this.#dataSize);
    return node;
  }

  #at(slot: number): number {
    return slot === 0 ? this.#root : this.#memory.u32[slot >>> 2]!;
  }

  #set(slot: number, node: number): void {
    if (slot === 0) this.#root = node;
    else this.#memory.u32[slot >>> 2] = node;
  }

  #childSlot(node: number, side: number): number {
    return node + CHILD + 8 * side;
  }

  #child(node: number, side: number): number {
    return this.#memory.u32[(node + CHILD + 8 * side) >>> 2]!;
  }

  #setChild(node: number, side: number, child: number): void {
    this.#memory.u32[(node + CHILD + 8 * side) >>> 2] = child;
  }

  #lengthOf(node: number): number {
    return this.#memory.u32[(node + PREFIXLEN) >>> 2]!;
  }

  #isIntermediate(node: number): boolean {
    return this.#memory.u32[(node + FLAGS) >>> 2] === INTERMEDIATE;
  }

  #bit(data: number, index: number): number {
    return (this.#memory.u8[data + (index >>> 3)]! >>> (7 - (index & 7))) & 1;
  }

  /** How many bits at most of a node's prefix and of a key agree. */
  #match(node: number, data: number, length: number): number {
    const limit = Math.min(this.#lengthOf(node), length);
    const { view, u8 } = this.#memory;
    let at = 0;
    for (; at + 4 <= this.#dataSize; at += 4) {
      const differ = view.getUint32(node + DATA + at) ^ view.getUint32(data + at);
      if (differ !== 0) return Math.min(limit, at * 8 + Math.clz32(differ));
      if (at * 8 + 32 >= limit) return limit;
    }
    for (; at < this.#dataSize; at++) {
      const differ = u8[node + DATA + at]! ^ u8[data + at]!;
      if (differ !== 0) return Math.min(limit, at * 8 + Math.clz32(differ) - 24);
    }
    return limit;
  }
}
