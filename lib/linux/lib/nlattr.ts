// lib/nlattr.c: how the kernel compares and copies strings that came in attributes, which may end in any number of NULs
// or in none; and how it puts 64-bit values.
import type { Nla } from '../../codec/nla.js';
import { latin1 } from '../../codec/bytes.js';
import type { Writer } from '../../codec/writer.js';

/**
 * Whether the payload of `nla`, less its trailing NULs, is `text`.
 *
 * @models lib/nlattr.c nla_strcmp()
 */
export function nlaIs(nla: Nla, text: string): boolean {
  const { u8 } = nla.msg;
  let length = nla.len;
  while (length > 0 && u8[nla.start + length - 1] === 0) length--;
  if (length !== text.length) return false;
  for (let i = 0; i < length; i++) if (u8[nla.start + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** Length of the payload without its last NUL. */
const copied = (nla: Nla): number => (nla.len > 0 && nla.msg.u8[nla.end - 1] === 0 ? nla.len - 1 : nla.len);

/**
 * Whether nlaStrscpy() would find room for the string.
 *
 * @models lib/nlattr.c nla_strscpy()
 */
export const nlaFits = (nla: Nla, size: number): boolean => copied(nla) < size;

/**
 * Whether the C string in `nla` is `text`.
 *
 * @models lib/nlattr.c nla_strscpy()
 */
export function nlaHolds(nla: Nla, text: string): boolean {
  const { u8 } = nla.msg;
  const length = copied(nla);
  if (length < text.length || (length > text.length && u8[nla.start + text.length] !== 0)) return false;
  for (let i = 0; i < text.length; i++) if (u8[nla.start + i] !== text.charCodeAt(i)) return false;
  return true;
}

/**
 * The C string in `nla`, or undefined when the payload without its last NUL does not fit in `size` bytes with a NUL.
 *
 * @models lib/nlattr.c nla_strscpy()
 */
export function nlaStrscpy(nla: Nla, size: number): string | undefined {
  if (!nlaFits(nla, size)) return undefined;
  const { u8 } = nla.msg;
  const end = nla.start + copied(nla);
  const nul = u8.indexOf(0, nla.start);
  return latin1(u8, nla.start, nul >= 0 && nul < end ? nul : end);
}

/**
 * Appends a u64. Machines that want 64-bit values aligned give the type of the empty attribute that pads.
 *
 * @models include/net/netlink.h nla_put_u64_64bit()
 */
export function nlaPutU64(skb: Writer, type: number, value: bigint, pad: number | undefined): void {
  if (pad !== undefined && skb.length % 8 === 0) skb.reserveAttr(pad, 0);
  const at = skb.reserveAttr(type, 8);
  skb.buffer.view.setBigUint64(at, value, true);
}
