// The compliance suite of packets: the model against what real kernels did with the same frames in the same configurations:
// Linux 6.18, and user-mode Linux 6.1, which has the kinds that the other one lacks. The recordings are compared on every
// computer that has ip(8) and tc(8) of the recorded version and where a box can be. Where a kernel can be asked (Linux 6.18 as
// root; user-mode Linux as anybody), it is asked a few of them anew, so that the recordings stay true.
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { Machine } from '../../../lib/linux/machine.js';
import { Shell } from '../../../tools/agree/shell.js';
import type { Configuration } from './configurations.js';
import { differences } from './differences.js';
import { frames } from './frames.js';
import { playModel } from './model.js';
import { jobOf, outcomeOf } from './play.js';
import { known, object, otherPrograms } from './programs.js';
import { linux618, readRecordings, uml61, type Recorded } from './recordings.js';

/** Differences that are known, by profile and configuration: how a line of a difference begins, and why. */
type Known = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, string>>>>>>;
const allKnown = JSON.parse(readFileSync(known, 'utf8')) as Known;

/** A kernel, the least number of its configurations, and those that it is asked again. */
const kernels: readonly (readonly [Recorded, least: number, again: readonly string[]])[] = [
  [linux618, 40, ['nothing', 'clsact without filters', 'htb by u32']],
  [uml61, 100, ['gact that says another verdict by turns', 'police by rate and mtu', 'prio by filters with actions']],
];

const sent = frames();

/** What the model does otherwise than the recording says. */
function inModel(shell: Shell, { profile }: Recorded, configuration: Configuration, recorded: Outcomes): string[] {
  const job = jobOf(configuration, sent, object);
  const play = playModel(shell, new Machine({ config: profile }), job);
  return differences(recorded.get(configuration.name)!, outcomeOf(configuration, sent, job, play), sent);
}

type Outcomes = ReturnType<typeof readRecordings>;

for (const [kernel, least, again] of kernels) {
  const recorded = readRecordings(kernel);
  const expected = allKnown[kernel.profile] ?? {};

  describe(`compliance: packets: ${kernel.profile}`, function () {
    this.timeout(60_000);
    let shell: Shell | string;

    before(async () => {
      shell = await Shell.open(new Machine(), true);
    });

    after(() => {
      if (typeof shell !== 'string') shell.close();
    });

    it(`sends at least 300 frames through at least ${least} configurations`, () => {
      expect(sent.length).to.be.at.least(300);
      expect(new Set(sent.map(({ name }) => name)).size).to.equal(sent.length);
      expect(kernel.configurations.length).to.be.at.least(least);
      expect([...recorded.keys()]).to.deep.equal(kernel.configurations.map(({ name }) => name));
      expect(Object.keys(expected).filter((name) => !recorded.has(name))).to.deep.equal([]);
    });

    for (const configuration of kernel.configurations) {
      const { name } = configuration;
      it(name, function () {
        const skip = typeof shell === 'string' ? shell : otherPrograms();
        if (typeof shell === 'string' || skip !== undefined) {
          console.log(skip);
          return this.skip();
        }
        const found = inModel(shell, kernel, configuration, recorded);
        const begins = Object.keys(expected[name] ?? {});
        expect(found.filter((line) => !begins.some((begin) => line.startsWith(begin)))).to.deep.equal([]);
        const stale = begins.filter((begin) => !found.some((line) => line.startsWith(begin)));
        expect(stale, 'known differences that are none').to.deep.equal([]);
      });
    }

    it(`the kernel, again: ${again.join(', ')}`, function () {
      this.timeout(300_000);
      const skip = kernel.obstacle() ?? otherPrograms();
      if (skip !== undefined) {
        console.log(skip);
        return this.skip();
      }
      const chosen = again.map((name) => kernel.configurations.find((one) => one.name === name)!);
      const jobs = chosen.map((configuration) => jobOf(configuration, sent, object));
      const plays = kernel.play(jobs);
      for (const [i, configuration] of chosen.entries()) {
        const outcome = outcomeOf(configuration, sent, jobs[i]!, plays[i]!);
        expect(differences(recorded.get(configuration.name)!, outcome, sent), configuration.name).to.deep.equal([]);
      }
    });
  });
}
