// One row of a hex dump: an offset, bytes or words, and mostly the same bytes as text. xxd, hexdump, od, tcpdump, tshark, gdb,
// strace and the kernel's own dumps differ in the offset's radix, in how wide and in which order words are, and in what
// separates the text; where the text begins is told by comparing it with the bytes.

export interface DumpRow {
  /** Digits of the offset. */
  readonly offset: string;
  readonly bytes: Uint8Array;
  /** The same with the bytes of each word the other way round: some tools print words, some groups of bytes. */
  readonly turned: Uint8Array;
}

/** Longer lines are no rows. */
const ROW_MAX = 4096;

/** Time stamp and name of a kernel log, the bar of strace, the spaces of tcpdump; then the offset. */
const start = /^(?:\[[\d. ]+\]\s*(?:[\w.-]+:?\s+)??)?[\s|]*(0x)?([0-9a-f]{4,16})(?:\s*<[^<>]{0,200}>)?(:?)(?=\s)/i;
/** The same behind whatever a log puts in front of it: then only with a colon. */
const logged = /^.{0,120}?[\]:]\s+(0x)?([0-9a-f]{8})(:)(?=\s)/i;

interface Token {
  readonly text: string;
  /** Where it ends in the line. */
  readonly end: number;
}

/** How the words of a row are to be read. */
interface Unit {
  readonly radix: 2 | 8 | 10 | 16;
  readonly bytes: number;
  readonly littleEndian: boolean;
}

function unitOf(first: string, colon: boolean, prefixed: boolean): Unit | undefined {
  const width = first.length;
  if (!colon && !prefixed && (width === 3 || width === 6) && /^[0-7]+$/.test(first))
    return { radix: 8, bytes: width / 3, littleEndian: true };
  if (!colon && !prefixed && width === 5 && /^\d+$/.test(first)) return { radix: 10, bytes: 2, littleEndian: true };
  if (width % 2 !== 0) return undefined;
  return { radix: 16, bytes: width / 2, littleEndian: prefixed || !colon };
}

function tokensOf(text: string, from: number): Token[] {
  const tokens: Token[] = [];
  const next = /\s+(?:0x)?([0-9a-f]+)(?=[\s|<>]|$)/iy;
  next.lastIndex = from;
  for (let match = next.exec(text); match !== null; match = next.exec(text)) {
    const width = tokens[0]?.text.length ?? match[1]!.length;
    // The last one of a row may be shorter.
    if (match[1]!.length > width || match[1]!.length % 2 !== width % 2) break;
    tokens.push({ text: match[1]!, end: next.lastIndex });
    if (match[1]!.length < width) break;
  }
  return tokens;
}

function putWord(to: number[], text: string, unit: Unit): void {
  const bytes: number[] = [];
  if (unit.radix !== 16) {
    const value = parseInt(text, unit.radix);
    bytes.push(...(unit.bytes === 1 ? [value & 0xff] : [(value >> 8) & 0xff, value & 0xff]));
  } else for (let i = 0; i < text.length; i += 2) bytes.push(parseInt(text.slice(i, i + 2), 16));
  to.push(...(unit.littleEndian ? bytes.reverse() : bytes));
}

function bytesOf(words: readonly Token[], unit: Unit): Uint8Array {
  const bytes: number[] = [];
  for (const { text } of words) putWord(bytes, text, unit);
  return Uint8Array.from(bytes);
}

const printable = (byte: number): string => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.');

const bare = (text: string): string => text.replace(/^[\s|>]+|[\s|<]+$/g, '');

/** How many of the tokens are bytes, and not text that looks like them. */
function count(tokens: readonly Token[], text: string, unit: Unit): number {
  const bytes: number[] = [];
  const ends = tokens.map((token) => {
    putWord(bytes, token.text, unit);
    return bytes.length;
  });
  const shown = bytes.map(printable).join('');
  for (let n = tokens.length; n > 0; n--)
    if (bare(text.slice(tokens[n - 1]!.end)) === bare(shown.slice(0, ends[n - 1]))) return n;
  return tokens.length;
}

/** Columns of od -c: a sign, an escape, or three octal digits. */
const columns = /(?: {3}(\S)| {2}\\([0abfnrtv])| ([0-7]{3})|( {4}))/y;
const escapes: Readonly<Record<string, number>> = { 0: 0, a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11 };

/** The signs of a row of od -c; undefined = it is none. */
function signsOf(text: string, from: number): Uint8Array | undefined {
  const bytes: number[] = [];
  let isText = false;
  columns.lastIndex = from;
  for (let match = columns.exec(text); match !== null; match = columns.exec(text)) {
    const [, sign, escape, octal] = match;
    isText ||= octal === undefined;
    if (octal !== undefined) bytes.push(parseInt(octal, 8) & 0xff);
    else bytes.push(escape === undefined ? (sign ?? ' ').charCodeAt(0) & 0xff : escapes[escape]!);
    if (columns.lastIndex === text.length) return isText && bytes.length > 0 ? Uint8Array.from(bytes) : undefined;
  }
  return undefined;
}

/** The bytes of a row of decimal numbers, which are not all as wide; undefined = it is none. */
function decimalsOf(text: string): Uint8Array | undefined {
  const tokens = text.trim().split(/\s+/);
  if (!tokens.every((token) => /^(?:0|-?[1-9]\d{0,2})$/.test(token))) return undefined;
  if (!tokens.some((token) => token.length !== 2)) return undefined;
  const values = tokens.map(Number);
  return values.every((value) => value >= -128 && value <= 255) ? Uint8Array.from(values) : undefined;
}

/** The row of bytes that are not written in hexadecimal digits of one width. */
function otherRow(text: string, match: RegExpExecArray): DumpRow | undefined {
  const from = match[0].length;
  const bytes = decimalsOf(text.slice(from)) ?? (match[3] === ':' ? undefined : signsOf(text, from));
  return bytes === undefined ? undefined : { offset: match[2]!, bytes, turned: bytes };
}

const bits: Unit = { radix: 2, bytes: 1, littleEndian: true };

/** Bits of bytes, as xxd -b writes them: words of such digits have other text beside them. */
function areBits(tokens: readonly Token[], text: string): boolean {
  if (!tokens.every((token) => /^[01]{8}$/.test(token.text))) return false;
  const beside = bare(text.slice(tokens.at(-1)!.end));
  return beside !== '' && beside === bare([...bytesOf(tokens, bits)].map(printable).join(''));
}

/** The row in a line of text; undefined = it is none. */
export function dumpRow(text: string): DumpRow | undefined {
  if (text.length > ROW_MAX) return undefined;
  const match = start.exec(text) ?? logged.exec(text);
  if (match === null) return undefined;
  const other = otherRow(text, match);
  if (other !== undefined) return other;
  const tokens = tokensOf(text, match[0].length);
  const first = tokens[0];
  if (first === undefined) return undefined;
  const prefixed = text.slice(match[0].length, first.end).includes('0x');
  const colon = match[3] === ':';
  const unit = areBits(tokens, text) ? bits : unitOf(first.text, colon, prefixed);
  if (unit === undefined) return undefined;
  const words = tokens.slice(0, count(tokens, text, unit));
  const turned = { ...unit, littleEndian: unit.radix === 16 ? !unit.littleEndian : unit.littleEndian };
  return { offset: match[2]!, bytes: bytesOf(words, unit), turned: bytesOf(words, turned) };
}

/** The offset with which a dump ends, alone in its line. */
export const lastOffset = (text: string): string | undefined => /^\s*(?:0x)?([0-9a-f]{4,16}):?\s*$/i.exec(text)?.[1];
