// The namespaces of a box's clients: a user namespace in which they are uid 0, mounts of their own, and a network without
// devices, so that a file system they mount for pinned objects is theirs alone. Entered through unshare(1) by the first
// program and through nsenter(1) by those after it, because a process with threads can do neither.
import { accessSync, constants } from 'node:fs';
import { O_CLOEXEC } from './abi.js';
import { BASE, WORDS, close, i32, open, posixSpawn, wait4 } from './libc.js';

/** 'user': mapped to uid 0; 'mount': this user may do without; 'none': not allowed here. */
export type NamespaceKind = 'user' | 'mount' | 'none';

const kinds: readonly (readonly [NamespaceKind, readonly string[]])[] = [
  ['user', ['--user', '--map-root-user', '--mount', '--net']],
  ['mount', ['--mount', '--net']],
];
const PATH = '/usr/bin:/bin:/usr/local/bin:/usr/sbin:/sbin';
const names = ['user', 'mnt', 'net'] as const;
const entering: Readonly<Record<(typeof names)[number], string>> = { user: '--user', mnt: '--mount', net: '--net' };

/** A try of the likeliest kind, begun while other things are made ready. */
interface Trial {
  readonly pid: number;
  readonly kind: (typeof kinds)[number];
}

export class Namespaces {
  #kind: NamespaceKind = 'none';
  #why = '';
  #flags: readonly string[] = [];
  #trial: Trial | undefined;
  /** Of the first program, kept open so that they live as long as the box. */
  #fds: Map<(typeof names)[number], number> | undefined;

  /** Begins to find out by trying; settle() waits for the answer. To be made by a thread that is not filtered. */
  constructor() {
    if (located('unshare') === undefined || located('nsenter') === undefined) {
      this.#why = 'unshare(1) or nsenter(1) is missing';
      return;
    }
    const kind = ordered()[0]!;
    const argv = ['sh', '-c', `exec "$@" 2>/dev/null`, 'sh', located('unshare')!, ...kind[1], '--', 'true'];
    const started = posixSpawn(BASE + WORDS, '/bin/sh', 0, 0, [...argv, null], [`PATH=${PATH}`, null]) === 0;
    if (started) this.#trial = { pid: i32[WORDS >> 2]!, kind };
  }

  /** Waits until it is known what works. Must be called before the thread is filtered. */
  settle(): this {
    const trial = this.#trial;
    if (trial === undefined) return this;
    this.#trial = undefined;
    if (wait4(trial.pid, BASE + WORDS, 0, 0) === trial.pid && i32[WORDS >> 2] === 0) this.#use(trial.kind);
    else this.#tryAll();
    return this;
  }

  get kind(): NamespaceKind {
    return this.settle().#kind;
  }

  /** What stood in the way; empty otherwise. */
  get why(): string {
    return this.settle().#why;
  }

  #use([kind, flags]: (typeof kinds)[number]): void {
    this.#kind = kind;
    this.#flags = flags;
    this.#why = '';
  }

  #tryAll(): void {
    // Where the first trial succeeds, as nearly everywhere, nobody waits for this module.
    const { spawnSync } = process.getBuiltinModule('node:child_process');
    for (const kind of ordered()) {
      const { status, stderr } = spawnSync(located('unshare')!, [...kind[1], '--', 'true'], { encoding: 'utf8' });
      if (status === 0) {
        this.#use(kind);
        return;
      }
      this.#why = stderr.trim();
    }
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
