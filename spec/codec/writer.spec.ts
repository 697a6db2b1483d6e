// The growing buffer: against a list of bytes, through appends, attributes, nests and cancelled ones. What is reserved
// reads zero, also where something stood before it was dropped.
import { expect } from 'chai';
import * as fc from 'fast-check';
import { Writer, WriterFull } from '../../lib/codec/writer.js';

const run = fc.uint8Array({ maxLength: 90 });
const step = fc.record({
  do: fc.constantFrom('append' as const, 'attribute' as const, 'reserve' as const, 'trim' as const),
  run,
  count: fc.nat(120),
});

const u16 = (value: number): number[] => [value & 0xff, value >> 8];

/** An attribute of type 0x8007 as it must lie. */
function attribute(payload: Uint8Array): number[] {
  const padding = Array.from({ length: -payload.length & 3 }, () => 0);
  return [...u16(4 + payload.length), ...u16(0x8007), ...payload, ...padding];
}

describe('codec writer', () => {
  it('holds what was appended and not dropped', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const writer = new Writer(Infinity, 16);
        const plain: number[] = [];
        for (const one of steps) {
          if (one.do === 'append') {
            writer.append(one.run);
            plain.push(...one.run);
          } else if (one.do === 'attribute') {
            writer.putRaw(0x8007, one.run);
            plain.push(...attribute(one.run));
          } else if (one.do === 'reserve') {
            expect(writer.reserve(one.count)).to.equal(plain.length);
            for (let i = 0; i < one.count; i++) plain.push(0);
          } else {
            plain.length = Math.min(plain.length, one.count);
            writer.trim(plain.length);
          }
        }
        expect([...writer.take()]).to.deep.equal(plain);
      }),
    );
  });

  it('closes a nest over what is inside, and drops a cancelled one', () => {
    const writer = new Writer(100);
    const outer = writer.nest(3);
    writer.putU16(1, 0x1234);
    const inner = writer.nest(2);
    writer.putString(1, 'abc');
    writer.trim(inner);
    writer.putU32(4, 0xfffffffe);
    writer.nestEnd(outer);
    expect([...writer.take()]).to.deep.equal([
      ...[...u16(20), ...u16(3)],
      ...[...u16(6), ...u16(1), 0x34, 0x12, 0, 0],
      ...[...u16(8), ...u16(4), 0xfe, 0xff, 0xff, 0xff],
    ]);
  });

  it('stays as it was when something does not fit', () => {
    const writer = new Writer(10);
    writer.putU16(1, 7);
    expect(() => {
      writer.putU16(2, 8);
    }).to.throw(WriterFull);
    expect([...writer.take()]).to.deep.equal([...u16(6), ...u16(1), 7, 0, 0, 0]);
  });
});
