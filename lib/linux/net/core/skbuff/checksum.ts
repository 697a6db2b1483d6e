// include/net/checksum.h, net/core/utils.c, arch/x86/lib/csum-partial_64.c: the Internet checksum over 32-bit sums. Sums are
// unsigned 32-bit numbers as they lie in memory (the first byte of a pair is the low one); folded ones have 16 bits.
import type { Memory } from '../../../../vm/memory.js';
import { SKB_CSUM_START } from './layout.js';
import { CHECKSUM_COMPLETE, CHECKSUM_NONE, CHECKSUM_PARTIAL, CHECKSUM_UNNECESSARY, type SkBuff } from './sk_buff.js';

/** Folded sums of 0 that must not look like none. */
export const CSUM_MANGLED_0 = 0xffff;
const SKB_MAX_CSUM_LEVEL = 3;

/** Adds with the carry brought back in. @models include/net/checksum.h csum_add() */
export function csumAdd(a: number, b: number): number {
  const sum = (a + b) >>> 0;
  return sum < b >>> 0 ? (sum + 1) >>> 0 : sum;
}

/** @models include/net/checksum.h csum_sub() */
export const csumSub = (a: number, b: number): number => csumAdd(a, ~b >>> 0);

/** A sum over bytes at an odd offset counts them in the other half. @models include/net/checksum.h csum_shift() */
export const csumShift = (sum: number, offset: number): number =>
  (offset & 1) === 0 ? sum >>> 0 : ((sum >>> 8) | (sum << 24)) >>> 0;

/** @models include/net/checksum.h csum_block_add() */
export const csumBlockAdd = (a: number, b: number, offset: number): number => csumAdd(a, csumShift(b, offset));
/** @models include/net/checksum.h csum_block_sub() */
export const csumBlockSub = (a: number, b: number, offset: number): number => csumBlockAdd(a, ~b >>> 0, offset);

/** 16 bits, inverted. @models include/net/checksum.h csum_fold() */
export function csumFold(sum: number): number {
  const once = (sum & 0xffff) + (sum >>> 16);
  return ~((once & 0xffff) + (once >>> 16)) & 0xffff;
}

/**
 * The sum of `length` bytes at `address`, on top of `sum`.
 *
 * @models arch/x86/lib/csum-partial_64.c csum_partial() @differs stands with what uses it
 */
export function csumPartial(memory: Memory, address: number, length: number, sum: number): number {
  const { view, u8 } = memory;
  let total = sum >>> 0;
  const words = address + (length & ~3);
  let at = address;
  for (; at < words; at += 4) total += view.getUint32(at, true);
  if ((length & 2) !== 0) total += view.getUint16(at, true);
  if ((length & 1) !== 0) total += (length & 2) === 0 ? u8[at]! : u8[at + 2]! * 0x1_0000;
  return foldTo32(total);
}

/** Brings the carries of a sum of words (below 2^53) back in. */
function foldTo32(total: number): number {
  let sum = (total % 0x1_0000_0000) + Math.floor(total / 0x1_0000_0000);
  if (sum > 0xffff_ffff) sum = sum - 0x1_0000_0000 + 1;
  return sum >>> 0;
}

/**
 * What a folded checksum becomes when `diff` is added to the bytes it covers.
 *
 * @models include/net/checksum.h csum_replace_by_diff()
 */
export const csumReplaceByDiff = (folded: number, diff: number): number => csumFold(csumAdd(diff, ~folded >>> 0));

/** @models include/net/checksum.h csum_replace4() */
export const csumReplace4 = (folded: number, from: number, to: number): number =>
  csumFold(csumAdd(csumSub(~folded >>> 0, from), to));

/** csum16_add() */
function csum16Add(a: number, b: number): number {
  const sum = (a + b) & 0xffff;
  return sum < b ? sum + 1 : sum;
}

/** @models include/net/checksum.h csum_replace2() */
export const csumReplace2 = (folded: number, from: number, to: number): number =>
  ~csum16Add(csum16Add(~folded & 0xffff, ~from & 0xffff), to) & 0xffff;

/** @models net/core/skbuff.c skb_checksum() */
export const skbChecksum = (skb: SkBuff, offset: number, length: number, sum: number): number =>
  csumPartial(skb.memory, skb.data + offset, length, sum);

/**
 * `length` bytes at `address`, `offset` from data, are about to change.
 *
 * @models include/linux/skbuff.h __skb_postpull_rcsum()
 */
export function skbPostpullRcsumAt(skb: SkBuff, address: number, length: number, offset: number): void {
  if (skb.ipSummed === CHECKSUM_COMPLETE)
    skb.csum = csumBlockSub(skb.csum, csumPartial(skb.memory, address, length, 0), offset);
  else skbForgetPartial(skb);
}

/**
 * `length` bytes at `address` are about to leave the front of the packet.
 *
 * @models include/linux/skbuff.h skb_postpull_rcsum()
 */
export function skbPostpullRcsum(skb: SkBuff, address: number, length: number): void {
  if (skb.ipSummed === CHECKSUM_COMPLETE) skb.csum = -csumPartial(skb.memory, address, length, -skb.csum >>> 0) >>> 0;
  else skbForgetPartial(skb);
}

/** A checksum to be made from bytes that are gone is not to be made. */
function skbForgetPartial(skb: SkBuff): void {
  if (skb.ipSummed === CHECKSUM_PARTIAL && csumStartOffset(skb) < 0) skb.ipSummed = CHECKSUM_NONE;
}

/**
 * `length` bytes at `address` have joined the packet.
 *
 * @models include/linux/skbuff.h __skb_postpush_rcsum()
 */
export function skbPostpushRcsum(skb: SkBuff, address: number, length: number, offset = 0): void {
  if (skb.ipSummed === CHECKSUM_COMPLETE)
    skb.csum = csumBlockAdd(skb.csum, csumPartial(skb.memory, address, length, 0), offset);
}

/** Of the sum's first byte from data. @models include/linux/skbuff.h skb_checksum_start_offset() */
export function csumStartOffset(skb: SkBuff): number {
  return skb.get16(SKB_CSUM_START) - skb.headroom;
}

/** @models include/linux/skbuff.h __skb_incr_checksum_unnecessary() */
export function skbIncrChecksumUnnecessary(skb: SkBuff): void {
  if (skb.ipSummed === CHECKSUM_UNNECESSARY) {
    if (skb.csumLevel < SKB_MAX_CSUM_LEVEL) skb.csumLevel++;
  } else if (skb.ipSummed === CHECKSUM_NONE) {
    skb.ipSummed = CHECKSUM_UNNECESSARY;
    skb.csumLevel = 0;
  }
}

/** @models include/linux/skbuff.h __skb_decr_checksum_unnecessary() */
export function skbDecrChecksumUnnecessary(skb: SkBuff): void {
  if (skb.ipSummed !== CHECKSUM_UNNECESSARY) return;
  if (skb.csumLevel === 0) skb.ipSummed = CHECKSUM_NONE;
  else skb.csumLevel--;
}

/** @models include/linux/skbuff.h __skb_reset_checksum_unnecessary() */
export function skbResetChecksumUnnecessary(skb: SkBuff): void {
  if (skb.ipSummed !== CHECKSUM_UNNECESSARY) return;
  skb.ipSummed = CHECKSUM_NONE;
  skb.csumLevel = 0;
}
