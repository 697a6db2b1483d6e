// `node dist/spec/compliance/packets/record.js [--uml] [NAME…]`: plays the configurations three times to the kernel of this
// computer, as root, or to user-mode Linux, and writes spec/vectors/packets: all of them, or those whose names contain a
// NAME in place of what was recorded of them. What differs between the three runs is told and left out (steady.ts).
import { existsSync } from 'node:fs';
import { release } from 'node:os';
import type { Configuration } from './configurations.js';
import { frames, type Frame } from './frames.js';
import { jobOf, outcomeOf } from './play.js';
import { object } from './programs.js';
import { linux618, readRecordings, uml61, writeRecordings, type Recorded, type Recording } from './recordings.js';
import { agreed } from './steady.js';
import { UML_RELEASE } from './uml.js';

const RUNS = 3;

function tell({ name, frames, varies, said }: Recording): void {
  console.error(`${name}: ${frames.length} fates, ${varies.length} vary`);
  for (const line of [...Object.entries(said).map(([key, text]) => `${key} -> ${text}`), ...varies])
    console.error(`    ${line}`);
}

function record(kernel: Recorded, chosen: readonly Configuration[], sent: readonly Frame[]): Recording[] {
  const jobs = chosen.map((configuration) => jobOf(configuration, sent, object));
  const runs = Array.from({ length: RUNS }, () => kernel.play(jobs));
  return chosen.map((configuration, i) => ({
    kernel: kernel === uml61 ? UML_RELEASE : release(),
    ...agreed(runs.map((plays) => outcomeOf(configuration, sent, jobs[i]!, plays[i]!))),
  }));
}

function main(args: readonly string[]): void {
  const kernel = args.includes('--uml') ? uml61 : linux618;
  const names = args.filter((arg) => arg !== '--uml');
  const obstacle = kernel.obstacle();
  if (obstacle !== undefined) throw new Error(obstacle);
  const chosen = kernel.configurations.filter(
    ({ name }) => names.length === 0 || names.some((part) => name.includes(part)),
  );
  const all = new Map(names.length > 0 && existsSync(kernel.file) ? readRecordings(kernel) : []);
  const sent = frames();
  for (let i = 0; i < chosen.length; i += kernel.batch) {
    for (const recording of record(kernel, chosen.slice(i, i + kernel.batch), sent)) {
      all.set(recording.name, recording);
      tell(recording);
    }
    if (names.length > 0) writeRecordings(kernel, all);
  }
  writeRecordings(kernel, all);
}

main(process.argv.slice(2));
