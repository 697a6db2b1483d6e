// The command line of the fuzzer.
import type { Mode } from './sequence.js';
import { modes } from './sequence.js';

export const usage = `usage: npm run fuzz -- [--seed N[-M]] [--count N] [--length N] [--mode M,...] [--out DIR] [--state FILE]

Plays generated sessions of requests to the kernel of this computer, each in a network namespace of its own, and to the
model, and compares every reply and notification. Differences are shrunk and saved as vectors. Needs root and the
modelled kernel. The last line is

  N messages, M sequences, D differences (E explained)

--seed N[-M]   seeds, each a run of its own; default 1
--count N      messages a seed; default 10000
--length N     requests a session; default 20
--mode M,...   what the sessions are made of, in turn: ${Object.keys(modes).join(', ')}; default: all
--out DIR      where vectors of differences go; default: they are not saved
--state FILE   where it is kept how far the run is; a run that is started again goes on from there

Exit status: 0 every difference is explained, 1 some are not, 2 wrong usage, or no kernel to compare with.`;

export interface Options {
  readonly seeds: readonly number[];
  readonly count: number;
  readonly length: number;
  readonly modes: readonly Mode[];
  readonly out: string | undefined;
  readonly state: string | undefined;
}

export class UsageError extends Error {}

function numberOf(name: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new UsageError(`--${name} needs a number, not '${text}'`);
  return Number(text);
}

function seedsOf(text: string): number[] {
  const [first = '', last = first] = text.split('-');
  const [from, to] = [numberOf('seed', first), numberOf('seed', last)];
  if (to < from) throw new UsageError(`--seed ${text} holds no seed`);
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

const isMode = (name: string): name is Mode => Object.hasOwn(modes, name);

function modesOf(text: string): Mode[] {
  return text.split(',').map((name) => {
    if (!isMode(name)) throw new UsageError(`mode '${name}' is none of ${Object.keys(modes).join(', ')}`);
    return name;
  });
}

const names = ['seed', 'count', 'length', 'mode', 'out', 'state'];

/** What the arguments ask for, or undefined when they ask for help. Throws UsageError. */
export function parseOptions(args: readonly string[]): Options | undefined {
  const given = new Map<string, string>();
  for (let i = 0; i < args.length; i++) {
    const [, name, inline] = /^--(\w+)(?:=(.*))?$/s.exec(args[i]!) ?? [];
    if (name === 'help' || args[i] === '-h') return undefined;
    if (name === undefined || !names.includes(name)) throw new UsageError(`unknown argument '${args[i]!}'`);
    const value = inline ?? args[++i];
    if (value === undefined) throw new UsageError(`--${name} needs a value`);
    given.set(name, value);
  }
  return {
    seeds: seedsOf(given.get('seed') ?? '1'),
    count: numberOf('count', given.get('count') ?? '10000'),
    length: numberOf('length', given.get('length') ?? '20'),
    modes: modesOf(given.get('mode') ?? Object.keys(modes).join()),
    out: given.get('out'),
    state: given.get('state'),
  };
}
