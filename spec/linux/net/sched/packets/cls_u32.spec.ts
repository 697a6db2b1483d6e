// u32 on packets: keys by chance against every packet, judged once more by their meaning; buckets by the bits of the word that
// is hashed; what links add to offsets; and the counters of a kernel that keeps them.
import { expect } from 'chai';
import { TCA_GACT, tc_gact } from '../../../../../lib/uapi/linux/tc_act/tc_gact.js';
import * as P from '../../../../../lib/uapi/linux/pkt_cls.js';
import { NLM_F_ECHO } from '../../../../../lib/uapi/linux/netlink.js';
import { RTM_GETTFILTER, RTM_NEWTFILTER, TCA } from '../../../../../lib/uapi/linux/rtnetlink.js';
import { attr, CLSACT, EGRESS, type Fields, nest, PROTO_ALL } from '../bed.js';
import { action, attributesOf, inside, table as actionTable } from '../actions.js';
import { dice, LEAST, Traffic } from './traffic.js';

const { TCA_U32 } = P;
const ROOT = 0x80000000;
const TABLE = 0x80100000;
/** Where the network header starts: behind the link header. Behind it stands a number (traffic.ts), then what a spec says. */
const NETWORK = 14;
const BODY = NETWORK + 4;

interface Key {
  readonly off: number;
  readonly mask: number;
  readonly val: number;
  readonly offmask?: number;
}
type Selector = Parameters<typeof P.tc_u32_sel.bytes>[0];

const sel = (fields: Selector, ...keys: Key[]): Uint8Array => {
  const parts = [P.tc_u32_sel.bytes({ nkeys: keys.length, ...fields })];
  for (const { offmask = 0, ...key } of keys) parts.push(P.tc_u32_key.bytes({ offmask, ...key }));
  return attr(TCA_U32.SEL.type, Uint8Array.from(parts.flatMap((bytes) => [...bytes])));
};
const terminal = (...keys: Key[]): Uint8Array => sel({ flags: P.TC_U32_TERMINAL }, ...keys);
const drop = actionTable(
  TCA_U32.ACT.type,
  action('gact', [attr(TCA_GACT.PARMS.type, tc_gact.bytes({ action: P.TC_ACT_SHOT }))]),
);
const hash = (handle: number): Uint8Array => attr(TCA_U32.HASH.type, handle);
const link = (handle: number): Uint8Array => attr(TCA_U32.LINK.type, handle);
const byte = (at: number, value: number): Key => {
  const shift = 8 * (3 - (at & 3));
  return { off: at & ~3, mask: (0xff << shift) >>> 0, val: (value << shift) >>> 0 };
};

