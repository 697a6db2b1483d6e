// Messages in JSON that no importer knows: strings of hexadecimal digits or base64, and lists of bytes, wherever they are. What
// is no message is no datagram: names and numbers are everywhere.
import type { Datagram } from '../datagram.js';
import { base64Bytes } from './base64.js';
import { ByteSink } from './byte_sink.js';
import { putDigits } from './hex.js';
import type { ImportContext } from './importer.js';
import { bareDatagram, COOKED_HEADER, isCooked, isWhole } from './plausible.js';
import type { Places } from './json_text.js';

/** Deepest nesting that is looked into. */
const DEPTH = 64;

/** Bytes of an even number of hexadecimal digits; undefined = they are none. */
export function hexBytes(text: unknown): Uint8Array | undefined {
  if (typeof text !== 'string' || text.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(text)) return undefined;
  const sink = new ByteSink();
  return putDigits(text, sink) ? sink.take() : undefined;
}

export const hexOf = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

const isByte = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 256;

const isMessage = (bytes: Uint8Array): boolean =>
  isWhole(bytes) || (isCooked(bytes) && isWhole(bytes.subarray(COOKED_HEADER)));

function bytesOf(value: unknown): Uint8Array | undefined {
  if (typeof value === 'string') return value.length < 20 ? undefined : (hexBytes(value) ?? base64Bytes(value));
  if (Array.isArray(value) && value.length >= 16 && value.every(isByte)) return Uint8Array.from(value);
  return undefined;
}

/** Each message in a value, with the path to it as its label. */
export function* looseDatagrams(
  context: ImportContext,
  places: Places,
  value: unknown,
  path: readonly (string | number)[] = [],
): Generator<Datagram, void> {
  const bytes = bytesOf(value);
  if (bytes !== undefined && isMessage(bytes)) {
    const place = places.of(typeof value === 'string' ? value : '[');
    yield bareDatagram(context, bytes, path.length === 0 ? place : { ...place, label: path.join('.') });
  } else if (typeof value === 'object' && value !== null && path.length < DEPTH)
    for (const [key, inner] of Object.entries(value)) yield* looseDatagrams(context, places, inner, [...path, key]);
}
