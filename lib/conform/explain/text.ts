// The tree of regions as lines for a terminal: offset, bytes, name and value, what it means. One line a field; the header of an
// attribute and its name share one, its value stands below.
import type { Region } from './region.js';

export interface TextOptions {
  /** ANSI colours. */
  readonly colour?: boolean;
  /** Columns; what does not fit goes to a line of its own. */
  readonly width?: number;
  /** Every byte of long values, not only their beginning. */
  readonly all?: boolean;
}

/** What a piece of a line is, for colours. */
type Role = 'offset' | 'bytes' | 'frame' | 'name' | 'value' | 'plain' | 'remark' | 'symbol';

interface Piece {
  readonly role: Role;
  readonly text: string;
}

const codes: Readonly<Record<Role, string>> = {
  offset: '2',
  bytes: '',
  frame: '36',
  name: '1',
  value: '32',
  plain: '',
  remark: '33',
  symbol: '2',
};

/** Bytes a line, and lines of one value where not all are asked for. */
const ROW = 8;
const ROWS = 4;
const WIDTH = 120;
/** Column where names begin: offset, bytes, and the spaces around them. */
const NAMES = 6 + 3 * ROW + 1;

const hex2 = (byte: number): string => byte.toString(16).padStart(2, '0');
const piece = (role: Role, text: string): Piece => ({ role, text });
const plainLength = (pieces: readonly Piece[]): number => pieces.reduce((sum, { text }) => sum + text.length, 0);

/** Names of this role only frame what they are in; a view shows their bytes with it. */
const isFrame = ({ role }: Region): boolean => role === 'frame';

class Lines {
  readonly lines: string[] = [];
  readonly #u8: Uint8Array;
  readonly #options: TextOptions;

  constructor(u8: Uint8Array, options: TextOptions) {
    this.#u8 = u8;
    this.#options = options;
  }

  #paint({ role, text }: Piece): string {
    const code = codes[role];
    return this.#options.colour === true && code !== '' ? `\x1b[${code}m${text}\x1b[0m` : text;
  }

  /** Nothing but spaces at its end is left out. */
  #push(pieces: readonly Piece[]): void {
    const last = pieces.findLastIndex(({ text }) => text.trim() !== '');
    const kept = pieces
      .slice(0, last + 1)
      .map((part, index) => (index === last ? { ...part, text: part.text.trimEnd() } : part));
    this.lines.push(kept.map((part) => this.#paint(part)).join(''));
  }

  /** Pieces that go on in a new line, at `column`, where the width is used up. */
  #wrapped(head: readonly Piece[], tail: readonly Piece[], column: number): void {
    const width = this.#options.width ?? WIDTH;
    let line = [...head];
    for (const part of tail) {
      if (plainLength(line) + 2 + part.text.length > width && plainLength(line) > column) {
        this.#push(line);
        line = [piece('plain', ' '.repeat(column))];
      }
      line.push(
        piece('plain', plainLength(line) > column || (column === 2 && plainLength(line) > 2) ? '  ' : ''),
        part,
      );
    }
    this.#push(line);
  }

  #bytes(start: number, end: number, role: Role): Piece[] {
    const row = Array.from(this.#u8.subarray(start, Math.min(end, start + ROW)), hex2).join(' ');
    return [
      piece('offset', start.toString(16).padStart(4, '0')),
      piece('plain', '  '),
      piece(role, row.padEnd(3 * ROW + 1)),
    ];
  }

  /** Lines of the bytes from `start` on; `tail` stands behind the first of them. */
  field(start: number, end: number, role: Role, indent: number, tail: readonly Piece[]): void {
    const column = NAMES + indent + 2;
    this.#wrapped([...this.#bytes(start, end, role), piece('plain', ' '.repeat(indent))], tail, column);
    const last = this.showsAll ? end : Math.min(end, start + ROWS * ROW);
    for (let at = start + ROW; at < last; at += ROW) this.#push(this.#bytes(at, Math.min(end, at + ROW), role));
    if (last < end) this.more(end - last);
  }

  /** Stands for bytes that are not shown. */
  more(length: number): void {
    this.#push([piece('plain', ' '.repeat(6)), piece('offset', `… ${length} bytes more`)]);
  }

  get showsAll(): boolean {
    return this.#options.all === true;
  }

  /** A line of its own, at the left edge. */
  headline(pieces: readonly Piece[]): void {
    this.#wrapped([], pieces, 2);
  }

  /** A line without bytes. */
  title(indent: number, tail: readonly Piece[]): void {
    this.#wrapped([piece('plain', ' '.repeat(NAMES + indent))], tail, NAMES + indent + 2);
  }
}

type Saying = { readonly [K in 'value' | 'meaning' | 'remark']?: string | undefined };

/** Value, meaning, remark and symbol, as far as they are there. */
function saying({ value, meaning, remark }: Saying, name: string): Piece[] {
  return [
    ...(name === '' ? [] : [piece('name', name)]),
    ...(value === undefined ? [] : [piece('value', value)]),
    ...(meaning === undefined ? [] : [piece('plain', `— ${meaning}`)]),
    ...(remark === undefined ? [] : [piece('remark', `! ${remark}`)]),
  ];
}

const nameOf = ({ role, name }: Region): string => (role === 'padding' ? name || 'padding' : name);

