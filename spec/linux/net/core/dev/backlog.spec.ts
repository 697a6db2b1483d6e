// Softirqs that never come to an end: what a loop of devices makes of the machine.
import { expect } from 'chai';
import { NSEC_PER_MSEC } from '../../../../../lib/linux/clock.js';
import { Machine } from '../../../../../lib/linux/machine.js';
import { Tasklet } from '../../../../../lib/linux/net/core/dev/backlog.js';

describe('net/core/dev/backlog', () => {
  const machine = new Machine();
  const { backlog } = machine.softnet;
  let runs = 0;
  let endless = true;
  const tasklet: Tasklet = new Tasklet(() => {
    runs++;
    if (endless) backlog.schedule(tasklet);
  });

  const turn = (): number => {
    const before = runs;
    machine.advance(NSEC_PER_MSEC);
    return runs - before;
  };

  it('leaves endless work for later, and lets time pass between its turns', () => {
    backlog.schedule(tasklet);
    backlog.run();
    const first = runs;
    expect(first).to.be.greaterThan(1000);
    machine.runDue();
    expect(runs).to.equal(first);
    expect(turn()).to.equal(first);
  });

  it('is quiet as soon as the work ends', () => {
    endless = false;
    expect(turn()).to.equal(1);
    expect(turn()).to.equal(0);
    expect(machine.work.pending.map(({ name }) => name)).not.to.include('ksoftirqd');
  });
});
