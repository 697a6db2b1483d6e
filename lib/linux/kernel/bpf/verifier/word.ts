// A 64-bit number of the verifier: two signed 32-bit halves that never change, so that registers share them. The same bits
// serve as u64 and s64; the name of an operation says which is meant. Bounds and tnums are made of these.

const TWO32 = 0x100000000;

export class Word {
  /** Both halves as signed 32-bit numbers. */
  readonly hi: number;
  readonly lo: number;

  constructor(hi: number, lo: number) {
    this.hi = hi;
    this.lo = lo;
  }

  /** A signed 32-bit number, sign-extended. */
  static int(n: number): Word {
    return n >= -SMALL && n < SMALL ? small[n + SMALL]! : new Word(n >> 31, n | 0);
  }

  /** An unsigned 32-bit number (or the same bits signed), zero-extended. */
  static uint(n: number): Word {
    return n >= 0 && n < SMALL ? small[n + SMALL]! : new Word(0, n | 0);
  }

  /** An integer that a double holds exactly. */
  static from(n: number): Word {
    if (n >= -0x80000000 && n <= 0x7fffffff) return Word.int(n);
    return new Word(Math.floor(n / TWO32) | 0, n | 0);
  }

  static fromBigInt(n: bigint): Word {
    return new Word(Number(BigInt.asIntN(32, n >> 32n)), Number(BigInt.asIntN(32, n)));
  }

  get unsigned(): bigint {
    return (BigInt(this.hi >>> 0) << 32n) | BigInt(this.lo >>> 0);
  }

  get signed(): bigint {
    return (BigInt(this.hi) << 32n) | BigInt(this.lo >>> 0);
  }

  /** As a double, signed; exact below 2^53. */
  toNumber(): number {
    return this.hi * TWO32 + (this.lo >>> 0);
  }

  /** As a double, unsigned; exact below 2^53. */
  toUnsigned(): number {
    return (this.hi >>> 0) * TWO32 + (this.lo >>> 0);
  }

  /** `%#llx` */
  hex(): string {
    if (this.hi === 0) return `0x${(this.lo >>> 0).toString(16)}`;
    return `0x${(this.hi >>> 0).toString(16)}${(this.lo >>> 0).toString(16).padStart(8, '0')}`;
  }

  isZero(): boolean {
    return (this.hi | this.lo) === 0;
  }

  isNegative(): boolean {
    return this.hi < 0;
  }

  eq(b: Word): boolean {
    return this === b || (this.lo === b.lo && this.hi === b.hi);
  }

  ltu(b: Word): boolean {
    return this.hi === b.hi ? this.lo >>> 0 < b.lo >>> 0 : this.hi >>> 0 < b.hi >>> 0;
  }

  lts(b: Word): boolean {
    return this.hi === b.hi ? this.lo >>> 0 < b.lo >>> 0 : this.hi < b.hi;
  }

  minu(b: Word): Word {
    return b.ltu(this) ? b : this;
  }

  maxu(b: Word): Word {
    return this.ltu(b) ? b : this;
  }

  mins(b: Word): Word {
    return b.lts(this) ? b : this;
  }

  maxs(b: Word): Word {
    return this.lts(b) ? b : this;
  }

  add(b: Word): Word {
    const lo = (this.lo >>> 0) + (b.lo >>> 0);
    return new Word((this.hi + b.hi + (lo >= TWO32 ? 1 : 0)) | 0, lo | 0);
  }

  sub(b: Word): Word {
    const lo = (this.lo >>> 0) - (b.lo >>> 0);
    return new Word((this.hi - b.hi - (lo < 0 ? 1 : 0)) | 0, lo | 0);
  }

  /** The low 64 bits of the product. */
  mul(b: Word): Word {
    const low = mul32(this.lo, b.lo);
    return new Word((low.hi + Math.imul(this.hi, b.lo) + Math.imul(this.lo, b.hi)) | 0, low.lo);
  }

  and(b: Word): Word {
    return new Word(this.hi & b.hi, this.lo & b.lo);
  }

