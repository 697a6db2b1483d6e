// Copies from one buffer: equal to what was copied, independent of it and of each other, at any length.
import { expect } from 'chai';
import * as fc from 'fast-check';
import { Slab } from '../../lib/codec/slab.js';

describe('codec slab', () => {
  it('keeps every copy as it was made', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 9000 }), { maxLength: 60 }), (runs) => {
        const slab = new Slab();
        const copies = runs.map((run) => slab.copy(run));
        const before = runs.map((run) => [...run]);
        for (const run of runs) run.fill(0xee);
        copies.forEach((copy, i) => {
          expect([...copy]).to.deep.equal(before[i]);
          expect(copy.byteOffset % 8).to.equal(0);
        });
        copies[0]?.fill(0);
        copies.slice(1).forEach((copy, i) => {
          expect([...copy]).to.deep.equal(before[i + 1]);
        });
      }),
      { numRuns: 50 },
    );
  });

  it('places runs of any length beside each other, or beyond', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 60 }), (runs) => {
        const slab = new Slab(256);
        const placed = runs.map((run) => {
          const at = Math.min(1, run.length);
          const start = slab.place(run, at, run.length - at);
          return { wanted: [...run.subarray(at)], memory: slab.memory, start };
        });
        for (const { wanted, memory, start } of placed) {
          expect([...memory.subarray(start, start + wanted.length)]).to.deep.equal(wanted);
          expect(start % 8).to.equal(0);
        }
      }),
      { numRuns: 50 },
    );
  });
});
