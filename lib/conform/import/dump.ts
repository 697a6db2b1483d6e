// Hex dumps: rows with offsets. A datagram begins where offsets begin anew and ends at a line that is no row; `*` stands for
// rows that repeat the one before. Offsets say where bytes belong, so that text beside them cannot be taken for bytes.
import type { Datagram } from '../datagram.js';
import { ByteSink } from './byte_sink.js';
import { dumpRow, type DumpRow, lastOffset } from './dump_row.js';
import { DATAGRAM_MAX } from './importer.js';
import { type Line, LineImporter } from './lines.js';
import { bareDatagram, likelier } from './plausible.js';

const radixes = [16, 8, 10] as const;

export class DumpImporter extends LineImporter {
  readonly #bytes = new ByteSink();
  /** As many, each word the other way round. */
  readonly #turned = new ByteSink();
  #start: Line | undefined;
  /** The offset the dump began with. */
  #base = '';
  #radix: number | undefined;
  #last: DumpRow | undefined;
  #repeat = false;
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
    this.#put(row);
  }

  #follow(line: Line, row: DumpRow): void {
    if (this.#lost || !this.#reach(this.#distance(row.offset), line)) return;
    this.#put(row);
  }

  #put(row: DumpRow): void {
    this.#last = row;
    this.#repeat = false;
    this.#append(row);
  }

  /** False when they are more than a datagram may have. */
  #append(row: DumpRow, length = row.bytes.length): boolean {
    return this.#bytes.append(row.bytes.subarray(0, length)) && this.#turned.append(row.turned.subarray(0, length));
  }

  /** Bytes from the beginning of the dump to an offset. */
  #distance(offset: string): number {
    const from = (radix: number): number => parseInt(offset, radix) - parseInt(this.#base, radix);
    // od and xxd may count otherwise, in seven and eight digits.
    if (/^0{7,8}$/.test(this.#base)) this.#radix ??= radixes.find((radix) => from(radix) === this.#bytes.length);
    return from(this.#radix ?? 16);
  }

  /** Makes the bytes as many as the next offset says; false when they cannot be. */
  #reach(length: number, line: Line): boolean {
    this.#bytes.truncate(length);
    this.#turned.truncate(length);
    const row = this.#last;
    while (this.#repeat && row !== undefined && this.#bytes.length < Math.min(length, DATAGRAM_MAX))
      if (!this.#append(row, length - this.#bytes.length)) break;
    if (this.#bytes.length === length) return true;
    this.problem(line, `offset ${length} follows ${this.#bytes.length} bytes`);
    this.#lost = true;
    return false;
  }

  *#done(): Generator<Datagram, void> {
    const start = this.#start;
    const readings = { stated: this.#bytes.take(), turned: this.#turned.take() };
    this.#start = undefined;
    this.#lost = this.#repeat = false;
    if (start === undefined || readings.stated.length === 0) return;
    yield bareDatagram(this.context, likelier(readings), { offset: start.offset, line: start.number });
  }
}
