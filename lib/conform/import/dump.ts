// Hex dumps: rows with offsets. A datagram begins where offsets begin anew and ends at a line that is no row; `*` stands for
// rows that repeat the one before. Offsets say where bytes belong, so that text beside them cannot be taken for bytes.
import type { Datagram } from '../datagram.js';
import { ByteSink } from './byte_sink.js';
import { dumpRow, type DumpRow, lastOffset } from './dump_row.js';
import { DATAGRAM_MAX } from './importer.js';
import { type Line, LineImporter } from './lines.js';
import { bareDatagram, isWhole } from './plausible.js';

const radixes = [16, 8, 10] as const;

function swapped(bytes: Uint8Array): Uint8Array {
  const turned = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at += 4) turned.set(bytes.slice(at, at + 4).reverse(), at);
  return turned;
}

export class DumpImporter extends LineImporter {
  readonly #bytes = new ByteSink();
  #start: Line | undefined;
  /** The offset the dump began with. */
  #base = '';
  #radix: number | undefined;
  #last: DumpRow | undefined;
  #repeat = false;
  #words = false;
  /** Rows do not count until offsets begin anew. */
  #lost = false;

  protected *line(line: Line): Generator<Datagram, void> {
    const row = dumpRow(line.text);
    if (row !== undefined) {
      if (this.#start === undefined || this.#distance(row.offset) <= 0) {
        yield* this.#done();
        this.#begin(line, row);
      } else this.#follow(line, row);
      return;
    }
    if (this.#start !== undefined && line.text.trim() === '*') {
      this.#repeat = true;
      return;
    }
    const end = this.#start === undefined ? undefined : lastOffset(line.text);
    if (end !== undefined) this.#reach(this.#distance(end), line);
    yield* this.#done();
  }

  protected *finish(): Generator<Datagram, void> {
    yield* this.#done();
  }

  #begin(line: Line, row: DumpRow): void {
    this.#start = line;
    this.#radix = undefined;
    this.#base = row.offset;
    this.#words = row.words;
    this.#put(row);
  }

  #follow(line: Line, row: DumpRow): void {
    if (this.#lost || !this.#reach(this.#distance(row.offset), line)) return;
    this.#words &&= row.words || row.bytes.length % 4 !== 0;
    this.#put(row);
  }

  #put(row: DumpRow): void {
    this.#last = row;
    this.#repeat = false;
    this.#bytes.append(row.bytes);
  }

  /** Bytes from the beginning of the dump to an offset. */
  #distance(offset: string): number {
    const from = (radix: number): number => parseInt(offset, radix) - parseInt(this.#base, radix);
    // Only od has another radix, and offsets of seven digits.
    if (this.#base === '0000000') this.#radix ??= radixes.find((radix) => from(radix) === this.#bytes.length);
    return from(this.#radix ?? 16);
  }

  /** Makes the bytes as many as the next offset says; false when they cannot be. */
  #reach(length: number, line: Line): boolean {
    this.#bytes.truncate(length);
    const row = this.#last?.bytes ?? new Uint8Array(0);
    while (this.#repeat && this.#bytes.length < Math.min(length, DATAGRAM_MAX)) {
      this.#bytes.append(row.subarray(0, length - this.#bytes.length));
      if (row.length === 0) break;
    }
    if (this.#bytes.length === length) return true;
    this.problem(line, `offset ${length} follows ${this.#bytes.length} bytes`);
    this.#lost = true;
    return false;
  }

  *#done(): Generator<Datagram, void> {
    const start = this.#start;
    const bytes = this.#bytes.take();
    const words = this.#words;
    this.#start = undefined;
    this.#lost = this.#repeat = false;
    if (start === undefined || bytes.length === 0) return;
    const right = words && !isWhole(bytes) && isWhole(swapped(bytes)) ? swapped(bytes) : bytes;
    yield bareDatagram(this.context, right, { offset: start.offset, line: start.number });
  }
}
