// The memory of a ring buffer, as struct bpf_ringbuf lays it out: a page of the kernel's, the page of the consumer's
// position, the page of the producer's, and the data. Behind the data lies as much again: a record that reaches over the end
// is one piece for the program that fills it, and is folded back when it is committed (the kernel maps the pages twice).
// Records are 8-byte aligned: length with two flag bits, the record's page, bytes. Positions only grow.
import type { Memory } from '../memory.js';
import { copyBytes } from './bytes.js';

const PAGE_SIZE = 4096;
const CONSUMER_POS = PAGE_SIZE;
const PRODUCER_POS = 2 * PAGE_SIZE;
const DATA = 3 * PAGE_SIZE;

export const BPF_RINGBUF_BUSY_BIT = 0x80000000;
export const BPF_RINGBUF_DISCARD_BIT = 0x40000000;
export const BPF_RINGBUF_HDR_SZ = 8;
const MAX_RECORD = 0x3fffffff;

/** Whoever shows the pages to a client: told what has changed, asked where the client's consumer is. */
export interface RingMapping {
  /** The client's consumer position. */
  consumerPos(): number;
  /** `length` bytes at `offset` of the pages that a client can map (consumer page, producer page, data) have changed. */
  changed(offset: number, length: number): void;
}

export class Ring {
  /** Bytes of data, a power of two. */
  readonly size: number;
  /** A client that has the pages mapped. */
  mapping: RingMapping | undefined;
  readonly #memory: Memory;
  /** What was allocated, and where the pages begin in it. */
  #block = 0;
  #base = 0;
  #producer = 0;
  /** Everything before it is committed. */
  #pending = 0;

  constructor(memory: Memory, size: number) {
    this.#memory = memory;
    this.size = size;
  }

  /** Bytes of linear memory that a ring needs. */
  static bytes(size: number): number {
    return PAGE_SIZE + DATA + 2 * size;
  }

  /** Takes the memory, and keeps `owner` in it; false when there is none. */
  reserveMemory(owner: number): boolean {
    if (this.#block !== 0) return true;
    this.#block = this.#memory.alloc(Ring.bytes(this.size));
    if (this.#block === 0) return false;
    this.#base = Math.ceil(this.#block / PAGE_SIZE) * PAGE_SIZE;
    this.#memory.u32[this.#base >>> 2] = owner;
    return true;
  }

  dispose(): void {
    if (this.#block !== 0) this.#memory.free(this.#block);
    this.#block = 0;
  }

  /** The owner of the ring that a sample lies in. */
  static ownerOf(memory: Memory, sample: number): number {
    const header = sample - BPF_RINGBUF_HDR_SZ;
    const page = Math.floor(header / PAGE_SIZE) - memory.u32[(header + 4) >>> 2]!;
    return memory.u32[(page * PAGE_SIZE) >>> 2]!;
  }

  /** Address of the pages that a client can map, the consumer's first. */
  get pages(): number {
    return this.#base + CONSUMER_POS;
  }

  get producerPos(): number {
    return this.#producer;
  }

  get consumerPos(): number {
    if (this.#base === 0) return 0;
    if (this.mapping !== undefined) this.consumerPos = this.mapping.consumerPos();
    const at = (this.#base + CONSUMER_POS) >>> 2;
    return this.#memory.u32[at + 1]! * 2 ** 32 + this.#memory.u32[at]!;
  }

  /** The consumer has read everything before `position`. */
  set consumerPos(position: number) {
    this.#store(CONSUMER_POS, position);
  }

  /** A record of `size` bytes: address of its bytes, or 0 when there is no room. */
  reserve(size: number): number {
    if (size > MAX_RECORD) return 0;
    const length = Math.ceil((size + BPF_RINGBUF_HDR_SZ) / 8) * 8;
    if (length > this.size) return 0;
    const end = this.#producer + length;
    this.#advancePending();
    if (end - this.consumerPos > this.size - 1 || end - this.#pending > this.size - 1) return 0;
    const header = this.#recordAt(this.#producer);
    this.#memory.u32[header >>> 2] = (size | BPF_RINGBUF_BUSY_BIT) >>> 0;
    this.#memory.u32[(header + 4) >>> 2] = Math.floor((header - this.#base) / PAGE_SIZE);
    this.#changed(header, BPF_RINGBUF_HDR_SZ);
    this.#producer = end;
    this.#store(PRODUCER_POS, end);
    this.#changed(this.#base + PRODUCER_POS, 8);
    return header + BPF_RINGBUF_HDR_SZ;
  }

  /** Gives a record to the consumer; true when the consumer has been waiting for just this one. */
  commit(sample: number, discard: boolean): boolean {
    const header = sample - BPF_RINGBUF_HDR_SZ;
    const { u32 } = this.#memory;
    const size = (u32[header >>> 2]! & MAX_RECORD) >>> 0;
    this.#fold(sample, size);
    u32[header >>> 2] = discard ? (size | BPF_RINGBUF_DISCARD_BIT) >>> 0 : size;
    this.#changed(header, BPF_RINGBUF_HDR_SZ);
    return this.consumerPos % this.size === header - this.#base - DATA;
  }

  /** The oldest committed record that is kept, its bytes copied; undefined when the consumer must wait. */
  read(): Uint8Array | undefined {
    for (let at = this.consumerPos; at < this.#producer; at = this.consumerPos) {
      const header = this.#recordAt(at);
      const word = this.#memory.u32[header >>> 2]!;
      if ((word & BPF_RINGBUF_BUSY_BIT) !== 0) return undefined;
      const size = word & MAX_RECORD;
      const bytes = this.#unfolded(header + BPF_RINGBUF_HDR_SZ, size);
      this.consumerPos = at + Math.ceil((size + BPF_RINGBUF_HDR_SZ) / 8) * 8;
      if ((word & BPF_RINGBUF_DISCARD_BIT) === 0) return bytes;
    }
    return undefined;
  }

  #unfolded(sample: number, size: number): Uint8Array {
    const end = this.#base + DATA + this.size;
    const bytes = new Uint8Array(size);
    const first = Math.min(size, end - sample);
    bytes.set(this.#memory.u8.subarray(sample, sample + first));
    if (first < size) {
      const start = this.#base + DATA;
      bytes.set(this.#memory.u8.subarray(start, start + size - first), first);
    }
    return bytes;
  }

  /** What reaches over the end goes to the start. */
  #fold(sample: number, size: number): void {
    const end = this.#base + DATA + this.size;
    const over = sample + size - end;
    this.#changed(sample, over > 0 ? size - over : size);
    if (over <= 0) return;
    copyBytes(this.#memory, this.#base + DATA, end, over);
    this.#changed(this.#base + DATA, over);
  }

  #advancePending(): void {
    while (this.#pending < this.#producer) {
      const word = this.#memory.u32[this.#recordAt(this.#pending) >>> 2]!;
      if ((word & BPF_RINGBUF_BUSY_BIT) !== 0) return;
      this.#pending += Math.ceil(((word & MAX_RECORD) + BPF_RINGBUF_HDR_SZ) / 8) * 8;
    }
  }

  #recordAt(position: number): number {
    return this.#base + DATA + (position % this.size);
  }

  #store(offset: number, position: number): void {
    const at = (this.#base + offset) >>> 2;
    this.#memory.u32[at] = position % 2 ** 32;
    this.#memory.u32[at + 1] = Math.floor(position / 2 ** 32);
  }

  #changed(address: number, length: number): void {
    if (this.mapping !== undefined && length > 0) this.mapping.changed(address - this.pages, length);
  }
}
