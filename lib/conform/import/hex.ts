// Hexadecimal digits without offsets: in one run, or bytes with spaces, colons, commas, dashes, 0x or \x between them. An empty
// line ends a datagram, and so does a line with which its messages are whole; what stands behind # or // does not count.
import type { Datagram } from '../datagram.js';
import { ByteSink } from './byte_sink.js';
import { type Line, LineImporter } from './lines.js';
import { bareDatagram, isWhole } from './plausible.js';

/** A comment, or what Node.js puts around bytes. */
const around = /^\s*<Buffer\s|>\s*$|(?:#|\/\/).*$/g;
const between = /[\s:,;.-]+/;
const digits = /^(?:0x|\\x)?([0-9a-f]+)$/i;

/** Value of a hexadecimal digit. */
export const nibble = (code: number): number => (code <= 57 ? code - 48 : (code | 32) - 87);

/** Puts the bytes of a run of digits; one digit alone is a byte. False for an odd number of more. */
export function putDigits(text: string, to: ByteSink): boolean {
  if (text.length === 1) to.put(nibble(text.charCodeAt(0)));
  else if (text.length % 2 !== 0) return false;
  else
    for (let i = 0; i < text.length; i += 2) to.put((nibble(text.charCodeAt(i)) << 4) | nibble(text.charCodeAt(i + 1)));
  return true;
}

export class HexImporter extends LineImporter {
  readonly #bytes = new ByteSink();
  /** Where the datagram begins. */
  #start: Line | undefined;
  /** A datagram was given up: nothing counts until an empty line. */
  #lost = false;

  protected *line(line: Line): Generator<Datagram, void> {
    const text = line.text.replace(around, '').trim();
    if (text === '') {
      if (line.text.trim() === '') yield* this.#done();
      return;
    }
    if (this.#lost) return;
    this.#start ??= line;
    if (!this.#put(text, line)) {
      this.#bytes.take();
      this.#lost = true;
    } else if (isWhole(this.#bytes.view())) yield* this.#done();
  }

  protected *finish(): Generator<Datagram, void> {
    yield* this.#done();
  }

  #put(text: string, line: Line): boolean {
    for (const token of text.replaceAll('\\x', ' ').split(between)) {
      if (token === '') continue;
      const match = digits.exec(token);
      if (match !== null && putDigits(match[1]!, this.#bytes)) continue;
      const what = match === null ? 'no hexadecimal digits' : 'an odd number of hexadecimal digits';
      this.problem(line, `'${token.slice(0, 40)}': ${what}`);
      return false;
    }
    return true;
  }

  *#done(): Generator<Datagram, void> {
    const start = this.#start;
    const { length } = this.#bytes;
    this.#start = undefined;
    this.#lost = false;
    if (start === undefined || length === 0) return;
    yield bareDatagram(this.context, this.#bytes.take(), { offset: start.offset, line: start.number });
  }
}
