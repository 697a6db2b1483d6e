// Entries of recordings as `tcbox convert` writes them in JSON: bytes are hexadecimal digits, what is zero or empty may be missing.
import { FORMAT } from '../../record/recording.js';
import { isObject, type JsonObject } from './json_text.js';
import { hexBytes } from './json_values.js';
import type { WalkedEntry } from './recording_walk.js';

/** Whether a document is the first entry of a recording. */
export const isFirstEntry = (value: unknown): boolean =>
  isObject(value) && isObject(value['header']) && value['header']['format'] === FORMAT;

const none = new Uint8Array(0);
function number(of: JsonObject, key: string): number {
  const value = of[key];
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : 0;
}

function text(of: JsonObject, key: string): string {
  const value = of[key];
  return typeof value === 'string' ? value : '';
}

const bytes = (of: JsonObject, key: string): Uint8Array => hexBytes(of[key]) ?? none;

/** Each kind of entry that is read. */
const kinds: Readonly<Record<string, (entry: JsonObject) => Partial<WalkedEntry>>> = {
  header: (e) => ({ header: { startSeconds: number(e, 'startSeconds'), startNanos: number(e, 'startNanos') } }),
  process: (e) => ({ process: { name: text(e, 'name') } }),
  open: (e) => ({
    open: { socket: number(e, 'socket'), family: number(e, 'family'), protocol: number(e, 'protocol') },
  }),
  option: (e) => ({
    option: {
      socket: number(e, 'socket'),
      level: number(e, 'level'),
      name: number(e, 'name'),
      value: bytes(e, 'value'),
      result: number(e, 'result'),
    },
  }),
  sent: (e) => ({ sent: { socket: number(e, 'socket'), data: bytes(e, 'data'), result: number(e, 'result') } }),
  received: (e) => ({
    received: {
      socket: number(e, 'socket'),
      data: bytes(e, 'data'),
      address: bytes(e, 'address'),
      length: number(e, 'length'),
    },
  }),
  closed: (e) => ({ closed: { socket: number(e, 'socket') } }),
  bpf: (bpf) => ({ bpf }),
  lost: (e) => ({ lost: { what: text(e, 'what'), count: number(e, 'count') } }),
};

/** The entry of a document; one that is not read is empty. */
export function jsonEntry(value: JsonObject): WalkedEntry {
  const entry = { time: number(value, 'time'), processId: number(value, 'processId') };
  for (const [kind, read] of Object.entries(kinds)) {
    const inner = value[kind];
    if (isObject(inner)) return { ...entry, ...read(inner) };
  }
  return entry;
}
