// The generator's dice: everything random of a run follows from its seed, on every machine. (xoshiro128** of Blackman
// and Vigna, seeded by FNV-1a over the text.)

function seedWords(text: string): Uint32Array {
  let hash = 0x811c9dc5;
  const mix = (byte: number): number => (hash = Math.imul(hash ^ byte, 0x01000193) >>> 0);
  for (let i = 0; i < text.length; i++) mix(text.charCodeAt(i));
  return Uint32Array.from({ length: 4 }, (_, i) => mix(i + 1));
}

const rotate = (x: number, k: number): number => (x << k) | (x >>> (32 - k));

export class Random {
  readonly #state: Uint32Array;

  constructor(seed: string) {
    this.#state = seedWords(seed);
    for (let i = 0; i < 8; i++) this.u32();
  }

  u32(): number {
    const s = this.#state;
    const result = Math.imul(rotate(Math.imul(s[1]!, 5), 7), 9) >>> 0;
    const t = s[1]! << 9;
    s[2]! ^= s[0]!;
    s[3]! ^= s[1]!;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= t;
    s[3] = rotate(s[3]!, 11);
    return result;
  }

  /** 0 to n − 1. */
  int(n: number): number {
    return Math.floor((this.u32() / 0x100000000) * n);
  }

  chance(probability: number): boolean {
    return this.u32() < probability * 0x100000000;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.int(list.length)]!;
  }

  /** One of the keys, each as often as its weight says. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
    const entries = Object.entries<number>(weights) as [K, number][];
    let left = (this.u32() / 0x100000000) * entries.reduce((sum, [, weight]) => sum + weight, 0);
    return (entries.find(([, weight]) => (left -= weight) < 0) ?? entries.at(-1)!)[0];
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.int(256));
  }
}
