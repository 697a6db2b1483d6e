// Bytes as programs write them down: strings with escapes (C, Python, Go, Rust, JavaScript), neighbours joined; arrays and
// slices of numbers in any brackets, wider ones as little endian words; lists of such; strings that hold hexadecimal digits
// or base64. Names, types, dimensions and comments around them do not count.
import type { Datagram } from '../datagram.js';
import { base64Bytes } from './base64.js';
import { ByteSink } from './byte_sink.js';
import { hasEscape, putEscaped } from './escapes.js';
import { putDigits } from './hex.js';
import { type Line, LineImporter } from './lines.js';
import { bareDatagram, isWhole, messagesEnd } from './plausible.js';

/** A comment; a string, whose quote may be missing at the end; escapes without quotes; a number; a name; any other sign. */
const token =
  /\/\/.*|#.*|\/\*.*?(?:\*\/|$)|"((?:[^"\\]|\\.)*)"?|'((?:[^'\\]|\\.)*)'?|((?:\\x\{?[0-9a-f]{2}|\\[0-7]{1,3})[^"'\s]*)|(-?(?:0x[0-9a-f]+|0b[01]+|\d+))(?:u?l{0,2}|[ui](?:8|16|32|64))?(?![\w])|[a-z_]\w*!?|(\S)/gi;

/** Casts in front of numbers, which are no group of their own. */
const casts = /\((?:unsigned\s+)?(?:s?byte|char|(?:__)?[us]8|u?int8(?:_t)?|guint8)\)/gi;
/** What gdb writes for bytes that are alike. */
const repeated = /('(?:[^'\\]|\\[0-7]{1,3}|\\.)'|0x[0-9a-f]+|-?\d+) <repeats (\d{1,5}) times>/gi;
/** Rust's {:x?}: digits without 0x. */
const bareDigits = /\[((?:[0-9a-f]{1,2}, ?)+[0-9a-f]{1,2})\]/gi;

/** A line with everything in it that stands for bytes in the way most programs write them. */
function normal(text: string): string {
  let out = text.replace(casts, '');
  if (out.includes('<repeats')) out = unrepeated(out);
  return out.replace(bareDigits, (list, inside: string) =>
    /[a-f]/i.test(inside) ? `[${inside.replace(/[0-9a-f]{1,2}/gi, '0x$&')}]` : list,
  );
}

/** gdb breaks a string off where bytes repeat: its parts are one again. */
function unrepeated(text: string): string {
  const told = text.replace(repeated, (_, value: string, times: string) =>
    value.startsWith("'")
      ? `"${value.slice(1, -1).repeat(Number(times))}"`
      : Array(Number(times)).fill(value).join(', '),
  );
  return told.replace(/"\s*,\s*(?=["'])/g, '" ').replace(/'\s*,\s*(?=")/g, "' ");
}

/** The byte of a sign between single quotes; undefined = there are more, or none. */
function signOf(quoted: string): number | undefined {
  if (quoted.length > 1 && !/^\\(?:x[0-9a-f]{1,2}|[0-7]{1,3}|[^x])$/i.test(quoted)) return undefined;
  const sink = new ByteSink();
  putEscaped(quoted, sink);
  return sink.length === 1 ? sink.view()[0] : undefined;
}

/** Calls that make one of many: b"".join([…]), bytes.Join([][]byte{…}, nil), Buffer.concat([…]). */
const joins = /^(?:join|concat|concatenate)$/i;
/** What strings of digits are said to be behind them. */
const encodings = /^(?:hex|base64|latin1|binary|ascii|utf-?8)$/i;
const isName = (token: string): boolean => /^[a-z_]\w*!?$/i.test(token);

type Content = 'none' | 'numbers' | 'digits' | 'text';

export class LiteralImporter extends LineImporter {
  readonly #bytes = new ByteSink();
  #content: Content = 'none';
  #start: Line | undefined;
  /** Brackets that are open. */
  #depth = 0;
  /** Numbers in the group. */
  #numbers = 0;
  /** An escape was in the text: text without one is bytes only if they are messages. */
  #escaped = false;
  #comment = false;
  /** The name right in front of the token. */
  #name = '';
  /** Brackets that were open where a call that joins began. */
  #joined: number | undefined;

