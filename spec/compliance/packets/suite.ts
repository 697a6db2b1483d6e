// The specs of a suite: what the model does, compared with what a kernel did (record.ts). The recordings are compared on every
// computer that has ip(8) and tc(8) of the recorded version and where a box can be. Where the kernel can be asked (Linux 6.18
// as root; user-mode Linux as anybody), it is asked a few of them anew, so that the recordings stay true.
import { expect } from 'chai';
import { Machine } from '../../../lib/linux/machine.js';
import { Shell } from '../../../tools/agree/shell.js';
import { differences } from './differences.js';
import { playModel } from './model.js';
import { jobOf, outcomeOf } from './play.js';
import { otherPrograms } from './programs.js';
import { readRecordings } from './recordings.js';
import type { Suite } from './suites.js';

/** Milliseconds: of a configuration in the model; of some in a kernel, which may have to boot. */
const LONGEST = { model: 60_000, kernel: 300_000 };

/** The specs of a suite. `again`: configurations that the kernel is asked anew, where it can be asked. */
export function describeSuite(title: string, { kernel, frames, object }: Suite, again: readonly string[]): void {
  describe(title, function () {
    this.timeout(LONGEST.model);
    const recorded = readRecordings(kernel);
    let shell: Shell | string;

    before(async () => {
      shell = await Shell.open(new Machine(), true);
    });

    after(() => {
      if (typeof shell !== 'string') shell.close();
    });

    it('has a recording of each configuration', () => {
      expect(new Set(frames.map(({ name }) => name)).size).to.equal(frames.length);
      expect([...recorded.keys()]).to.deep.equal(kernel.configurations.map(({ name }) => name));
    });

    for (const configuration of kernel.configurations) {
      const { name } = configuration;
      it(name, function () {
        const skip = typeof shell === 'string' ? shell : otherPrograms();
        if (typeof shell === 'string' || skip !== undefined) {
          console.log(skip);
          return this.skip();
        }
        const job = jobOf(configuration, frames, object);
        const play = playModel(shell, new Machine({ config: kernel.profile }), job);
        const outcome = outcomeOf(configuration, frames, job, play);
        expect(differences(recorded.get(name)!, outcome, frames)).to.deep.equal([]);
      });
    }

    it(`the kernel, again: ${again.join(', ')}`, function () {
      this.timeout(LONGEST.kernel);
      const skip = kernel.obstacle() ?? otherPrograms();
      if (skip !== undefined) {
        console.log(skip);
        return this.skip();
      }
      const chosen = again.map((name) => kernel.configurations.find((one) => one.name === name)!);
      const jobs = chosen.map((configuration) => jobOf(configuration, frames, object));
      const plays = kernel.play(jobs);
      for (const [i, configuration] of chosen.entries()) {
        const outcome = outcomeOf(configuration, frames, jobs[i]!, plays[i]!);
        expect(differences(recorded.get(configuration.name)!, outcome, frames), configuration.name).to.deep.equal([]);
      }
    });
  });
}
