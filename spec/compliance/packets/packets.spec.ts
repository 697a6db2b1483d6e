// The compliance suite of packets: the model against what Linux 6.18 did with the same frames in the same configurations.
// The recordings are compared on every computer that has ip(8) and tc(8) of the recorded version and where a box can be.
// Where the real kernel can be asked (root, Linux 6.18), it is asked a few of them anew, so that the recordings stay true.
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { Machine } from '../../../lib/linux/machine.js';
import { Shell } from '../../../tools/agree/shell.js';
import { configurations } from './configurations.js';
import { differences } from './differences.js';
import { frames } from './frames.js';
import { playModel } from './model.js';
import { jobOf, outcomeOf, type Outcome } from './play.js';
import { known, object, otherPrograms, recordings } from './programs.js';
import { noRealKernel, playReal } from './real.js';

interface Recording extends Outcome {
  readonly kernel: string;
  readonly varies: readonly string[];
}

/** Configurations that the real kernel is asked again. */
const AGAIN = ['nothing', 'clsact without filters', 'htb by u32'];

const recorded = new Map(
  readFileSync(recordings, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Recording)
    .map((recording) => [recording.name, recording] as const),
);
/** Differences that are known, by configuration: how a line of a difference begins, and why. */
const expected = JSON.parse(readFileSync(known, 'utf8')) as Readonly<Record<string, Readonly<Record<string, string>>>>;

describe('compliance: packets', function () {
  this.timeout(60_000);
  const sent = frames();
  let shell: Shell | string;

  before(async () => {
    shell = await Shell.open(new Machine(), true);
  });

  after(() => {
    if (typeof shell !== 'string') shell.close();
  });

  it('sends at least 300 frames through at least 40 configurations', () => {
    expect(sent.length).to.be.at.least(300);
    expect(new Set(sent.map(({ name }) => name)).size).to.equal(sent.length);
    expect(configurations.length).to.be.at.least(40);
    expect([...recorded.keys()]).to.deep.equal(configurations.map(({ name }) => name));
    expect(Object.keys(expected).filter((name) => !recorded.has(name))).to.deep.equal([]);
  });

  for (const configuration of configurations) {
    const { name } = configuration;
    it(name, function () {
      const skip = typeof shell === 'string' ? shell : otherPrograms();
      if (typeof shell === 'string' || skip !== undefined) {
        console.log(skip);
        return this.skip();
      }
      const job = jobOf(configuration, sent, object);
      const outcome = outcomeOf(configuration, sent, job, playModel(shell, new Machine({ config: 'rec-6.18' }), job));
      const found = differences(recorded.get(name)!, outcome, sent);
      const begins = Object.keys(expected[name] ?? {});
      expect(found.filter((line) => !begins.some((begin) => line.startsWith(begin)))).to.deep.equal([]);
      const stale = begins.filter((begin) => !found.some((line) => line.startsWith(begin)));
      expect(stale, 'known differences that are none').to.deep.equal([]);
    });
  }

  for (const name of AGAIN) {
    it(`the real kernel, again: ${name}`, function () {
      const skip = noRealKernel() ?? otherPrograms();
      if (skip !== undefined) {
        console.log(skip);
        return this.skip();
      }
      const configuration = configurations.find((one) => one.name === name)!;
      const job = jobOf(configuration, sent, object);
      const outcome = outcomeOf(configuration, sent, job, playReal(job));
      expect(differences(recorded.get(name)!, outcome, sent)).to.deep.equal([]);
    });
  }
});
