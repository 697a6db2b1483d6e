// What doctor finds out about this machine: every prerequisite is tried, and says what to do when it is missing.
import { expect } from 'chai';
import { Box } from '../../lib/host/box.js';
import { HostError } from '../../lib/host/host_error.js';
import { probeMachine } from '../../lib/host/probe.js';
import { FakeKernel } from './fake_kernel.js';

describe('host: probe', () => {
  it('agrees with whether a box can be made, and says what to do about the rest', () => {
    let works = true;
    try {
      new Box(new FakeKernel()).close();
    } catch (error) {
      expect(error).instanceOf(HostError);
      works = false;
    }
    const probes = probeMachine();
    expect(probes.every(({ found, needed }) => found || !needed)).equal(works);
    for (const { name, found, advice } of probes) expect(advice === '', name).equal(found);
    expect(new Set(probes.map(({ name }) => name)).size).equal(probes.length);
  });
});
