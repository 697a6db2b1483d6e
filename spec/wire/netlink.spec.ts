// The lossless views: any bytes come back from their view, and what is seen of well-formed bytes is what is there.
import { expect } from 'chai';
import fc from 'fast-check';
import { fromHex, toHex } from '../../lib/codec/bytes.js';
import { Writer } from '../../lib/codec/writer.js';
import { encodeAttributes, encodeMessages, viewAttributes, viewMessages } from '../../lib/wire/netlink.js';

/** Runs of items with a length in front, mostly right, then anything. */
function nearlyRight(header: (length: number, type: number) => number[], least: number): fc.Arbitrary<Uint8Array> {
  const item = fc.tuple(fc.nat({ max: 0xffff }), fc.uint8Array({ maxLength: 30 }), fc.boolean(), fc.nat({ max: 255 }));
  return fc.tuple(fc.array(item, { maxLength: 5 }), fc.uint8Array({ maxLength: 25 })).map(([items, rest]) =>
    Uint8Array.of(
      ...items.flatMap(([type, payload, pads, pad]) => {
        const padding = pads ? Array.from({ length: -payload.length & 3 }, () => pad) : [];
        return [...header(least + payload.length, type), ...payload, ...padding];
      }),
      ...rest,
    ),
  );
}

const le = (value: number, size: number): number[] =>
  Array.from({ length: size }, (_, i) => (value >>> (8 * i)) & 0xff);

const attributes = nearlyRight((length, type) => [...le(length, 2), ...le(type, 2)], 4);
const messages = nearlyRight((length, type) => [...le(length, 4), ...le(type, 2), ...le(type, 2), ...le(7, 8)], 16);

describe('wire netlink', () => {
  it('gives back any bytes as messages', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), messages), (bytes) => {
        expect(toHex(encodeMessages(viewMessages(bytes)))).to.equal(toHex(bytes));
      }),
    );
  });

  it('gives back any bytes as attributes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), attributes), (bytes) => {
        expect(toHex(encodeAttributes(viewAttributes(bytes)))).to.equal(toHex(bytes));
      }),
    );
  });

  it('covers every byte once, at every truncation', () => {
    fc.assert(
      fc.property(messages, (bytes) => {
        for (let length = 0; length <= bytes.length; length++) {
          const { messages: seen, rest } = viewMessages(bytes.subarray(0, length));
          const covered = seen.reduce((sum, m) => sum + 16 + m.body.length + m.padding.length, 0);
          expect(covered + rest.length).to.equal(length);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('keeps order, duplicates, unknown types, flag bits and padding bytes', () => {
    const bytes = fromHex('0500090001aabbcc' + '0400ff7f' + '0600098001020304' + '0300');
    const view = viewAttributes(bytes);
    const seen = view.attributes.map((a) => [a.offset, a.type, a.flags, toHex(a.payload), toHex(a.padding)]);
    expect(seen).to.deep.equal([
      [0, 9, 0, '01', 'aabbcc'],
      [8, 0x3fff, 0x4000, '', ''],
      [12, 9, 0x8000, '0102', '0304'],
    ]);
    expect(toHex(view.rest)).to.equal('0300');
  });

  it('sees a message whose length is not a multiple of four, and one that is cut', () => {
    const header = '11000000' + '1000' + '0100' + '01000000' + '02000000';
    const view = viewMessages(fromHex(`${header}ff000000${header}`));
    expect(view.messages.map((m) => [m.offset, m.header.nlmsg_type, toHex(m.body), toHex(m.padding)])).to.deep.equal([
      [0, 16, 'ff', '000000'],
    ]);
    expect(view.rest.length).to.equal(16);
    expect(viewMessages(fromHex(`${header}ff`)).messages[0]?.padding.length).to.equal(0);
  });

  it('reads what the writer wrote', () => {
    const writer = new Writer(4096);
    const nest = writer.nest(2 | 0x8000);
    writer.putU32(1, 7);
    writer.putRaw(3, Uint8Array.of(1, 2, 3));
    writer.nestEnd(nest);
    const [outer] = viewAttributes(writer.take()).attributes;
    expect([outer?.type, outer?.flags]).to.deep.equal([2, 0x8000]);
    expect(viewAttributes(outer!.payload).attributes.map((a) => [a.type, a.payload.length])).to.deep.equal([[1, 4], [3, 3]]); // prettier-ignore
  });
});
