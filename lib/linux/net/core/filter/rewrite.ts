// net/core/filter.c: functions that only the kernel's own instructions call: loads from the packet, for programs with LD_ABS
// and LD_IND and for classic ones, and the ancillary values of classic programs. Numbers: lib/vm/internal_helpers.ts.
import { EFAULT } from '../../../../uapi/asm-generic/errno.js';
import { SKF_LL_OFF, SKF_NET_OFF } from '../../../../uapi/linux/filter.js';
import { setR0, setR0Unsigned } from '../../../../vm/helper_call.js';
import * as H from '../../../../vm/internal_helpers.js';
import type { SkBuff } from '../skbuff/sk_buff.js';
import { type HelperEntry, type HelperMaker, R1, R2, R3, R4, skbHelper } from './call.js';

const NET_OFF = SKF_NET_OFF | 0;
const LL_OFF = SKF_LL_OFF | 0;

/**
 * Address of `size` bytes at a negative offset: from the network or the link header; 0 when they are not in the packet.
 *
 * @models kernel/bpf/core.c bpf_internal_load_pointer_neg_helper() @differs stands with its only caller
 */
function negativeOffset(skb: SkBuff, offset: number, size: number): number {
  let at = 0;
  if (offset >= NET_OFF) at = skb.head + skb.networkHeader + offset - NET_OFF;
  else if (offset >= LL_OFF && skb.macHeaderWasSet) at = skb.head + skb.macHeader + offset - LL_OFF;
  return at >= skb.head && at + size <= skb.head + skb.tail ? at : 0;
}

/** Address of `size` bytes at an offset of a classic load, or 0. */
function loadPointer(skb: SkBuff, offset: number, size: number): number {
  if (offset >= 0) return offset + size <= skb.len ? skb.data + offset : 0;
  return negativeOffset(skb, offset, size);
}

/**
 * The number of `size` bytes in network byte order at the offset in `r`, or -EFAULT: programs tell by the sign of 64 bits.
 *
 * @models net/core/filter.c bpf_skb_load_helper_32()
 */
const loadHelper =
  (size: 1 | 2 | 4, r: number): HelperMaker =>
  (machine) => {
    const { skbs } = machine.softnet;
    return (regs) => {
      const skb = skbs.at(regs[R1]!);
      const at = loadPointer(skb, regs[r]!, size);
      const { u8, view } = skb.memory;
      if (at === 0) setR0(regs, -EFAULT);
      else setR0Unsigned(regs, size === 1 ? u8[at]! : size === 2 ? view.getUint16(at) : view.getInt32(at));
    };
  };

/** Offset from data of the attribute of type `type` in the bytes between two addresses, or 0. */
function findAttribute(skb: SkBuff, start: number, end: number, type: number): number {
  const { view } = skb.memory;
  let at = start;
  while (end - at >= 4) {
    const length = view.getUint16(at, true);
    if (length < 4 || length > end - at) return 0;
    if ((view.getUint16(at + 2, true) & 0x3fff) === type) return at - skb.data;
    at += (length + 3) & ~3;
  }
  return 0;
}

/** @models net/core/filter.c bpf_skb_get_nlattr() */
function getNlattr(skb: SkBuff, regs: Int32Array): number {
  const offset = regs[R2]! >>> 0;
  if (skb.len < 4 || offset > skb.len - 4) return 0;
  return findAttribute(skb, skb.data + offset, skb.data + skb.len, regs[R3]! >>> 0);
}

/** @models net/core/filter.c bpf_skb_get_nlattr_nest() */
function getNlattrNest(skb: SkBuff, regs: Int32Array): number {
  const offset = regs[R2]! >>> 0;
  if (skb.len < 4 || offset > skb.len - 4) return 0;
  const at = skb.data + offset;
  const length = skb.memory.view.getUint16(at, true);
  return length > skb.len - offset ? 0 : findAttribute(skb, at + 4, at + length, regs[R3]! >>> 0);
}

/** @models net/core/filter.c bpf_skb_get_pay_offset() */
const getPayOffset: HelperMaker = ({ softnet }) => {
  const { skbs, payloadOffset } = softnet;
  return (regs) => {
    setR0(regs, payloadOffset.of(skbs.at(regs[R1]!)));
  };
};

/** @models net/core/filter.c bpf_get_raw_cpu_id() */
const rawCpuId: HelperMaker =
  ({ softnet }) =>
  (regs) => {
    setR0Unsigned(regs, softnet.cpu);
  };

/** @models kernel/bpf/core.c bpf_user_rnd_u32() @differs the machine's own entropy */
const random: HelperMaker =
  ({ entropy }) =>
  (regs) => {
    setR0Unsigned(regs, entropy.u32());
  };

export const rewriteHelpers: ReadonlyMap<number, HelperMaker> = new Map<number, HelperMaker>([
  [H.SKB_LOAD_HELPER_8_NO_CACHE, loadHelper(1, R2)],
  [H.SKB_LOAD_HELPER_16_NO_CACHE, loadHelper(2, R2)],
  [H.SKB_LOAD_HELPER_32_NO_CACHE, loadHelper(4, R2)],
  [H.SKB_LOAD_HELPER_8, loadHelper(1, R4)],
  [H.SKB_LOAD_HELPER_16, loadHelper(2, R4)],
  [H.SKB_LOAD_HELPER_32, loadHelper(4, R4)],
  [H.SKB_GET_PAY_OFFSET, getPayOffset],
  [H.SKB_GET_NLATTR, skbHelper(getNlattr)],
  [H.SKB_GET_NLATTR_NEST, skbHelper(getNlattrNest)],
  [H.GET_RAW_CPU_ID, rawCpuId],
  [H.USER_RND_U32, random],
] satisfies HelperEntry[]);
