// Text with the escapes that C, Python, Go, Rust, JavaScript and strace put for bytes that are not printable.
import type { ByteSink } from './byte_sink.js';

const letters: Readonly<Record<string, number>> = { a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13, e: 27 };

/** One piece: \xHH, \u{…}, \uHHHH, octal digits, a letter or any other sign; or what is not escaped. */
const piece = /\\x([0-9a-f]{1,2})|\\[ux]\{([0-9a-f]{1,6})\}|\\u([0-9a-f]{4})|\\([0-7]{1,3})|\\([\s\S])|([^\\]+)|\\$/gi;

const utf8 = new TextEncoder();

/** Signs below 256 stand for one byte. */
function putSign(code: number, to: ByteSink): void {
  if (code < 256) to.put(code);
  else to.append(utf8.encode(String.fromCodePoint(Math.min(code, 0x10ffff))));
}

/** Puts the bytes of what stands between two quotes. */
export function putEscaped(text: string, to: ByteSink): void {
  for (const [, hex, braces, unicode, octal, letter, plain] of text.matchAll(piece)) {
    if (plain !== undefined) to.append(utf8.encode(plain));
    else if (octal !== undefined) to.put(parseInt(octal, 8) & 0xff);
    else if (letter !== undefined) to.put(letters[letter] ?? letter.charCodeAt(0) & 0xff);
    else putSign(parseInt(hex ?? braces ?? unicode ?? '5c', 16), to);
  }
}

/** Whether there is an escape that stands for a byte. */
export const hasEscape = (text: string): boolean => /\\(?:x[0-9a-f{]|[0-7]|u)/i.test(text);
