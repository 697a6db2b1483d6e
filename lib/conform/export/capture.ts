// Datagrams as a pcapng capture that Wireshark, tshark and tcpdump open: LINKTYPE_NETLINK, each packet behind the cooked header
// that captures of an nlmon device have. What such a capture has no place for stands in comments of the packet: process and
// socket, and what is missing.
import { LINKTYPE_NETLINK, NANOS_PER_SECOND } from '../../wire/pcap/capture.js';
import { PcapngWriter } from '../../wire/pcap/writer.js';
import type { Datagram, Direction } from '../datagram.js';

const COOKED_HEADER = 16;
const ARPHRD_NETLINK = 824;
const PACKET_HOST = 0;
const PACKET_USER = 6;
const PACKET_KERNEL = 7;

/** sll_pkttype as nlmon has it. */
const packetTypes: Readonly<Record<Direction, number>> = {
  request: PACKET_KERNEL,
  reply: PACKET_USER,
  notification: PACKET_USER,
  unknown: PACKET_HOST,
};

function cooked({ bytes, direction, protocol = 0 }: Datagram): Uint8Array {
  const packet = new Uint8Array(COOKED_HEADER + bytes.length);
  const view = new DataView(packet.buffer);
  view.setUint16(0, packetTypes[direction]);
  view.setUint16(2, ARPHRD_NETLINK);
  view.setUint16(14, protocol);
  packet.set(bytes, COOKED_HEADER);
  return packet;
}

function comments({ origin, socket, lost = [] }: Datagram): string[] {
  const from = [origin.label, socket].filter((part) => part !== undefined).join(', ');
  return [...(from === '' ? [] : [from]), ...lost.map((what) => `lost: ${what}`)];
}

export class CaptureExporter {
  readonly #writer = new PcapngWriter();

  /** The beginning of the file. */
  header(): Uint8Array {
    const parts = [this.#writer.section(), this.#writer.interface({ name: 'netlink', linkType: LINKTYPE_NETLINK })];
    const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
    bytes.set(parts[0]!);
    bytes.set(parts[1]!, parts[0]!.length);
    return bytes;
  }

  datagram(datagram: Datagram): Uint8Array {
    const time = datagram.time ?? 0n;
    return this.#writer.packet({
      interface: 0,
      seconds: Number(time / BigInt(NANOS_PER_SECOND)),
      nanos: Number(time % BigInt(NANOS_PER_SECOND)),
      data: cooked(datagram),
      comments: comments(datagram),
    });
  }
}
