// The index of priorities against a sorted list.
import { expect } from 'chai';
import fc from 'fast-check';
import { PrioIndex } from '../../../../../lib/linux/net/sched/cls_api/prio_index.js';

const prio = fc.oneof(fc.integer({ min: 0, max: 65535 }), fc.integer({ min: 1020, max: 1030 }));

describe('cls_api priorities', () => {
  it('find the next item as a sorted list would', () => {
    const step = fc.record({ do: fc.constantFrom('set', 'delete', 'from'), prio });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const index = new PrioIndex<number>();
        const list = new Set<number>();
        for (const { do: what, prio: p } of steps) {
          if (what === 'set') {
            index.set(p, p);
            list.add(p);
          } else if (what === 'delete') {
            index.delete(p);
            list.delete(p);
          }
          const sorted = [...list].sort((a, b) => a - b);
          expect(index.from(p)).to.equal(sorted.find((x) => x >= p));
          expect(index.size).to.equal(sorted.length);
        }
        expect(index.drain()).to.deep.equal([...list].sort((a, b) => a - b));
        expect(index.from(0)).to.equal(undefined);
      }),
    );
  });

  it('hold every priority at once', () => {
    const index = new PrioIndex<number>();
    for (let p = 65535; p >= 0; p--) index.set(p, p);
    let seen = 0;
    for (let p = index.from(0); p !== undefined; p = index.from(p + 1)) expect(p).to.equal(seen++);
    expect(seen).to.equal(65536);
  });
});
