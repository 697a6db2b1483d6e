// lib/nlattr.c: how the kernel compares and copies strings that came in attributes. They differ from C strings: an
// attribute may end in any number of NULs, or in none.
import type { Nla } from '../../codec/nla.js';
import { latin1 } from '../../codec/bytes.js';

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

/**
 * The C string in `nla`, or undefined when the payload without its last NUL does not fit in `size` bytes with a NUL.
 *
 * @models lib/nlattr.c nla_strscpy()
 */
export function nlaStrscpy(nla: Nla, size: number): string | undefined {
  const { u8 } = nla.msg;
  let end = nla.end;
  if (nla.len > 0 && u8[end - 1] === 0) end--;
  if (end - nla.start >= size) return undefined;
  const nul = u8.indexOf(0, nla.start);
  return latin1(u8, nla.start, nul >= 0 && nul < end ? nul : end);
}
