// A run of bytes with both views JavaScript offers of it: the octets and the DataView. Everything that decodes or
// encodes takes one, so that no reader makes its own view. Byte order is always said by the reader (little endian
// for the modelled x86-64, big endian where a type says so).

/** A window on memory: `u8` and `view` start at the same byte and have the same length. */
export class Bytes {
  readonly u8: Uint8Array;
  readonly view: DataView;

  constructor(u8: Uint8Array) {
    this.u8 = u8;
    this.view = new DataView(u8.buffer, u8.byteOffset, u8.byteLength);
  }

  get length(): number {
    return this.u8.length;
  }

  /** The bytes from `start` up to, not including, `end`, over the same memory. */
  slice(start: number, end: number): Bytes {
    return new Bytes(this.u8.subarray(start, end));
  }

  static zeroed(length: number): Bytes {
    return new Bytes(new Uint8Array(length));
  }
}

/** Runs up to this many bytes are copied in a loop: a call to set() costs as much. */
const SHORT = 64;

/** Copies `length` bytes from `at` on to `start` on. */
export function copyBytes(to: Uint8Array, start: number, from: Uint8Array, at: number, length: number): void {
  if (length > SHORT) to.set(from.subarray(at, at + length), start);
  else for (let i = 0; i < length; i++) to[start + i] = from[at + i]!;
}

const hexDigits = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'));

/** Lower-case hex without separators. */
export function toHex(u8: Uint8Array): string {
  let text = '';
  for (const byte of u8) text += hexDigits[byte]!;
  return text;
}

/** The bytes of an even number of hex digits; throws RangeError on anything else, naming the offset. */
export function fromHex(text: string): Uint8Array {
  if (text.length % 2 !== 0) throw new RangeError(`hex text has an odd length of ${text.length}`);
  const u8 = new Uint8Array(text.length / 2);
  for (let i = 0; i < u8.length; i++) {
    const pair = text.slice(2 * i, 2 * i + 2);
    if (!/^[0-9a-fA-F]{2}$/.test(pair)) throw new RangeError(`not a hex digit at offset ${2 * i}: '${pair}'`);
    u8[i] = Number.parseInt(pair, 16);
  }
  return u8;
}

/** One byte a character (ISO 8859-1), so that any name of the wire survives a round trip. */
export function latin1(u8: Uint8Array, start = 0, end = u8.length): string {
  let text = '';
  for (let i = start; i < end; i++) text += String.fromCharCode(u8[i]!);
  return text;
}

/** The inverse of latin1(); characters above U+00FF lose their high bits. */
export function fromLatin1(text: string): Uint8Array {
  const u8 = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) u8[i] = text.charCodeAt(i);
  return u8;
}

/** `int` values as memory has them, little-endian. */
export const ints = (...values: number[]): Uint8Array => new Uint8Array(Int32Array.from(values).buffer);
