// Rings of packet sockets: what is refused, what a frame holds, when a program finds something. Measured on 6.18.
import { expect } from 'chai';
import { toHex } from '../../../../lib/codec/bytes.js';
import * as E from '../../../../lib/uapi/asm-generic/errno.js';
import * as P from '../../../../lib/uapi/linux/if_packet.js';
import { EPOLLIN } from '../../../../lib/uapi/linux/socket.js';
import type { PacketSock } from '../../../../lib/linux/net/packet/af_packet/sock.js';
import { frame, int, tagged, VA, VB, Wire } from './wire.js';

const isReadable = (sock: PacketSock): boolean => (sock.poll() & EPOLLIN) !== 0;

for (const version of [P.TPACKET_V1, P.TPACKET_V2, P.TPACKET_V3]) {
  describe(`net/packet: rings of version ${version + 1}`, () => {
    const wire = new Wire();
    const [a, b] = [wire.open(VA), wire.open(VB)];
    const more = version === P.TPACKET_V3 ? [50, 0, 0] : [];
    const ring = (...req: number[]): number => wire.set(b, P.PACKET_RX_RING, int(...req, ...more));
    const word = (at: number): number => b.ring!.view.getUint32(at, true);

    it('have a shape that fits, and one at a time', () => {
      expect(wire.set(b, P.PACKET_VERSION, int(version))).to.equal(0);
      const wrong = [
        [4096, 4, 2048, 7],
        [4097, 4, 2048, 8],
        [4096, 4, 2047, 8],
        [4096, 4, 32, 512],
        [0, 4, 2048, 8],
        [4096, 0, 0, 1],
      ];
      for (const req of wrong) expect(ring(...req), String(req)).to.equal(-E.EINVAL);
      expect(ring(4096, 4, 2048, 8)).to.equal(0);
      expect(ring(4096, 4, 2048, 8)).to.equal(-E.EBUSY);
      for (const optname of [P.PACKET_VERSION, P.PACKET_RESERVE])
        expect(wire.set(b, optname, int(0))).to.equal(-E.EBUSY);
    });

    it('hold packets behind their headers, given away when they are complete', () => {
      expect(isReadable(b)).to.equal(false);
      wire.machine.advance(3_000_000_007);
      wire.send(a, frame);
      wire.send(a, tagged);
      wire.machine.advance(60_000_000);
      expect(isReadable(b)).to.equal(true);
      const start = version === P.TPACKET_V3 ? 48 : 0;
      const next = version === P.TPACKET_V3 ? start + word(start) : 2048;
      const [mac, header] = version === P.TPACKET_V3 ? [82, 48] : [66, 32];
      const { memory } = b.ring!;
      expect(toHex(memory.subarray(start + mac, start + mac + 64))).to.equal(toHex(frame));
      expect(toHex(memory.subarray(start + header, start + header + 18))).to.equal(
        '110088b5020000000100010602000000000a',
      );
      expect(toHex(memory.subarray(next + header, next + header + 4))).to.equal('11000800');
      const shown = [
        '01000000000000004000000040000000420050000500000000000000',
        '0100000040000000400000004200500005000000070000000000000000000000',
        '980000000500000007000000400000004000000001000000520060000000000000000000',
      ][version]!;
      expect(toHex(memory.subarray(start, start + shown.length / 2))).to.equal(shown);
      const tag = [undefined, '05000081', '050000000081'][version];
      const tagAt = next + (version === P.TPACKET_V3 ? 32 : 24);
      if (tag !== undefined) expect(toHex(memory.subarray(tagAt, tagAt + tag.length / 2))).to.equal(tag);
      expect(word(next + (version === P.TPACKET_V3 ? 20 : 0))).to.equal(version === P.TPACKET_V1 ? 1 : 0x51);
    });

    it('are full when the program gives nothing back', () => {
      for (let i = 0; i < 200; i++) wire.send(a, frame);
      const [packets, drops, freezes] = wire.get(b, P.PACKET_STATISTICS) as number[];
      // 8 frames; or 2 packets in the first block, which time has closed, and 26 in each of the others.
      expect([packets, drops]).to.deep.equal(version === P.TPACKET_V3 ? [202, 122] : [202, 194]);
      expect(freezes).to.equal(version === P.TPACKET_V3 ? 1 : undefined);
      b.ring!.memory.fill(0);
      wire.send(a, frame);
      expect((wire.get(b, P.PACKET_STATISTICS) as number[]).slice(0, 2)).to.deep.equal([1, 0]);
    });

    it('end, and the queue is back', () => {
      expect(ring(0, 0, 0, 0)).to.equal(0);
      wire.send(a, frame);
      expect(wire.received(b).ret).to.equal(64);
      a.release();
      b.release();
      expect(wire.machine.softnet.skbs.inUse).to.equal(0);
    });
  });
}
