// Where recordings of netlink lie: ours beside the specs, the shared ones beside the project where they are there.
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Goldens are not compiled: they are read where they stand. */
export const vectors = join(import.meta.dirname, '../../../../spec/vectors');
const shared = resolve(import.meta.dirname, '../../../../../shared/vectors/netlink');

const filesIn = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => join(folder, name));

/** Our own recordings of requests to a kernel. */
export const carried = ['netlink', 'links', 'sched', 'addresses', 'oracle'].flatMap((name) =>
  filesIn(join(vectors, name)),
);

/** The public recordings; undefined = they are not there. */
export const publicFiles = existsSync(shared) ? filesIn(shared) : undefined;
export const publicFolder = shared;