describe('net/sched/cls_u32: packets', () => {
  let traffic: Traffic;
  const at = { parent: EGRESS, prio: 1, protocol: PROTO_ALL };
  beforeEach(() => {
    traffic = new Traffic();
    traffic.qdisc('clsact', { parent: CLSACT });
  });
  afterEach(() => {
    traffic.close();
  });

  const add = (fields: Fields, ...options: Uint8Array[]): void => {
    traffic.request(RTM_NEWTFILTER, { ...at, ...fields }, 'u32', nest(TCA.OPTIONS.type, ...options));
  };
  const optionsOf = (handle: number) => {
    const body = traffic.bed.body({ ...at, handle }, []);
    const [answer] = traffic.bed.client.request(RTM_GETTFILTER, NLM_F_ECHO | 4, body);
    return inside(attributesOf(answer!, 20).get(TCA.OPTIONS.type)!);
  };
  /** How often a filter was asked, how often it was the packet's, and how often each key matched. */
  const counts = (handle: number): number[] => {
    const pcnt = optionsOf(handle).get(TCA_U32.PCNT.type)!;
    return Array.from({ length: (pcnt.len & ~7) / 8 }, (_, i) =>
      Number(pcnt.msg.view.getBigUint64(pcnt.start + 8 * i, true)),
    );
  };
  const hits = (handle: number): number => counts(handle)[1]!;

  it('compares words at offsets from the network header, in order, and gives up where a packet ends', () => {
    const roll = dice(5);
    const filters = Array.from({ length: 24 }, () => {
      const keys = Array.from({ length: 1 + roll(3) }, (): Key => {
        const mask = [0, 1, 0x00030000, 0x03000000, 0x0100][roll(5)]!;
        return { off: BODY - NETWORK - 8 + 4 * roll(14), mask, val: ((roll(0x10000) * 0x10001) & mask) >>> 0 };
      });
      return { keys, drops: roll(3) === 0 };
    });
    for (const { keys, drops } of filters) add({}, terminal(...keys), ...(drops ? [drop] : []));
    const expected = filters.map(({ keys }) => [0, 0, ...keys.map(() => 0)]);
    const through: number[] = [];
    for (let number = 0; number < 600; number++) {
      const length = LEAST + roll(60);
      const bytes = Array.from({ length: length - BODY }, (_, i): [number, number] => [BODY + i, roll(4)]);
      const view = new DataView(new ArrayBuffer(length));
      view.setUint16(12, 0x88b5);
      view.setUint32(NETWORK, number);
      for (const [i, value] of [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1].entries()) view.setUint8(i, value);
      for (const [i, value] of bytes) view.setUint8(i, value);
      const judge = (): boolean => {
        for (const [n, { keys, drops }] of filters.entries()) {
          const counters = expected[n]!;
          counters[0]!++;
          let matches = true;
          for (const [k, { off, mask, val }] of keys.entries()) {
            if (NETWORK + off + 4 > length) return true;
            matches = ((view.getUint32(NETWORK + off) ^ val) & mask) === 0;
            if (!matches) break;
            counters[2 + k]!++;
          }
          if (!matches) continue;
          counters[1]!++;
          return !drops;
        }
        return true;
      };
      if (judge()) through.push(number);
      traffic.send(length, {}, bytes);
    }
    expect(traffic.take()).to.deep.equal(through);
    expect(filters.map((_, n) => counts(ROOT | (0x800 + n)))).to.deep.equal(expected);
    expect(through.length).to.be.within(60, 580);
  });

  for (const hmask of [0x000000ff, 0x0000ff00, 0x00ff0000, 0xff000000, 0x0ff00000, 0x0000003c])
    it(`takes the bucket from the bits of 0x${hmask.toString(16)}`, () => {
      add({ handle: TABLE }, attr(TCA_U32.DIVISOR.type, 64));
      for (let bucket = 0; bucket < 64; bucket++) add({}, hash(TABLE | (bucket << 12)), terminal(byte(8, 0)));
      add({}, sel({ hmask, hoff: 4 }, byte(8, 0)), link(TABLE));
      const expected = new Array<number>(64).fill(0);
      const roll = dice(hmask);
      const lowest = 31 - Math.clz32(hmask & -hmask);
      for (let i = 0; i < 200; i++) {
        const word = [roll(256), roll(256), roll(256), roll(256)];
        const value = word.reduce((sum, one) => sum * 256 + one, 0);
        expected[((value & hmask) >>> lowest) & 63]!++;
        traffic.send(
          40,
          {},
          word.map((one, k): [number, number] => [BODY + k, one]),
        );
      }
      expect(expected.map((_, bucket) => hits(TABLE | (bucket << 12) | 0x800))).to.deep.equal(expected);
    });

  it('goes on behind a header whose length is in the packet, and there alone', () => {
    add({ handle: TABLE }, attr(TCA_U32.DIVISOR.type, 1));
    add({ handle: TABLE | 1 }, hash(TABLE), terminal(byte(0, 0x77)));
    // The length: four times the low bits of the first byte behind the number.
    const flags = P.TC_U32_VAROFFSET | P.TC_U32_EAT;
    add({}, sel({ flags, offmask: 0x0f00, offshift: 6, offoff: 4 }, byte(8, 0)), link(TABLE));
    for (let words = 0; words < 12; words++) {
      const before = hits(TABLE | 1);
      const to = NETWORK + 4 * words;
      if (to <= BODY) continue;
      traffic.send(80, {}, [
        [BODY, 0x40 | words],
        [to, 0x77],
      ]);
      const zeroed = to !== BODY + 4;
      expect(hits(TABLE | 1) - before, `${words} words`).to.equal(zeroed ? 1 : 0);
      traffic.send(80, {}, [
        [BODY, 0x40 | words],
        [to + 4, 0x77],
      ]);
      traffic.send(Math.max(to, LEAST), {}, [[BODY, 0x40 | words]]);
      expect(hits(TABLE | 1) - before, `${words} words, elsewhere`).to.equal(zeroed ? 1 : 0);
    }
  });

  it('adds a fixed offset to keys that ask for it, rounded to words', () => {
    add({ handle: TABLE }, attr(TCA_U32.DIVISOR.type, 1));
    add({ handle: TABLE | 1 }, hash(TABLE), terminal({ ...byte(8, 0x55), offmask: 0xffffffff }));
    add({ handle: TABLE | 2 }, hash(TABLE), terminal(byte(8, 0x55)));
    add({}, sel({ flags: P.TC_U32_OFFSET, off: 5 }), link(TABLE));
    traffic.send(80, {}, [[NETWORK + 8 + 8, 0x55]]);
    expect([hits(TABLE | 1), hits(TABLE | 2)]).to.deep.equal([1, 0]);
    traffic.send(80, {}, [[NETWORK + 8, 0x55]]);
    expect([hits(TABLE | 1), hits(TABLE | 2)]).to.deep.equal([1, 1]);
  });

  it('comes back from a table to the filter that led there, and goes on with the next', () => {
    add({ handle: TABLE }, attr(TCA_U32.DIVISOR.type, 1));
    add({ handle: TABLE | 1 }, hash(TABLE), terminal(byte(8, 1)));
    add({ handle: ROOT | 1 }, sel({}, byte(12, 1)), link(TABLE));
    add({ handle: ROOT | 2 }, terminal(byte(12, 1)));
    add({ handle: ROOT | 3 }, sel({ flags: P.TC_U32_TERMINAL }, byte(12, 2)), link(TABLE));
    traffic.send(80, {}, [[NETWORK + 12, 1]]);
    traffic.send(80, {}, [
      [NETWORK + 12, 1],
      [NETWORK + 8, 1],
    ]);
    traffic.send(80, {}, [[NETWORK + 12, 2]]);
    const found = [TABLE | 1, ROOT | 1, ROOT | 2, ROOT | 3].map((handle) => counts(handle).slice(0, 2));
    // Asked, and hit: the table has led nowhere the first and the third time.
    expect(found).to.deep.equal([
      [3, 1],
      [3, 0],
      [2, 1],
      [1, 1],
    ]);
  });

  it('follows eight links and not nine', () => {
    const tables = Array.from({ length: 9 }, (_, i) => ROOT | ((i + 1) << 20));
    for (const handle of tables) add({ handle }, attr(TCA_U32.DIVISOR.type, 1));
    tables.forEach((handle, i) => {
      add({ handle: handle | 1 }, hash(handle), terminal(byte(8, 0x60 + i)));
      if (i < 8) add({ handle: handle | 2 }, hash(handle), sel({}), link(tables[i + 1]!));
    });
    add({}, sel({}), link(tables[0]!));
    for (const i of [0, 6, 7, 8]) traffic.send(80, {}, [[NETWORK + 8, 0x60 + i]]);
    expect(tables.map((handle) => hits(handle | 1))).to.deep.equal([1, 0, 0, 0, 0, 0, 1, 1, 0]);
  });

  it('looks at the mark first, and counts that', () => {
    const mark = attr(TCA_U32.MARK.type, P.tc_u32_mark.bytes({ val: 0x20, mask: 0xf0 }));
    add({}, terminal(byte(8, 1)), mark);
    for (const [value, first] of [
      [0x20, 1],
      [0x2f, 0],
      [0x30, 1],
      [0x120, 1],
    ] as const)
      traffic.send(80, { mark: value }, [[NETWORK + 8, first]]);
    expect(counts(ROOT | 0x800)).to.deep.equal([4, 2, 2]);
    const shown = optionsOf(ROOT | 0x800).get(TCA_U32.MARK.type)!;
    expect(P.tc_u32_mark.get(shown.msg, shown.start)).to.deep.equal({ val: 0x20, mask: 0xf0, success: 3 });
  });
});
