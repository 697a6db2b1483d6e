// Finding and starting a client's program the way env(1) does: PATH of the new environment, 127 when it is not found,
// 126 when it cannot be executed, a file without a magic number is given to the shell.
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Spawner } from './spawner.js';
import { EACCES, ENOENT, ENOEXEC, ENOTDIR, errnoName } from '../uapi/asm-generic/errno.js';

export interface SpawnOptions {
  readonly cwd?: string | undefined;
  readonly env?: Readonly<Partial<Record<string, string>>> | undefined;
  /** Fds of this process that become the client's 0, 1 and 2. */
  readonly stdio?: readonly [number, number, number] | undefined;
  /** Whether the program leads a process group of its own; false by default. */
  readonly group?: boolean | undefined;
  /** A program with arguments that is started in its place, and becomes it. */
  readonly starter?: readonly string[] | undefined;
}

/** What env(1) would exit with, for a program that could not be started. */
export class SpawnError extends Error {
  readonly errno: number;
  readonly status: 126 | 127;

  constructor(program: string, errno: number) {
    const missing = errno === ENOENT || errno === ENOTDIR;
    super(`${program}: ${missing ? 'command not found' : `cannot be executed (${errnoName(errno)})`}`);
    this.name = 'SpawnError';
    this.errno = errno;
    this.status = missing ? 127 : 126;
  }
}

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

function candidates(program: string, path: string | undefined): string[] {
  if (program.includes('/')) return [program];
  return (path ?? DEFAULT_PATH).split(':').map((dir) => (dir === '' ? `./${program}` : `${dir}/${program}`));
}

/** Whether a file can be there as far as this process can see; a directory it may not search holds nothing for it. */
function mayExist(path: string, cwd: string | undefined): boolean {
  return (cwd !== undefined && !path.startsWith('/')) || existsSync(path);
}

function isExecutable(path: string, cwd: string | undefined): boolean {
  try {
    const file = resolve(cwd ?? '.', path);
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** Starts `argv`; its pid. Throws a SpawnError. */
export function startProgram(spawner: Spawner, argv: readonly string[], options: SpawnOptions): number {
  const program = argv[0] ?? '';
  const env = options.env ?? process.env;
  const envp = Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
  const { cwd, stdio = [0, 1, 2], group = false, starter } = options;
  let error = ENOENT;
  for (const path of candidates(program, env['PATH'])) {
    if (!mayExist(path, cwd)) continue;
    if (starter !== undefined && isExecutable(path, cwd)) {
      const pid = spawner.spawn({ path: starter[0]!, argv: [...starter, ...argv], envp, cwd, stdio, group });
      if (pid > 0) return pid;
    }
    let result = spawner.spawn({ path, argv, envp, cwd, stdio, group });
    if (result === -ENOEXEC) {
      const script = ['/bin/sh', path, ...argv.slice(1)];
      result = spawner.spawn({ path: '/bin/sh', argv: script, envp, cwd, stdio, group });
    }
    if (result > 0) return result;
    if (result === -EACCES) error = EACCES;
    else if (result !== -ENOENT && result !== -ENOTDIR) throw new SpawnError(program, -result);
  }
  throw new SpawnError(program, error);
}
