// Bytes that come one by one or in runs, up to a bound: the importers of text collect a datagram in one.
import { DATAGRAM_MAX } from './importer.js';

export class ByteSink {
  #bytes = new Uint8Array(256);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Bytes beyond the bound are not kept. */
  put(byte: number): void {
    if (this.#length === this.#bytes.length && !this.#grow(this.#length + 1)) return;
    this.#bytes[this.#length++] = byte;
  }

  /** False when they are more than the bound allows. */
  append(bytes: Uint8Array): boolean {
    const length = this.#length + bytes.length;
    if (length > this.#bytes.length && !this.#grow(length)) return false;
    this.#bytes.set(bytes, this.#length);
    this.#length = length;
    return true;
  }

  /** The bytes so far, over the sink's memory. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  truncate(length: number): void {
    this.#length = Math.min(this.#length, length);
  }

  /** The bytes so far; the sink is empty afterwards. */
  take(): Uint8Array {
    const bytes = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    if (this.#bytes.length > 1 << 16) this.#bytes = new Uint8Array(256);
    return bytes;
  }

  #grow(length: number): boolean {
    if (length > DATAGRAM_MAX) return false;
    const bytes = new Uint8Array(Math.min(DATAGRAM_MAX, 2 * length));
    bytes.set(this.view());
    this.#bytes = bytes;
    return true;
  }
}
