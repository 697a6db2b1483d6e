// Many boxes of one user at once: all start, each answers for itself, all stop, and nothing is left.
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The paths of sockets must not be long. */
const shortFolder = Buffer.byteLength(tmpdir()) < 50 ? tmpdir() : '/tmp';

export interface Many {
  readonly boxes: number;
  /** Seconds until the last has started, answered, stopped. */
  readonly seconds: readonly [number, number, number];
  readonly problems: readonly string[];
}

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts, asks and stops `boxes` boxes, each step for all at once. */
export async function manyBoxes(tcbox: string, boxes: number): Promise<Many> {
  const folder = mkdtempSync(join(shortFolder, 'tcbox-many-'));
  chmodSync(folder, 0o700);
  const env = { ...process.env, XDG_RUNTIME_DIR: folder };
  const run = (args: readonly string[]): Promise<Ended> =>
    new Promise((resolve) => {
      const child = spawn(process.execPath, [tcbox, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
      let [stdout, stderr] = ['', ''];
      child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
      child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
      child.on('close', (status) => {
        resolve({ status, stdout, stderr });
      });
    });
  const problems: string[] = [];
  const all = async (what: string, args: (i: number) => string[], wanted: (i: number) => string): Promise<number> => {
    const start = performance.now();
    const ended = await Promise.all(Array.from({ length: boxes }, (_, i) => run(args(i))));
    for (const [i, { status, stdout, stderr }] of ended.entries()) {
      if (status !== 0 || stdout !== wanted(i)) problems.push(`${what} ${i}: ${status ?? 'killed'} ${stderr}${stdout}`);
    }
    return (performance.now() - start) / 1000;
  };
  const none = (): string => '';
  const started = await all('start', (i) => ['start', `b${i}`], none);
  // Each kernel is its own: the first link of each has the same index.
  const line = (i: number): string => `ip link add own${i} type ifb && ip -br link show dev own${i} | cut -d' ' -f1`;
  const answered = await all(
    'exec',
    (i) => ['exec', `b${i}`, '--', 'sh', '-c', line(i)],
    (i) => `own${i}\n`,
  );
  const { stdout } = await run(['ls', '--json']);
  const listed = (JSON.parse(stdout) as { boxes: { pid?: number }[] }).boxes.filter(({ pid }) => pid !== undefined);
  if (listed.length !== boxes) problems.push(`ls shows ${listed.length} boxes that answer`);
  const stopped = await all('stop', (i) => ['stop', `b${i}`], none);
  const left = readdirSync(join(folder, 'tcbox')).filter((name) => name !== '.lock');
  if (left.length !== 0) problems.push(`left behind: ${left.join(' ')}`);
  rmSync(folder, { recursive: true });
  return { boxes, seconds: [started, answered, stopped], problems };
}
