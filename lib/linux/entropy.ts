// Randomness of a machine: random MAC addresses and port ids. Seeded, so that a run replays byte for byte; a box seeds
// it from the host.

/** A stream of 32-bit words (xorshift128 of Marsaglia), good for identifiers, not for secrets. */
export class Entropy {
  readonly #state: Uint32Array;

  constructor(seed = 1) {
    this.#state = Uint32Array.of(seed, seed ^ 0x9e3779b9, 0x243f6a88, 0xb7e15162);
    for (let i = 0; i < 16; i++) this.u32();
  }

  /** The next word, 0 to 2^32 − 1. */
  u32(): number {
    const s = this.#state;
    const t = s[3]! ^ (s[3]! << 11);
    const next = s[0]! ^ (s[0]! >>> 19) ^ t ^ (t >>> 8);
    s.copyWithin(1, 0, 3);
    s[0] = next;
    return s[0];
  }

  /** `count` random bytes. */
  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.u32() & 0xff);
  }
}
