// Which format a file has, told from its first bytes. What is binary is told by numbers at its beginning, or by bytes
// that no text has; text is told by its first line that only one format can have.
import { isLibraryDump } from './library.js';
import { plainText, unquoted } from './lines.js';
import { isRecording } from '../../record/recording.js';
import { byteOrder, PCAP_MICROS, PCAP_NANOS, PCAPNG_SECTION } from '../../wire/pcap/capture.js';

/** Names of formats, as `--format` takes them. */
export const formats = [
  'recording',
  'capture',
  'raw',
  'strace',
  'json',
  'library',
  'dump',
  'literal',
  'hex',
  'base64',
] as const;
export type Format = (typeof formats)[number];

/** Bytes from which the format is told; a shorter file is told by all of it. */
export const DETECT = 1 << 16;

const TAB = 9;
const CR = 13;
const ESC = 27;

const isControl = (byte: number): boolean => (byte < 32 && (byte < TAB || byte > CR) && byte !== ESC) || byte === 127;

/** Text may have NUL in it; a message has other control characters: the low bits of its flags. */
const isBinary = (head: Uint8Array): boolean =>
  head.some((byte) => byte !== 0 && isControl(byte)) || (head.length > 0 && head.every((byte) => byte === 0));

function isCapture(head: Uint8Array): boolean {
  if (head.length < 4) return false;
  const magic = new DataView(head.buffer, head.byteOffset).getUint32(0, true);
  return [PCAP_MICROS, PCAP_NANOS].some((wanted) => byteOrder(magic, wanted)) || magic === PCAPNG_SECTION;
}

type Rule = readonly [format: Format, line: RegExp];

/** The first rule that matches a line decides; rules of a line are tried in this order. */
const rules: readonly Rule[] = [
  // strace: a call with its result, or the first half of one; a row of a dump.
  [
    'strace',
    /^(?:\[pid\s+\d+\]\s+|\d+\s+)?(?:\s*[\d:.]+\s+)?[a-z_][a-z0-9_]*\(.*(?:\)\s+= (?:-?\d|0x|\?)|<unfinished \.\.\.>$)/,
  ],
  ['strace', /^(?:\[pid\s+\d+\]\s+|\d+\s+)?(?:\s*[\d:.]+\s+)?(?:<\.\.\. [a-z0-9_]+ resumed>|\+\+\+ exited with)/],
  ['json', /^\s*[[{\s]*\{\s*"[^"]*"\s*:/],
  ['json', /^\s*"[^"]*"\s*:\s*["[{\d]/],
  // Rows with an offset, of bytes or of words.
  [
    'dump',
    /^(?:\[[\d. ]+\].*)?[\s|]*(?:0x)?[0-9a-f]{4,16}(?:\s*<[^<>]*>)?(?::\s+|\s{1,4})(?:(?:0x)?[0-9a-f]{2}[ \t-]){3,}/i,
  ],
  ['dump', /^(?:\[[\d. ]+\].*)?[\s|]*(?:0x)?[0-9a-f]{4,16}(?:\s*<[^<>]*>)?:\s+(?:0x)?[0-9a-f]{4,32}(?:\s|$)/i],
  ['dump', /^.{0,120}[\]:]\s+[0-9a-f]{8}:\s(?:[0-9a-f]{2} ){3,}/i],
  // Without a colon an offset has another width than the words behind it, or is that of the beginning; all else is groups of digits.
  ['dump', /^(?:0{6,8}|(?![0-9a-f]{8}\s+[0-9a-f]{8}\s)[0-9a-f]{6,8})\s+(?:[0-9a-f]{3,16}\s+){1,}[0-9a-f]{3,16}\s*$/i],
  // od -c: a sign, an escape, or three octal digits in columns of four.
  ['dump', /^0{6,8}(?= .* \\[0abfnrtv] )(?: {3}\S| {2}\\[0abfnrtv]| [0-7]{3}){4,}/],
  // Decimal numbers, in rows with offsets or without.
  ['dump', /^(?:\d{6,8}|0x[0-9a-f]+(?:\s*<[^<>]*>)?:)(?:\s+(?:0|-?[1-9]\d{0,2})){4,}\s*$/],
  ['dump', /^\d{6,8}(?:\s+\d{5}){2,}\s*$/],
  ['literal', /^\s*(?=.*(?:^|\s)(?:\d|\d{3})(?:\s|$))(?:(?:0|[1-9]\d{0,2})\s+){3,}(?:0|[1-9]\d{0,2})\s*$/],
  ['literal', /\\x\{?[0-9a-f]{2}|\\[0-7]{1,3}|0x[0-9a-f]{1,16}\s*(?:[ui]\d+)?\s*,|\[\d+(?: \d+){3,}/i],
  ['literal', /\[(?:[0-9a-f]{1,2}, ?){4,}[0-9a-f]{1,2}\]/i],
  [
    'hex',
    /^\s*(?:<Buffer\s+)?(?=(?:[\s:,;.>-]*(?:0x)?[0-9a-f]{2}h?){4})(?:(?:0x)?(?:[0-9a-f]{2})+h?(?:[\s:,;.>-]+|$))+$/i,
  ],
  // A run that lost a digit.
  ['hex', /^\s*(?:0x)?[0-9a-f]{31,}\s*$/i],
  ['literal', /fromhex|base64|["'][0-9a-z+/=_-]{20,}["']|\d(?:[ui]8)?\s*,\s*\d+(?:[ui]8)?\s*,/i],
  ['base64', /^[A-Za-z0-9+/_-]{16,}={0,2}$/],
];

/** A list with a number a line, as Rust and debuggers print it. */
const numberLines = /\[\s*\d{1,3}(?:[ui]8)?,\s*\n\s*\d{1,3}(?:[ui]8)?,/;

const skipped = /^\s*(?:$|#(?!include|define)|\/\/)/;

/** Longer lines are told by so much of their beginning and of their end. */
const LINE = 4096;

/** The format of a file that begins with `head`; raw bytes when nothing else fits. */
export function detectFormat(head: Uint8Array): Format {
  if (isCapture(head)) return 'capture';
  if (isRecording(head)) return 'recording';
  if (isBinary(head)) return 'raw';
  const all = plainText(new TextDecoder().decode(head));
  for (const quoted of all.split(/\r?\n/)) {
    const line = unquoted(quoted);
    if (skipped.test(line)) continue;
    if (isLibraryDump(line)) return 'library';
    const text = line.length > LINE ? line.slice(0, LINE) + line.slice(-LINE) : line;
    const rule = rules.find(([, form]) => form.test(text));
    if (rule !== undefined) return rule[0];
  }
  return numberLines.test(all) ? 'literal' : 'hex';
}