function leafLine(lines: Lines, region: Region, around: Around): void {
  const { offset, length, role, meaning } = region;
  const isNamed = role !== 'rest' && (role !== 'value' || region.name !== around.name);
  const name = isNamed ? nameOf(region).padEnd(around.width) : '';
  const kind: Role = role === 'rest' ? 'remark' : role === 'value' ? 'bytes' : 'frame';
  const once = meaning === around.meaning ? { ...region, meaning: undefined } : region;
  lines.field(offset, offset + length, kind, around.indent, saying(once, name));
}

/** Names of leaves side by side begin their values in the same column. */
const widest = (regions: readonly Region[]): number =>
  Math.max(0, ...regions.filter(({ children }) => children === undefined).map((region) => nameOf(region).length));

/** What the lines inside a region need to know of those around it. */
interface Around {
  readonly indent: number;
  /** Column of values, from the names. */
  readonly width: number;
  readonly name: string;
  readonly symbol: string | undefined;
  /** What the message means: its header says the same once more. */
  readonly meaning: string | undefined;
}

const isAttribute = ({ children }: Region): boolean =>
  children !== undefined && children.length >= 2 && children[0]!.name === 'nla_len';

/** The value of an attribute that holds nothing else, so that both stand in one line. */
function onlyValue({ children = [], name }: Region): Region | undefined {
  const [value, ...behind] = children.slice(2);
  if (value?.role !== 'value' || value.children !== undefined || value.name !== name) return undefined;
  return behind.every(({ role, remark }) => role === 'padding' && remark === undefined) ? value : undefined;
}

function attributeLines(lines: Lines, region: Region, around: Around): void {
  const { children = [], offset, length } = region;
  const value = onlyValue(region);
  const tail = [
    ...headPieces(children),
    ...saying({ ...region, ...said(region, value) }, region.name),
    ...symbolPiece(region, around),
  ];
  lines.field(offset, value === undefined ? offset + 4 : offset + length, 'frame', around.indent, tail);
  if (value === undefined) insideLines(lines, region, children.slice(2), around);
}

/** Value and remark of an attribute, its own or those of its value. */
function said(region: Region, value: Region | undefined): Partial<Region> {
  const remarks = [region.remark, value?.remark].filter((text) => text !== undefined);
  const shown = region.value ?? value?.value;
  return {
    ...(shown === undefined ? {} : { value: shown }),
    ...(remarks.length === 0 ? {} : { remark: remarks.join('; ') }),
  };
}

const symbolPiece = ({ symbol }: Region, around: Around): Piece[] =>
  symbol === undefined || symbol === around.symbol ? [] : [piece('symbol', `[${symbol}]`)];

/** Rows of a table without names that are shown where not all are asked for. */
const TABLE = 2;

const isTableRow = ({ name }: Region): boolean => name.startsWith('[');

function insideLines(lines: Lines, region: Region, inside: readonly Region[], around: Around): void {
  const name = isAttribute(region) ? region.name : '';
  let { symbol = around.symbol } = region;
  let rows = 0;
  for (const child of inside) {
    if (isTableRow(child) && rows++ >= TABLE && !lines.showsAll) continue;
    oneRegion(lines, child, { ...around, indent: around.indent + 2, width: widest(inside), name, symbol });
    // Attributes side by side are read by one function: the first of them says which.
    if (isAttribute(child) && !isNest(child)) symbol = child.symbol ?? symbol;
  }
  const left = lines.showsAll ? [] : inside.filter(isTableRow).slice(TABLE);
  if (left.length > 0) lines.more(left.reduce((sum, { length }) => sum + length, 0));
}

const isNest = ({ type }: Region): boolean => type === 'nest';

function groupLines(lines: Lines, region: Region, around: Around): void {
  const { children = [], name, offset, length } = region;
  if (isInstruction(region)) {
    lines.field(offset, offset + length, 'bytes', around.indent, saying(region, name));
    return;
  }
  if (!isHeader(region)) lines.title(around.indent, [...saying(region, name), ...symbolPiece(region, around)]);
  const isMessage = children[0] !== undefined && isHeader(children[0]);
  insideLines(lines, region, children, isMessage ? { ...around, meaning: region.meaning } : around);
}

const isHeader = ({ name }: Region): boolean => name === 'struct nlmsghdr';
/** One line says what its four members do. */
const isInstruction = ({ type }: Region): boolean => type === 'struct sock_filter';

/** What the line of an attribute says of its header: flag bits, and a length that lies. */
function headPieces(children: readonly Region[]): Piece[] {
  return children
    .filter(isFrame)
    .flatMap(({ remark }) => (remark === undefined ? [] : [piece('remark', `! ${remark}`)]));
}

function oneRegion(lines: Lines, region: Region, around: Around): void {
  if (region.children === undefined) leafLine(lines, region, around);
  else if (isAttribute(region)) attributeLines(lines, region, around);
  else groupLines(lines, region, around);
}

/** The first line of a message; those of its regions stand below. */
function messageLines(lines: Lines, region: Region): void {
  const { meaning, length, name, children } = region;
  const around: Around = { indent: 0, width: 0, name: '', symbol: undefined, meaning };
  if (children === undefined) {
    leafLine(lines, region, around);
    return;
  }
  lines.headline([...saying(region, `${name}, ${length} bytes`), ...symbolPiece(region, around)]);
  insideLines(lines, region, children, { ...around, indent: -2 });
}

/** Lines without a newline at the end. */
export function textView(regions: readonly Region[], u8: Uint8Array, options: TextOptions = {}): string {
  const lines = new Lines(u8, options);
  for (const region of regions) messageLines(lines, region);
  return lines.lines.join('\n');
}
