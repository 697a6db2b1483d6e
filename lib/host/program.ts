// Finding and starting a client's program the way env(1) does: PATH of the new environment, 127 when it is not found,
// 126 when it cannot be executed, a file without a magic number is given to the shell.
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { withOpenFiles } from './limits.js';
import type { SpawnRequest, Spawner } from './spawner.js';
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
  /** File mode mask and soft limit of open files; those of this process by default. */
  readonly umask?: number | undefined;
  readonly openFiles?: number | undefined;
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

/** Starts one file while this process is as the program shall find itself. */
function spawnAs(spawner: Spawner, request: SpawnRequest, { umask, openFiles }: SpawnOptions): number {
  const own = umask === undefined ? undefined : process.umask(umask);
  try {
    return withOpenFiles(openFiles, () => spawner.spawn(request));
  } finally {
    if (own !== undefined) process.umask(own);
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
      const request = { path: starter[0]!, argv: [...starter, ...argv], envp, cwd, stdio, group };
      const pid = spawnAs(spawner, request, options);
      if (pid > 0) return pid;
    }
    let result = spawnAs(spawner, { path, argv, envp, cwd, stdio, group }, options);
    if (result === -ENOEXEC) {
      const script = ['/bin/sh', path, ...argv.slice(1)];
      result = spawnAs(spawner, { path: '/bin/sh', argv: script, envp, cwd, stdio, group }, options);
    }
    if (result > 0) return result;
    if (result === -EACCES) error = EACCES;
    else if (result !== -ENOENT && result !== -ENOTDIR) throw new SpawnError(program, -result);
  }
  throw new SpawnError(program, error);
}
