// kernel/bpf/tnum.c: what is known of the bits of a number. A bit is known (its mask bit clear, its value in `value`) or
// unknown (mask bit set, value bit clear). Every operation gives a tnum that covers all results of all members.
import { Word } from './word.js';

export class Tnum {
  readonly value: Word;
  readonly mask: Word;

  constructor(value: Word, mask: Word) {
    this.value = value;
    this.mask = mask;
  }

  static const(value: Word): Tnum {
    return value.isZero() ? Tnum.ZERO : new Tnum(value, Word.ZERO);
  }

  /** The smallest tnum with every number from `min` to `max`, unsigned. */
  static range(min: Word, max: Word): Tnum {
    const bits = min.xor(max).fls();
    if (bits > 63) return Tnum.UNKNOWN;
    const delta = Word.ONE.shl(bits).sub(Word.ONE);
    return new Tnum(min.and(delta.not()), delta);
  }

  isConst(): boolean {
    return this.mask.isZero();
  }

  isUnknown(): boolean {
    return (this.mask.hi & this.mask.lo) === -1;
  }

  equalsConst(n: Word): boolean {
    return this.mask.isZero() && this.value.eq(n);
  }

  shl(n: number): Tnum {
    return new Tnum(this.value.shl(n), this.mask.shl(n));
  }

  shr(n: number): Tnum {
    return new Tnum(this.value.shr(n), this.mask.shr(n));
  }

  /** Arithmetic shift of a number of `bitness` bits (32: the upper half of the result is clear). */
  sar(n: number, bitness: 32 | 64): Tnum {
    if (bitness === 64) return new Tnum(this.value.sar(n), this.mask.sar(n));
    return new Tnum(Word.uint(this.value.lo >> n), Word.uint(this.mask.lo >> n));
  }

  add(b: Tnum): Tnum {
    const sv = this.value.add(b.value);
    const sigma = this.mask.add(b.mask).add(sv);
    const mu = sigma.xor(sv).or(this.mask).or(b.mask);
    return new Tnum(sv.and(mu.not()), mu);
  }

  sub(b: Tnum): Tnum {
    const dv = this.value.sub(b.value);
    const mu = dv.add(this.mask).xor(dv.sub(b.mask)).or(this.mask).or(b.mask);
    return new Tnum(dv.and(mu.not()), mu);
  }

  neg(): Tnum {
    return Tnum.ZERO.sub(this);
  }

  and(b: Tnum): Tnum {
    const value = this.value.and(b.value);
    return new Tnum(value, this.value.or(this.mask).and(b.value.or(b.mask)).and(value.not()));
  }

  or(b: Tnum): Tnum {
    const value = this.value.or(b.value);
    return new Tnum(value, this.mask.or(b.mask).and(value.not()));
  }

  xor(b: Tnum): Tnum {
    const mu = this.mask.or(b.mask);
    return new Tnum(this.value.xor(b.value).and(mu.not()), mu);
  }

  /** Long multiplication: an unknown bit leaves open whether its row counts. */
  mul(b: Tnum): Tnum {
    if (this.isConst() && b.isConst()) return Tnum.const(this.value.mul(b.value));
    let acc = Tnum.ZERO;
    let a = new Tnum(this.value, this.mask);
    while (!a.value.isZero() || !a.mask.isZero()) {
      if ((a.value.lo & 1) !== 0) acc = acc.add(b);
      else if ((a.mask.lo & 1) !== 0) acc = acc.union(acc.add(b));
      a = a.shr(1);
      b = b.shl(1);
    }
    return acc;
  }

  /** Every number of both. */
  union(b: Tnum): Tnum {
    const mu = this.value.xor(b.value).or(this.mask).or(b.mask);
    return new Tnum(this.value.and(b.value).and(mu.not()), mu);
  }

  /** The numbers that are in both; where the two contradict each other, some number. */
  intersect(b: Tnum): Tnum {
    const mu = this.mask.and(b.mask);
    return new Tnum(this.value.or(b.value).and(mu.not()), mu);
  }

  /** The smallest possible value above `n`; the greatest of all when there is none. */
  step(n: Word): Word {
    const { value, mask } = this;
    const max = value.or(mask);
    if (!n.ltu(max)) return max;
    if (n.ltu(value)) return value;
    const part = n.sub(value);
    const gap = mask.not();
    const outside = part.and(gap).fls();
    const carry = outside === 64 ? Word.U64_MAX : Word.ONE.shl(outside).sub(Word.ONE);
    return value.or(part.or(carry).or(gap).add(Word.ONE).and(mask));
  }

  /** The lowest `bits` bits with their bytes in the other order; 0 above. */
  swap(bits: 16 | 32 | 64): Tnum {
    return new Tnum(swapped(this.value, bits), swapped(this.mask, bits));
  }

  /** Whether some number is in both. */
  overlaps(b: Tnum): boolean {
    const known = this.mask.or(b.mask).not();
    return this.value.and(known).eq(b.value.and(known));
  }

  /** Whether every number of `b` is in this. */
  contains(b: Tnum): boolean {
    if (!b.mask.and(this.mask.not()).isZero()) return false;
    return this.value.eq(b.value.and(this.mask.not()));
  }

  /** The lowest `size` bytes. */
  cast(size: number): Tnum {
    if (size >= 8) return this;
    const mask = Word.ONE.shl(size * 8).sub(Word.ONE);
    return new Tnum(this.value.and(mask), this.mask.and(mask));
  }

  subreg(): Tnum {
    return new Tnum(Word.uint(this.value.lo), Word.uint(this.mask.lo));
  }

  clearSubreg(): Tnum {
    return new Tnum(new Word(this.value.hi, 0), new Word(this.mask.hi, 0));
  }

  withSubreg(subreg: Tnum): Tnum {
    return new Tnum(new Word(this.value.hi, subreg.value.lo), new Word(this.mask.hi, subreg.mask.lo));
  }

  subregIsConst(): boolean {
    return this.mask.lo === 0;
  }

  isAligned(size: number): boolean {
    return ((this.value.lo | this.mask.lo) & (size - 1)) === 0;
  }

  eq(b: Tnum): boolean {
    return this === b || (this.value.eq(b.value) && this.mask.eq(b.mask));
  }

  static readonly ZERO = new Tnum(Word.ZERO, Word.ZERO);
  static readonly UNKNOWN = new Tnum(Word.ZERO, Word.U64_MAX);
}

const swap32 = (n: number): number => (n << 24) | ((n & 0xff00) << 8) | ((n >>> 8) & 0xff00) | (n >>> 24);

function swapped(n: Word, bits: 16 | 32 | 64): Word {
  if (bits === 64) return new Word(swap32(n.lo), swap32(n.hi));
  return Word.uint(bits === 32 ? swap32(n.lo) : swap32(n.lo) >>> 16);
}
