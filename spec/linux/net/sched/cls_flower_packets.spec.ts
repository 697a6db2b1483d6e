// Flower filters and packets: keys that recordings of 6.1 lack (spec/compliance/packets/flower.spec.ts has the others), in
// which order masks and filters are asked, and that a packet leaves nothing behind. Facts from the source of 6.18.
import { expect } from 'chai';
import type { Machine } from '../../../../lib/linux/machine.js';
import * as P from '../../../../lib/uapi/linux/pkt_cls.js';
import { ifinfomsg, RTM_DELTFILTER, RTM_NEWLINK, RTM_NEWTFILTER, TCA } from '../../../../lib/uapi/linux/rtnetlink.js';
import { ADD, attr, Bed, CLSACT, CREATE, INGRESS, kind, nest, PROTO_ALL } from './bed.js';

const F = P.TCA_FLOWER;
type Key = Exclude<keyof typeof F, `$${string}`>;
const V1 = 2;
const NESTED = 0x8000;

const key = (name: Key, ...bytes: number[]): Uint8Array => attr(F[name].type, Uint8Array.from(bytes));
const u32 = (name: Key, value: number): Uint8Array => attr(F[name].type, value);
const sub = (type: number, byte: number): Uint8Array => attr(type, Uint8Array.of(byte));

const MAC = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1];
const frame = (type: number, ...body: number[]): Uint8Array => {
  const bytes = [...MAC, type >> 8, type & 0xff, ...body];
  return Uint8Array.from([...bytes, ...new Array<number>(Math.max(0, 60 - bytes.length)).fill(0)]);
};
const ipv4 = (protocol: number, ...body: number[]): Uint8Array =>
  frame(0x0800, 0x45, 0, 0, 20 + body.length, 0, 0, 0, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, ...body);
const udp = (from: number, to: number): Uint8Array => ipv4(17, from >> 8, from & 0xff, to >> 8, to & 0xff, 0, 8, 0, 0);

