// Which format a file has, told from its first bytes. What is binary is told by numbers at its beginning, or by bytes
// that no text has; text is told by its first line that only one format can have.
import { byteOrder, PCAP_MICROS, PCAP_NANOS, PCAPNG_SECTION } from '../../wire/pcap/capture.js';

/** Names of formats, as `--format` takes them. */
export const formats = ['raw', 'capture', 'hex', 'dump', 'literal', 'base64'] as const;
export type Format = (typeof formats)[number];

/** Bytes from which the format is told; a shorter file is told by all of it. */
export const DETECT = 1 << 16;

const TAB = 9;
const CR = 13;
const ESC = 27;

const isControl = (byte: number): boolean => (byte < 32 && (byte < TAB || byte > CR) && byte !== ESC) || byte === 127;

function isCapture(head: Uint8Array): boolean {
  if (head.length < 4) return false;
  const magic = new DataView(head.buffer, head.byteOffset).getUint32(0, true);
  return [PCAP_MICROS, PCAP_NANOS].some((wanted) => byteOrder(magic, wanted)) || magic === PCAPNG_SECTION;
}

type Rule = readonly [format: Format, line: RegExp];

/** The first rule that matches a line decides; rules of a line are tried in this order. */
const rules: readonly Rule[] = [
  ['dump', /^\s*(?:0x)?[0-9a-f]{4,16}(?::\s|\s{1,4})\s*(?:[0-9a-f]{2}[ -]){3,}/i],
  ['dump', /^\s*(?:0x)?[0-9a-f]{4,16}:\s+(?:[0-9a-f]{4,8}\s){1,}/i],
  ['dump', /^[0-9a-f]{7}\s+(?:[0-9a-f]{4}\s){3,}/i],
  [
    'literal',
    /\\x[0-9a-f]{2}|\\[0-7]{1,3}|0x[0-9a-f]{1,2}\s*(?:u8)?,|^\s*\d{1,3}\s*(?:,\s*\d{1,3}\s*){3,}|fromhex|[{(["']/i,
  ],
  ['hex', /^(?:(?:0x)?(?:[0-9a-f]{2})+(?:[\s:,;.-]+|$))+$/i],
  ['base64', /^[A-Za-z0-9+/_-]{4,}={0,2}$/],
];

const skipped = /^\s*(?:$|#(?!include|define)|\/\/)/;

/** The format of a file that begins with `head`; raw bytes when nothing else fits. */
export function detectFormat(head: Uint8Array): Format {
  if (isCapture(head)) return 'capture';
  if (head.some(isControl)) return 'raw';
  for (const line of new TextDecoder().decode(head).split(/\r?\n/)) {
    if (skipped.test(line)) continue;
    const rule = rules.find(([, form]) => form.test(line));
    if (rule !== undefined) return rule[0];
  }
  return 'hex';
}
