// Frames that nobody would send: headers that are cut, contradict each other or go on for ever, of every protocol that a
// filter may look into. Nothing is thrown, every packet is freed in the end, and each end of a frame's way is told.
import { expect } from 'chai';
import fc from 'fast-check';
import type { DevicePort } from '../../../lib/linux/packets/port.js';
import type { PacketsFollowed } from '../../../lib/linux/packets/verdict.js';
import * as P from '../../../lib/uapi/linux/pkt_cls.js';
import { TC_H_ROOT } from '../../../lib/uapi/linux/pkt_sched.js';
import { ifinfomsg, RTM_NEWLINK, RTM_NEWTCLASS, RTM_NEWTFILTER, TCA } from '../../../lib/uapi/linux/rtnetlink.js';
import { TCA_EGRESS_MIRROR, TCA_INGRESS_REDIR } from '../../../lib/uapi/linux/tc_act/tc_mirred.js';
import { mirred } from '../net/sched/actions.js';
import { ADD, attr, Bed, bpf, CLSACT, EGRESS, INGRESS, kind, nest, ops, PROTO_ALL, V0 } from '../net/sched/bed.js';
import { htb, htbClass } from '../net/sched/shaping.js';

const V1 = 2;
const I0 = 4;
const RUNS = 1500;

const types = [0x0800, 0x86dd, 0x8100, 0x88a8, 0x8847, 0x8864, 0x0806, 0x22f0, 0x88b5, 0x0004, 0x0600, 0x6558, 0x894f];
const protocols = [0, 1, 2, 4, 6, 17, 41, 43, 44, 47, 50, 51, 58, 59, 60, 115, 132, 255];

const anyByte = fc.integer({ min: 0, max: 255 });
const some = (minLength: number, maxLength: number): fc.Arbitrary<number[]> =>
  fc.array(anyByte, { minLength, maxLength });
const type = fc.constantFrom(...types).map((value) => [value >> 8, value & 0xff]);
const joined = (...parts: fc.Arbitrary<number[]>[]): fc.Arbitrary<number[]> =>
  fc.tuple(...parts).map((list) => list.flat());

/** A header that may be one, by its first bytes. */
const header = fc.oneof(
  joined(
    fc.constantFrom([0x45], [0x46], [0x4f], [0x40], [0x60], [0x65]),
    some(5, 5),
    fc.constantFrom([0, 0], [0x20, 0], [0, 9], [0xff, 0xff]),
    fc.constant([64]),
    fc.constantFrom(...protocols).map((protocol) => [protocol]),
    some(0, 30),
  ),
  joined(
    fc.constantFrom([0x60, 0, 0, 0]),
    some(2, 2),
    fc.constantFrom(...protocols).map((next) => [next, 64]),
    some(0, 40),
  ),
  joined(some(2, 2), type, some(0, 8)),
  joined(
    fc.constantFrom(...protocols).map((next) => [next, 0]),
    some(6, 6),
  ),
  some(0, 24),
);

