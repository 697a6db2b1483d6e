// Captures, pcap or pcapng: packets of LINKTYPE_NETLINK, which begin with a cooked header, and those of a capture of all devices
// (LINKTYPE_LINUX_SLL, SLL2) that came from an nlmon device. Their header says protocol and direction.
import { LINKTYPE_NETLINK, type CapturedPacket } from '../../wire/pcap/capture.js';
import { CaptureReader } from '../../wire/pcap/reader.js';
import type { Datagram, Direction } from '../datagram.js';
import { Conversation } from './conversation.js';
import type { ImportContext, Importer } from './importer.js';
import { COOKED_HEADER, cookedDirection } from './plausible.js';

const LINKTYPE_LINUX_SLL = 113;
const LINKTYPE_LINUX_SLL2 = 276;
const SLL2_HEADER = 20;
const ARPHRD_NETLINK = 824;
const NANOS_PER_SECOND = 1_000_000_000n;

/** Fields of a cooked header. */
interface Cooked {
  readonly length: number;
  readonly packetType: number;
  readonly protocol: number;
}

const u16 = (data: Uint8Array, at: number): number => (data[at]! << 8) | data[at + 1]!;

function cooked(linkType: number, data: Uint8Array): Cooked | undefined {
  if (linkType === LINKTYPE_LINUX_SLL2) {
    if (data.length < SLL2_HEADER || u16(data, 8) !== ARPHRD_NETLINK) return undefined;
    return { length: SLL2_HEADER, packetType: data[10]!, protocol: u16(data, 0) };
  }
  if (linkType !== LINKTYPE_NETLINK && linkType !== LINKTYPE_LINUX_SLL) return undefined;
  if (data.length < COOKED_HEADER || u16(data, 2) !== ARPHRD_NETLINK) return undefined;
  return { length: COOKED_HEADER, packetType: u16(data, 0), protocol: u16(data, 14) };
}

export class CaptureImporter implements Importer {
  readonly #context: ImportContext;
  readonly #reader = new CaptureReader();
  readonly #conversation = new Conversation();
  /** Bytes of a record in front of its packet: 16 in pcap, 28 in pcapng. */
  #recordHeader = 0;
  #leftOut = 0;
  #first = 0;

  constructor(context: ImportContext) {
    this.#context = context;
  }

  *push(chunk: Uint8Array): Generator<Datagram, void> {
    if (this.#recordHeader === 0) this.#recordHeader = chunk[0] === 0x0a ? 28 : 16;
    for (const packet of this.#reader.push(chunk)) {
      const header = cooked(packet.interface.linkType, packet.data);
      if (header !== undefined) yield this.#datagram(packet, header);
      else this.#leaveOut(packet);
    }
  }

  *end(): Generator<Datagram, void> {
    const { file } = this.#context;
    if (this.#leftOut > 0)
      this.#context.problem({ file, offset: this.#first, text: `${this.#leftOut} packets are not of netlink` });
    const error = this.#reader.end();
    if (error === undefined) return;
    this.#context.problem({ file, offset: error.offset, text: error.message.replace(/^offset \d+: /, '') });
  }

  #leaveOut({ offset }: CapturedPacket): void {
    if (this.#leftOut++ === 0) this.#first = offset;
  }

  #datagram(packet: CapturedPacket, { length, packetType, protocol }: Cooked): Datagram {
    const { data, offset } = packet;
    const bytes = data.slice(length);
    const missing = packet.length - data.length;
    return {
      bytes,
      direction: this.#direction(packetType, bytes),
      protocol,
      origin: { file: this.#context.file, offset: offset + this.#recordHeader + length },
      ...(packet.seconds === undefined
        ? {}
        : { time: BigInt(packet.seconds) * NANOS_PER_SECOND + BigInt(packet.nanos) }),
      ...(missing > 0 ? { lost: [`the last ${missing} bytes were not captured`] } : {}),
    };
  }

  #direction(packetType: number, bytes: Uint8Array): Direction {
    const direction = cookedDirection(packetType);
    if (direction === 'request') this.#conversation.request(bytes);
    return direction === 'reply' ? this.#conversation.kernel(bytes) : direction;
  }
}
