// NUL-terminated names in the string tables of ELF and BTF. They may overlap, so their total is not bounded by the size
// of the file: each one is, and no kernel or compiler makes a longer one than this.
import { latin1 } from '../codec/bytes.js';
import { hex, type LoaderError } from './loader_error.js';

/** Bytes; the kernel takes up to 512. */
export const maxName = 1024;

/** The name at `start` of a table that ends at `end`; `fail` makes the error. */
export function readName(
  u8: Uint8Array,
  start: number,
  end: number,
  fail: (reason: string) => LoaderError,
  longest = maxName,
): string {
  if (start >= end) throw fail(`a name at ${hex(start)}, beyond the strings, which end at ${hex(end)}`);
  const limit = Math.min(end, start + longest);
  for (let at = start; at < limit; at++) if (u8[at] === 0) return latin1(u8, start, at);
  throw fail(
    limit === end ? `the name at ${hex(start)} has no end` : `the name at ${hex(start)} is over ${longest} bytes`,
  );
}
