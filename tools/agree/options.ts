// The command line of agree.
import { configs } from '../../lib/linux/config.js';
import type { KernelVersion } from '../../lib/linux/version.js';
import { kernelVersions } from '../../lib/linux/version.js';

export const kinds = ['netlink', 'transcripts', 'verifier', 'execution', 'syscalls'] as const;
export type Kind = (typeof kinds)[number];

export const usage = `usage: npm run agree -- KIND [--kernel V] [--config C] [--fixtures DIR] FILE...

Compares the model with recordings of real kernels. For each file it prints every case that differs, with a short
account of how, and every case that was not run, with the reason; the last line is

  N agree, M differ, K not run

for all files together. Cases are not run only for want of a program here, or when the record cannot be replayed.

KIND            one of ${kinds.join(', ')}
--kernel V      a kernel version, ${kernelVersions.join(', ')}; default: that of the configuration
--config C      a configuration, ${Object.keys(configs).join(', ')}; default: the one a record names
--fixtures DIR  files the transcripts use (folders fix, py, go, c); default: ../shared/programs/clients

Exit status: 0 all agree, 1 some differ, 2 wrong usage or a file that cannot be read.`;

export class UsageError extends Error {}

export interface Options {
  readonly kind: Kind;
  readonly kernel: KernelVersion | undefined;
  readonly config: string | undefined;
  readonly fixtures: string | undefined;
  readonly files: readonly string[];
}

const isOneOf = <T extends string>(list: readonly T[], value: string): value is T =>
  (list as readonly string[]).includes(value);

function choice<T extends string>(what: string, list: readonly T[], value: string): T {
  if (!isOneOf(list, value)) throw new UsageError(`${what} '${value}' is none of ${list.join(', ')}`);
  return value;
}

/** What the arguments ask for, or undefined when they ask for help. Throws UsageError. */
export function parseOptions(args: readonly string[]): Options | undefined {
  const given = new Map<string, string>();
  const words: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const [, name, inline] = /^--(kernel|config|fixtures)(?:=(.*))?$/s.exec(args[i]!) ?? [];
    if (args[i] === '--help' || args[i] === '-h') return undefined;
    if (name === undefined) {
      if (args[i]!.startsWith('-')) throw new UsageError(`unknown option '${args[i]!}'`);
      words.push(args[i]!);
      continue;
    }
    const value = inline ?? args[++i];
    if (value === undefined) throw new UsageError(`--${name} needs a value`);
    given.set(name, value);
  }
  const [kind, ...files] = words;
  if (kind === undefined) throw new UsageError('a kind and at least one file are needed');
  if (files.length === 0) throw new UsageError(`no file given for '${kind}'`);
  const [kernel, config] = [given.get('kernel'), given.get('config')];
  return {
    kind: choice('kind', kinds, kind),
    kernel: kernel === undefined ? undefined : choice('kernel', kernelVersions, kernel),
    config: config === undefined ? undefined : choice('configuration', Object.keys(configs), config),
    fixtures: given.get('fixtures'),
    files,
  };
}
