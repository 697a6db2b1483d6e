// A growing buffer that attributes are appended to, in the order of the calls: attribute order is behaviour. It has a
// limit, the tailroom of the sk_buff it stands for; what does not fit raises WriterFull and leaves the buffer as the
// kernel's nla_put() would, so that a dump can cancel the message and go on in the next chunk.
import type { Attribute } from './attrs.js';
import { Bytes, copyBytes } from './bytes.js';
import { NLA_HDRLEN, nlaAlign } from './nla.js';
import type { Slab } from './slab.js';

/** Raised when an append goes beyond the limit. */
export class WriterFull extends Error {}

const full = new WriterFull('no tailroom left');

export class Writer {
  /** Greatest length in bytes. */
  limit: number;
  /** Bytes written so far. */
  length = 0;
  /** All zero behind `length`. */
  #buffer: Bytes;

  constructor(limit: number, capacity = 512) {
    this.limit = limit;
    this.#buffer = Bytes.zeroed(Math.min(limit, capacity));
  }

  /** The memory written to; replaced when it grows, so never kept across an append. */
  get buffer(): Bytes {
    return this.#buffer;
  }

  /** Appends `count` zero bytes and returns their offset. */
  reserve(count: number): number {
    const start = this.length;
    const end = start + count;
    if (end > this.limit) throw full;
    if (end > this.#buffer.length) this.#grow(end);
    this.length = end;
    return start;
  }

  #grow(needed: number): void {
    const bigger = Bytes.zeroed(Math.min(this.limit, Math.max(needed, this.#buffer.length * 2)));
    bigger.u8.set(this.#buffer.u8.subarray(0, this.length));
    this.#buffer = bigger;
  }

  /** Drops everything from `length` on. */
  trim(length: number): void {
    this.#buffer.u8.fill(0, length, this.length);
    this.length = length;
  }

  /** Appends raw bytes. */
  append(bytes: Uint8Array): void {
    this.appendRange(bytes, 0, bytes.length);
  }

  /** Appends `length` raw bytes of `from`. */
  appendRange(from: Uint8Array, at: number, length: number): void {
    const start = this.reserve(length);
    copyBytes(this.#buffer.u8, start, from, at, length);
  }

  /** Appends an attribute header with room for `payload` bytes; returns the offset of the payload. nla_reserve(). */
  reserveAttr(type: number, payload: number): number {
    const start = this.reserve(NLA_HDRLEN + nlaAlign(payload));
    this.#buffer.view.setUint32(start, (type << 16) | (NLA_HDRLEN + payload), true);
    return start + NLA_HDRLEN;
  }

  /** Appends `value` as `attribute`. */
  put<T>(attribute: Attribute<T>, value: T): void {
    const start = this.reserveAttr(attribute.type, attribute.kind.sizeOf(value));
    attribute.kind.write(this.#buffer, start, value);
  }

  /** Appends an attribute that is not declared, or declared otherwise, from raw bytes. */
  putRaw(type: number, payload: Uint8Array): void {
    this.putRange(type, payload, 0, payload.length);
  }

  /** Appends an attribute with `length` bytes of `from` as payload. */
  putRange(type: number, from: Uint8Array, at: number, length: number): void {
    const start = this.reserveAttr(type, length);
    copyBytes(this.#buffer.u8, start, from, at, length);
  }

  /** Appends a string of one byte a character, with a NUL. */
  putString(type: number, text: string): void {
    const start = this.reserveAttr(type, text.length + 1);
    const { u8 } = this.#buffer;
    for (let i = 0; i < text.length; i++) u8[start + i] = text.charCodeAt(i);
  }

  putU16(type: number, value: number): void {
    const start = this.reserveAttr(type, 2);
    this.#buffer.view.setUint16(start, value, true);
  }

  putU32(type: number, value: number): void {
    const start = this.reserveAttr(type, 4);
    this.#buffer.view.setUint32(start, value, true);
  }

  /** Opens a nest; returns what nestEnd() or trim() (to cancel) takes. `type` may carry NLA_F_NESTED. */
  nest(type: number): number {
    return this.reserveAttr(type, 0) - NLA_HDRLEN;
  }

  /** Closes the nest opened at `start`. */
  nestEnd(start: number): void {
    this.#buffer.view.setUint16(start, this.length - start, true);
  }

  /** A copy of what was written, for keeping; in `slab` when it is not kept for long. */
  take(slab?: Slab): Uint8Array {
    const { u8 } = this.#buffer;
    return slab === undefined ? u8.slice(0, this.length) : slab.copy(u8, this.length);
  }
}
