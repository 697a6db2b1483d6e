// Numbers given and taken back: always the lowest that is free.
import { expect } from 'chai';
import fc from 'fast-check';
import { Idr } from '../../../lib/linux/lib/idr.js';

describe('lib/idr', () => {
  it('gives the lowest free number, whatever was taken and given back', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('alloc' as const), id: fc.constant(0) }),
      fc.record({ do: fc.constantFrom('insert' as const, 'remove' as const), id: fc.integer({ min: 1, max: 12 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const idr = new Idr<string>(1);
        const taken = new Set<number>();
        for (const { do: what, id } of steps) {
          if (what === 'alloc') {
            let lowest = 1;
            while (taken.has(lowest)) lowest++;
            expect(idr.alloc('x', 0x7fffffff)).to.equal(lowest);
            taken.add(lowest);
          } else if (what === 'insert') {
            expect(idr.insert(id, 'x')).to.equal(!taken.has(id));
            taken.add(id);
          } else {
            idr.remove(id);
            taken.delete(id);
          }
          expect(idr.size).to.equal(taken.size);
        }
      }),
    );
  });

  it('gives nothing above the greatest number, and goes on once one is free', () => {
    const idr = new Idr<number>(1);
    expect([idr.alloc(0, 2), idr.alloc(0, 2), idr.alloc(0, 2)]).to.deep.equal([1, 2, undefined]);
    idr.remove(1);
    expect(idr.alloc(0, 0), 'one too high is kept').to.equal(undefined);
    expect(idr.alloc(0, 2)).to.equal(1);
  });
});
