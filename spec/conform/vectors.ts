// Datagrams of real conversations for the specs of conform: what is carried in spec/vectors, and what the folder named by
// TCBOX_VECTORS holds beside it (files of the same form, of any kernel).
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromHex } from '../../lib/codec/bytes.js';

export interface Recorded {
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly isRequest: boolean;
}

const carried = join(import.meta.dirname, '../../../spec/vectors');

/** A folder with further recordings, if there is one. */
export const furtherFolder = process.env['TCBOX_VECTORS'];

/** Keys of a step whose texts are datagrams. */
const keys = { send: true, sent: true, recv: false, notify: false };

function* ofStep(file: string, step: Readonly<Record<string, unknown>>): Generator<Recorded> {
  for (const [key, isRequest] of Object.entries(keys)) {
    for (const text of [step[key]].flat()) {
      if (typeof text === 'string' && /^(?:[0-9a-f]{2})+$/.test(text)) yield { file, bytes: fromHex(text), isRequest };
    }
  }
}

function* ofFile(path: string): Generator<Recorded> {
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    if (line === '') continue;
    const record = JSON.parse(line) as { readonly steps?: readonly Readonly<Record<string, unknown>>[] } | null;
    for (const step of record?.steps ?? []) yield* ofStep(path, step);
  }
}

function* filesIn(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesIn(path);
    else if (entry.name.endsWith('.jsonl')) yield path;
  }
}

/** Every netlink datagram of the recordings of netlink conversations in `folder`. */
export function* datagramsIn(folder: string): Generator<Recorded> {
  if (!existsSync(folder)) return;
  for (const path of filesIn(folder)) yield* ofFile(path);
}

export const carriedDatagrams = (): Recorded[] => [...datagramsIn(carried)];
