// An explained datagram as one JSON object: for scripts, and inside the page of the HTML view.
import { toHex } from '../../codec/bytes.js';
import type { Datagram } from '../datagram.js';
import type { Region } from './region.js';

/** Version of the form. */
const SCHEMA = 1;

/** Times are bigint, which JSON has not: they become texts. */
const plain = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);

/** One line: where the datagram is from, its bytes in hexadecimal digits, and its regions. */
export function jsonView({ bytes, ...datagram }: Datagram, regions: readonly Region[]): string {
  return JSON.stringify({ schema: SCHEMA, ...datagram, bytes: toHex(bytes), regions }, plain);
}
