// IPv6 packets that are dropped at the first look, of which who hands them over is told. Every line is what Linux 6.18 did.
import { expect } from 'chai';
import type { Machine } from '../../../../lib/linux/machine.js';
import { DEVCONF_DISABLE_IPV6 } from '../../../../lib/uapi/linux/ipv6.js';
import { ifinfomsg, RTM_NEWLINK } from '../../../../lib/uapi/linux/rtnetlink.js';
import { Bed, V0 } from '../sched/bed.js';

const SADDR = 8;
const DADDR = 24;
const NEXT = 6;
const NET_RX_DROP = 1;

type Change = (packet: Uint8Array) => void;

/** From fd00::1 to fd00::2, UDP, 16 bytes behind the header; `change` gets the packet behind the link header. */
function frame(change: Change): Uint8Array {
  const made = new Uint8Array(14 + 56);
  made.set([255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 2, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 16, 17, 64]);
  made.set([0xfd], 14 + SADDR);
  made.set([0xfd], 14 + DADDR);
  made[14 + SADDR + 15] = 1;
  made[14 + DADDR + 15] = 2;
  change(made.subarray(14));
  return made;
}

const address =
  (at: number, ...head: number[]): Change =>
  (packet) => {
    packet.fill(0, at, at + 16);
    packet.set(head, at);
    packet[at + 15] = 1;
  };

/** Options in a header of 8 bytes a line. */
const hop =
  (...header: number[]): Change =>
  (packet) => {
    packet[NEXT] = 0;
    packet.set(header, 40);
  };

const taken: Readonly<Record<string, Change>> = {
  udp: () => undefined,
  'to all nodes of the link': address(DADDR, 0xff, 2),
  'to the whole internet': address(DADDR, 0xff, 0x1e),
  'from nobody': (packet) => packet.fill(0, SADDR, DADDR),
  'shorter than the frame': (packet) => (packet[5] = 4),
  'hop by hop: padding': hop(17, 0, 1, 4),
  'hop by hop: single octets of padding': hop(17, 0),
  'hop by hop: unknown, to be skipped': hop(17, 0, 0x1e, 4, 1, 2, 3, 4),
  'hop by hop: a router alert': hop(17, 0, 5, 2, 0, 0, 1, 0),
};

const dropped: Readonly<Record<string, Change>> = {
  'from loopback': address(SADDR),
  'to loopback': address(DADDR),
  'to a group without scope': address(DADDR, 0xff, 0x10),
  'to a group of the interface': address(DADDR, 0xff, 1),
  'from a group': address(SADDR, 0xff, 2),
  'of another version': (packet) => (packet[0] = 0x50),
  'longer than the frame': (packet) => (packet[4] = 4),
  'hop by hop: unknown, to be dropped': hop(17, 0, 0x5e, 4, 1, 2, 3, 4),
  'hop by hop: unknown, to be answered': hop(17, 0, 0x9e, 4, 1, 2, 3, 4),
  'hop by hop: an option over the end': hop(17, 0, 0x1e, 5, 1, 2, 3, 4),
  'hop by hop: a header over the end': hop(17, 9, 1, 4),
  'hop by hop: padding that is not zero': hop(17, 0, 1, 4, 0, 1, 0, 0),
  'hop by hop: much padding': hop(17, 1, 1, 12),
  'hop by hop: a router alert of three octets': hop(17, 0, 5, 3, 0, 0, 1, 0),
  'hop by hop: a label of an unknown domain': hop(17, 1, 7, 8, 0, 0, 0, 1),
  'hop by hop: measurements out of line': hop(17, 1, 0x31, 12, 0, 0, 0, 1),
};

describe('ipv6: input', () => {
  let machine: Machine;
  const result = (change: Change): number | string => machine.device('v0').receive(frame(change)).result;
  const disable = (value: number): void => {
    machine.net.devices.find(({ ifindex }) => ifindex === V0)!.inet6!.conf[DEVCONF_DISABLE_IPV6] = value;
  };

  before(() => {
    const bed = new Bed();
    ({ machine } = bed);
    bed.client.errnoOf(RTM_NEWLINK, 0, ifinfomsg.bytes({ ifi_index: V0, ifi_flags: 1, ifi_change: 1 }));
  });

  beforeEach(() => {
    disable(0);
  });

  for (const [name, change] of Object.entries(taken))
    it(`takes a packet ${name}`, () => {
      expect(result(change)).to.equal(0);
    });

  for (const [name, change] of Object.entries(dropped))
    it(`drops a packet ${name}`, () => {
      expect(result(change)).to.equal(NET_RX_DROP);
    });

  it('drops all where IPv6 is disabled', () => {
    disable(1);
    for (const change of Object.values(taken)) expect(result(change)).to.equal(NET_RX_DROP);
  });
});
