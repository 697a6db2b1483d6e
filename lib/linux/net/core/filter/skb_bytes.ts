// net/core/filter.c: helpers that copy bytes out of a packet and into it. Offsets count from the start of what the program
// sees; a load that fails clears its destination.
import { EFAULT, EINVAL } from '../../../../uapi/asm-generic/errno.js';
import * as F from '../../../../uapi/linux/bpf_func_id.js';
import { skbPostpullRcsumAt, skbPostpushRcsum } from '../skbuff/checksum.js';
import { skbEnsureWritable } from '../skbuff/head.js';
import type { SkBuff } from '../skbuff/sk_buff.js';
import { bpfComputeDataPointers, hasOther, type HelperEntry, R2, R3, R4, R5, skbHelper } from './call.js';

const BPF_F_RECOMPUTE_CSUM = 1;
const BPF_F_INVALIDATE_HASH = 2;
const BPF_HDR_START_MAC = 0;
const BPF_HDR_START_NET = 1;

/**
 * The first `writeLen` bytes can be written to, and the program's pointers are right again.
 *
 * @models net/core/filter.c bpf_try_make_writable()
 */
export function bpfTryMakeWritable(skb: SkBuff, writeLen: number): number {
  const err = skbEnsureWritable(skb, writeLen);
  bpfComputeDataPointers(skb);
  return err;
}

/** @models net/core/filter.c bpf_skb_store_bytes() */
function skbStoreBytes(skb: SkBuff, regs: Int32Array): number {
  if (hasOther(regs, R5, BPF_F_RECOMPUTE_CSUM | BPF_F_INVALIDATE_HASH)) return -EINVAL;
  const offset = regs[R2]!;
  const length = regs[R4]!;
  if (offset < 0) return -EFAULT;
  if (bpfTryMakeWritable(skb, offset + length) !== 0) return -EFAULT;
  const to = skb.data + offset;
  const flags = regs[R5]!;
  const from = regs[R3]! >>> 0;
  if ((flags & BPF_F_RECOMPUTE_CSUM) !== 0) skbPostpullRcsumAt(skb, to, length, offset);
  skb.memory.u8.copyWithin(to, from, from + length);
  if ((flags & BPF_F_RECOMPUTE_CSUM) !== 0) skbPostpushRcsum(skb, to, length, offset);
  if ((flags & BPF_F_INVALIDATE_HASH) !== 0) skb.clearHash();
  return 0;
}

function clear(skb: SkBuff, to: number, length: number): number {
  skb.memory.u8.fill(0, to, to + length);
  return -EFAULT;
}

/** @models net/core/filter.c bpf_skb_load_bytes() */
function skbLoadBytes(skb: SkBuff, regs: Int32Array): number {
  const offset = regs[R2]!;
  const to = regs[R3]! >>> 0;
  const length = regs[R4]!;
  if (offset < 0 || offset + length > skb.len) return clear(skb, to, length);
  const from = skb.data + offset;
  skb.memory.u8.copyWithin(to, from, from + length);
  return 0;
}

/** Address of the header that offsets count from, or 0. */
function startHeader(skb: SkBuff, which: number): number {
  if (which === BPF_HDR_START_NET) return skb.head + skb.networkHeader;
  return which === BPF_HDR_START_MAC && skb.macHeaderWasSet ? skb.head + skb.macHeader : 0;
}

/** @models net/core/filter.c bpf_skb_load_bytes_relative() */
function skbLoadBytesRelative(skb: SkBuff, regs: Int32Array): number {
  const offset = regs[R2]! >>> 0;
  const to = regs[R3]! >>> 0;
  const length = regs[R4]!;
  const start = offset > 0xffff ? 0 : startHeader(skb, regs[R5]!);
  const from = start + offset;
  if (start === 0 || from + length > skb.head + skb.tail) return clear(skb, to, length);
  skb.memory.u8.copyWithin(to, from, from + length);
  return 0;
}

/** @models net/core/filter.c bpf_skb_pull_data() */
function skbPullData(skb: SkBuff, regs: Int32Array): number {
  const length = regs[R2]! >>> 0;
  return bpfTryMakeWritable(skb, length === 0 ? skb.len : length);
}

export const skbBytesHelpers: readonly HelperEntry[] = [
  [F.BPF_FUNC_skb_store_bytes, skbHelper(skbStoreBytes)],
  [F.BPF_FUNC_skb_load_bytes, skbHelper(skbLoadBytes)],
  [F.BPF_FUNC_skb_load_bytes_relative, skbHelper(skbLoadBytesRelative)],
  [F.BPF_FUNC_skb_pull_data, skbHelper(skbPullData)],
];
