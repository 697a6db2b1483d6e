// The specifications that are kept here, and what is known of them. Goldens are not compiled: they are read where they stand.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { recordedLengths, type Lengths } from './evidence.js';
import { attributesOf, type Known } from './judge.js';
import { readSpecification, type Specification } from './specification.js';

/** The compiled file is dist/tools/ynl/files.js. */
const root = join(import.meta.dirname, '../../..');
const folder = join(root, 'tools/ynl');

/** Release of Linux whose specifications are kept. */
export const release = '6.12.117';

export const known = JSON.parse(readFileSync(join(folder, 'known.json'), 'utf8')) as readonly Known[];

export const specification = (name: string): Specification =>
  readSpecification(readFileSync(join(folder, `linux-${release}`, `${name}.yaml`), 'utf8'));

/** Of the attributes that known.json names, in the recordings that have them. */
export function evidence(): Lengths {
  const all: Lengths = new Map();
  for (const name of ['netlink', 'links', 'sched']) {
    for (const [attribute, lengths] of recordedLengths(join(root, 'spec/vectors', name), attributesOf(known))) {
      const sum = all.get(attribute) ?? new Map<number, number>();
      for (const [length, times] of lengths) sum.set(length, (sum.get(length) ?? 0) + times);
      all.set(attribute, sum);
    }
  }
  return all;
}
