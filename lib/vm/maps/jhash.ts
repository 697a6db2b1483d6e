// include/linux/jhash.h: the hash of keys of maps, over the linear memory. jhash2() over words and jhash() over bytes give
// the same number for a key of whole words on a little-endian machine, so there is one function. It is written out in one
// piece: every lookup of a hash map passes here, and calls with three words of state cost more than the arithmetic.
import type { Memory } from '../memory.js';

const JHASH_INITVAL = 0xdeadbeef;

/** Up to four bytes as the word that they begin. */
function word(u8: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = Math.min(count, 4) - 1; i >= 0; i--) value = (value << 8) | u8[at + i]!;
  return value;
}

/** The end: `a`, `b`, `c` with the last words added. @models include/linux/jhash.h __jhash_final() */
function final(a: number, b: number, c: number): number {
  c = ((c ^ b) - ((b << 14) | (b >>> 18))) | 0;
  a = ((a ^ c) - ((c << 11) | (c >>> 21))) | 0;
  b = ((b ^ a) - ((a << 25) | (a >>> 7))) | 0;
  c = ((c ^ b) - ((b << 16) | (b >>> 16))) | 0;
  a = ((a ^ c) - ((c << 4) | (c >>> 28))) | 0;
  b = ((b ^ a) - ((a << 14) | (a >>> 18))) | 0;
  c = ((c ^ b) - ((b << 24) | (b >>> 8))) | 0;
  return c;
}

/** Where a key that is no run of words is put together: its words, zero behind the end. */
const padded = new Uint32Array(256);

/** The words of a key of any length and place; the array is used again at the next call. */
function gather(u8: Uint8Array, key: number, length: number): Uint32Array {
  const count = Math.ceil(length / 4);
  const words = count <= padded.length ? padded : new Uint32Array(count);
  for (let i = 0; i < count; i++) words[i] = word(u8, key + 4 * i, length - 4 * i);
  return words;
}

/** The hash, signed, of words `at` and on; a last word that is not full has zeros. @models include/linux/jhash.h jhash2() */
function hashWords(words: Uint32Array, at: number, length: number, seed: number): number {
  let a = (JHASH_INITVAL + length + seed) | 0;
  let b = a;
  let c = a;
  let left = (length + 3) >>> 2;
  for (; left > 3; left -= 3, at += 3) {
    a = (a + words[at]!) | 0;
    b = (b + words[at + 1]!) | 0;
    c = (c + words[at + 2]!) | 0;
    a = ((a - c) ^ ((c << 4) | (c >>> 28))) | 0;
    c = (c + b) | 0;
    b = ((b - a) ^ ((a << 6) | (a >>> 26))) | 0;
    a = (a + c) | 0;
    c = ((c - b) ^ ((b << 8) | (b >>> 24))) | 0;
    b = (b + a) | 0;
    a = ((a - c) ^ ((c << 16) | (c >>> 16))) | 0;
    c = (c + b) | 0;
    b = ((b - a) ^ ((a << 19) | (a >>> 13))) | 0;
    a = (a + c) | 0;
    c = ((c - b) ^ ((b << 4) | (b >>> 28))) | 0;
    b = (b + a) | 0;
  }
  if (left === 3) c = (c + words[at + 2]!) | 0;
  if (left >= 2) b = (b + words[at + 1]!) | 0;
  if (left === 0) return c;
  return final((a + words[at]!) | 0, b, c);
}

/** @models include/linux/jhash.h jhash() */
export function jhash(memory: Memory, key: number, length: number, seed: number): number {
  if (((key | length) & 3) === 0) return hashWords(memory.u32, key >>> 2, length, seed) >>> 0;
  return hashWords(gather(memory.u8, key, length), 0, length, seed) >>> 0;
}
