// The bytes of a file as they come: readers take whole records from the front, and what is left waits for the next chunk.
// Memory is that of the longest record and one chunk.

export class Input {
  #bytes: Uint8Array = new Uint8Array(0);
  #view = new DataView(this.#bytes.buffer);
  /** Own memory for what is left; chunks that come while nothing is left are read where they are. */
  #kept: Uint8Array = new Uint8Array(0);
  #at = 0;
  #end = 0;
  #offset = 0;

  /** Bytes that wait. */
  get length(): number {
    return this.#end - this.#at;
  }

  /** Of the next byte in the file. */
  get offset(): number {
    return this.#offset;
  }

  /** The chunk must not change before keep(). */
  push(chunk: Uint8Array): void {
    const left = this.length;
    if (left === 0) {
      this.#use(chunk, chunk.length);
      return;
    }
    if (this.#kept.length < left + chunk.length) {
      const kept = new Uint8Array(2 * (left + chunk.length));
      kept.set(this.#bytes.subarray(this.#at, this.#end));
      this.#kept = kept;
    } else if (this.#bytes === this.#kept) this.#kept.copyWithin(0, this.#at, this.#end);
    else this.#kept.set(this.#bytes.subarray(this.#at, this.#end));
    this.#kept.set(chunk, left);
    this.#use(this.#kept, left + chunk.length);
  }

  /** Copies what is left: from now on the chunk is its owner's again. */
  keep(): void {
    const left = this.length;
    if (this.#bytes === this.#kept) return;
    if (this.#kept.length < left) this.#kept = new Uint8Array(2 * left);
    this.#kept.set(this.#bytes.subarray(this.#at, this.#end));
    this.#use(this.#kept, left);
  }

  #use(bytes: Uint8Array, end: number): void {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    this.#at = 0;
    this.#end = end;
  }

  u8(at: number): number {
    return this.#view.getUint8(this.#at + at);
  }

  u16(at: number, little: boolean): number {
    return this.#view.getUint16(this.#at + at, little);
  }

  u32(at: number, little: boolean): number {
    return this.#view.getUint32(this.#at + at, little);
  }

  s64(at: number, little: boolean): number {
    return Number(this.#view.getBigInt64(this.#at + at, little));
  }

  bytes(from: number, to: number): Uint8Array {
    return this.#bytes.subarray(this.#at + from, this.#at + to);
  }

  skip(length: number): void {
    this.#at += length;
    this.#offset += length;
  }
}
