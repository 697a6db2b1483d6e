// include/uapi/linux/filter.h: classic BPF programs and the negative offsets that reach beyond the packet.
import { u16, u32, u8 } from '../../codec/scalar.js';
import { struct } from '../../codec/struct.js';

export const sock_filter = struct('sock_filter', { code: u16, jt: u8, jf: u8, k: u32 });

/** Where the accumulator comes from in a RET. */
export const BPF_A = 0x10;
export const BPF_TAX = 0x00;
export const BPF_TXA = 0x80;

/** Cells of the scratch memory M[]. */
export const BPF_MEMWORDS = 16;

/** Base of the ancillary loads: offsets from here up are no packet offsets. */
export const SKF_AD_OFF = 0xfffff000;
/** Ancillary values lie four apart, from 0 (protocol) to 60 (VLAN protocol). */
export const SKF_AD_PROTOCOL = 0;
export const SKF_AD_PKTTYPE = 4;
export const SKF_AD_IFINDEX = 8;
export const SKF_AD_NLATTR = 12;
export const SKF_AD_NLATTR_NEST = 16;
export const SKF_AD_MARK = 20;
export const SKF_AD_QUEUE = 24;
export const SKF_AD_HATYPE = 28;
export const SKF_AD_RXHASH = 32;
export const SKF_AD_CPU = 36;
export const SKF_AD_ALU_XOR_X = 40;
export const SKF_AD_VLAN_TAG = 44;
export const SKF_AD_VLAN_TAG_PRESENT = 48;
export const SKF_AD_PAY_OFFSET = 52;
export const SKF_AD_RANDOM = 56;
export const SKF_AD_VLAN_TPID = 60;
export const SKF_AD_MAX = 64;
/** Bases of loads from the network header and from the link-layer header. */
export const SKF_NET_OFF = 0xfff00000;
export const SKF_LL_OFF = 0xffe00000;
