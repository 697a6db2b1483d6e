// Who has which part of the linear memory. Blocks are rounded up to size classes (sixteen bytes apart up to 1 KiB, then
// four to a power of two); a freed block waits in the list of its class, and what has never been used lies behind the end.
// Knows addresses only, never the bytes.

/** First address that is given out: 0 is NULL, and the first pages stay unused so that small offsets from it are no memory. */
export const FIRST = 65536;
const FINE = 16;
const FINE_END = 1024;

/** The class of a size: its length in bytes. */
function rounded(size: number): number {
  if (size <= FINE_END) return Math.max(FINE, (size + FINE - 1) & -FINE);
  const step = 2 ** (Math.floor(Math.log2(size - 1)) - 2);
  return Math.ceil(size / step) * step;
}

export class Allocator {
  /** Bytes given out. */
  used = 0;
  /** Whether the block of the last alloc() had been used before, so that its bytes are stale. */
  reused = false;
  #end = FIRST;
  #limit: number;
  readonly #grow: (end: number) => boolean;
  readonly #free = new Map<number, number[]>();
  readonly #sizes = new Map<number, number>();

  /** `limit`: bytes there are; `grow` makes room up to an address, or says it cannot. */
  constructor(limit: number, grow: (end: number) => boolean) {
    this.#limit = limit;
    this.#grow = grow;
  }

  alloc(size: number): number {
    const length = rounded(size);
    const address = this.#free.get(length)?.pop() ?? 0;
    this.reused = address !== 0;
    const given = address === 0 ? this.#extend(length) : address;
    if (given === 0) return 0;
    this.#sizes.set(given, length);
    this.used += length;
    return given;
  }

  free(address: number): void {
    const length = this.#sizes.get(address);
    if (length === undefined) throw new RangeError(`address 0x${address.toString(16)} was not given out`);
    this.#sizes.delete(address);
    this.used -= length;
    const list = this.#free.get(length);
    if (list === undefined) this.#free.set(length, [address]);
    else list.push(address);
  }

  #extend(length: number): number {
    const address = this.#end;
    const end = address + length;
    if (end > this.#limit) {
      if (!this.#grow(end)) return 0;
      this.#limit = end;
    }
    this.#end = end;
    return address;
  }
}
