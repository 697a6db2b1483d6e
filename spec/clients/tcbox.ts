// The installed command as specs drive it: in a folder for boxes of their own, so that they meet no box of the user.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Nothing takes this long, ms: whoever waits so long waits in vain. */
const LONG_MS = 60_000;

const launcher = join(import.meta.dirname, '../../../dist/bin/tcbox.cjs');

export interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Options {
  readonly input?: string;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly uid?: number;
}

/** Where folders of boxes may lie: the paths of their sockets must not be long, and scripts name them without quotes. */
export const shortFolder = /^[\w/.-]{1,50}$/.test(tmpdir()) ? tmpdir() : '/tmp';

/** A command that runs in the background. */
export interface Running {
  readonly child: ChildProcess;
  /** What it has written so far. */
  readonly stdout: () => string;
  readonly ended: Promise<Result>;
}

export class Tcbox {
  /** In place of XDG_RUNTIME_DIR. */
  readonly folder = mkdtempSync(join(shortFolder, 'tcbox-'));
  readonly #env: NodeJS.ProcessEnv;

  constructor() {
    chmodSync(this.folder, 0o700);
    this.#env = { ...process.env, XDG_RUNTIME_DIR: this.folder };
    // Reading extra certificates costs every start of Node.js more than the start itself.
    delete this.#env['NODE_EXTRA_CA_CERTS'];
  }

  get argv(): readonly [string, string] {
    return [process.execPath, launcher];
  }

  run(args: readonly string[], { env, uid, ...options }: Options = {}): Result {
    const ids = uid === undefined ? {} : { uid, gid: uid };
    const { status, stdout, stderr } = spawnSync(process.execPath, [launcher, ...args], {
      encoding: 'utf8',
      timeout: LONG_MS,
      env: { ...this.#env, ...env },
      ...ids,
      ...options,
    });
    return { status, stdout, stderr };
  }

  /** `exec NAME -- sh -c SCRIPT`. */
  sh(name: string, script: string, options?: Options): Result {
    return this.run(['exec', name, '--', 'sh', '-c', script], options);
  }

  start(args: readonly string[]): Running {
    const child = spawn(process.execPath, [launcher, ...args], { env: this.#env, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
    const ended = new Promise<Result>((resolve) => {
      child.on('close', (status) => {
        resolve({ status, stdout, stderr });
      });
    });
    return { child, stdout: () => stdout, ended };
  }

  /** The boxes as `ls --json` tells them. */
  ls(): { name: string; pid: number; guardian: number; programs: number; sockets: number; problem?: string }[] {
    const { boxes } = JSON.parse(this.run(['ls', '--json']).stdout) as { boxes: ReturnType<Tcbox['ls']> };
    return boxes;
  }

  /** Stops every box and removes the folder. */
  end(): void {
    const names = this.ls().map(({ name }) => name);
    if (names.length !== 0) this.run(['stop', ...names]);
    rmSync(this.folder, { recursive: true });
  }
}

/** Waits until something holds; throws when it never does. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + LONG_MS;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Whether a process is there and no zombie. */
export function lives(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.startsWith('Z');
}
