// Holders as a bag: against a plain list, at lengths on both sides of the change of representation.
import { expect } from 'chai';
import * as fc from 'fast-check';
import type { Holder } from '../../lib/linux/events.js';
import { Holders } from '../../lib/linux/holders.js';

const all: Holder[] = Array.from({ length: 30 }, (_, i) => ({ label: String(i) }));
const step = fc.record({ add: fc.boolean(), which: fc.nat(all.length - 1) });

describe('linux/holders', () => {
  it('holds what was added and not removed, however many', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const holders = new Holders();
        const plain: Holder[] = [];
        for (const { add, which } of steps) {
          const holder = all[which]!;
          const at = plain.lastIndexOf(holder);
          if (add) {
            holders.add(holder);
            plain.push(holder);
          } else {
            expect(holders.remove(holder)).to.equal(at >= 0);
            if (at >= 0) plain.splice(at, 1);
          }
          expect(holders.size).to.equal(plain.length);
        }
        const labels = (list: readonly Holder[]): string[] => list.map((holder) => holder.label).sort();
        expect(labels(holders.list())).to.deep.equal(labels(plain));
      }),
    );
  });

  it('gives the oldest first', () => {
    for (const count of [3, 20]) {
      const holders = new Holders();
      for (const holder of all.slice(0, count)) holders.add(holder);
      expect(holders.shift()).to.equal(all[0]);
      expect(holders.list()).to.deep.equal(all.slice(1, count));
    }
    expect(new Holders().shift()).to.equal(undefined);
  });
});
