// Text that comes in chunks, as lines with their place in the file. Importers of text extend LineImporter and see whole
// lines only, whatever the chunks are; LF, CRLF, a byte order mark and a last line without its end are all the same to them.
import type { Datagram } from '../datagram.js';
import { DATAGRAM_MAX, type ImportContext, type Importer, type ImportProblem } from './importer.js';

export interface Line {
  /** Without its end. */
  readonly text: string;
  /** Of its first byte in the file. */
  readonly offset: number;
  /** From 1. */
  readonly number: number;
}

/** `text` without the signs with which mail quotes it. */
export const unquoted = (text: string): string => text.replace(/^\s{0,3}(?:> ?)+/, '');

/** `text` without the NULs that some programs put behind it. */
export const plainText = (text: string): string => (text.includes('\0') ? text.replaceAll('\0', ' ') : text);

const LF = 10;
const CR = 13;
const none = new Uint8Array(0);
const utf8 = new TextDecoder();

/** Longest line that is read: four digits a byte of the longest datagram. */
const LINE_MAX = 4 * DATAGRAM_MAX;

export abstract class LineImporter implements Importer {
  protected readonly context: ImportContext;
  #parts: Uint8Array[] = [];
  #length = 0;
  #offset = 0;
  #number = 1;

  constructor(context: ImportContext) {
    this.context = context;
  }

  /** What the line completes. */
  protected abstract line(line: Line): Iterable<Datagram>;

  /** What the end of the file completes. */
  protected abstract finish(): Iterable<Datagram>;

  protected problem(at: Pick<Line, 'offset' | 'number'>, text: string): void {
    const problem: ImportProblem = { file: this.context.file, offset: at.offset, line: at.number, text };
    this.context.problem(problem);
  }

  *push(chunk: Uint8Array): Generator<Datagram, void> {
    let from = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, from)) {
      yield* this.line(this.#line(chunk.subarray(from, end), 1));
      from = end + 1;
    }
    if (from < chunk.length) this.#keep(chunk.slice(from));
  }

  *end(): Generator<Datagram, void> {
    if (this.#length > 0) yield* this.line(this.#line(none, 0));
    yield* this.finish();
  }

  #keep(part: Uint8Array): void {
    if (this.#length <= LINE_MAX) this.#parts.push(part);
    this.#length += part.length;
  }

  /** The line that `tail` ends, behind which `ending` bytes follow. */
  #line(tail: Uint8Array, ending: number): Line {
    const length = this.#length + tail.length;
    const line = { text: this.#text(tail, length), offset: this.#offset, number: this.#number };
    if (length > LINE_MAX) this.problem(line, `a line of ${length} bytes is left out`);
    this.#parts = [];
    this.#length = 0;
    this.#offset += length + ending;
    this.#number++;
    return line;
  }

  #text(tail: Uint8Array, length: number): string {
    if (length > LINE_MAX) return '';
    const bytes = this.#parts.length === 0 ? tail : this.#joined(tail, length);
    const end = bytes.at(-1) === CR ? bytes.length - 1 : bytes.length;
    // The decoder leaves a byte order mark out.
    return unquoted(plainText(utf8.decode(bytes.subarray(0, end))));
  }

  #joined(tail: Uint8Array, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const part of [...this.#parts, tail]) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }
}
