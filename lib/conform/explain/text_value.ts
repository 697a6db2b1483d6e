// Text in an attribute: characters up to a NUL, and what is wrong with it.
import { latin1 } from '../../codec/bytes.js';
import type { Region } from './region.js';
import { leaf, rest, type Walk } from './walk.js';

/** Characters that a quoted text shows as they are; names of the wire are bytes, shown as ISO 8859-1. */
export const quoted = (text: string): string =>
  JSON.stringify(text).replace(/[\u007f-\uffff]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);

export function textRegions({ bytes }: Walk, start: number, end: number, name: string): Region[] {
  if (end <= start) return [];
  const nul = bytes.u8.subarray(start, end).indexOf(0);
  const stop = nul < 0 ? end : start + nul + 1;
  const text = latin1(bytes.u8, start, nul < 0 ? end : start + nul);
  const remark = nul < 0 ? { remark: 'no NUL at the end' } : {};
  const region = leaf('value', start, stop - start, name, {
    type: `char[${stop - start}]`,
    value: quoted(text),
    ...remark,
  });
  return [region, ...rest(stop, end, 'behind the NUL that ends the text')];
}
