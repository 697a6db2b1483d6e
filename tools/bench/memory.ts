// What filters cost a box: the resident memory of its process with 10,000 of them, less that of the same box before.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Tcbox, withBox } from './background.js';
import type { Bench, Row } from './measure.js';
import { adds, batch } from './tc.js';

/** Resident memory of a process, MB. */
function residentOf(pid: number): number {
  const match = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
  if (match === null) throw new Error(`process ${pid} has no memory`);
  return Number(match[1]) / 1024;
}

function measure(tcbox: Tcbox, file: string): number {
  const { boxes } = JSON.parse(tcbox('ls', '--json')) as { boxes: readonly { pid: number }[] };
  const { pid } = boxes[0]!;
  tcbox('exec', 'bench', '--', 'sh', '-c', 'ip link add em1 type veth peer name em2; tc qdisc add dev em1 clsact');
  const empty = residentOf(pid);
  tcbox('exec', 'bench', '--', 'tc', '-batch', file);
  return residentOf(pid) - empty;
}

const hasTc = (): boolean =>
  spawnSync('sh', ['-c', 'command -v ip && command -v tc'], { stdio: 'ignore' }).status === 0;

export const memory: Bench = ({ tcbox: launcher, rounds, progress }) => {
  if (!hasTc()) return [{ name: `memory of ${adds} filters`, skipped: 'iproute2 is not installed' }];
  const folder = mkdtempSync(join(tmpdir(), 'tcbox-bench-'));
  const row = (name: string, pref: string): Row => {
    const file = batch(folder, name, pref);
    const all = Array.from({ length: rounds }, () => {
      progress();
      return withBox(launcher, (tcbox) => measure(tcbox, file));
    });
    return { name: `memory of ${adds} filters, ${name}`, value: Math.max(...all), unit: 'MB', most: 30 };
  };
  try {
    return [row('one pref', 'pref 1 '), row('automatic prefs', '')];
  } finally {
    rmSync(folder, { recursive: true });
  }
};
