// include/linux/jhash.h: the hash of keys of maps, over the linear memory. jhash2() over words and jhash() over bytes give
// the same number for a key of whole words on a little-endian machine, so there is one function.
import type { Memory } from '../memory.js';

const JHASH_INITVAL = 0xdeadbeef;

/** The three words in work; one set, for hashing calls nothing else. */
let a = 0;
let b = 0;
let c = 0;

const rotate = (word: number, by: number): number => (word << by) | (word >>> (32 - by));

function mix(): void {
  a = (a - c) ^ rotate(c, 4);
  c = (c + b) | 0;
  b = (b - a) ^ rotate(a, 6);
  a = (a + c) | 0;
  c = (c - b) ^ rotate(b, 8);
  b = (b + a) | 0;
  a = (a - c) ^ rotate(c, 16);
  c = (c + b) | 0;
  b = (b - a) ^ rotate(a, 19);
  a = (a + c) | 0;
  c = (c - b) ^ rotate(b, 4);
  b = (b + a) | 0;
}

function final(): number {
  c = (c ^ b) - rotate(b, 14);
  a = (a ^ c) - rotate(c, 11);
  b = (b ^ a) - rotate(a, 25);
  c = (c ^ b) - rotate(b, 16);
  a = (a ^ c) - rotate(c, 4);
  b = (b ^ a) - rotate(a, 14);
  c = (c ^ b) - rotate(b, 24);
  return c >>> 0;
}

function hashWords(u32: Uint32Array, at: number, count: number): number {
  let word = at;
  let left = count;
  for (; left > 3; left -= 3, word += 3) {
    a = (a + u32[word]!) | 0;
    b = (b + u32[word + 1]!) | 0;
    c = (c + u32[word + 2]!) | 0;
    mix();
  }
  if (left === 3) c = (c + u32[word + 2]!) | 0;
  if (left >= 2) b = (b + u32[word + 1]!) | 0;
  if (left >= 1) a = (a + u32[word]!) | 0;
  return left === 0 ? c >>> 0 : final();
}

/** Up to four bytes as the word that they begin. */
function word(u8: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = Math.min(count, 4) - 1; i >= 0; i--) value = (value << 8) | u8[at + i]!;
  return value;
}

function hashBytes(u8: Uint8Array, at: number, length: number): number {
  let from = at;
  let left = length;
  for (; left > 12; left -= 12, from += 12) {
    a = (a + word(u8, from, 4)) | 0;
    b = (b + word(u8, from + 4, 4)) | 0;
    c = (c + word(u8, from + 8, 4)) | 0;
    mix();
  }
  a = (a + word(u8, from, left)) | 0;
  b = (b + word(u8, from + 4, left - 4)) | 0;
  c = (c + word(u8, from + 8, left - 8)) | 0;
  return left === 0 ? c >>> 0 : final();
}

/** @models include/linux/jhash.h jhash() and jhash2() */
export function jhash(memory: Memory, key: number, length: number, seed: number): number {
  a = b = c = (JHASH_INITVAL + length + seed) | 0;
  if (((key | length) & 3) === 0) return hashWords(memory.u32, key >>> 2, length >>> 2);
  return hashBytes(memory.u8, key, length);
}