  or(b: Word): Word {
    return new Word(this.hi | b.hi, this.lo | b.lo);
  }

  xor(b: Word): Word {
    return new Word(this.hi ^ b.hi, this.lo ^ b.lo);
  }

  not(): Word {
    return new Word(~this.hi, ~this.lo);
  }

  neg(): Word {
    return Word.ZERO.sub(this);
  }

  /** Shifts by 0 to 63. */
  shl(n: number): Word {
    if (n === 0) return this;
    if (n >= 32) return new Word(this.lo << (n - 32), 0);
    return new Word((this.hi << n) | (this.lo >>> (32 - n)), this.lo << n);
  }

  /** Logical shift right. */
  shr(n: number): Word {
    if (n === 0) return this;
    if (n >= 32) return new Word(0, (this.hi >>> (n - 32)) | 0);
    return new Word((this.hi >>> n) | 0, (this.lo >>> n) | (this.hi << (32 - n)));
  }

  /** Arithmetic shift right. */
  sar(n: number): Word {
    if (n === 0) return this;
    if (n >= 32) return new Word(this.hi >> 31, this.hi >> (n - 32));
    return new Word(this.hi >> n, (this.lo >>> n) | (this.hi << (32 - n)));
  }

  /** fls64(): number of the highest bit that is set, from 1; 0 when none is. */
  fls(): number {
    return this.hi !== 0 ? 64 - Math.clz32(this.hi) : 32 - Math.clz32(this.lo);
  }

  /** Whether the sum `this + b = sum` of signed numbers is out of range. */
  addOverflows(b: Word, sum: Word): boolean {
    return ((this.hi ^ sum.hi) & (b.hi ^ sum.hi)) < 0;
  }

  /** Whether the difference `this - b = difference` of signed numbers is out of range. */
  subOverflows(b: Word, difference: Word): boolean {
    return ((this.hi ^ b.hi) & (this.hi ^ difference.hi)) < 0;
  }

  /** The product of unsigned numbers, or undefined when it needs more than 64 bits. */
  mulUnsigned(b: Word): Word | undefined {
    if ((this.hi | b.hi) === 0) return mul32(this.lo, b.lo);
    const product = this.unsigned * b.unsigned;
    return product >> 64n === 0n ? Word.fromBigInt(product) : undefined;
  }

  /** The product of signed numbers, or undefined when it needs more than 64 bits. */
  mulSigned(b: Word): Word | undefined {
    if ((this.hi | b.hi) === 0 && ((this.lo | b.lo) & ~0xffff) === 0) return Word.from(this.lo * b.lo);
    const product = this.signed * b.signed;
    return BigInt.asIntN(64, product) === product ? Word.fromBigInt(product) : undefined;
  }

  static readonly ZERO = new Word(0, 0);
  static readonly ONE = new Word(0, 1);
  static readonly U64_MAX = new Word(-1, -1);
  static readonly S64_MIN = new Word(-0x80000000, 0);
  static readonly S64_MAX = new Word(0x7fffffff, -1);
  static readonly U32_MAX = new Word(0, -1);
  static readonly S32_MIN = new Word(-1, -0x80000000);
  static readonly S32_MAX = new Word(0, 0x7fffffff);
}

const SMALL = 1024;
const small = Array.from({ length: 2 * SMALL }, (_, i) => new Word((i - SMALL) >> 31, i - SMALL));
small[SMALL] = Word.ZERO;
small[SMALL + 1] = Word.ONE;
small[SMALL - 1] = Word.U64_MAX;

/** The 64-bit product of two unsigned 32-bit numbers. */
function mul32(a: number, b: number): Word {
  const a0 = a & 0xffff;
  const a1 = a >>> 16;
  const b0 = b & 0xffff;
  const b1 = b >>> 16;
  const middle = a0 * b1 + a1 * b0;
  const low = a0 * b0 + (middle % 0x10000) * 0x10000;
  return new Word((a1 * b1 + Math.floor(middle / 0x10000) + Math.floor(low / TWO32)) | 0, low | 0);
}
