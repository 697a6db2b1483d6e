// Entries of a recording as JSON, one a line: the names of proto/tcbox/v1/recording.proto in their JSON spelling, bytes as
// hexadecimal digits; empty texts, bytes and lists, and what is false, are left out. `tcbox convert --to json` prints them.
import { toHex } from '../codec/bytes.js';
import { Where, type Entry } from './recording.js';

type Json = string | number | boolean | { readonly [name: string]: Json } | readonly Json[];

const whereNames = Object.keys(Where).map((name) => name.toLowerCase());

function plain(value: unknown): Json | undefined {
  if (value instanceof Uint8Array) return value.length === 0 ? undefined : toHex(value);
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map((item) => plain(item) ?? '');
  if (typeof value === 'object' && value !== null) return fields(value);
  return value === '' || value === false ? undefined : (value as Json);
}

function fields(value: object): { readonly [name: string]: Json } {
  const pairs = Object.entries(value).map(([name, field]) => [name, plain(field)] as const);
  return Object.fromEntries(pairs.filter((pair): pair is readonly [string, Json] => pair[1] !== undefined));
}

/** One line, without its end. */
export function entryJson({ check: _check, time, thread, processId, header, ...kinds }: Entry): string {
  const who = { ...(processId === 0 ? {} : { processId }), ...(thread === 0 ? {} : { thread }) };
  const where = header && { header: { ...fields(header), where: whereNames[header.where] ?? header.where } };
  return JSON.stringify({ time, ...who, ...where, ...fields(kinds) });
}
