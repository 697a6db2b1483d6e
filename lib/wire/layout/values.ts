// C types with the form people know their values in: handles as tc writes them, protocols, addresses, interfaces. They
// are the scalars of codec with another show(); their size and order of bytes are the same.
import type { Codec } from '../../codec/scalar.js';
import { be16, be32, s32, u16, u32, u8 } from '../../codec/scalar.js';
import { ipProtocol } from '../../uapi/linux/in.js';
import { addressFamily } from '../../uapi/linux/socket.js';
import { ethProtocol } from '../../uapi/linux/if_ether.js';
import {
  tcAct,
  TC_ACT_EXT_CMP,
  TC_ACT_EXT_VAL_MASK,
  TC_ACT_GOTO_CHAIN,
  TC_ACT_JUMP,
} from '../../uapi/linux/pkt_cls.js';
import { TC_H_CLSACT, TC_H_MIN_EGRESS, TC_H_MIN_INGRESS, TC_H_ROOT } from '../../uapi/linux/pkt_sched.js';

/** `codec` with another form of its values. */
export function shown<T>(codec: Codec<T>, show: (value: T) => string): Codec<T> {
  return { ...codec, show };
}

const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`;

export const hexU8 = shown(u8, hex);
export const hexU16 = shown(u16, hex);
export const hexU32 = shown(u32, hex);
export const hexBe16 = shown(be16, hex);
export const hexBe32 = shown(be32, hex);

export const family = shown(u8, addressFamily);
export const ipProto = shown(u8, ipProtocol);
export const etherType = shown(be16, ethProtocol);

/** A switch of one byte. */
export const onOff = shown(u8, (value) => (value === 0 ? '0 (off)' : value === 1 ? '1 (on)' : String(value)));

/** `1:10`; a half that is 0 is left out, as tc does. */
export function handleText(value: number): string {
  if (value === 0) return '0';
  const [major, minor] = [value >>> 16, value & 0xffff];
  return `${major.toString(16)}:${minor === 0 ? '' : minor.toString(16)}`;
}

const places: Readonly<Record<number, string>> = {
  [TC_H_ROOT]: 'TC_H_ROOT',
  [TC_H_CLSACT]: 'TC_H_CLSACT',
  [(0xffff0000 | TC_H_MIN_INGRESS) >>> 0]: `ffff:${TC_H_MIN_INGRESS.toString(16)} (ingress)`,
  [(0xffff0000 | TC_H_MIN_EGRESS) >>> 0]: `ffff:${TC_H_MIN_EGRESS.toString(16)} (egress)`,
};

/** A handle as tcm_handle of qdiscs and classes, and as a class id. */
export const classid = shown(u32, handleText);
/** The place something hangs at. */
export const parent = shown(u32, (value) => places[value] ?? handleText(value));

/** A u32 handle: table, bucket and node, `800::800`. */
export const u32Handle = shown(u32, (value) => {
  if (value === 0) return '0';
  const [table, bucket, node] = [value >>> 20, (value >>> 12) & 0xff, value & 0xfff];
  const [b, n] = [bucket, node].map((part) => (part === 0 ? '' : part.toString(16)));
  return `${table.toString(16)}:${b!}${n === '' ? ':' : `:${n!}`}`;
});

/** tcm_info of a filter: priority above, protocol in network order below. */
export const filterInfo = shown(u32, (value) => {
  const protocol = ((value & 0xff) << 8) | ((value >>> 8) & 0xff);
  return `prio ${value >>> 16}, protocol ${protocol === 0 ? '0' : ethProtocol(protocol)}`;
});

/** What an action or a police result says becomes of the packet. */
export const verdict = shown(s32, (value) => {
  if (TC_ACT_EXT_CMP(value, TC_ACT_GOTO_CHAIN)) return `TC_ACT_GOTO_CHAIN ${value & TC_ACT_EXT_VAL_MASK}`;
  if (TC_ACT_EXT_CMP(value, TC_ACT_JUMP)) return `TC_ACT_JUMP ${value & TC_ACT_EXT_VAL_MASK}`;
  return tcAct(value);
});

const hex2 = (byte: number): string => byte.toString(16).padStart(2, '0');

/** `02:00:00:00:00:01`, for link addresses of any length. */
export const mac = (u8: Uint8Array): string => Array.from(u8, hex2).join(':');

/** `10.0.0.1` */
export const ipv4 = (u8: Uint8Array): string => u8.join('.');

function longestZeros(words: readonly number[]): { at: number; count: number } {
  let best = { at: -1, count: 1 };
  for (let at = 0; at < words.length; at++) {
    let count = 0;
    while (words[at + count] === 0) count++;
    if (count > best.count) best = { at, count };
  }
  return best;
}

/** RFC 5952: lower case, the longest row of zeros as `::`. */
export function ipv6(u8: Uint8Array): string {
  const words = Array.from({ length: 8 }, (_, i) => (u8[2 * i]! << 8) | u8[2 * i + 1]!);
  const { at, count } = longestZeros(words);
  const join = (part: readonly number[]): string => part.map((word) => word.toString(16)).join(':');
  return at < 0 ? join(words) : `${join(words.slice(0, at))}::${join(words.slice(at + count))}`;
}

/** An address by its length; link addresses are those that are neither IPv4 nor IPv6. */
export function address(u8: Uint8Array): string {
  return u8.length === 4 ? ipv4(u8) : u8.length === 16 ? ipv6(u8) : mac(u8);
}

const TICKS = 100;
/** Times of include/uapi that count in USER_HZ. */
export const ticks = shown(u32, (value) => `${value} (${value / TICKS} s)`);
