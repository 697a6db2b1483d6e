// The compliance suite of packets: the model against what real kernels did with the same frames in the same configurations:
// Linux 6.18, and user-mode Linux 6.1, which has the kinds that the other one lacks.
import { expect } from 'chai';
import { describeSuite } from './suite.js';
import { suites, type Suite } from './suites.js';

/** The least number of frames, and of configurations of each kernel. */
const LEAST_FRAMES = 300;
const least: readonly (readonly [Suite, configurations: number])[] = [
  [suites['6.18'], 40],
  [suites['6.1'], 100],
];

describe('compliance: packets', () => {
  for (const [{ kernel, frames }, configurations] of least)
    it(`${kernel.profile}: sends at least ${LEAST_FRAMES} frames through at least ${configurations} configurations`, () => {
      expect(frames.length).to.be.at.least(LEAST_FRAMES);
      expect(kernel.configurations.length).to.be.at.least(configurations);
    });
});

describeSuite('compliance: packets: rec-6.18', suites['6.18'], ['nothing', 'clsact without filters', 'htb by u32']);
describeSuite('compliance: packets: rec-6.1-uml', suites['6.1'], [
  'gact that says another verdict by turns',
  'police by rate and mtu',
  'prio by filters with actions',
]);
