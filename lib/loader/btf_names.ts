// Finds types of BTF by name. Names are hashed as bytes in one pass, without making a string of each: a kernel has more
// than 100,000 of them, and a lookup wants one. What counts is the essential name, without a flavour (`sample___v2` is
// `sample`), since relocations against kernel types look for all flavours of a name.
import type { Bytes } from '../codec/bytes.js';
import { maxName } from './name.js';

const underscore = 0x5f;

/** A name without its flavour: what stands before the last `___` between two other characters. */
export function essentialName(name: string): string {
  return name.slice(
    0,
    essentialLength(name.length, (at) => name.charCodeAt(at)),
  );
}

/** Length of the essential name among `length` characters. */
function essentialLength(length: number, charAt: (at: number) => number): number {
  for (let at = length - 5; at >= 0; at--) {
    if (charAt(at) === underscore || charAt(at + 4) === underscore) continue;
    if (charAt(at + 1) === underscore && charAt(at + 2) === underscore && charAt(at + 3) === underscore) return at + 1;
  }
  return length;
}

const hashStep = (hash: number, char: number): number => Math.imul(hash ^ char, 0x01000193);

export class BtfNames {
  /** First type of each bucket, and the next one of each type; 0 ends a chain. */
  readonly #heads: Uint32Array;
  readonly #next: Uint32Array;
  readonly #mask: number;

  /** `at` says where each type is. Names that are cut off or too long are of no type. */
  constructor(bytes: Bytes, at: Uint32Array, strings: number, stringsEnd: number) {
    const buckets = 1 << Math.max(4, Math.ceil(Math.log2(at.length + 1)));
    this.#heads = new Uint32Array(buckets);
    this.#next = new Uint32Array(at.length);
    this.#mask = buckets - 1;
    // From the last type down, so that each chain ascends.
    for (let id = at.length - 1; id > 0; id--) {
      const start = strings + bytes.view.getUint32(at[id]!, true);
      const length = nameLength(bytes.u8, start, stringsEnd);
      if (length > 0) this.#put(id, (i) => bytes.u8[start + i]!, length);
    }
  }

  /** The types whose essential name may be that of `name`, ascending; the caller compares. */
  *find(name: string): Generator<number> {
    const bucket = this.#bucket((i) => name.charCodeAt(i), name.length);
    for (let id = this.#heads[bucket]!; id !== 0; id = this.#next[id]!) yield id;
  }

  #put(id: number, charAt: (at: number) => number, length: number): void {
    const bucket = this.#bucket(charAt, length);
    this.#next[id] = this.#heads[bucket]!;
    this.#heads[bucket] = id;
  }

  #bucket(charAt: (at: number) => number, length: number): number {
    const essential = essentialLength(length, charAt);
    let hash = 0x811c9dc5;
    for (let at = 0; at < essential; at++) hash = hashStep(hash, charAt(at));
    return (hash ^ (hash >>> 15)) & this.#mask;
  }
}

/** Length of the name at `start`, 0 when it is no name. */
function nameLength(u8: Uint8Array, start: number, end: number): number {
  const limit = Math.min(end, start + maxName);
  for (let at = start; at < limit; at++) if (u8[at] === 0) return at - start;
  return 0;
}
