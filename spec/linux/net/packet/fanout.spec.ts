// PACKET_FANOUT: who may join a group, and who gets what.
import { expect } from 'chai';
import * as E from '../../../../lib/uapi/asm-generic/errno.js';
import * as P from '../../../../lib/uapi/linux/if_packet.js';
import type { PacketSock } from '../../../../lib/linux/net/packet/af_packet/sock.js';
import { frame, int, VA, VB, Wire } from './wire.js';

const GROUP = 7;
const join = (kind: number, id = GROUP): Uint8Array => int((kind << 16) | id);

describe('net/packet: fanout', () => {
  let wire: Wire;
  let sender: PacketSock;
  let members: PacketSock[];

  beforeEach(() => {
    wire = new Wire();
    sender = wire.open(VA);
    members = [wire.open(VB), wire.open(VB), wire.open(VB)];
  });
  afterEach(() => {
    for (const one of [sender, ...members]) one.release();
    expect(wire.machine.softnet.skbs.inUse, 'packets that are left').to.equal(0);
  });

  const fan = (sock: PacketSock, value: Uint8Array): number => wire.set(sock, P.PACKET_FANOUT, value);
  /** How many frames each member has got of those that were sent. */
  const shares = (frames: number): number[] => {
    for (let i = 0; i < frames; i++) wire.send(sender, frame);
    return members.map((sock) => {
      let count = 0;
      while (typeof wire.receive(sock) !== 'number') count++;
      return count;
    });
  };

  it('gives each in turn its frame, and everybody a copy without a group', () => {
    expect(shares(6)).to.deep.equal([6, 6, 6]);
    for (const one of members) expect(fan(one, join(P.PACKET_FANOUT_LB))).to.equal(0);
    expect(shares(6)).to.deep.equal([2, 2, 2]);
    members.pop()!.release();
    expect(shares(6)).to.deep.equal([3, 3]);
  });

  it('gives one flow to one member', () => {
    for (const one of members) expect(fan(one, join(P.PACKET_FANOUT_HASH))).to.equal(0);
    expect(shares(6).toSorted()).to.deep.equal([0, 0, 6]);
  });

  it('refuses another kind, a second group, a group of another device, and what is no request', () => {
    const [first, second] = members;
    expect(fan(first!, join(P.PACKET_FANOUT_LB))).to.equal(0);
    expect(fan(first!, join(P.PACKET_FANOUT_LB, 8))).to.equal(-E.EALREADY);
    expect(fan(second!, join(P.PACKET_FANOUT_HASH))).to.equal(-E.EINVAL);
    expect(fan(sender, join(P.PACKET_FANOUT_LB))).to.equal(-E.EINVAL);
    expect(fan(second!, join(99))).to.equal(-E.EINVAL);
    expect(fan(second!, new Uint8Array(5))).to.equal(-E.EINVAL);
    expect(wire.get(first!, P.PACKET_FANOUT)).to.deep.equal([GROUP | (P.PACKET_FANOUT_LB << 16)]);
  });

  it('ends with its last member', () => {
    expect(fan(members[0]!, join(P.PACKET_FANOUT_LB))).to.equal(0);
    members.shift()!.release();
    expect(fan(members[0]!, join(P.PACKET_FANOUT_HASH))).to.equal(0);
  });
});
