// The namespaces of a box's clients: a user namespace in which they are uid 0, mounts of their own, and a network without
// devices, so that a file system they mount for pinned objects is theirs alone. Entered through unshare(1) by the first
// program and through nsenter(1) by those after it, because a process with threads can do neither.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { O_CLOEXEC } from './abi.js';
import { close, open } from './libc.js';

/** 'user': mapped to uid 0; 'mount': this user may do without; 'none': not allowed here. */
export type NamespaceKind = 'user' | 'mount' | 'none';

const kinds: readonly (readonly [NamespaceKind, readonly string[]])[] = [
  ['user', ['--user', '--map-root-user', '--mount', '--net']],
  ['mount', ['--mount', '--net']],
];
const names = ['user', 'mnt', 'net'] as const;
const entering: Readonly<Record<(typeof names)[number], string>> = { user: '--user', mnt: '--mount', net: '--net' };

export class Namespaces {
  readonly kind: NamespaceKind;
  /** What stood in the way; empty otherwise. */
  readonly why: string;
  readonly #flags: readonly string[];
  /** Of the first program, kept open so that they live as long as the box. */
  #fds: Map<(typeof names)[number], number> | undefined;

  /** Finds out by trying. To be made by a thread that is not filtered. */
  constructor() {
    const unshare = located('unshare');
    let why = unshare === undefined || located('nsenter') === undefined ? 'unshare(1) or nsenter(1) is missing' : '';
    for (const [kind, flags] of why === '' ? ordered() : []) {
      const { status, stderr } = spawnSync(unshare!, [...flags, '--', 'true'], { encoding: 'utf8' });
      if (status === 0) {
        [this.kind, this.why, this.#flags] = [kind, '', flags];
        return;
      }
      why = stderr.trim();
    }
    [this.kind, this.why, this.#flags] = ['none', why, []];
  }

  /** Whether a program has made the namespaces that those after it enter. */
  get kept(): boolean {
    return this.#fds !== undefined;
  }

  /** The thread has just entered new namespaces: they become those of the box. */
  keep(tid: number): void {
    if (this.kind === 'none' || this.#fds !== undefined) return;
    const wanted = names.filter((name) => name !== 'user' || this.kind === 'user');
    this.#fds = new Map(wanted.map((name) => [name, open(`/proc/${tid}/ns/${name}`, O_CLOEXEC)]));
  }

  /** The words in front of a program's own that put it into the namespaces, with `cwd` its working directory there. */
  prefix(cwd: string): string[] {
    if (this.kind === 'none') return [];
    if (this.#fds === undefined) return [located('unshare')!, ...this.#flags, '--'];
    const paths = [...this.#fds].map(([name, fd]) => `${entering[name]}=/proc/${process.pid}/fd/${fd}`);
    return [located('nsenter')!, ...paths, '--preserve-credentials', '--', located('env')!, '-C', cwd];
  }

  /** Words that start a program in the namespaces of a thread, as their owner. */
  enter(tid: number): string[] {
    const flags = this.kind === 'user' ? ['--user', '--preserve-credentials', '--mount'] : ['--mount'];
    return [located('nsenter')!, '--target', String(tid), ...flags, '--'];
  }

  close(): void {
    for (const fd of this.#fds?.values() ?? []) if (fd >= 0) close(fd);
    this.#fds = undefined;
  }
}

/** Root needs no user namespace, and keeps its other users without one. */
const ordered = (): typeof kinds => (process.getuid?.() === 0 ? kinds.toReversed() : kinds);

/** Where a program of the system is. */
function located(program: string): string | undefined {
  for (const directory of ['/usr/bin', '/bin', '/usr/local/bin', '/usr/sbin', '/sbin']) {
    try {
      accessSync(`${directory}/${program}`, constants.X_OK);
      return `${directory}/${program}`;
    } catch {
      // Not here.
    }
  }
  return undefined;
}
