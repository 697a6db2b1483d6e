// The recordings of what flower filters match: on user-mode Linux 6.1, with the frames of every configuration and those of its
// own. `node dist/spec/compliance/packets/flower.js [NAME…]` records all configurations, or those whose names contain a NAME.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { flowerConfigurations } from './configurations_flower.js';
import { frames, type Frame } from './frames.js';
import { flowerFrames } from './frames_flower.js';
import { jobOf, outcomeOf } from './play.js';
import { folder } from './programs.js';
import { readRecordings, uml61, writeRecordings, type Recorded } from './recordings.js';
import { agreed } from './steady.js';
import { UML_RELEASE } from './uml.js';

export const flower61: Recorded = {
  ...uml61,
  configurations: flowerConfigurations,
  file: join(folder, '../../vectors/packets/flower.6.1-uml.jsonl.gz'),
};
/** The object file with the programs that give packets the parameters of a tunnel (tunnel.ll). */
export const tunnelObject = join(folder, 'programs/tunnel.o');

export const allFrames = (): readonly Frame[] => [...frames(), ...flowerFrames()];

const RUNS = 3;

function main(names: readonly string[]): void {
  const obstacle = flower61.obstacle();
  if (obstacle !== undefined) throw new Error(obstacle);
  const chosen = flowerConfigurations.filter(({ name }) => names.length === 0 || names.includes(name));
  const all = new Map(existsSync(flower61.file) ? readRecordings(flower61) : []);
  const sent = allFrames();
  for (let i = 0; i < chosen.length; i += flower61.batch) {
    const batch = chosen.slice(i, i + flower61.batch);
    const jobs = batch.map((configuration) => jobOf(configuration, sent, tunnelObject));
    const runs = Array.from({ length: RUNS }, () => flower61.play(jobs));
    batch.forEach((configuration, n) => {
      const outcomes = runs.map((plays) => outcomeOf(configuration, sent, jobs[n]!, plays[n]!));
      const recording = { kernel: UML_RELEASE, ...agreed(outcomes) };
      all.set(configuration.name, recording);
      console.error(`${configuration.name}: ${recording.frames.length} fates, ${recording.varies.length} vary`);
      for (const [line, said] of Object.entries(recording.said)) console.error(`    ${line} -> ${said}`);
      for (const line of recording.varies) console.error(`    ${line}`);
    });
    writeRecordings(flower61, all);
  }
}

if (process.argv[1] === import.meta.filename) main(process.argv.slice(2));
