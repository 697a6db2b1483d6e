// Deferred work on a clock: order, cancelling, and a machine moved through time by hand.
import { expect } from 'chai';
import * as fc from 'fast-check';
import { DeferredWork, ManualClock, NSEC_PER_MSEC } from '../../lib/linux/clock.js';
import { Machine } from '../../lib/linux/machine.js';

describe('linux/clock', () => {
  it('runs work in order of deadline, then of arrival, never early', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20), { maxLength: 30 }), (delays) => {
        const clock = new ManualClock();
        const work = new DeferredWork(clock);
        const ran: [number, number][] = [];
        delays.forEach((delay, i) => work.schedule(delay, 'w', () => ran.push([delay, i])));
        for (let now = 0; now <= 20; now++) {
          clock.set(now);
          work.runDue();
          expect(ran.every(([delay]) => delay <= now)).to.equal(true);
          expect(ran.length).to.equal(delays.filter((delay) => delay <= now).length);
        }
        const sorted = delays
          .map((delay, i): [number, number] => [delay, i])
          .sort((x, y) => x[0] - y[0] || x[1] - y[1]);
        expect(ran).to.deep.equal(sorted);
      }),
    );
  });

  it('takes cancelled work back, once', () => {
    const clock = new ManualClock();
    const work = new DeferredWork(clock);
    let ran = 0;
    const entry = work.schedule(1, 'w', () => ran++);
    expect(entry.cancel()).to.equal(true);
    expect(entry.cancel()).to.equal(false);
    expect(work.nextDeadline()).to.equal(Infinity);
    clock.set(5);
    work.runDue();
    expect(ran).to.equal(0);
  });

  it('advances a machine through every deadline at its own time', () => {
    const machine = new Machine();
    const at: number[] = [];
    machine.work.schedule(2, 'a', () => {
      at.push(machine.clock.now());
      machine.work.schedule(3, 'b', () => at.push(machine.clock.now()));
    });
    machine.callRcu('c', () => at.push(machine.clock.now()));
    machine.advance(100 * NSEC_PER_MSEC);
    expect(at.slice(0, 2)).to.deep.equal([2, 5]);
    expect(at[2]).to.be.greaterThan(5);
    expect(machine.clock.now()).to.equal(100 * NSEC_PER_MSEC);
  });

  it('will not advance a clock that is not manual', () => {
    const machine = new Machine({ clock: { now: () => 0 } });
    expect(() => {
      machine.advance(1);
    }).to.throw(TypeError, /manual/);
  });
});
