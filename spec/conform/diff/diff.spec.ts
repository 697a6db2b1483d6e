// What diff calls a difference: a value, an attribute, a message. What it does not: order of attributes, padding, sequence
// numbers, ports, fds, numbers of devices.
import { expect } from 'chai';
import fc from 'fast-check';
import type { Datagram } from '../../../lib/conform/datagram.js';
import { align } from '../../../lib/conform/diff/align.js';
import { diff } from '../../../lib/conform/diff/diff.js';
import { jsonDifference, showDifference, showSummary } from '../../../lib/conform/diff/show.js';
import { nlmsghdr } from '../../../lib/uapi/linux/netlink.js';
import { IFLA } from '../../../lib/uapi/linux/if_link.js';
import { NHA, nhmsg } from '../../../lib/uapi/linux/nexthop.js';
import { TCA_BPF } from '../../../lib/uapi/linux/pkt_cls.js';
import {
  ifinfomsg,
  RTM_NEWLINK,
  RTM_NEWNEXTHOP,
  RTM_NEWTFILTER,
  TCA,
  tcmsg,
} from '../../../lib/uapi/linux/rtnetlink.js';
import { encodeAttributes } from '../../../lib/wire/netlink.js';
import { read } from '../import/read.js';
import { dumped } from '../import/traces.js';

interface Attribute {
  readonly type: number;
  readonly payload: Uint8Array;
  readonly flags?: number;
  /** Byte that padding is made of. */
  readonly pad?: number;
}

const run = (attributes: readonly Attribute[]): Uint8Array =>
  encodeAttributes({
    attributes: attributes.map(({ type, payload, flags = 0, pad = 0 }) => ({
      offset: 0,
      type,
      flags,
      payload,
      padding: new Uint8Array(-payload.length & 3).fill(pad),
    })),
    rest: new Uint8Array(0),
  });

const u32 = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer);
const text = (value: string): Uint8Array => new TextEncoder().encode(`${value}\0`);

interface Header {
  readonly type?: number;
  readonly seq?: number;
  readonly pid?: number;
  readonly flags?: number;
}

function datagram(
  head: Uint8Array,
  attributes: Uint8Array,
  header: Header = {},
  direction: Datagram['direction'] = 'request',
): Datagram {
  const { type = RTM_NEWTFILTER, seq = 1, pid = 0, flags = 0x605 } = header;
  const nlmsg_len = nlmsghdr.size + head.length + attributes.length;
  const bytes = nlmsghdr.bytes({ nlmsg_len, nlmsg_type: type, nlmsg_flags: flags, nlmsg_seq: seq, nlmsg_pid: pid });
  return {
    bytes: new Uint8Array(Buffer.concat([bytes, head, attributes])),
    direction,
    origin: { file: 'f', offset: 10 },
  };
}

const head = (tcm_ifindex = 1): Uint8Array => tcmsg.bytes({ tcm_ifindex, tcm_parent: 0xfffffff2, tcm_info: 0x10008 });
const options = (fd: number, name: string, order: readonly number[], pad = 0): Uint8Array => {
  const all = [
    { type: TCA_BPF.FD.type, payload: u32(fd) },
    { type: TCA_BPF.NAME.type, payload: text(name), pad },
    { type: TCA_BPF.FLAGS.type, payload: u32(1) },
  ];
  return run(order.map((i) => all[i]!));
};
const filter = (
  fd = 5,
  name = 'classify',
  order: readonly number[] = [0, 1, 2],
  header: Header = {},
  pad = 0,
): Datagram =>
  datagram(
    head(),
    run([
      { type: TCA.KIND.type, payload: text('bpf') },
      { type: TCA.OPTIONS.type, payload: options(fd, name, order, pad), flags: order[0] === 0 ? 0 : 0x8000 },
    ]),
    header,
  );
const newlink = (ifi_index: number, name: string): Datagram =>
  datagram(
    ifinfomsg.bytes({ ifi_index }),
    run([{ type: IFLA.IFNAME.type, payload: text(name) }]),
    { type: RTM_NEWLINK },
    'reply',
  );

