// `node dist/spec/compliance/packets/fuzz.js [--seed TEXT] [--count N] [--only N]`: configurations by chance, the model
// against the kernel of this computer, as root. Prints every configuration in which they differ, with its seed; ends with 1
// if there was one.
import { parseArgs } from 'node:util';
import { Machine } from '../../../lib/linux/machine.js';
import { Shell } from '../../../tools/agree/shell.js';
import { Random } from '../../../tools/oracle/fuzz/random.js';
import { differences } from './differences.js';
import { frames, type Frame } from './frames.js';
import { playModel } from './model.js';
import { jobOf, outcomeOf } from './play.js';
import { object } from './programs.js';
import { randomConfiguration } from './random.js';
import { noRealKernel, playReal } from './real.js';

/** Differences shown of one configuration. */
const SHOWN = 12;

/** A frame with a few other bytes now and then. */
function mutated(random: Random, frame: Frame): Frame {
  if (frame.bytes.length < 20 || random.chance(0.7)) return frame;
  const bytes = Uint8Array.from(frame.bytes);
  const end = Math.min(bytes.length, 80);
  for (let n = 1 + random.int(4); n > 0; n--) bytes[12 + random.int(end - 12)] = random.int(256);
  return { ...frame, bytes };
}

/** Every fourth frame. */
function sample(random: Random, all: readonly Frame[]): Frame[] {
  const start = random.int(4);
  return all.filter((_, i) => i % 4 === start).map((frame) => mutated(random, frame));
}

function compare(seed: string, shell: Shell): string[] {
  const random = new Random(seed);
  const sent = sample(random, frames());
  const configuration = randomConfiguration(seed, random, sent.length, []);
  const job = jobOf(configuration, sent, object);
  const want = outcomeOf(configuration, sent, job, playReal(job));
  const have = outcomeOf(configuration, sent, job, playModel(shell, new Machine({ config: 'rec-6.18' }), job));
  const found = differences(want, have, sent);
  if (found.length === 0) return [];
  const { setup, changes = [], options = [] } = configuration;
  const told = [...setup, ...changes.map(({ before, run }) => `before ${before}: ${run}`), ...options.map(String)];
  return [`${seed}: ${found.length} differences`, ...told.map((line) => `  $ ${line}`), ...found.slice(0, SHOWN)];
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      count: { type: 'string', default: '50' },
      only: { type: 'string' },
    },
  });
  const obstacle = noRealKernel();
  const shell = obstacle ?? (await Shell.open(new Machine(), true));
  if (typeof shell === 'string') {
    console.error(`fuzz: ${shell}`);
    return 2;
  }
  const count = Number(values.count);
  const numbers = values.only === undefined ? Array.from({ length: count }, (_, n) => n) : [Number(values.only)];
  let differ = 0;
  for (const n of numbers) {
    const lines = compare(`${values.seed}/${n}`, shell);
    if (lines.length > 0) differ++;
    for (const line of lines) console.log(line.slice(0, 600));
    if (process.stderr.isTTY) process.stderr.write(`\r${n + 1}/${count}, ${differ} differ`);
  }
  shell.close();
  console.log(`${numbers.length - differ} agree, ${differ} differ`);
  return differ === 0 ? 0 : 1;
}

process.exitCode = await main();
