// Moving and comparing bytes of the linear memory. Keys and values are short: words in a loop beat a call of copyWithin()
// up to some sixty bytes. Addresses may be anything; both ends on a word is the fast way.
import type { Memory } from '../memory.js';

const SHORT = 64;

/** memmove(): `length` bytes from `from` to `to`. */
export function copyBytes(memory: Memory, to: number, from: number, length: number): void {
  if (length > SHORT || ((to | from | length) & 3) !== 0) {
    memory.u8.copyWithin(to, from, from + length);
    return;
  }
  const { u32 } = memory;
  const target = to >>> 2;
  const source = from >>> 2;
  for (let i = 0; i < length >>> 2; i++) u32[target + i] = u32[source + i]!;
}

/** memset(): `length` bytes of zero. */
export function zeroBytes(memory: Memory, at: number, length: number): void {
  memory.u8.fill(0, at, at + length);
}

/** memcmp() == 0 */
export function equalBytes(memory: Memory, a: number, b: number, length: number): boolean {
  if (((a | b | length) & 3) === 0) {
    const { u32 } = memory;
    for (let i = 0; i < length >>> 2; i++) if (u32[(a >>> 2) + i] !== u32[(b >>> 2) + i]) return false;
    return true;
  }
  const { u8 } = memory;
  for (let i = 0; i < length; i++) if (u8[a + i] !== u8[b + i]) return false;
  return true;
}

/** round_up(value, 8), for values up to 2^53. */
export function roundUp8(value: number): number {
  return Math.ceil(value / 8) * 8;
}
