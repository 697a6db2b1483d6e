// The newer format, pcapng: sections of blocks, each section in its own byte order and with interfaces of its own. Blocks
// that carry no packets (names, statistics, unknown ones) are passed over.
import {
  byteOrder,
  CaptureError,
  type CapturedPacket,
  type CaptureInterface,
  NANOS_PER_SECOND,
  PACKET_MAX,
  PCAPNG_ORDER,
  PCAPNG_SECTION,
} from './capture.js';
import type { Input } from './input.js';
import * as B from './pcapng_blocks.js';

/** Longest block: a packet and its options. */
const BLOCK_MAX = PACKET_MAX + (1 << 20);
const SECTION_HEADER = 28;
const VERSION_MAJOR = 1;
const TWO_32 = 0x1_0000_0000;
/** Microseconds. */
const DEFAULT_RESOLUTION = 6;

interface Interface extends CaptureInterface {
  /** Units of its times in a second. */
  readonly units: number;
  /** Seconds to be added to its times. */
  readonly timeOffset: number;
}

const none: readonly string[] = [];

/** Units in a second: 10^n, or 2^n with the top bit. */
const unitsOf = (resolution: number): number =>
  resolution & 0x80 ? 2 ** (resolution & 0x7f) : 10 ** (resolution & 0x7f);

/** Whole seconds and nanoseconds of a time in any unit; exact for those above 2^53, too. */
function timeOf(high: number, low: number, { units, timeOffset }: Interface): { seconds: number; nanos: number } {
  const value = high * TWO_32 + low;
  const nanosPerUnit = NANOS_PER_SECOND / units;
  if (Number.isInteger(nanosPerUnit) && value <= Number.MAX_SAFE_INTEGER) {
    const whole = Math.floor(value / units);
    return { seconds: whole + timeOffset, nanos: (value - whole * units) * nanosPerUnit };
  }
  const [exact, perSecond] = [(BigInt(high) << 32n) | BigInt(low), BigInt(units)];
  const nanos = Number(((exact % perSecond) * BigInt(NANOS_PER_SECOND)) / perSecond);
  return { seconds: Number(exact / perSecond) + timeOffset, nanos };
}

export class PcapngReader {
  readonly #input: Input;
  #little = true;
  #interfaces: Interface[] = [];

  constructor(input: Input) {
    this.#input = input;
  }

  /** A reader when the first four bytes are a pcapng file's. */
  static for(input: Input): PcapngReader | undefined {
    return input.u32(0, true) === PCAPNG_SECTION ? new PcapngReader(input) : undefined;
  }

  /** The next packet; undefined when more bytes are needed. Throws a CaptureError. */
  next(): CapturedPacket | undefined {
    for (;;) {
      const length = this.#blockLength();
      if (length === undefined) return undefined;
      const packet = this.#block(this.#input.u32(0, this.#little), length);
      this.#input.skip(length);
      if (packet !== undefined) return packet;
    }
  }

