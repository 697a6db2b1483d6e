// The older format, pcap: a header of 24 bytes, then records with a header of 16 bytes each. Both byte orders, microseconds
// and nanoseconds.
import {
  byteOrder,
  CaptureError,
  type CapturedPacket,
  type CaptureInterface,
  PACKET_MAX,
  PCAP_MICROS,
  PCAP_NANOS,
} from './capture.js';
import type { Input } from './input.js';

export const PCAP_HEADER = 24;
export const PCAP_RECORD = 16;
const VERSION_MAJOR = 2;
const NANOS_PER_MICRO = 1000;
/** Above these bits of the link type stand others, about checksums at the end of frames. */
const LINKTYPE_MASK = 0xffff;

const none: readonly string[] = [];

export class PcapReader {
  readonly #input: Input;
  readonly #little: boolean;
  readonly #unit: number;
  #interface: CaptureInterface | undefined;

  constructor(input: Input, order: 'little' | 'big', unit: number) {
    this.#input = input;
    this.#little = order === 'little';
    this.#unit = unit;
  }

  /** A reader when the first four bytes are a pcap file's. */
  static for(input: Input): PcapReader | undefined {
    const magic = input.u32(0, true);
    const micros = byteOrder(magic, PCAP_MICROS);
    if (micros !== undefined) return new PcapReader(input, micros, NANOS_PER_MICRO);
    const nanos = byteOrder(magic, PCAP_NANOS);
    return nanos === undefined ? undefined : new PcapReader(input, nanos, 1);
  }

  /** The next packet; undefined when more bytes are needed. Throws a CaptureError. */
  next(): CapturedPacket | undefined {
    this.#interface ??= this.#header();
    return this.#interface === undefined ? undefined : this.#record(this.#interface);
  }

  #header(): CaptureInterface | undefined {
    const [input, little] = [this.#input, this.#little];
    if (input.length < PCAP_HEADER) return undefined;
    const major = input.u16(4, little);
    if (major !== VERSION_MAJOR) throw new CaptureError(4, `pcap version ${major}, not ${VERSION_MAJOR}`);
    const snaplen = input.u32(16, little);
    const linkType = input.u32(20, little) & LINKTYPE_MASK;
    input.skip(PCAP_HEADER);
    return { id: 0, linkType, snaplen, name: undefined };
  }

  #record(from: CaptureInterface): CapturedPacket | undefined {
    const [input, little] = [this.#input, this.#little];
    if (input.length < PCAP_RECORD) return undefined;
    const { offset } = input;
    const fraction = input.u32(4, little);
    const kept = input.u32(8, little);
    if (kept > PACKET_MAX) throw new CaptureError(offset, `a packet of ${kept} bytes`);
    if (input.length < PCAP_RECORD + kept) return undefined;
    const packet = {
      interface: from,
      seconds: input.u32(0, little),
      nanos: fraction * this.#unit,
      length: input.u32(12, little),
      data: input.bytes(PCAP_RECORD, PCAP_RECORD + kept),
      offset,
      comments: none,
    };
    input.skip(PCAP_RECORD + kept);
    return packet;
  }
}
