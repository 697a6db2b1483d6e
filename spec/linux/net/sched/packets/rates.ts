// The kernel's arithmetic of rates, written once more from its formulas, in whole numbers: what specs of shapers and policers
// expect. A bucket is kept in nanoseconds: a packet takes out of it the time it lasts at the rate.

/** Scheduler ticks of 64 ns, as requests give depths of buckets. */
export const TICK = 64;
const SECOND = 1_000_000_000n;

/** How long bytes last at a rate. */
export type Lasting = (bytes: number) => number;

/** The multiplier of 31 and a bit more bits that stands for 10^9 / rate, and its shift. */
function multiplier(rate: number): [mult: bigint, shift: bigint] {
  let shift = 0n;
  while ((SECOND << shift) / BigInt(rate) < 2n ** 31n && SECOND << shift < 2n ** 63n) shift++;
  return [(SECOND << shift) / BigInt(rate), shift];
}

/** `rate` in bytes a second; each packet counts for `overhead` bytes more, and for `mpu` at least. */
export function lasting(rate: number, overhead = 0, mpu = 0): Lasting {
  const [mult, shift] = multiplier(rate);
  return (bytes) => Number((BigInt(Math.max(bytes + overhead, mpu)) * mult) >> shift);
}

/** How long each of `rate` packets a second lasts. */
export const packetLasting = (rate: number): number => lasting(rate)(1);

/** A bucket that pays when it has enough, and never owes. */
export class Bucket {
  readonly depth: number;
  readonly #lasting: Lasting;
  #tokens: number;

  constructor(depth: number, lasts: Lasting) {
    this.depth = depth;
    this.#lasting = lasts;
    this.#tokens = depth;
  }

  /** What is left of a packet when `gained` ns have come in. */
  after(gained: number, bytes: number): number {
    return Math.min(gained + this.#tokens, this.depth) - this.#lasting(bytes);
  }

  pay(gained: number, bytes: number): void {
    this.#tokens = this.after(gained, bytes);
  }
}

/** What tbf and police keep: a bucket for the rate and, maybe, one for the peak; time comes into both at once. */
export class Buckets {
  readonly #rate: Bucket;
  readonly #peak: Bucket | undefined;
  #paid: number;

  constructor(now: number, rate: Bucket, peak?: Bucket) {
    this.#paid = now;
    this.#rate = rate;
    this.#peak = peak;
  }

  /** How long a packet has to wait: not at all, and it is paid for, or so many ns. */
  ask(now: number, bytes: number): number {
    const gained = Math.min(now - this.#paid, this.#rate.depth);
    const left = Math.min(this.#rate.after(gained, bytes), this.#peak?.after(gained, bytes) ?? 0);
    if (left < 0) return -left;
    this.#rate.pay(gained, bytes);
    this.#peak?.pay(gained, bytes);
    this.#paid = now;
    return 0;
  }
}
