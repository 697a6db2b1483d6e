// The recordings of kernels: a configuration each, in the order of the configurations; what plays them, which profile of the
// model they are of, and where they lie. The greater ones are compressed.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { configurations, type Configuration } from './configurations.js';
import { umlConfigurations } from './configurations_uml.js';
import type { Job, Outcome, Play } from './play.js';
import { folder } from './programs.js';
import { noRealKernel, playReal } from './real.js';
import { noUml, playUml } from './uml.js';

export interface Recording extends Outcome {
  /** Its release. */
  readonly kernel: string;
  /** What was not the same in all runs. */
  readonly varies: readonly string[];
}

export interface Recorded {
  readonly configurations: readonly Configuration[];
  readonly file: string;
  /** The profile of the model. */
  readonly profile: string;
  /** Why the kernel cannot be asked here; undefined when it can. */
  readonly obstacle: () => string | undefined;
  readonly play: (jobs: readonly Job[]) => Play[];
  /** Configurations that are played at a time. */
  readonly batch: number;
}

const packets = join(folder, '../../vectors/packets');

export const linux618: Recorded = {
  configurations,
  file: join(packets, 'configurations.6.18.jsonl'),
  profile: 'rec-6.18',
  obstacle: noRealKernel,
  play: (jobs) => jobs.map(playReal),
  batch: 1,
};

/** Not for 6.1, where a mirred inside another queues its packet: this one goes round for ever there, and nothing else runs. */
const ENDLESS = 'ingress: mirred ingress redirect to v1';

/** The configurations of the other kernel, too: what they have of its kinds behaves in an older way here. */
export const uml61: Recorded = {
  configurations: [...umlConfigurations, ...configurations.filter(({ name }) => name !== ENDLESS)],
  file: join(packets, 'configurations.6.1-uml.jsonl.gz'),
  profile: 'rec-6.1-uml',
  obstacle: noUml,
  play: playUml,
  batch: 20,
};

const isPacked = (file: string): boolean => file.endsWith('.gz');

/** By the name of the configuration. */
export function readRecordings({ file }: Recorded): ReadonlyMap<string, Recording> {
  const bytes = readFileSync(file);
  const lines = (isPacked(file) ? gunzipSync(bytes) : bytes).toString('utf8').trimEnd().split('\n');
  const all = lines.map((line) => JSON.parse(line) as Recording);
  return new Map(all.map((recording) => [recording.name, recording]));
}

/** In the order of the configurations. */
export function writeRecordings({ file, configurations }: Recorded, all: ReadonlyMap<string, Recording>): void {
  const found = configurations.map(({ name }) => all.get(name)).filter((recording) => recording !== undefined);
  const text = found.map((recording) => `${JSON.stringify(recording)}\n`).join('');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, isPacked(file) ? gzipSync(text, { level: 9 }) : text);
}
