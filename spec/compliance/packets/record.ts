// `node dist/spec/compliance/packets/record.js SUITE [NAME…]`: plays the configurations of a suite (suites.ts) three times to
// its kernel, Linux 6.18 as root or user-mode Linux, and writes spec/vectors/packets: all of them, or those whose names contain
// a NAME. What differs between the three runs is told and left out (steady.ts).
import { existsSync } from 'node:fs';
import type { Configuration } from './configurations.js';
import { jobOf, outcomeOf } from './play.js';
import { readRecordings, writeRecordings, type Recording } from './recordings.js';
import { agreed } from './steady.js';
import { suites, type Suite } from './suites.js';

const RUNS = 3;

function tell({ name, frames, varies, said }: Recording): void {
  console.error(`${name}: ${frames.length} fates, ${varies.length} vary`);
  for (const line of [...Object.entries(said).map(([key, text]) => `${key} -> ${text}`), ...varies])
    console.error(`    ${line}`);
}

function record({ kernel, release, frames, object }: Suite, chosen: readonly Configuration[]): Recording[] {
  const jobs = chosen.map((configuration) => jobOf(configuration, frames, object));
  const runs = Array.from({ length: RUNS }, () => kernel.play(jobs));
  return chosen.map((configuration, i) => ({
    kernel: release,
    ...agreed(runs.map((plays) => outcomeOf(configuration, frames, jobs[i]!, plays[i]!))),
  }));
}

function main(name: string | undefined, parts: readonly string[]): void {
  const suite = Object.entries(suites).find(([key]) => key === name)?.[1];
  if (suite === undefined) throw new Error(`no suite ${name}: ${Object.keys(suites).join(', ')}`);
  const { kernel } = suite;
  const obstacle = kernel.obstacle();
  if (obstacle !== undefined) throw new Error(obstacle);
  const named = (one: Configuration): boolean => parts.some((part) => one.name.includes(part));
  const chosen = parts.length === 0 ? kernel.configurations : kernel.configurations.filter(named);
  const all = new Map(existsSync(kernel.file) ? readRecordings(kernel) : []);
  for (let i = 0; i < chosen.length; i += kernel.batch) {
    for (const recording of record(suite, chosen.slice(i, i + kernel.batch))) {
      all.set(recording.name, recording);
      tell(recording);
    }
    writeRecordings(kernel, all);
  }
}

const [suite, ...names] = process.argv.slice(2);
main(suite, names);
