// `tcbox check` on a capture of 100 MB, and what it takes of time and memory. The capture is made with a seed that is in
// the row's name.
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { madeCapture } from './made_capture.js';
import type { Bench, Row } from './measure.js';

const SIZE = 100_000_000;
const SEED = 20_240_607;
const SECONDS_MOST = 20;
const MEGABYTES_MOST = 300;

/** What a process of its own took. */
export interface Spent {
  /** Of this thread's and its helpers' work. */
  readonly seconds: number;
  readonly elapsed: number;
  /** Most memory it had at once. */
  readonly megabytes: number;
  readonly summary: string;
}

const script = (file: string): string => `
import { checkCommand } from ${JSON.stringify(join(import.meta.dirname, '../../lib/cli/check.js'))};
await checkCommand([${JSON.stringify(file)}], {});
const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
console.error(JSON.stringify({ seconds: (userCPUTime + systemCPUTime) / 1e6, megabytes: maxRSS / 1024 }));`;

/** Checks a capture of `size` bytes in a process of its own. */
export function checkMade(seed: number, size: number): Spent {
  const folder = mkdtempSync(join(tmpdir(), 'tcbox-bench-'));
  const file = join(folder, 'made.pcap');
  try {
    const fd = openSync(file, 'w');
    for (const chunk of madeCapture(seed, size)) writeSync(fd, chunk);
    closeSync(fd);
    const start = performance.now();
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script(file)], {
      encoding: 'utf8',
      maxBuffer: 1 << 30,
    });
    const elapsed = (performance.now() - start) / 1000;
    const spent = JSON.parse(stderr) as Pick<Spent, 'seconds' | 'megabytes'>;
    return { ...spent, elapsed, summary: stdout.trimEnd().split('\n').at(-1)! };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export const check: Bench = ({ progress }): Row[] => {
  const { seconds, megabytes } = checkMade(SEED, SIZE);
  progress();
  return [
    { name: `tcbox check of 100 MB of netlink, seed ${SEED}`, value: seconds, unit: 's', most: SECONDS_MOST },
    { name: 'most memory it had', value: megabytes, unit: 'MB', most: MEGABYTES_MOST },
  ];
};