const frame = joined(
  fc.constantFrom([0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [1, 0, 0x5e, 0, 0, 1], [2, 0, 0, 0, 0, 9]),
  fc.constant([2, 0, 0, 0, 0, 1]),
  type,
  fc.array(header, { maxLength: 8 }).map((list) => list.flat()),
)
  .chain((bytes) =>
    fc.integer({ min: 0, max: bytes.length }).map((cut) => (cut % 3 === 0 ? bytes.slice(0, cut) : bytes)),
  )
  .map((bytes) => Uint8Array.from(bytes));

describe('packets: hostile frames', function () {
  this.timeout(240_000);
  let bed: Bed;

  const add = (kindName: string, ifindex: number, parent: number, prio: number, ...options: Uint8Array[]): void => {
    const fields = { ifindex, parent, prio, protocol: PROTO_ALL };
    const { errno, text } = bed.tc(RTM_NEWTFILTER, ADD, fields, kind(kindName), ...options);
    expect(errno, text).to.equal(0);
  };
  const inside = (...attributes: Uint8Array[]): Uint8Array => nest(TCA.OPTIONS.type, ...attributes);

  /** Looks into everything there is, and lets it go on. */
  const flower = (): Uint8Array => {
    const F = P.TCA_FLOWER;
    const zeros = (name: 'KEY_ETH_DST' | 'KEY_ETH_DST_MASK'): Uint8Array => attr(F[name].type, new Uint8Array(6));
    const one = (name: 'KEY_IP_TTL' | 'KEY_IP_TTL_MASK', value: number): Uint8Array =>
      attr(F[name].type, Uint8Array.of(value));
    const ip = attr(F.KEY_ETH_TYPE.type, Uint8Array.of(8, 0));
    return inside(
      zeros('KEY_ETH_DST'),
      zeros('KEY_ETH_DST_MASK'),
      ip,
      one('KEY_IP_TTL', 7),
      one('KEY_IP_TTL_MASK', 255),
    );
  };

  /** Reads at an offset that the packet itself says, far behind or before it. */
  const indirect = ops(
    0x30,
    0,
    0,
    0,
    14,
    0,
    0,
    0,
    0x07,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0x50,
    0,
    0,
    0,
    0,
    0,
    0xf0,
    0xff,
    0x16,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
  );

  before(() => {
    bed = new Bed();
    const body = (name: string): Uint8Array[] => [ifinfomsg.bytes({}), attr(3, name), nest(18, attr(1, 'ifb'))];
    const request = Uint8Array.from(body('i0').flatMap((bytes) => [...bytes]));
    expect(bed.client.errnoOf(RTM_NEWLINK, ADD, request)).to.equal(0);
    for (const ifi_index of [V0, V1, I0])
      expect(bed.client.errnoOf(RTM_NEWLINK, 0, ifinfomsg.bytes({ ifi_index, ifi_flags: 1, ifi_change: 1 }))).to.equal(
        0,
      );
    bed.settle();
    for (const ifindex of [V0, V1]) expect(bed.qdisc('clsact', { ifindex, parent: CLSACT }).errno).to.equal(0);
    const root = { ifindex: V0, handle: 0x10000, parent: TC_H_ROOT };
    expect(bed.qdisc('htb', root, ADD, htb({ defcls: 0x10 })).errno).to.equal(0);
    const fields = { ifindex: V0, handle: 0x10010, parent: 0x10000 };
    expect(bed.tc(RTM_NEWTCLASS, ADD, fields, kind('htb'), htbClass()).errno).to.equal(0);
    for (const [ifindex, parent] of [
      [V0, EGRESS],
      [V1, INGRESS],
    ] as const) {
      add('flower', ifindex, parent, 1, flower());
      add('bpf', ifindex, parent, 2, bpf(indirect));
    }
    const mirror = mirred({ eaction: TCA_EGRESS_MIRROR, ifindex: I0, action: P.TC_ACT_PIPE });
    const back = mirred({ eaction: TCA_INGRESS_REDIR, ifindex: V0, action: P.TC_ACT_STOLEN });
    add('matchall', V1, INGRESS, 3, inside(nest(P.TCA_MATCHALL.ACT.type, nest(1, ...mirror), nest(2, ...back))));
  });

  const fates = ({ destinations }: PacketsFollowed): string[] => destinations.map(({ fate }) => fate);

  for (const direction of ['transmit', 'receive'] as const)
    it(`are let through or not when they ${direction}`, () => {
      const { machine } = bed;
      const port: DevicePort = machine.device(direction === 'transmit' ? 'v0' : 'v1');
      const seen = new Set<string>();
      const property = fc.property(frame, (bytes) => {
        const verdict = port[direction](bytes);
        const late = machine.follow(() => {
          machine.advance(1e9);
        });
        expect(verdict.result).to.be.within(-200, 3);
        const ends = [...fates(verdict), ...fates(late)];
        for (const fate of ends) seen.add(fate);
        // Refused at once, or told of until it has come to its end.
        if (verdict.result >= 0) expect(ends.filter((fate) => fate !== 'queued')).not.to.have.length(0);
        expect(machine.softnet.skbs.inUse).to.equal(0);
      });
      fc.assert(property, { numRuns: RUNS });
      // An ifb drops what it was not given by a redirection.
      expect([...seen].toSorted()).to.deep.equal(['dropped', 'received']);
    });
});
