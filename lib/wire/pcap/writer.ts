// Writing captures: each call gives the bytes that come next in the file, in memory of their own.
import {
  LINKTYPE_ETHERNET,
  NANOS_PER_SECOND,
  PCAP_MICROS,
  PCAP_NANOS,
  PCAPNG_ORDER,
  PCAPNG_SECTION,
} from './capture.js';
import { PCAP_HEADER, PCAP_RECORD } from './pcap_reader.js';
import * as B from './pcapng_blocks.js';

/** Bytes kept of a packet, as tcpdump has it. */
const SNAPLEN = 262144;
const NANOS_PER_MICRO = 1000;

/** A packet to be written. */
export interface PacketToWrite {
  readonly seconds: number;
  readonly nanos: number;
  readonly data: Uint8Array;
  /** Bytes it had, when `data` is only their beginning. */
  readonly length?: number;
}

export interface PcapOptions {
  readonly linkType?: number;
  readonly bigEndian?: boolean;
  /** Nanoseconds instead of microseconds. */
  readonly nanoseconds?: boolean;
}

/** The older format. */
export class PcapWriter {
  readonly #options: PcapOptions;

  constructor(options: PcapOptions = {}) {
    this.#options = options;
  }

  /** The beginning of the file. */
  header(): Uint8Array {
    const { linkType = LINKTYPE_ETHERNET, bigEndian = false, nanoseconds = false } = this.#options;
    const bytes = new Uint8Array(PCAP_HEADER);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, nanoseconds ? PCAP_NANOS : PCAP_MICROS, !bigEndian);
    view.setUint16(4, 2, !bigEndian);
    view.setUint16(6, 4, !bigEndian);
    view.setUint32(16, SNAPLEN, !bigEndian);
    view.setUint32(20, linkType, !bigEndian);
    return bytes;
  }

  packet({ seconds, nanos, data, length = data.length }: PacketToWrite): Uint8Array {
    const { bigEndian = false, nanoseconds = false } = this.#options;
    const bytes = new Uint8Array(PCAP_RECORD + data.length);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, seconds, !bigEndian);
    view.setUint32(4, nanoseconds ? nanos : Math.floor(nanos / NANOS_PER_MICRO), !bigEndian);
    view.setUint32(8, data.length, !bigEndian);
    view.setUint32(12, length, !bigEndian);
    bytes.set(data, PCAP_RECORD);
    return bytes;
  }
}

export interface PcapngPacket extends PacketToWrite {
  /** As `interface()` numbered it. */
  readonly interface: number;
  readonly comments?: readonly string[];
  /** Whether it came in or went out, when that is known. */
  readonly direction?: 'in' | 'out';
}

type Option = readonly [code: number, value: Uint8Array];

const utf8 = new TextEncoder();
/** if_tsresol of nanoseconds. */
const NANOSECONDS = 9;
/** Longest value of an option. */
const OPTION_MAX = 0xffff;

/** The newer format, times in nanoseconds. */
export class PcapngWriter {
  readonly #little: boolean;
  #interfaces = 0;

  constructor(options: { readonly bigEndian?: boolean } = {}) {
    this.#little = options.bigEndian !== true;
  }

  /** Begins a section; interfaces are numbered anew. */
  section(comments: readonly string[] = []): Uint8Array {
    this.#interfaces = 0;
    return this.#block(PCAPNG_SECTION, 16, new Uint8Array(0), commentOptions(comments), (view) => {
      view.setUint32(8, PCAPNG_ORDER, this.#little);
      view.setUint16(12, 1, this.#little);
      view.setBigInt64(16, -1n, this.#little);
    });
  }

  /** The next interface of the section; the first is number 0. */
  interface({
    name,
    linkType = LINKTYPE_ETHERNET,
  }: {
    readonly name?: string;
    readonly linkType?: number;
  }): Uint8Array {
    this.#interfaces++;
    const options: Option[] = name === undefined ? [] : [[B.IF_NAME, utf8.encode(name)]];
    options.push([B.IF_TSRESOL, Uint8Array.of(NANOSECONDS)]);
    return this.#block(B.BLOCK_INTERFACE, 8, new Uint8Array(0), options, (view) => {
      view.setUint16(8, linkType, this.#little);
      view.setUint32(12, SNAPLEN, this.#little);
    });
  }

  /** Throws RangeError for an interface that was not written. */
  packet(packet: PcapngPacket): Uint8Array {
    const { interface: id, seconds, nanos, data, length = data.length, comments = [], direction } = packet;
    if (id >= this.#interfaces) throw new RangeError(`no interface ${id} in this section`);
    const options = commentOptions(comments);
    if (direction !== undefined) options.push([B.EPB_FLAGS, this.#u32(direction === 'in' ? 1 : 2)]);
    const time = BigInt(seconds) * BigInt(NANOS_PER_SECOND) + BigInt(nanos);
    return this.#block(B.BLOCK_ENHANCED, 20, data, options, (view) => {
      view.setUint32(8, id, this.#little);
      view.setUint32(12, Number(time >> 32n), this.#little);
      view.setUint32(16, Number(time & 0xffff_ffffn), this.#little);
      view.setUint32(20, data.length, this.#little);
      view.setUint32(24, length, this.#little);
    });
  }

  #u32(value: number): Uint8Array {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value, this.#little);
    return bytes;
  }

  /** `fields` bytes that `put` fills, data, options. */
  #block(
    type: number,
    fields: number,
    data: Uint8Array,
    options: readonly Option[],
    put: (view: DataView) => void,
  ): Uint8Array {
    const optionBytes = options.reduce((sum, [, value]) => sum + 4 + B.padded(value.length), 0);
    const total = B.BLOCK_MIN + fields + B.padded(data.length) + (optionBytes === 0 ? 0 : optionBytes + 4);
    const bytes = new Uint8Array(total);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, type, this.#little);
    view.setUint32(4, total, this.#little);
    view.setUint32(total - 4, total, this.#little);
    put(view);
    bytes.set(data, 8 + fields);
    let at = 8 + fields + B.padded(data.length);
    for (const [code, value] of options) {
      view.setUint16(at, code, this.#little);
      view.setUint16(at + 2, value.length, this.#little);
      bytes.set(value, at + 4);
      at += 4 + B.padded(value.length);
    }
    return bytes;
  }
}

/** Comments as options, cut to what an option can hold. */
const commentOptions = (comments: readonly string[]): Option[] =>
  comments.map((comment) => [B.OPT_COMMENT, utf8.encode(comment).slice(0, OPTION_MAX)]);
