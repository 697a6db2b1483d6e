// What flower filters match: the model against what user-mode Linux 6.1 did with the same frames in the same configurations.
// The recordings are compared on every computer that has ip(8) and tc(8) of the recorded version and where a box can be.
import { expect } from 'chai';
import { Machine } from '../../../lib/linux/machine.js';
import { Shell } from '../../../tools/agree/shell.js';
import { differences } from './differences.js';
import { allFrames, flower61, tunnelObject } from './flower.js';
import { playModel } from './model.js';
import { jobOf, outcomeOf } from './play.js';
import { otherPrograms } from './programs.js';
import { readRecordings } from './recordings.js';

const AGAIN = ['label stack', 'ranges of both ports in one priority'];

describe('compliance: packets: flower', function () {
  this.timeout(60_000);
  const sent = allFrames();
  const recorded = readRecordings(flower61);
  let shell: Shell | string;

  before(async () => {
    shell = await Shell.open(new Machine(), true);
  });

  after(() => {
    if (typeof shell !== 'string') shell.close();
  });

  it('sends at least 400 frames through at least 40 configurations', () => {
    expect(sent.length).to.be.at.least(400);
    expect(new Set(sent.map(({ name }) => name)).size).to.equal(sent.length);
    expect(flower61.configurations.length).to.be.at.least(40);
    expect([...recorded.keys()]).to.deep.equal(flower61.configurations.map(({ name }) => name));
  });

  for (const configuration of flower61.configurations) {
    const { name } = configuration;
    it(name, function () {
      const skip = typeof shell === 'string' ? shell : otherPrograms();
      if (typeof shell === 'string' || skip !== undefined) {
        console.log(skip);
        return this.skip();
      }
      const job = jobOf(configuration, sent, tunnelObject);
      const play = playModel(shell, new Machine({ config: flower61.profile }), job);
      const outcome = outcomeOf(configuration, sent, job, play);
      expect(differences(recorded.get(name)!, outcome, sent)).to.deep.equal([]);
    });
  }

  it(`the kernel, again: ${AGAIN.join(', ')}`, function () {
    const skip = flower61.obstacle() ?? otherPrograms();
    if (skip !== undefined) {
      console.log(skip);
      return this.skip();
    }
    const chosen = AGAIN.map((name) => flower61.configurations.find((one) => one.name === name)!);
    const jobs = chosen.map((configuration) => jobOf(configuration, sent, tunnelObject));
    const plays = flower61.play(jobs);
    for (const [i, configuration] of chosen.entries()) {
      const outcome = outcomeOf(configuration, sent, jobs[i]!, plays[i]!);
      expect(differences(recorded.get(configuration.name)!, outcome, sent), configuration.name).to.deep.equal([]);
    }
  });
});