describe('conform: diff', () => {
  it('sees no difference in how things are said', () => {
    expect(diff([filter()], [filter(9, 'classify', [2, 1, 0], { seq: 77, pid: 4242 }, 0xff)])).to.deep.equal({
      differences: [],
      a: 1,
      b: 1,
    });
    expect(diff([], []).differences).to.deep.equal([]);
  });

  it('names the attribute that differs, and both values', () => {
    const { differences } = diff([filter()], [filter(5, 'other', [1, 0])]);
    expect(differences).to.have.length(1);
    expect(differences[0]!.changes).to.deep.equal([
      { path: 'TCA_OPTIONS TCA_BPF_FLAGS', a: 'TCA_BPF_FLAG_ACT_DIRECT' },
      { path: 'TCA_OPTIONS TCA_BPF_NAME', a: '"classify"', b: '"other"' },
    ]);
    expect(showDifference(differences[0]!)).to.equal(
      `  request RTM_NEWTFILTER (f:10, f:10)\n  - TCA_OPTIONS TCA_BPF_FLAGS: TCA_BPF_FLAG_ACT_DIRECT\n` +
        `  - TCA_OPTIONS TCA_BPF_NAME: "classify"\n  + TCA_OPTIONS TCA_BPF_NAME: "other"\n`,
    );
    expect(JSON.parse(jsonDifference(differences[0]!))).to.deep.include({
      direction: 'request',
      name: 'RTM_NEWTFILTER',
    });
  });

  it('sees flags, fields, and attributes that come twice', () => {
    const [flags] = diff([filter()], [filter(5, 'classify', [0, 1, 2], { flags: 5 })]).differences;
    expect(flags!.changes.map(({ path }) => path)).to.deep.equal(['nlmsg_flags']);
    const [twice] = diff([filter()], [filter(5, 'classify', [0, 1, 2, 2])]).differences;
    expect(twice!.changes.map(({ path, b }) => `${path} ${b ?? ''}`)).to.deep.equal([
      'TCA_OPTIONS TCA_BPF_FLAGS #2 TCA_BPF_FLAG_ACT_DIRECT',
    ]);
  });

  it('names a header that one side lacks', () => {
    const bare = datagram(new Uint8Array(0), new Uint8Array(0));
    const paths = diff([filter()], [bare]).differences[0]!.changes.map(({ path }) => path);
    expect(paths).to.include('struct tcmsg').and.not.include('');
  });

  it('finds messages that one side lacks, and keeps the others together', () => {
    const [one, two, three] = ['a', 'b', 'c'].map((name) => filter(5, name));
    const { differences } = diff([one!, two!, three!], [one!, three!, newlink(3, 'v0')]);
    expect(differences.map(({ a, b, name }) => [name, a !== undefined, b !== undefined])).to.deep.equal([
      ['RTM_NEWTFILTER', true, false],
      ['RTM_NEWLINK', false, true],
    ]);
    expect(differences.map((one) => showDifference(one)).join('')).to.equal(
      '- request RTM_NEWTFILTER (f:10): TCA_KIND "bpf", TCA_OPTIONS\n+ reply RTM_NEWLINK (f:10): IFLA_IFNAME "v0"\n',
    );
    expect(diff([one!], [one!, newlink(3, 'v0')], { requests: true }).differences).to.deep.equal([]);
  });

  it('knows devices by their names, or by which one they are', () => {
    const on = (index: number): Datagram => datagram(head(index), run([]));
    const same = diff([newlink(3, 'v0'), newlink(4, 'v1'), on(4)], [on(3), newlink(8, 'v0'), newlink(3, 'v1')], {
      requests: true,
    });
    expect(same.differences).to.deep.equal([]);
    const other = diff([newlink(3, 'v0'), on(3)], [newlink(3, 'v1'), on(3)], { requests: true }).differences;
    expect(other[0]!.changes).to.deep.equal([{ path: 'tcm_ifindex', a: 'device v0', b: 'device v1' }]);
    expect(diff([on(7), on(9)], [on(3), on(4)]).differences).to.deep.equal([]);
    expect(diff([on(7), on(9)], [on(3), on(3)]).differences).to.have.length(1);
    expect(diff([on(1)], [on(3)]).differences).to.have.length(1);
  });

  it('knows devices of next hops', () => {
    const via = (index: number): Datagram =>
      datagram(nhmsg.bytes({ nh_family: 2 }), run([{ type: NHA.OIF.type, payload: u32(index) }]), {
        type: RTM_NEWNEXTHOP,
      });
    const names = [newlink(3, 'v0'), newlink(4, 'v1')];
    expect(diff([...names, via(4)], [newlink(9, 'v1'), via(9)], { requests: true }).differences).to.deep.equal([]);
    expect(diff([...names, via(4)], [...names, via(3)]).differences[0]!.changes).to.deep.equal([
      { path: 'NHA_OIF', a: 'device v1', b: 'device v0' },
    ]);
  });

  it('compares what differs in every run only when it is asked to', () => {
    const address = (last: number): Datagram =>
      datagram(
        ifinfomsg.bytes({ ifi_index: 3 }),
        run([{ type: IFLA.ADDRESS.type, payload: Uint8Array.of(2, 0, 0, 0, 0, last) }]),
        { type: RTM_NEWLINK },
        'reply',
      );
    expect(diff([address(1)], [address(2)]).differences).to.deep.equal([]);
    expect(diff([address(1)], [address(2)], { all: true }).differences).to.have.length(1);
  });

  it('compares traces and broken messages', () => {
    const { datagrams } = read(dumped);
    expect(showSummary(diff(datagrams, datagrams))).to.equal('no difference in 6 messages\n');
    expect(diff(datagrams, datagrams.slice(1)).differences).to.have.length(1);
    const broken = { ...filter(), bytes: filter().bytes.subarray(0, 30) };
    expect(diff([broken], [broken]).differences).to.deep.equal([]);
    expect(diff([broken], [filter()]).differences).to.have.length(1);
  });

  it('aligns all elements of both lists, in order, equal ones together', () => {
    const letters = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 30 });
    fc.assert(
      fc.property(letters, letters, (a, b) => {
        const pairs = align(a, b, () => false);
        expect(pairs.flatMap((pair) => pair.a ?? [])).to.deep.equal([...a.keys()]);
        expect(pairs.flatMap((pair) => pair.b ?? [])).to.deep.equal([...b.keys()]);
        const both = pairs.filter((pair) => pair.a !== undefined && pair.b !== undefined);
        for (const pair of both) expect(a[pair.a!]).to.equal(b[pair.b!]);
        expect(both.length).to.equal(longest(a, b));
      }),
    );
  });

  it('aligns long lists that have nothing in common', () => {
    const [a, b] = [0, 1].map((side) => Array.from({ length: 9000 }, (_, i) => `${side} ${i}`));
    expect(align(a!, b!, () => true)).to.have.length(9000);
  });
});

/** Length of a longest common subsequence, the plain way. */
function longest(a: readonly string[], b: readonly string[]): number {
  let row = new Array<number>(b.length + 1).fill(0);
  for (const x of a) {
    const next = [0];
    for (const [j, y] of b.entries()) next.push(x === y ? row[j]! + 1 : Math.max(row[j + 1]!, next[j]!));
    row = next;
  }
  return row.at(-1)!;
}
