// How helpers of programs over packets are written: a function of the packet that R1 points to and of the registers. The
// arguments are the halves of R1 to R5, by the names below.
import { setR0, setR0Unsigned, type Helper } from '../../../../vm/helper_call.js';
import type { BpfFuncProto } from '../../../kernel/bpf/func_proto.js';
import type { SkBuff } from '../skbuff/sk_buff.js';
import * as L from '../skbuff/layout.js';

export type HelperMaker = NonNullable<BpfFuncProto['func']>;
export type HelperEntry = readonly [id: number, maker: HelperMaker];

/** Places of the arguments in the registers: low halves; high halves follow. */
export const R1 = 2;
export const R2 = 4;
export const R3 = 6;
export const R4 = 8;
export const R5 = 10;

export type SkbFunction = (skb: SkBuff, regs: Int32Array) => number;

/** A helper that gives an int. @models include/linux/filter.h BPF_CALL_x() */
export const skbHelper =
  (fn: SkbFunction): HelperMaker =>
  (machine): Helper => {
    const { skbs } = machine.softnet;
    return (regs) => {
      setR0(regs, fn(skbs.at(regs[R1]!), regs));
    };
  };

/** A helper that gives an unsigned number of 32 bits. @models include/linux/filter.h BPF_CALL_x() */
export const skbHelperUnsigned =
  (fn: SkbFunction): HelperMaker =>
  (machine): Helper => {
    const { skbs } = machine.softnet;
    return (regs) => {
      setR0Unsigned(regs, fn(skbs.at(regs[R1]!), regs));
    };
  };

/** A helper that always gives the same number. @models include/linux/filter.h BPF_CALL_x() */
export const constant =
  (value: number): HelperMaker =>
  (): Helper =>
  (regs) => {
    setR0(regs, value);
  };

/** Whether the 64-bit number at `r` has bits beyond `mask`. @differs 64 bits are two halves here */
export const hasOther = (regs: Int32Array, r: number, mask: number): boolean =>
  regs[r + 1] !== 0 || (regs[r]! & ~mask) !== 0;

/**
 * The pointers that a program takes from its context: to be made anew whenever the packet's bytes have moved.
 *
 * @models include/linux/filter.h bpf_compute_data_pointers()
 */
export function bpfComputeDataPointers(skb: SkBuff): void {
  const { data } = skb;
  skb.set32(L.SKB_CB + L.DATA_END_DATA_META, data);
  skb.set32(L.SKB_CB + L.DATA_END_DATA_META + 4, 0);
  skb.set32(L.SKB_CB + L.DATA_END_DATA_END, data + skb.len);
  skb.set32(L.SKB_CB + L.DATA_END_DATA_END + 4, 0);
}

/**
 * A step that may move the packet's bytes: the pointers follow, whatever comes of it.
 *
 * @differs the kernel says so in each helper
 */
export const moving =
  (fn: SkbFunction): SkbFunction =>
  (skb, regs) => {
    const err = fn(skb, regs);
    bpfComputeDataPointers(skb);
    return err;
  };
