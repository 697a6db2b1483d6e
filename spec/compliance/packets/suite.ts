// A suite of its own: a kernel with configurations, the frames that it is sent and the programs that they run through. What
// it did is recorded three times over, and compared with what the model does.
import { expect } from 'chai';
import { existsSync } from 'node:fs';
import { Machine } from '../../../lib/linux/machine.js';
import { Shell } from '../../../tools/agree/shell.js';
import { differences } from './differences.js';
import type { Frame } from './frames.js';
import { playModel } from './model.js';
import { jobOf, outcomeOf } from './play.js';
import { otherPrograms } from './programs.js';
import { readRecordings, writeRecordings, type Recorded } from './recordings.js';
import { agreed } from './steady.js';

export interface Suite {
  readonly kernel: Recorded;
  readonly release: string;
  readonly frames: readonly Frame[];
  /** The object file that is `$O` in the configurations. */
  readonly object: string;
}

const RUNS = 3;

/** Records all configurations, or those of these names. */
export function recordSuite({ kernel, release, frames, object }: Suite, names: readonly string[]): void {
  const obstacle = kernel.obstacle();
  if (obstacle !== undefined) throw new Error(obstacle);
  const chosen = kernel.configurations.filter(({ name }) => names.length === 0 || names.includes(name));
  const all = new Map(existsSync(kernel.file) ? readRecordings(kernel) : []);
  for (let i = 0; i < chosen.length; i += kernel.batch) {
    const batch = chosen.slice(i, i + kernel.batch);
    const jobs = batch.map((configuration) => jobOf(configuration, frames, object));
    const runs = Array.from({ length: RUNS }, () => kernel.play(jobs));
    batch.forEach((configuration, n) => {
      const outcomes = runs.map((plays) => outcomeOf(configuration, frames, jobs[n]!, plays[n]!));
      const recording = { kernel: release, ...agreed(outcomes) };
      all.set(configuration.name, recording);
      console.error(`${configuration.name}: ${recording.frames.length} fates, ${recording.varies.length} vary`);
      for (const [line, said] of Object.entries(recording.said)) console.error(`    ${line} -> ${said}`);
      for (const line of recording.varies) console.error(`    ${line}`);
    });
  }
  writeRecordings(kernel, all);
}

/** The specs of a suite. `again`: configurations that the kernel is asked anew, where it can be asked. */
export function describeSuite(title: string, { kernel, frames, object }: Suite, again: readonly string[]): void {
  describe(title, function () {
    this.timeout(60_000);
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
