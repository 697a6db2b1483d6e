// Differences of datagrams: none for equal bytes, always some for unequal ones, and named by message and attribute.
import { expect } from 'chai';
import fc from 'fast-check';
import { fromHex } from '../../lib/codec/bytes.js';
import { Writer } from '../../lib/codec/writer.js';
import { NLMSG_ERROR, nlmsgerr, nlmsghdr } from '../../lib/uapi/linux/netlink.js';
import { TCA_BPF } from '../../lib/uapi/linux/pkt_cls.js';
import { RTM_NEWTFILTER, TCA, tcmsg } from '../../lib/uapi/linux/rtnetlink.js';
import { differences, showDifference } from '../../lib/wire/difference.js';

function filter(priority: number, classid: number, extra = false): Uint8Array {
  const writer = new Writer(4096);
  writer.reserve(nlmsghdr.size);
  writer.append(tcmsg.bytes({ tcm_ifindex: 3, tcm_info: priority << 16 }));
  writer.put(TCA.KIND, 'bpf');
  const nest = writer.nest(TCA.OPTIONS.type);
  writer.put(TCA_BPF.CLASSID, classid);
  if (extra) writer.putU32(99, 1);
  writer.nestEnd(nest);
  const bytes = writer.take();
  bytes.set(nlmsghdr.bytes({ nlmsg_len: bytes.length, nlmsg_type: RTM_NEWTFILTER, nlmsg_seq: 1 }));
  return bytes;
}

const lines = (a: Uint8Array, b: Uint8Array): string[] => differences(a, b).map(showDifference);

describe('wire difference', () => {
  it('finds nothing in equal datagrams, and something in all others', () => {
    const base = filter(1, 2);
    const change = fc.tuple(fc.nat({ max: base.length - 1 }), fc.integer({ min: 1, max: 255 }));
    expect(differences(base, filter(1, 2))).to.deep.equal([]);
    fc.assert(
      fc.property(change, ([offset, bits]) => {
        const other = base.slice();
        other[offset]! ^= bits;
        expect(differences(base, other)).to.not.deep.equal([]);
        expect(differences(other, base)).to.not.deep.equal([]);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.uint8Array({ maxLength: 80 }), (a, b) => {
        const same = a.length === b.length && a.every((byte, i) => byte === b[i]);
        expect(differences(a, b).length === 0).to.equal(same);
      }),
    );
  });

  it('names the member of the family header', () => {
    expect(lines(filter(1, 2), filter(3, 2))).to.deep.equal([
      'message 0 RTM_NEWTFILTER tcm_info at 32: expected prio 1, protocol 0, got prio 3, protocol 0',
    ]);
  });

  it('names an attribute by its path, with its offset in the datagram', () => {
    expect(lines(filter(1, 2), filter(1, 0x10002))).to.deep.equal([
      'message 0 RTM_NEWTFILTER TCA_OPTIONS TCA_BPF_CLASSID at 54: expected 02000000, got 02000100',
    ]);
  });

  it('shows what only one side has', () => {
    const [length, order] = lines(filter(1, 2), filter(1, 2, true));
    expect(length).to.match(/nlmsg_len at 0: expected 56, got 64/);
    expect(order).to.match(/TCA_OPTIONS attributes of one side only at 48: expected none, got TCA_BPF 99$/);
  });

  it('shows the order of attributes when it differs', () => {
    const message = (...types: number[]): Uint8Array => {
      const attributes = types.flatMap((type) => [4, 0, type, 0]);
      const header = { nlmsg_len: 36 + attributes.length, nlmsg_type: RTM_NEWTFILTER };
      return Uint8Array.of(...nlmsghdr.bytes(header), ...tcmsg.bytes({}), ...attributes);
    };
    expect(lines(message(1, 2), message(2, 1))).to.deep.equal([
      'message 0 RTM_NEWTFILTER attributes in order at 36: expected TCA_KIND, TCA_OPTIONS, got TCA_OPTIONS, TCA_KIND',
    ]);
  });

  it('names the errno of a refusal', () => {
    const error = (number: number): Uint8Array =>
      Uint8Array.of(
        ...nlmsghdr.bytes({ nlmsg_len: 36, nlmsg_type: NLMSG_ERROR, nlmsg_flags: 0x100 }),
        ...nlmsgerr.bytes({ error: number }),
      );
    expect(lines(error(-22), error(-95))).to.deep.equal(['message 0 NLMSG_ERROR error at 16: expected -22, got -95']);
  });

  it('shows texts as texts', () => {
    const named = (kind: string): Uint8Array => {
      const bytes = filter(1, 2);
      bytes.set(
        Array.from(kind, (c) => c.charCodeAt(0)),
        40,
      );
      return bytes;
    };
    expect(lines(named('bpf'), named('u32'))).to.deep.equal([
      'message 0 RTM_NEWTFILTER TCA_KIND at 40: expected "bpf\\u0000", got "u32\\u0000"',
    ]);
  });

  it('lists the messages when one is missing', () => {
    const one = filter(1, 2);
    expect(lines(Uint8Array.of(...one, ...one), one)[0]).to.equal(
      'messages at 0: expected RTM_NEWTFILTER ×2, got RTM_NEWTFILTER',
    );
    expect(lines(fromHex('ff'), fromHex(''))).to.deep.equal([
      'behind the messages at 0: expected ff (1 bytes), got  (0 bytes)',
    ]);
  });
});
