// What captures of packets are made of, whichever of the two formats (pcap, pcapng) they are written in. Times are two
// numbers, since nanoseconds since 1970 fit in no double.

/** LINKTYPE_* of the tcpdump group: what a packet begins with. */
export const LINKTYPE_ETHERNET = 1;
export const LINKTYPE_NETLINK = 253;

/** The first four bytes of a file, as a number in its own byte order. */
export const PCAP_MICROS = 0xa1b2c3d4;
export const PCAP_NANOS = 0xa1b23c4d;
export const PCAPNG_SECTION = 0x0a0d0d0a;
export const PCAPNG_ORDER = 0x1a2b3c4d;

/** More than any packet of a capture: a longer one is damage. */
export const PACKET_MAX = 16 << 20;

export const NANOS_PER_SECOND = 1_000_000_000;

/** Where packets of a capture were seen. A pcap file has one, a section of a pcapng file any number. */
export interface CaptureInterface {
  /** Its place in its section. */
  readonly id: number;
  readonly linkType: number;
  /** Bytes kept of a packet; 0 = all of them. */
  readonly snaplen: number;
  /** As `eth0`; undefined when the file does not say. */
  readonly name: string | undefined;
}

export interface CapturedPacket {
  readonly interface: CaptureInterface;
  /** Since 1970; undefined when the file does not say. */
  readonly seconds: number | undefined;
  readonly nanos: number;
  /** Bytes the packet had; `data` may be less. */
  readonly length: number;
  /** Valid until the next bytes are given to the reader. */
  readonly data: Uint8Array;
  /** Of its record in the file. */
  readonly offset: number;
  readonly comments: readonly string[];
}

/** The file is damaged, or no capture at all. */
export class CaptureError extends Error {
  /** Of what cannot be read: a record, or a field of one. */
  readonly offset: number;

  constructor(offset: number, why: string) {
    super(`offset ${offset}: ${why}`);
    this.offset = offset;
  }
}

/** Whether a number of 32 bits, read least significant byte first, is `wanted` in either order; undefined for neither. */
export function byteOrder(value: number, wanted: number): 'little' | 'big' | undefined {
  if (value === wanted) return 'little';
  const swapped = ((value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0;
  return swapped === wanted ? 'big' : undefined;
}
