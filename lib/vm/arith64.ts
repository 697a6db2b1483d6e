// 64-bit arithmetic on registers that are two 32-bit halves, exact and without BigInt. `regs[d]` is the low half of the
// register that is changed, `regs[d + 1]` its high half; the other operand comes as halves, too. Division by zero gives
// what a program gets: 0, and the dividend as remainder.

const TWO32 = 0x100000000;

/** High half of the product of two unsigned 32-bit numbers. */
export function mulHigh(a: number, b: number): number {
  const a0 = a & 0xffff;
  const a1 = a >>> 16;
  const b0 = b & 0xffff;
  const b1 = b >>> 16;
  const middle = (Math.imul(a1, b0) + (Math.imul(a0, b0) >>> 16)) | 0;
  const carry = (Math.imul(a0, b1) + (middle & 0xffff)) | 0;
  return (Math.imul(a1, b1) + (middle >>> 16) + (carry >>> 16)) | 0;
}

export function mul64(regs: Int32Array, d: number, low: number, high: number): void {
  const al = regs[d]!;
  regs[d + 1] = mulHigh(al, low) + Math.imul(regs[d + 1]!, low) + Math.imul(al, high);
  regs[d] = Math.imul(al, low);
}

/** The quotient and the remainder by a divisor below 2^32. */
function divideByWord(regs: Int32Array, d: number, divisor: number, remainder: boolean): void {
  const high = regs[d + 1]! >>> 0;
  const low = regs[d]! >>> 0;
  const qh = Math.floor(high / divisor);
  // Two digits of 16 bits: each partial dividend is below 2^48.
  const first = (high % divisor) * 65536 + (low >>> 16);
  const second = (first % divisor) * 65536 + (low & 0xffff);
  if (remainder) {
    regs[d] = second % divisor;
    regs[d + 1] = 0;
    return;
  }
  regs[d] = Math.floor(first / divisor) * 65536 + Math.floor(second / divisor);
  regs[d + 1] = qh;
}

/** Whether the unsigned number (ah, al) is below (bh, bl). */
export function isBelow(al: number, ah: number, bl: number, bh: number): boolean {
  return ah === bh ? al >>> 0 < bl >>> 0 : ah >>> 0 < bh >>> 0;
}

/** The quotient, then the remainder, by a divisor of 2^32 or more: the quotient is one word. */
function divideByLong(regs: Int32Array, d: number, low: number, high: number, remainder: boolean): void {
  const al = regs[d]!;
  const ah = regs[d + 1]!;
  const dividend = (ah >>> 0) * TWO32 + (al >>> 0);
  const divisor = (high >>> 0) * TWO32 + (low >>> 0);
  // Off by one at most; made too small first, so that only one correction is needed.
  let quotient = Math.max(0, Math.floor(dividend / divisor) - 1);
  let rl = 0;
  let rh = 0;
  for (;;) {
    const pl = Math.imul(quotient, low);
    const ph = (mulHigh(quotient, low) + Math.imul(quotient, high)) | 0;
    rl = (al - pl) | 0;
    rh = (ah - ph - (al >>> 0 < pl >>> 0 ? 1 : 0)) | 0;
    if (isBelow(rl, rh, low, high)) break;
    quotient++;
  }
  regs[d] = remainder ? rl : quotient;
  regs[d + 1] = remainder ? rh : 0;
}

function divideByZero(regs: Int32Array, d: number, remainder: boolean): void {
  if (remainder) return;
  regs[d] = 0;
  regs[d + 1] = 0;
}

function divide(regs: Int32Array, d: number, low: number, high: number, remainder: boolean): void {
  if (low === 0 && high === 0) divideByZero(regs, d, remainder);
  else if (high === 0) divideByWord(regs, d, low >>> 0, remainder);
  else divideByLong(regs, d, low, high, remainder);
}

export function div64(regs: Int32Array, d: number, low: number, high: number): void {
  divide(regs, d, low, high, false);
}

export function mod64(regs: Int32Array, d: number, low: number, high: number): void {
  divide(regs, d, low, high, true);
}

export function neg64(regs: Int32Array, d: number): void {
  const low = regs[d]!;
  regs[d] = -low;
  regs[d + 1] = ~regs[d + 1]! + (low === 0 ? 1 : 0);
}

/** Rounds towards zero; the most negative number by -1 is itself. */
export function sdiv64(regs: Int32Array, d: number, low: number, high: number): void {
  const negative = regs[d + 1]! < 0 !== high < 0;
  if (regs[d + 1]! < 0) neg64(regs, d);
  if (high < 0) divide(regs, d, -low | 0, (~high + (low === 0 ? 1 : 0)) | 0, false);
  else divide(regs, d, low, high, false);
  if (negative) neg64(regs, d);
}

/** The sign is that of the dividend. */
export function smod64(regs: Int32Array, d: number, low: number, high: number): void {
  const negative = regs[d + 1]! < 0;
  if (negative) neg64(regs, d);
  if (high < 0) divide(regs, d, -low | 0, (~high + (low === 0 ? 1 : 0)) | 0, true);
  else divide(regs, d, low, high, true);
  if (negative) neg64(regs, d);
}

/** Shifts by `n` of 0 to 63. */
export function lsh64(regs: Int32Array, d: number, n: number): void {
  const low = regs[d]!;
  if (n === 0) return;
  regs[d + 1] = n < 32 ? (regs[d + 1]! << n) | (low >>> (32 - n)) : low << n;
  regs[d] = n < 32 ? low << n : 0;
}

export function rsh64(regs: Int32Array, d: number, n: number): void {
  const high = regs[d + 1]!;
  if (n === 0) return;
  regs[d] = n < 32 ? (regs[d]! >>> n) | (high << (32 - n)) : high >>> n;
  regs[d + 1] = n < 32 ? high >>> n : 0;
}

export function arsh64(regs: Int32Array, d: number, n: number): void {
  const high = regs[d + 1]!;
  if (n === 0) return;
  regs[d] = n < 32 ? (regs[d]! >>> n) | (high << (32 - n)) : high >> n;
  regs[d + 1] = n < 32 ? high >> n : high >> 31;
}

/** The bytes of a word in reverse order. */
export const swap32 = (x: number): number => (x << 24) | ((x & 0xff00) << 8) | ((x >>> 8) & 0xff00) | (x >>> 24);

/** The 16, 32 or 64 low bits in reverse byte order; the rest is cleared. */
export function swapBytes(regs: Int32Array, d: number, bits: number): void {
  const low = swap32(regs[d]!);
  const high = bits === 64 ? swap32(regs[d + 1]!) : 0;
  regs[d] = bits === 64 ? high : bits === 32 ? low : low >>> 16;
  regs[d + 1] = bits === 64 ? low : 0;
}
