// Finds types of BTF by name. Names are hashed as bytes in one pass, without making a string of each: a kernel has more
// than 100,000 of them, and a lookup wants one. What counts is the essential name, without a flavour (`sample___v2` is
// `sample`), since relocations against kernel types look for all flavours of a name.
import { type Bytes, fromLatin1 } from '../codec/bytes.js';
import { maxName } from './name.js';

const underscore = 0x5f;

/** A name without its flavour: what stands before the last `___` between two other characters. */
export function essentialName(name: string): string {
  for (let at = name.lastIndexOf('___', name.length - 4); at > 0; at = name.lastIndexOf('___', at - 1))
    if (name[at - 1] !== '_' && name[at + 3] !== '_') return name.slice(0, at);
  return name;
}

/** Where the essential part of the name in [start, end) ends. */
function essentialEnd(u8: Uint8Array, start: number, end: number): number {
  for (let at = end - 5; at >= start; at--)
    if (
      u8[at + 1] === underscore &&
      u8[at + 2] === underscore &&
      u8[at + 3] === underscore &&
      u8[at] !== underscore &&
      u8[at + 4] !== underscore
    )
      return at + 1;
  return end;
}

function hashOf(u8: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ u8[at]!, 0x01000193);
  return hash ^ (hash >>> 15);
}

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
    const { u8, view } = bytes;
    // From the last type down, so that each chain ascends.
    for (let id = at.length - 1; id > 0; id--) {
      const start = strings + view.getUint32(at[id]!, true);
      const end = nameEnd(u8, start, stringsEnd);
      if (end > start) this.#put(id, hashOf(u8, start, essentialEnd(u8, start, end)));
    }
  }

  /** The types whose essential name may be this, ascending; the caller compares. */
  *find(essential: string): Generator<number> {
    const bucket = hashOf(fromLatin1(essential), 0, essential.length) & this.#mask;
    for (let id = this.#heads[bucket]!; id !== 0; id = this.#next[id]!) yield id;
  }

  #put(id: number, hash: number): void {
    this.#next[id] = this.#heads[hash & this.#mask]!;
    this.#heads[hash & this.#mask] = id;
  }
}

/** End of the name at `start`, `start` itself when it is no name. */
function nameEnd(u8: Uint8Array, start: number, end: number): number {
  const limit = Math.min(end, start + maxName);
  for (let at = start; at < limit; at++) if (u8[at] === 0) return at;
  return start;
}