  protected *line(line: Line): Generator<Datagram, void> {
    if (line.text.trim() === '' && this.#depth === 0) {
      yield* this.#done();
      return;
    }
    const text = normal(this.#withoutComment(line.text));
    for (const [whole, double, single, escapes, number, sign] of text.matchAll(token)) {
      const byte = single === undefined || this.#depth === 0 ? undefined : signOf(single);
      const quoted = byte === undefined ? (double ?? single) : undefined;
      if (byte !== undefined && this.#content !== 'text') this.#number(String(byte), line);
      else if (byte !== undefined) this.#putText(single!);
      if (whole.startsWith('/*') && !whole.endsWith('*/')) this.#comment = true;
      if (quoted !== undefined) yield* this.#string(quoted, line);
      else if (escapes !== undefined) yield* this.#string(escapes, line);
      else if (number !== undefined) this.#number(number, line);
      else if (sign !== undefined) yield* this.#sign(sign);
      this.#name = isName(whole) ? whole : '';
    }
    if (this.#depth === 0 && isWhole(this.#bytes.view())) yield* this.#done();
  }

  protected *finish(): Generator<Datagram, void> {
    yield* this.#done();
  }

  #withoutComment(text: string): string {
    if (!this.#comment) return text;
    const end = text.indexOf('*/');
    if (end < 0) return '';
    this.#comment = false;
    return text.slice(end + 2);
  }

  *#string(text: string, line: Line): Generator<Datagram, void> {
    if (this.#content === 'numbers') {
      // A sign among numbers: 'T' in a C array.
      if (text.length > 2) yield* this.#done();
      else {
        this.#putText(text);
        return;
      }
    }
    if (text === '' || (this.#joined !== undefined && encodings.test(text))) return;
    this.#start ??= line;
    const run = /^\\x((?:[0-9a-f]{2}){8,})$/i.exec(text)?.[1];
    if (run !== undefined && putDigits(run, this.#bytes)) {
      this.#content = 'digits';
      return;
    }
    const isBytes = this.#joined !== undefined && /^r?br?$/i.test(this.#name);
    if (!isBytes && this.#content !== 'text' && this.#putDigits(text)) this.#content = 'digits';
    else this.#putText(text);
  }

  #putText(text: string): void {
    if (this.#content !== 'numbers') this.#content = 'text';
    this.#escaped ||= hasEscape(text);
    putEscaped(text, this.#bytes);
  }

  /** Whether the string is hexadecimal digits, or base64 of a message. */
  #putDigits(text: string): boolean {
    if (hasEscape(text)) return false;
    const digits = text.replace(/[\s:,]|0x/g, '');
    if (digits.length % 2 === 0 && /^[0-9a-f]+$/i.test(digits)) return putDigits(digits, this.#bytes);
    const bytes = text.length < 20 ? undefined : base64Bytes(text);
    return bytes !== undefined && messagesEnd(bytes) > 0 && this.#bytes.append(bytes);
  }

  #number(text: string, line: Line): void {
    if (this.#content === 'digits' || this.#content === 'text') return;
    // Beside what is joined: how long all of it is.
    if (this.#joined !== undefined && this.#depth === this.#joined + 1) return;
    this.#content = 'numbers';
    this.#start ??= line;
    this.#numbers++;
    const hex = /^0x([0-9a-f]+)$/i.exec(text)?.[1];
    if (hex !== undefined && hex.length > 2 && hex.length <= 16) this.#putWord(hex);
    else this.#putValue(Number(text), line);
  }

  /** A word as wide as its digits. */
  #putWord(hex: string): void {
    const width = hex.length <= 4 ? 4 : hex.length <= 8 ? 8 : 16;
    const digits = hex.padStart(width, '0');
    for (let at = width; at > 0; at -= 2) this.#bytes.put(parseInt(digits.slice(at - 2, at), 16));
  }

  #putValue(value: number, line: Line): void {
    if (value < -128 || value > 255) this.problem(line, `${value} is no byte`);
    this.#bytes.put(value & 0xff);
  }

  *#sign(sign: string): Generator<Datagram, void> {
    if (this.#joined !== undefined) yield* this.#joining(sign, this.#joined);
    else if (sign === '(' && joins.test(this.#name)) {
      yield* this.#done();
      this.#joined = this.#depth++;
    } else yield* this.#separating(sign);
  }

  /** In a call that joins brackets and commas part pieces of one datagram. */
  *#joining(sign: string, outer: number): Generator<Datagram, void> {
    if ('{[('.includes(sign)) this.#depth++;
    else if ('}])'.includes(sign)) this.#depth--;
    else if (sign !== ',' || this.#content === 'numbers') return;
    this.#content = 'none';
    if (this.#depth > outer) return;
    this.#joined = undefined;
    yield* this.#done();
  }

  *#separating(sign: string): Generator<Datagram, void> {
    if ('{[('.includes(sign)) {
      yield* this.#done();
      this.#depth++;
    } else if ('}])'.includes(sign)) {
      yield* this.#done();
      this.#depth = Math.max(0, this.#depth - 1);
    } else if (sign === ';' || sign === '=' || (sign === ',' && this.#content !== 'numbers')) yield* this.#done();
  }

  *#done(): Generator<Datagram, void> {
    const start = this.#start;
    const counts = this.#counts();
    if (this.#content === 'text') this.#endString();
    const bytes = this.#bytes.take();
    this.#start = undefined;
    this.#content = 'none';
    this.#escaped = false;
    this.#numbers = 0;
    this.#joined = undefined;
    if (start === undefined || bytes.length === 0 || !counts) return;
    yield bareDatagram(this.context, bytes, { offset: start.offset, line: start.number });
  }

  /** The NUL behind a string, which its language adds and gdb leaves out. */
  #endString(): void {
    if (isWhole(this.#bytes.view())) return;
    this.#bytes.put(0);
    if (!isWhole(this.#bytes.view())) this.#bytes.truncate(this.#bytes.length - 1);
  }

  #counts(): boolean {
    // One number alone is a dimension or an argument, two digits are a name.
    if (this.#content === 'numbers') return this.#numbers > 1;
    if (this.#content === 'digits') return this.#bytes.length > 1;
    return this.#escaped || messagesEnd(this.#bytes.view()) > 0;
  }
}
