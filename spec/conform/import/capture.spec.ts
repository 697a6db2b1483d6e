// Captures: packets of nlmon, of all devices (SLL, SLL2), cut ones, others, and what cooked headers say of them.
import { expect } from 'chai';
import { LINKTYPE_ETHERNET, LINKTYPE_NETLINK } from '../../../lib/wire/pcap/capture.js';
import { PcapngWriter, PcapWriter } from '../../../lib/wire/pcap/writer.js';
import { request } from './layouts.js';
import { hexOf, read } from './read.js';

const [PACKET_OUTGOING, PACKET_USER, PACKET_KERNEL] = [4, 6, 7];
const SLL = 113;
const SLL2 = 276;
const data = Buffer.from(request, 'hex');

/** sockaddr_ll in short, as LINKTYPE_NETLINK and SLL have it. */
const cooked = (type: number, protocol: number, payload: Uint8Array, device = 824): Uint8Array =>
  new Uint8Array(
    Buffer.concat([
      Uint8Array.of(0, type, device >> 8, device & 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, protocol),
      payload,
    ]),
  );
const sll2 = (type: number, protocol: number, payload: Uint8Array): Uint8Array =>
  new Uint8Array(
    Buffer.concat([Uint8Array.of(0, protocol, 0, 0, 0, 0, 0, 9, 3, 0x38, type, 0, 0, 0, 0, 0, 0, 0, 0, 0), payload]),
  );

function pcap(linkType: number, packets: readonly (Uint8Array | [Uint8Array, number])[]): Uint8Array {
  const writer = new PcapWriter({ linkType });
  const written = packets.map((packet, i) => {
    const [bytes, length] = packet instanceof Uint8Array ? [packet, packet.length] : packet;
    return writer.packet({ seconds: i, nanos: 5000, data: bytes, length });
  });
  return new Uint8Array(Buffer.concat([writer.header(), ...written]));
}

const message = (type: string, seq: string): Buffer =>
  Buffer.from(`14000000${type}0000${seq}00000000000000000000000000`.slice(0, 40), 'hex');
const answer = message('0200', '01');

describe('conform: import: captures', () => {
  it('take protocol, direction, time and place from each packet', () => {
    const file = pcap(LINKTYPE_NETLINK, [cooked(PACKET_KERNEL, 0, data), cooked(PACKET_USER, 16, answer)]);
    for (const chunk of [1, 13, 1 << 16]) {
      const { datagrams, problems } = read(file, {}, chunk);
      expect(problems).to.deep.equal([]);
      expect(datagrams.map(({ direction, protocol }) => [direction, protocol])).to.deep.equal([
        ['request', 0],
        ['reply', 16],
      ]);
      expect(hexOf(datagrams[0]!)).to.equal(request);
      for (const { origin, bytes } of datagrams)
        expect(Buffer.from(file).toString('hex', origin.offset, origin.offset + bytes.length)).to.equal(
          hexOf({ bytes }),
        );
      expect(datagrams[1]!.time).to.equal(1_000_005_000n);
    }
  });

  it('are read from pcapng, and from captures of all devices', () => {
    const writer = new PcapngWriter();
    const parts = [
      writer.section(),
      writer.interface({ linkType: LINKTYPE_NETLINK }),
      writer.interface({ linkType: SLL2 }),
    ];
    parts.push(writer.packet({ interface: 0, seconds: 1, nanos: 0, data: cooked(PACKET_OUTGOING, 0, data) }));
    parts.push(writer.packet({ interface: 1, seconds: 1, nanos: 0, data: sll2(PACKET_KERNEL, 0, data) }));
    const { datagrams } = read(new Uint8Array(Buffer.concat(parts)));
    expect(datagrams.map(hexOf)).to.deep.equal([request, request]);
    expect(datagrams.map(({ direction }) => direction)).to.deep.equal(['request', 'request']);
    expect(read(pcap(SLL, [cooked(PACKET_KERNEL, 0, data)])).datagrams.map(hexOf)).to.deep.equal([request]);
  });

  it('tell changes that are announced from answers', () => {
    const packets = [
      cooked(PACKET_KERNEL, 0, message('1200', '05')),
      cooked(PACKET_USER, 0, message('1000', '05')),
      cooked(PACKET_USER, 0, message('1000', '06')),
    ];
    expect(read(pcap(LINKTYPE_NETLINK, packets)).datagrams.map(({ direction }) => direction)).to.deep.equal([
      'request',
      'reply',
      'notification',
    ]);
  });

  it('say what a snap length cut off, and what is not of netlink', () => {
    const whole = cooked(PACKET_KERNEL, 0, data);
    const { datagrams } = read(pcap(LINKTYPE_NETLINK, [[whole.subarray(0, 40), whole.length]]));
    expect(datagrams[0]!.lost).to.deep.equal(['the last 24 bytes were not captured']);
    const others = read(pcap(SLL, [whole, cooked(PACKET_KERNEL, 0, data, 1), whole.subarray(0, 5)]));
    expect(others.datagrams).to.have.length(1);
    expect(others.problems.map(({ text }) => text)).to.deep.equal(['2 packets are not of netlink']);
    expect(read(pcap(LINKTYPE_ETHERNET, [whole])).problems).to.have.length(1);
  });

  it('say where they are damaged, after what came before', () => {
    const file = pcap(LINKTYPE_NETLINK, [cooked(PACKET_KERNEL, 0, data), cooked(PACKET_KERNEL, 0, data)]);
    const { datagrams, problems } = read(file.subarray(0, file.length - 3));
    expect(datagrams).to.have.length(1);
    expect(problems[0]!.offset).to.be.above(datagrams[0]!.origin.offset);
  });
});