describe('net/sched/cls_flower: packets', () => {
  let bed: Bed;
  let machine: Machine;

  /** A filter with a class of its number, which is its handle, too. */
  const filter = (number: number, keys: readonly Uint8Array[], flag = ADD, prio = 1): void => {
    const options = nest(TCA.OPTIONS.type, u32('CLASSID', 0x10000 + number), ...keys);
    const at = { ifindex: V1, parent: INGRESS, prio, protocol: PROTO_ALL, handle: number };
    const { errno, text } = bed.tc(RTM_NEWTFILTER, flag, at, kind('flower'), options);
    expect(errno, text).to.equal(0);
  };
  /** The handle of the filter that matches a frame; 0 when none does. */
  const match = (bytes: Uint8Array): number => {
    const { path } = machine.device('v1').receive(bytes);
    const found = path.filter((step) => step.step === 'filter');
    expect(found.length).to.be.at.most(1);
    return found.length === 0 ? 0 : Number.parseInt(found[0]!.handle, 16);
  };

  const start = (config?: 'rec-6.1-uml'): void => {
    bed = new Bed(config === undefined ? {} : { config });
    ({ machine } = bed);
    for (const ifi_index of [V1, 3])
      expect(bed.client.errnoOf(RTM_NEWLINK, 0, ifinfomsg.bytes({ ifi_index, ifi_flags: 1, ifi_change: 1 }))).to.equal(
        0,
      );
    bed.settle();
    expect(bed.qdisc('clsact', { ifindex: V1, parent: CLSACT }).errno).to.equal(0);
  };
  beforeEach(() => {
    start();
  });
  afterEach(() => {
    expect(machine.softnet.skbs.inUse).to.equal(0);
  });

  it('match sessions of L2TPv3', () => {
    filter(1, [key('KEY_ETH_TYPE', 8, 0), key('KEY_IP_PROTO', 115), key('KEY_L2TPV3_SID', 0, 0, 0, 7)]);
    expect([ipv4(115, 0, 0, 0, 7), ipv4(115, 0, 0, 0, 8), ipv4(17, 0, 0, 0, 7)].map(match)).to.deep.equal([1, 0, 0]);
  });

  it('match indexes of ESP and AH', () => {
    const spi = [key('KEY_SPI', 0, 0, 1, 7), key('KEY_SPI_MASK', 0, 0, 0, 255)];
    filter(1, [key('KEY_ETH_TYPE', 8, 0), key('KEY_IP_PROTO', 50), ...spi]);
    filter(2, [key('KEY_ETH_TYPE', 8, 0), key('KEY_IP_PROTO', 51), ...spi]);
    const body = [9, 9, 9, 7];
    expect([ipv4(50, ...body), ipv4(51, ...body), ipv4(51, 17, 4, 0, 0, ...body)].map(match)).to.deep.equal([1, 0, 2]);
  });

  it('match level and operation of fault management', () => {
    const cfm = key('KEY_ETH_TYPE', 0x89, 2);
    const all = { level: sub(1, 5), opcode: sub(2, 3) };
    filter(1, [cfm, nest(NESTED | F.KEY_CFM.type, all.level, all.opcode)]);
    filter(2, [cfm, nest(NESTED | F.KEY_CFM.type, all.level)]);
    filter(3, [cfm, nest(NESTED | F.KEY_CFM.type, all.opcode)]);
    const frames = [
      [0xa0, 3],
      [0xbf, 4],
      [0xc0, 3],
      [0xc0, 4],
    ].map((body) => frame(0x8902, ...body));
    expect(frames.map(match)).to.deep.equal([1, 2, 3, 0]);
  });

  it('know no packet that a bridge missed', () => {
    filter(1, [key('L2_MISS', 1)]);
    filter(2, [key('L2_MISS', 0)]);
    expect(match(udp(1, 2))).to.equal(2);
  });

  it('look at the hash that a packet has', () => {
    filter(1, [u32('KEY_HASH', 0)]);
    filter(2, [u32('KEY_HASH', 1), u32('KEY_HASH_MASK', 1)]);
    expect(match(udp(1, 2))).to.equal(1);
  });

  it('are asked by masks, in the order in which these came', () => {
    filter(9, [key('KEY_ETH_TYPE', 8, 0), key('KEY_IP_TTL', 64)]);
    filter(1, [key('KEY_ETH_TYPE', 8, 0), key('KEY_IP_PROTO', 17)]);
    filter(2, [key('KEY_ETH_TYPE', 8, 0), key('KEY_IP_PROTO', 6)]);
    expect([udp(1, 2), ipv4(6)].map(match)).to.deep.equal([9, 9]);
    const at = { ifindex: V1, parent: INGRESS, prio: 1, protocol: PROTO_ALL, handle: 9 };
    expect(bed.tc(RTM_DELTFILTER, 0, at, kind('flower')).errno).to.equal(0);
    expect([udp(1, 2), ipv4(6), ipv4(1)].map(match)).to.deep.equal([1, 2, 0]);
    filter(9, [key('KEY_ETH_TYPE', 8, 0), key('KEY_IP_TTL', 64)]);
    expect([udp(1, 2), ipv4(6), ipv4(1)].map(match)).to.deep.equal([1, 2, 9]);
  });

  it('of either version of IP may have one mask', () => {
    const half = new Array<number>(8).fill(255);
    filter(1, [key('KEY_IPV4_SRC', 10, 0, 0, 1), key('KEY_IPV4_DST', 10, 0, 0, 2)]);
    filter(2, [key('KEY_ETH_TYPE', 0x86, 0xdd)]);
    filter(3, [
      key('KEY_IPV6_SRC', ...new Array<number>(16).fill(0xfd)),
      key('KEY_IPV6_SRC_MASK', ...half, ...new Array<number>(8).fill(0)),
    ]);
    const v6 = frame(0x86dd, 0x60, 0, 0, 0, 0, 0, 59, 64, ...new Array<number>(32).fill(0xfd));
    expect([udp(1, 2), v6].map(match)).to.deep.equal([1, 3]);
  });

  it('that became equal are found last come first', () => {
    const ports = (port: number): Uint8Array[] => [
      key('KEY_ETH_TYPE', 8, 0),
      key('KEY_IP_PROTO', 17),
      key('KEY_UDP_DST', 0, port),
    ];
    filter(1, ports(80));
    filter(2, ports(81));
    filter(1, ports(81), CREATE);
    expect([udp(1, 80), udp(1, 81)].map(match)).to.deep.equal([0, 1]);
  });

  it('come in any number to one mask', () => {
    for (let port = 1; port <= 300; port++)
      filter(port, [key('KEY_ETH_TYPE', 8, 0), key('KEY_IP_PROTO', 17), key('KEY_UDP_DST', port >> 8, port & 0xff)]);
    const wanted = [1, 2, 77, 255, 256, 300, 301];
    expect(wanted.map((port) => match(udp(5, port)))).to.deep.equal([1, 2, 77, 255, 256, 300, 0]);
    for (let handle = 1; handle <= 300; handle += 2) {
      const at = { ifindex: V1, parent: INGRESS, prio: 1, protocol: PROTO_ALL, handle };
      expect(bed.tc(RTM_DELTFILTER, 0, at, kind('flower')).errno).to.equal(0);
    }
    expect(wanted.map((port) => match(udp(5, port)))).to.deep.equal([0, 2, 0, 0, 256, 300, 0]);
  });
});
