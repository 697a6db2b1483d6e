// JSON, one document a line or one in all: recordings of tcbox, recordings of requests (`steps` of both versions, with replies, notifications and
// system calls), and whatever else has messages in it as hexadecimal digits, base64 or lists of bytes. A document of which
// nothing is a message is a problem: transcripts of commands have none.
import { NETLINK_ROUTE } from '../../uapi/linux/netlink.js';
import type { Datagram } from '../datagram.js';
import { DATAGRAM_MAX, type ImportContext } from './importer.js';
import { isFirstEntry, jsonEntry } from './json_entry.js';
import { RecordWalk } from './json_record.js';
import { isObject, type JsonObject, parseJson, Places } from './json_text.js';
import { hexOf, looseDatagrams } from './json_values.js';
import { type Line, LineImporter } from './lines.js';
import { RecordingWalk } from './recording_walk.js';

const isRecord = (value: unknown): value is JsonObject & { readonly steps: readonly unknown[] } =>
  isObject(value) && Array.isArray(value['steps']);

export class JsonImporter extends LineImporter {
  /** Lines of a document that is not whole yet. */
  #open: string[] = [];
  #length = 0;
  #start: Line | undefined;
  #lost = false;
  /** What was recorded, when the documents are entries of a recording. */
  #recording: RecordingWalk | undefined;

  protected *line(line: Line): Generator<Datagram, void> {
    if (this.#lost || (this.#start === undefined && line.text.trim() === '')) return;
    if (this.#start === undefined) {
      const value = parseJson(line.text);
      if (value === undefined) this.#keep(line);
      else yield* this.#document(value, line);
    } else if (/^[}\]]/.test(line.text)) {
      this.#keep(line);
      yield* this.#try();
    } else this.#keep(line);
  }

  protected *finish(): Generator<Datagram, void> {
    yield* this.#try();
    if (this.#start !== undefined) this.problem(this.#start, 'no JSON');
  }

  #keep(line: Line): void {
    this.#start ??= line;
    this.#open.push(line.text);
    this.#length += line.text.length;
    if (this.#length <= 4 * DATAGRAM_MAX) return;
    this.problem(this.#start, `a document that is not whole after ${this.#length} characters`);
    this.#lost = true;
    this.#open = [];
    this.#start = undefined;
  }

  /** The lines kept so far, if they are a document. */
  *#try(): Generator<Datagram, void> {
    const start = this.#start;
    if (start === undefined) return;
    const text = this.#open.join('\n');
    const value = parseJson(text);
    if (value === undefined) return;
    this.#start = undefined;
    this.#open = [];
    this.#length = 0;
    yield* this.#document(value, { ...start, text });
  }

  *#document(value: unknown, line: Line): Generator<Datagram, void> {
    let found = false;
    const places = new Places(line);
    if (isFirstEntry(value)) this.#recording = new RecordingWalk(this.context);
    if (this.#recording !== undefined && isObject(value) && 'time' in value) {
      const { offset, number } = line;
      const of = (bytes: Uint8Array): ReturnType<Places['of']> => places.of(hexOf(bytes));
      yield* this.#recording.entry(jsonEntry(value), { offset, line: number, of });
      return;
    }
    const protocol = this.context.protocol ?? NETLINK_ROUTE;
    const context: ImportContext = isRecord(value) ? { ...this.context, protocol } : this.context;
    const datagrams = isRecord(value)
      ? new RecordWalk(context, places).datagrams(value)
      : looseDatagrams(context, places, value);
    for (const datagram of datagrams) {
      found = true;
      yield datagram;
    }
    if (!found && !isRecord(value)) this.problem(line, 'JSON without netlink messages');
  }
}
