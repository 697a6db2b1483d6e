// `npm run agree -- KIND FILE...`: replays recordings of real kernels against the model and says where it differs.
import { pathToFileURL } from 'node:url';
import { realpathSync } from 'node:fs';
import { Machine } from '../../lib/linux/machine.js';
import { InputError } from './input.js';
import type { Options } from './options.js';
import { UsageError, parseOptions, usage } from './options.js';
import type { Outcome } from './outcome.js';
import { Tally } from './outcome.js';
import { Shell } from './shell.js';
import type { Settings, Suite } from './suite.js';
import { openSuite } from './suite.js';

/** Lines shown of one differing case. */
const shown = 8;

function show(name: string, outcome: Outcome): string[] {
  if (outcome.verdict === 'agrees') return [];
  if (outcome.verdict === 'not run') return [`not run  ${name}: ${outcome.reason}`];
  const lines = outcome.lines.slice(0, shown).map((line) => `    ${line}`);
  const more = outcome.lines.length > shown ? [`    and ${outcome.lines.length - shown} more`] : [];
  return [`differs  ${name}`, ...lines, ...more];
}

/** Tells on a terminal how far it is, and leaves no trace. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text.slice(0, process.stderr.columns - 1)}`);
}

function runSuite(suite: Suite, settings: Settings, print: (line: string) => void): Tally {
  const tally = new Tally();
  print(suite.file);
  suite.cases.forEach((one, i) => {
    const { name } = one;
    progress(`${i + 1}/${suite.cases.length} ${name}`);
    const outcome = one.run(settings);
    tally.add(outcome);
    progress('');
    for (const line of show(name, outcome)) print(line);
  });
  if (suite.summary !== undefined) print(`${suite.file}: ${suite.summary()}`);
  print(`${suite.file}: ${tally.toString()}`);
  return tally;
}

async function run(options: Options, print: (line: string) => void): Promise<Tally> {
  const suites = options.files.map((file) => openSuite(file, options));
  const shell = await Shell.open(new Machine(), options.kind === 'transcripts');
  const total = new Tally();
  try {
    for (const suite of suites) total.join(runSuite(suite, { ...options, shell }, print));
  } finally {
    for (const suite of suites) suite.close();
    if (typeof shell !== 'string') shell.close();
  }
  print(total.toString());
  return total;
}

/** Runs the command; the exit status. */
export async function agree(args: readonly string[], print: (line: string) => void = console.log): Promise<number> {
  try {
    const options = parseOptions(args);
    if (options === undefined) {
      print(usage);
      return 0;
    }
    return (await run(options, print)).differ === 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof InputError) && !(error instanceof UsageError)) throw error;
    console.error(error instanceof UsageError ? `agree: ${error.message}\n\n${usage}` : `agree: ${error.message}`);
    return 2;
  }
}

const started = process.argv[1];
if (started !== undefined && import.meta.url === pathToFileURL(realpathSync(started)).href)
  process.exitCode = await agree(process.argv.slice(2));
