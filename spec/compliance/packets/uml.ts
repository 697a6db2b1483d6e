// User-mode Linux, which boots as any user: a kernel 6.1 of one CPU with the kinds of qdiscs, filters and actions that the
// other recorded kernel lacks. One boot plays any number of jobs; uml.py is its first process. The kernel sees this
// computer's files read-only; jobs and results lie in a folder of their own.
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clientPath, hasProgram } from '../../../tools/agree/programs.js';
import { devices } from './configurations.js';
import type { Job, Play, Ran } from './play.js';
import { folder } from './programs.js';

/** The kernel that was recorded; its modules lie where Debian's package has them. */
export const UML_RELEASE = '6.1.176';
const MODULES = `/usr/lib/uml/modules/${UML_RELEASE}`;
/** The kernel's own interpreter, not one that a user's PATH finds first. */
const PYTHON = '/usr/bin/python3';
/** The command line of a kernel has words without quotes. */
const plainFolder = /^[\w/.-]+$/.test(tmpdir()) ? tmpdir() : '/tmp';
/** Milliseconds that a boot may take, and each job, on a busy computer. */
const LONGEST = { boot: 60_000, job: 30_000 };

/** Why no user-mode Linux can be asked here; undefined when it can. */
export function noUml(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'needs Linux on x86-64';
  const missing = ['linux.uml', 'unshare', 'ip', 'tc'].find((name) => !hasProgram(name));
  if (missing !== undefined) return `needs ${missing}`;
  const path = [PYTHON, MODULES].find((one) => !existsSync(one));
  return path === undefined ? undefined : `needs ${path}`;
}

const commandLine = (home: string): string[] => [
  ...['mem=256M', 'root=/dev/root', 'rootfstype=hostfs', 'rootflags=/', 'ro', 'quiet', 'con=null', 'con0=null,fd:1'],
  ...[`uml_dir=${home}/`, `init=${PYTHON}`, '--', join(home, 'uml.py'), home],
];

/** The devices made by one process: to start one takes this kernel as long as a hundred frames. */
const inOne = `ip -batch - <<'END'\n${devices.map((line) => line.replace(/^ip /, '')).join('\n')}\nEND`;

const shortened = (job: Job): Job => ({ ...job, setup: [inOne, ...job.setup.slice(devices.length)] });

function lengthened({ setup: [first, ...rest], steps }: Play): Play {
  if (first?.[0] !== 0 || first[1] !== '') throw new Error(`the devices: ${first?.join(' ') ?? 'nothing'}`);
  return { setup: [...devices.map((): Ran => [0, '']), ...rest], steps };
}

/** What the console said. A kernel that hangs is ended with all the processes that it is made of, a session of their own. */
function boot(home: string, jobs: number): string {
  const env = { PATH: clientPath, HOME: home, TMPDIR: plainFolder };
  const said = join(home, 'console');
  const out = openSync(said, 'w');
  const timeout = LONGEST.boot + jobs * LONGEST.job;
  try {
    const { pid, signal } = spawnSync('linux.uml', commandLine(home), {
      ...{ env, timeout, killSignal: 'SIGKILL', stdio: ['ignore', out, 'ignore'] },
    });
    if (signal !== null) process.kill(-pid, 'SIGKILL');
  } finally {
    closeSync(out);
  }
  return readFileSync(said, 'utf8');
}

function played(home: string, number: number): Play {
  const text = readFileSync(join(home, `${number}.play`), 'utf8');
  if (text === '') throw new Error(`user-mode Linux did not come to the end of job ${number}`);
  return lengthened(JSON.parse(text) as Play);
}

/** Boots, plays the jobs one after the other, switches off. */
export function playUml(jobs: readonly Job[]): Play[] {
  const home = mkdtempSync(join(plainFolder, 'tcbox-uml-'));
  try {
    for (const file of ['uml.py', 'real.py']) copyFileSync(join(folder, file), join(home, file));
    jobs.forEach((job, i) => {
      writeFileSync(join(home, `${i}.job`), JSON.stringify(shortened(job)));
    });
    const said = boot(home, jobs.length);
    const log = join(home, 'log');
    const wrong = existsSync(log) ? readFileSync(log, 'utf8') : `it did not come up: ${said}`;
    if (wrong !== '') throw new Error(`user-mode Linux: ${wrong}`);
    return jobs.map((_, i) => played(home, i));
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
