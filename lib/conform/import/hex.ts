// Hexadecimal digits without offsets: in one run, or bytes with spaces, colons, commas, dashes, 0x or \x between them. An empty
// line ends a datagram, and so does a line with which its messages are whole; what stands behind # or // does not count.
// Groups of 4, 8 or 16 digits are bytes in their order (xxd) or words of the host (od -x): what makes a message decides.
import type { Datagram } from '../datagram.js';
import { ByteSink } from './byte_sink.js';
import { type Line, LineImporter } from './lines.js';
import { bareDatagram, isWhole, likelier } from './plausible.js';

/** A comment, or what Node.js puts around bytes. */
const around = /^\s*<Buffer\s|>\s*$|(?:#|\/\/).*$/g;
/** What Node.js leaves out of a long one. */
const leftOut = /\.\.\. (\d+) more bytes?>\s*$/;
const between = /[\s:,;.-]+/;
const digits = /^(?:0x|\\x)?([0-9a-f]+)h?$/i;
/** Bytes at the end of a line that begins otherwise. */
const trailing =
  /(?:^|[\s:="'(\[])((?:(?:0x)?[0-9a-f]{2}(?:[\s:,-]+|$)){12,}|(?:0x)?(?:[0-9a-f]{2}){12,})["')\].,;]*$/i;
/** Bytes that make a run with a digit too many one that was cut. */
const LONG = 12;

const tokensOf = (text: string): string[] =>
  text
    .replaceAll('\\x', ' ')
    .split(between)
    .filter((token) => token !== '');

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

/** Puts the bytes of a group of digits from the last on. */
function putTurned(text: string, to: ByteSink): void {
  for (let i = text.length; i > 1; i -= 2) putDigits(text.slice(i - 2, i), to);
}

/** Digits of groups that can be words. */
const isWord = (digits: number): boolean => digits === 4 || digits === 8 || digits === 16;

export class HexImporter extends LineImporter {
  readonly #bytes = new ByteSink();
  /** The same with every group the other way round, as long as the groups are words of one width. */
  readonly #turned = new ByteSink();
  #width = 0;
  /** Where the datagram begins. */
  #start: Line | undefined;
  /** A datagram was given up: nothing counts until an empty line. */
  #lost = false;
  /** The first line that is no bytes at all. */
  #prose: Line | undefined;
  #found = false;

  protected *line(line: Line): Generator<Datagram, void> {
    const text = this.#bytesIn(line);
    if (text === '') {
      if (line.text.trim() === '') yield* this.#done();
      return;
    }
    if (this.#lost) return;
    if (text === undefined) {
      this.#prose ??= line;
      yield* this.#done();
      return;
    }
    this.#start ??= line;
    if (!this.#put(text, line)) {
      this.#take();
      this.#lost = true;
    } else if (isWhole(this.#bytes.view()) || this.#isTurned()) yield* this.#done();
  }

  protected *finish(): Generator<Datagram, void> {
    yield* this.#done();
    const prose = this.#found ? undefined : this.#prose;
    if (prose === undefined) return;
    const first = tokensOf(prose.text).find((token) => !digits.test(token)) ?? '';
    this.problem(prose, `'${first.slice(0, 40)}': no hexadecimal digits`);
  }

  /** What of a line is bytes: all of it, or its end; undefined for what somebody said between the bytes. */
  #bytesIn(line: Line): string | undefined {
    const missing = leftOut.exec(line.text)?.[1];
    if (missing !== undefined) this.problem(line, `${missing} bytes are left out`);
    const text = line.text.replace(leftOut, '').replace(around, '').trim();
    const tokens = tokensOf(text);
    const bytes = tokens.filter((token) => digits.test(token)).length;
    if (bytes === tokens.length) return text;
    return trailing.exec(text)?.[1] ?? (2 * bytes > tokens.length ? text : undefined);
  }

  #put(text: string, line: Line): boolean {
    for (const token of tokensOf(text)) {
      const match = digits.exec(token);
      if (match !== null && putDigits(match[1]!, this.#bytes)) {
        this.#putWord(match[1]!);
        continue;
      }
      const what = match === null ? 'no hexadecimal digits' : 'an odd number of hexadecimal digits';
      this.problem(line, `'${token.slice(0, 40)}': ${what}`);
      if (match === null || match[1]!.length < 2 * LONG) return false;
      putDigits(match[1]!.slice(0, -1), this.#bytes);
    }
    return true;
  }

  /** Groups are as wide as the first; nothing follows a shorter one. */
  #putWord(text: string): void {
    const whole = this.#turned.length === this.#bytes.length - text.length / 2;
    if (this.#width === 0) this.#width = isWord(text.length) ? text.length : -1;
    if (whole && text.length <= this.#width && this.#turned.length % (this.#width / 2) === 0)
      putTurned(text, this.#turned);
  }

  #isTurned(): boolean {
    return this.#turned.length === this.#bytes.length && isWhole(this.#turned.view());
  }

  #take(): Uint8Array {
    const [stated, turned] = [this.#bytes.take(), this.#turned.take()];
    this.#width = 0;
    return stated.length === turned.length ? likelier({ stated, turned }) : stated;
  }

  *#done(): Generator<Datagram, void> {
    const start = this.#start;
    const { length } = this.#bytes;
    this.#start = undefined;
    this.#lost = false;
    if (start === undefined || length === 0) return;
    this.#found = true;
    yield bareDatagram(this.context, this.#take(), { offset: start.offset, line: start.number });
  }
}
