// The table of a hash map in the linear memory: buckets, each the address of its first element, and elements in the layout
// of struct htab_elem, linked by their low words. Lookups allocate nothing and compare words. What a full map, flags and
// values mean is not known here.
import type { Memory } from '../memory.js';
import { HTAB_ELEM_HASH, HTAB_ELEM_KEY, HTAB_ELEM_NEXT, HTAB_ELEM_PPREV } from './bpf_map.js';
import { copyBytes, equalBytes } from './bytes.js';
import { jhash } from './jhash.js';

/** Buckets that lie in one piece; a larger table is cut into pieces of so many that are made when one is used. */
const PIECE_SHIFT = 16;
const PIECE = 1 << PIECE_SHIFT;

export class HashTable {
  readonly nBuckets: number;
  readonly #memory: Memory;
  readonly #keySize: number;
  readonly #seed: number;
  readonly #mask: number;
  /** Address of the only piece, or 0. */
  #buckets = 0;
  /** Addresses of pieces, 0 where no bucket was used. */
  readonly #pieces: Float64Array | undefined;

  /** `nBuckets` is a power of two. `failed` tells afterwards whether there was memory. */
  constructor(memory: Memory, keySize: number, nBuckets: number, seed: number) {
    this.#memory = memory;
    this.#keySize = keySize;
    this.#seed = seed;
    this.nBuckets = nBuckets;
    this.#mask = nBuckets - 1;
    if (nBuckets > PIECE) this.#pieces = new Float64Array(nBuckets / PIECE);
    else this.#buckets = memory.alloc(nBuckets * 4);
  }

  get failed(): boolean {
    return this.#buckets === 0 && this.#pieces === undefined;
  }

  hash(key: number): number {
    return jhash(this.#memory, key, this.#keySize, this.#seed);
  }

  /** The element with the key at `key`, or 0. */
  lookup(key: number): number {
    return this.find(key, this.hash(key));
  }

  /** The same for a hash already known. */
  find(key: number, hash: number): number {
    const memory = this.#memory;
    const { u32 } = memory;
    let elem = this.#first(hash & this.#mask);
    while (elem !== 0) {
      const at = elem >>> 2;
      if (u32[at + HTAB_ELEM_HASH / 4] === hash && equalBytes(memory, elem + HTAB_ELEM_KEY, key, this.#keySize))
        return elem;
      elem = u32[at + HTAB_ELEM_NEXT / 4]!;
    }
    return 0;
  }

  /** Puts `elem` first in its bucket, key and hash set. False when there is no memory for the bucket. */
  insert(elem: number, key: number, hash: number): boolean {
    const bucket = this.#bucketOf(hash & this.#mask);
    if (bucket === 0) return false;
    const memory = this.#memory;
    const { u32 } = memory;
    const next = u32[bucket >>> 2]!;
    copyBytes(memory, elem + HTAB_ELEM_KEY, key, this.#keySize);
    u32[(elem + HTAB_ELEM_HASH) >>> 2] = hash;
    u32[(elem + HTAB_ELEM_NEXT) >>> 2] = next;
    u32[(elem + HTAB_ELEM_PPREV) >>> 2] = bucket;
    u32[bucket >>> 2] = elem;
    if (next !== 0) u32[(next + HTAB_ELEM_PPREV) >>> 2] = elem;
    return true;
  }

  /** Takes `elem` out; it stays as it is but for its place. */
  remove(elem: number): void {
    const { u32 } = this.#memory;
    const next = u32[(elem + HTAB_ELEM_NEXT) >>> 2]!;
    const place = u32[(elem + HTAB_ELEM_PPREV) >>> 2]!;
    u32[place >>> 2] = next;
    if (next !== 0) u32[(next + HTAB_ELEM_PPREV) >>> 2] = place;
  }

  /** The element behind `elem` in the order of buckets, or 0. */
  after(elem: number): number {
    const { u32 } = this.#memory;
    const next = u32[(elem + HTAB_ELEM_NEXT) >>> 2]!;
    return next !== 0 ? next : this.firstFrom((u32[(elem + HTAB_ELEM_HASH) >>> 2]! & this.#mask) + 1);
  }

  /** The next element of the same bucket, or 0. */
  nextInBucket(elem: number): number {
    return this.#memory.u32[(elem + HTAB_ELEM_NEXT) >>> 2]!;
  }

  /** First element of one bucket, or 0. */
  firstOf(bucket: number): number {
    return this.#first(bucket);
  }

  /** First element of `bucket` or a later one, or 0. */
  firstFrom(bucket: number): number {
    const used = this.usedFrom(bucket);
    return used === this.nBuckets ? 0 : this.#first(used);
  }

  /** The first bucket from `bucket` on that has an element, else `nBuckets`. */
  usedFrom(bucket: number): number {
    for (let at = bucket; at < this.nBuckets; at++) {
      if (this.#pieces?.[at >>> PIECE_SHIFT] === 0) at |= PIECE - 1;
      else if (this.#first(at) !== 0) return at;
    }
    return this.nBuckets;
  }

  dispose(): void {
    if (this.#buckets !== 0) this.#memory.free(this.#buckets);
    this.#buckets = 0;
    for (const piece of this.#pieces ?? []) if (piece !== 0) this.#memory.free(piece);
    this.#pieces?.fill(0);
  }

  #first(bucket: number): number {
    const { u32 } = this.#memory;
    if (this.#buckets !== 0) return u32[(this.#buckets >>> 2) + bucket]!;
    const piece = this.#pieces![bucket >>> PIECE_SHIFT]!;
    return piece === 0 ? 0 : u32[(piece >>> 2) + (bucket & (PIECE - 1))]!;
  }

  /** Address of a bucket's word, made when it is not there. */
  #bucketOf(bucket: number): number {
    if (this.#buckets !== 0) return this.#buckets + bucket * 4;
    const pieces = this.#pieces!;
    const at = bucket >>> PIECE_SHIFT;
    if (pieces[at] === 0) pieces[at] = this.#memory.alloc(PIECE * 4);
    return pieces[at] === 0 ? 0 : pieces[at]! + (bucket & (PIECE - 1)) * 4;
  }
}