  /** Of the block at the front, checked, once it is there as a whole. */
  #blockLength(): number | undefined {
    const input = this.#input;
    if (input.length < B.BLOCK_MIN) return undefined;
    if (input.u32(0, true) === PCAPNG_SECTION) this.#setOrder();
    const length = input.u32(4, this.#little);
    if (length < B.BLOCK_MIN || length % 4 !== 0 || length > BLOCK_MAX)
      throw new CaptureError(input.offset, `a block of ${length} bytes`);
    if (input.length < length) return undefined;
    const again = input.u32(length - 4, this.#little);
    if (again === length) return length;
    throw new CaptureError(input.offset, `a block of ${length} bytes whose end says ${again}`);
  }

  #setOrder(): void {
    const order = byteOrder(this.#input.u32(8, true), PCAPNG_ORDER);
    if (order === undefined) throw new CaptureError(this.#input.offset + 8, 'a section in no byte order');
    this.#little = order === 'little';
  }

  #block(type: number, length: number): CapturedPacket | undefined {
    switch (type) {
      case PCAPNG_SECTION:
        this.#section(length);
        return undefined;
      case B.BLOCK_INTERFACE:
        this.#interface(length);
        return undefined;
      case B.BLOCK_ENHANCED:
        return this.#enhanced(length, this.#field(8, length));
      case B.BLOCK_PACKET_OLD:
        return this.#enhanced(length, this.#input.u16(8, this.#little));
      case B.BLOCK_SIMPLE:
        return this.#simple(length);
      default:
        return undefined;
    }
  }

  /** A number of 32 bits of the block's body. */
  #field(at: number, length: number): number {
    if (at + 4 > length - 4) throw new CaptureError(this.#input.offset, `a block of ${length} bytes is too short`);
    return this.#input.u32(at, this.#little);
  }

  #section(length: number): void {
    if (length < SECTION_HEADER) throw new CaptureError(this.#input.offset, `a section header of ${length} bytes`);
    const major = this.#input.u16(12, this.#little);
    if (major !== VERSION_MAJOR) throw new CaptureError(this.#input.offset + 12, `pcapng version ${major}`);
    this.#interfaces = [];
  }

  #interface(length: number): void {
    const snaplen = this.#field(12, length);
    let name: string | undefined;
    let resolution = DEFAULT_RESOLUTION;
    let timeOffset = 0;
    const input = this.#input;
    B.eachOption(input, 16, length - 4, this.#little, (code, at, size) => {
      if (code === B.IF_NAME) name = B.optionText(input, at, size);
      else if (code === B.IF_TSRESOL && size === 1) resolution = input.u8(at);
      else if (code === B.IF_TSOFFSET && size === 8) timeOffset = input.s64(at, this.#little);
    });
    const units = unitsOf(resolution);
    if (units >= 2 ** 64) throw new CaptureError(input.offset, `times in units of 1/${units} s`);
    const linkType = input.u16(8, this.#little);
    this.#interfaces.push({ id: this.#interfaces.length, linkType, snaplen, name, units, timeOffset });
  }

  #interfaceAt(id: number): Interface {
    const found = this.#interfaces[id];
    if (found === undefined)
      throw new CaptureError(this.#input.offset, `a packet of interface ${id}, which is not there`);
    return found;
  }

  /** Where the bytes of a packet end, which is checked. */
  #dataEnd(from: number, kept: number, length: number): number {
    if (kept <= length - 4 - from) return from + kept;
    throw new CaptureError(this.#input.offset, `a packet of ${kept} bytes in a block of ${length}`);
  }

  #enhanced(length: number, id: number): CapturedPacket {
    const from = this.#interfaceAt(id);
    const wholeLength = this.#field(24, length);
    const input = this.#input;
    const end = this.#dataEnd(28, input.u32(20, this.#little), length);
    return {
      interface: from,
      ...timeOf(input.u32(12, this.#little), input.u32(16, this.#little), from),
      length: wholeLength,
      data: input.bytes(28, end),
      offset: input.offset,
      comments: this.#comments(B.padded(end), length - 4),
    };
  }

  #comments(at: number, end: number): readonly string[] {
    if (at >= end) return none;
    const comments: string[] = [];
    B.eachOption(this.#input, at, end, this.#little, (code, from, size) => {
      if (code === B.OPT_COMMENT) comments.push(B.optionText(this.#input, from, size));
    });
    return comments;
  }

  /** Of the first interface; its length beyond the snaplen is not in the file. */
  #simple(length: number): CapturedPacket {
    const from = this.#interfaceAt(0);
    const whole = this.#field(8, length);
    const kept = from.snaplen === 0 ? whole : Math.min(whole, from.snaplen);
    const data = this.#input.bytes(12, this.#dataEnd(12, kept, length));
    return {
      interface: from,
      seconds: undefined,
      nanos: 0,
      length: whole,
      data,
      offset: this.#input.offset,
      comments: none,
    };
  }
}
