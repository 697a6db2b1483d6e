// `node dist/spec/compliance/packets/fuzz.js [--uml] [--seed TEXT] [--count N] [--only N]`: configurations by chance, the model
// against the kernel of this computer, as root, or against user-mode Linux. Prints every configuration in which they differ,
// with its seed; ends with 1 if there was one.
import { parseArgs } from 'node:util';
import { Machine } from '../../../lib/linux/machine.js';
import { Shell } from '../../../tools/agree/shell.js';
import { Random } from '../../../tools/oracle/fuzz/random.js';
import type { Configuration } from './configurations.js';
import { differences } from './differences.js';
import { frames, type Frame } from './frames.js';
import { playModel } from './model.js';
import { jobOf, outcomeOf, type Job, type Outcome, type Play } from './play.js';
import { object } from './programs.js';
import { randomConfiguration } from './random.js';
import { randomFrames } from './random_frames.js';
import { linux618, uml61, type Recorded } from './recordings.js';

/** Differences shown of one configuration. */
const SHOWN = 12;
/** What user-mode Linux has beside the kinds of the other kernel. */
const UML_KINDS = ['prio', 'fq_codel', 'matchall', 'gact', 'police', 'act_bpf'];

interface Case {
  readonly seed: string;
  readonly sent: readonly Frame[];
  readonly configuration: Configuration;
  readonly job: Job;
}

function sample(random: Random, all: readonly Frame[]): Frame[] {
  const start = random.int(4);
  return all.filter((_, i) => i % 4 === start);
}

function caseOf(seed: string, kinds: readonly string[]): Case {
  const random = new Random(seed);
  const sent = randomFrames(random, sample(random, frames()));
  const configuration = randomConfiguration(seed, random, sent.length, kinds);
  return { seed, sent, configuration, job: jobOf(configuration, sent, object) };
}

/** Numbers that the kernel gives out of one counter for all its namespaces: handles, and ids of programs in old JSON. */
const counted = (outcome: Outcome): Outcome =>
  JSON.parse(
    JSON.stringify(outcome)
      .replace(/\b[89a-f][0-9a-f]{3}:(?=[ \d"])/g, 'auto:')
      .replace(/ c?tokens: -?\d+/g, '')
      .replace(/\\"(id|jited)\\":\d+,?/g, ''),
  ) as Outcome;

function compare({ seed, sent, configuration, job }: Case, real: Play, shell: Shell, profile: string): string[] {
  const want = counted(outcomeOf(configuration, sent, job, real));
  const have = counted(outcomeOf(configuration, sent, job, playModel(shell, new Machine({ config: profile }), job)));
  const found = differences(want, have, sent);
  if (found.length === 0) return [];
  const { setup, changes = [], options = [] } = configuration;
  const told = [...setup, ...changes.map(({ before, run }) => `before ${before}: ${run}`), ...options.map(String)];
  return [`${seed}: ${found.length} differences`, ...told.map((line) => `  $ ${line}`), ...found.slice(0, SHOWN)];
}

/** How many differ. */
function fuzz(kernel: Recorded, shell: Shell, seeds: readonly string[]): number {
  let differ = 0;
  for (let i = 0; i < seeds.length; i += kernel.batch) {
    const cases = seeds.slice(i, i + kernel.batch).map((seed) => caseOf(seed, kernel === uml61 ? UML_KINDS : []));
    const plays = kernel.play(cases.map(({ job }) => job));
    for (const [n, one] of cases.entries()) {
      const lines = compare(one, plays[n]!, shell, kernel.profile);
      if (lines.length > 0) differ++;
      for (const line of lines) console.log(line.slice(0, 600));
    }
    if (process.stderr.isTTY) process.stderr.write(`\r${i + cases.length}/${seeds.length}, ${differ} differ`);
  }
  return differ;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      uml: { type: 'boolean', default: false },
      seed: { type: 'string', default: '1' },
      count: { type: 'string', default: '50' },
      only: { type: 'string' },
    },
  });
  const kernel = values.uml ? uml61 : linux618;
  const obstacle = kernel.obstacle();
  const shell = obstacle ?? (await Shell.open(new Machine(), true));
  if (typeof shell === 'string') {
    console.error(`fuzz: ${shell}`);
    return 2;
  }
  const count = Number(values.count);
  const numbers = values.only === undefined ? Array.from({ length: count }, (_, n) => n) : [Number(values.only)];
  const seeds = numbers.map((n) => `${values.seed}/${n}`);
  const differ = fuzz(kernel, shell, seeds);
  shell.close();
  console.log(`${seeds.length - differ} agree, ${differ} differ`);
  return differ === 0 ? 0 : 1;
}

process.exitCode = await main();
