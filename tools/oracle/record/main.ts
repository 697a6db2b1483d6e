// `npm run record -- FILE [--out FILE]`: writes definitions of netlink vectors, one a line, with the results of the
// kernel of this computer. Results that a line already has are recorded anew.
import { release } from 'node:os';
import { writeFileSync } from 'node:fs';
import { InputError, asString, readLines } from '../../agree/input.js';
import { isIsolated, obstacle, runIsolated } from '../kernel/isolation.js';
import { record } from './recorder.js';

const usage = `usage: npm run record -- [--out FILE] DEFINITIONS

Plays each record of DEFINITIONS (one a line; the format is that of spec/vectors/README.md) to the kernel of this
computer, in a network namespace of its own, and writes it with what came back and with masks for what varies. Each is
played twice; one that comes out otherwise the second time is named and left out. Needs root and the modelled kernel.

--out FILE  where to write; default: standard output

Exit status: 0 all recorded, 1 some were left out, 2 wrong usage, a file that cannot be read, or no kernel to record.`;

interface Options {
  readonly file: string;
  readonly out: string | undefined;
}

function parseOptions(args: readonly string[]): Options | undefined {
  const at = args.findIndex((arg) => arg === '--out' || arg.startsWith('--out='));
  const inline = at >= 0 ? /^--out=(.*)$/s.exec(args[at]!)?.[1] : undefined;
  const out = at < 0 ? undefined : (inline ?? args[at + 1]);
  const rest = args.filter((_, i) => at < 0 || (i !== at && (inline !== undefined || i !== at + 1)));
  const [file] = rest;
  const wrong = rest.length !== 1 || file === undefined || file.startsWith('-') || (at >= 0 && out === undefined);
  return wrong ? undefined : { file, out };
}

function recordAll({ file, out }: Options): number {
  const lines: string[] = [];
  let left = 0;
  for (const definition of readLines(file, (json) => json)) {
    const made = record({ ...definition, kernel: release() });
    const name = asString(definition['name'], 'name');
    if (made.unstable.length === 0) {
      lines.push(`${JSON.stringify(made.record)}\n`);
      continue;
    }
    left++;
    console.error([`${name}: came out otherwise the second time`, ...made.unstable.slice(0, 4)].join('\n    '));
  }
  if (out === undefined) process.stdout.write(lines.join(''));
  else writeFileSync(out, lines.join(''));
  console.error(`${lines.length} recorded, ${left} left out`);
  return left === 0 ? 0 : 1;
}

function main(args: readonly string[]): number {
  const options = parseOptions(args);
  const reason = options === undefined ? usage : isIsolated() ? undefined : obstacle();
  if (options === undefined || reason !== undefined) {
    console.error(options === undefined ? usage : `record: ${String(reason)}`);
    return 2;
  }
  if (!isIsolated()) return runIsolated(process.argv[1]!, args);
  try {
    return recordAll(options);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    console.error(`record: ${error.message}`);
    return 2;
  }
}

process.exitCode = main(process.argv.slice(2));
