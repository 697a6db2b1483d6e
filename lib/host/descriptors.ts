// What the fds of clients are, in one of two ways. Fetching: a copy of the fd (pidfd_getfd), whose inode tells, and
// which is given back before the call is answered, so that the last close of a socket hangs up our end of its pair.
// Listing, where an outer filter refuses that call: the inode that /proc shows, and a copy of each socket that is kept
// from its start. The kept copy hides the last close; so whoever may have closed a socket is looked at (its last place,
// then the tables of every process of the box) when its process ends, when it opens or binds another, and now and then.
import { readFileSync, readdirSync } from 'node:fs';
import * as abi from './abi.js';
import type { ClientTask } from './clients.js';
import { descendants } from './descendants.js';
import { BASE, STAT, close, errno, fstat, get64, stat, syscall, u32 } from './libc.js';
import type { NativeCalls } from './native.js';
import type { Placeholder } from './placeholder.js';
import { EBADF, EIO, ENOENT, ENOTDIR } from '../uapi/asm-generic/errno.js';

/** How fds are looked up; found out by trying. */
export type Lookup = 'fetch' | 'list';

/** Tries pidfd_getfd(2) on this process and `fd`: an outer filter refuses it whatever the arguments are. */
export function lookupOf({ nr }: abi.Abi, fd: number): Lookup {
  const pidfd = syscall(nr.pidfd_open, process.pid, 0, 0, 0, 0, 0);
  const copy = pidfd < 0 ? -1 : syscall(nr.pidfd_getfd, pidfd, fd, 0, 0, 0, 0);
  if (pidfd >= 0) close(pidfd);
  if (copy >= 0) close(copy);
  return copy >= 0 ? 'fetch' : 'list';
}

export interface Descriptors {
  /** Looks up an fd: a copy (>= 0) to ask about and to give back, or a negative errno. */
  fetch(task: ClientTask, fd: number): number;
  /** The placeholder behind a copy, or undefined when it is none of ours. The struct stat of the fd stands at STAT then. */
  placeholderOf(copy: number): Placeholder | undefined;
  isSocket(copy: number): boolean;
  giveBack(copy: number): void;
  /** A copy of the client's end from where it was used last, or -1 when it is no longer there. */
  copyOf(placeholder: Placeholder): number;
  /** The client has its end of the pair; ours of it is `clientEnd`. */
  installed(placeholder: Placeholder, clientEnd: number): void;
  /** The pair has hung up. */
  released(placeholder: Placeholder): void;
  /**
   * Lets go of the sockets that no process of the box holds any more, those last used by `tgid` or all: their pairs have
   * hung up when this returns, unless somebody else holds one.
   */
  letGo(tgid: number | undefined): Placeholder[];
  /** Somebody else held one of those, and it is ended all the same: calls on it are refused from now on. */
  lost(placeholder: Placeholder): void;
  /** How often letGo() is due while sockets are open, ms; Infinity: never. */
  readonly lookEveryMs: number;
}

/** pidfd_getfd(2) for every lookup. */
export class FetchedDescriptors implements Descriptors {
  readonly lookEveryMs = Infinity;
  readonly #abi: abi.Abi;
  readonly #placeholders: ReadonlyMap<number, Placeholder>;

  constructor(table: abi.Abi, placeholders: ReadonlyMap<number, Placeholder>) {
    this.#abi = table;
    this.#placeholders = placeholders;
  }

  fetch(task: ClientTask, fd: number): number {
    const copy = syscall(this.#abi.nr.pidfd_getfd, task.pidfd, fd >>> 0, 0, 0, 0, 0);
    return copy >= 0 ? copy : -errno();
  }

  placeholderOf(copy: number): Placeholder | undefined {
    return this.isSocket(copy) ? this.#placeholders.get(get64(STAT + 8)) : undefined;
  }

  isSocket(copy: number): boolean {
    if (fstat(copy, BASE + STAT) !== 0) return false;
    return (u32[(STAT + this.#abi.statMode) >> 2]! & abi.S_IFMT) === abi.S_IFSOCK;
  }

  giveBack(copy: number): void {
    close(copy);
  }

  copyOf(placeholder: Placeholder): number {
    const copy = this.fetch(placeholder.task, placeholder.clientFd);
    if (copy < 0) return -1;
    if (this.placeholderOf(copy) === placeholder) return copy;
    close(copy);
    return -1;
  }

  installed(_placeholder: Placeholder, clientEnd: number): void {
    close(clientEnd);
  }

  released(): void {}

  letGo(): Placeholder[] {
    return [];
  }

  lost(): void {}
}

/** A placeholder, our copy of the client's end, and where that was seen last. */
interface Kept {
  readonly placeholder: Placeholder;
  readonly copy: number;
  tgid: number;
  fd: number;
  /** It was found in another process than used it last, whose end nobody may hear of. */
  inherited: boolean;
}

/** Copies that stand for what is no placeholder: numbers no fd has. */
const FOREIGN = 0x40000000;
const FOREIGN_SOCKET = 0x40000001;

/** How many sockets of one process are looked at when it opens another. */
const LOOKS = 16;

/** stat(2) of /proc/TID/fd/N, and kept copies. */
export class ListedDescriptors implements Descriptors {
  readonly lookEveryMs = 100;
  readonly #abi: abi.Abi;
  readonly #native: NativeCalls;
  /** By inode; those looked at longest ago first. */
  readonly #kept = new Map<number, Kept>();
  readonly #byCopy = new Map<number, Kept>();
  /** Inodes of sockets that were let go while somebody held them. */
  readonly #lost = new Set<number>();

  constructor(table: abi.Abi, native: NativeCalls) {
    this.#abi = table;
    this.#native = native;
  }

  fetch(task: ClientTask, fd: number): number {
    const mode = this.#look(task.pid, fd >>> 0);
    if (mode < 0) return mode;
    const socket = (mode & abi.S_IFMT) === abi.S_IFSOCK;
    if (!socket) return FOREIGN;
    const ino = get64(STAT + 8);
    const kept = this.#kept.get(ino);
    if (kept === undefined) return this.#lost.has(ino) ? -EIO : FOREIGN_SOCKET;
    kept.tgid = task.tgid;
    kept.fd = fd >>> 0;
    kept.inherited = false;
    return kept.copy;
  }

  placeholderOf(copy: number): Placeholder | undefined {
    return this.#byCopy.get(copy)?.placeholder;
  }

  isSocket(copy: number): boolean {
    return copy !== FOREIGN;
  }

  giveBack(): void {}

  copyOf(placeholder: Placeholder): number {
    return this.#kept.get(placeholder.ino)?.copy ?? -1;
  }

  installed(placeholder: Placeholder, clientEnd: number): void {
    const { task, clientFd: fd } = placeholder;
    const kept: Kept = { placeholder, copy: clientEnd, tgid: task.tgid, fd, inherited: false };
    this.#kept.set(placeholder.ino, kept);
    this.#byCopy.set(clientEnd, kept);
  }

  released(placeholder: Placeholder): void {
    const kept = this.#kept.get(placeholder.ino);
    if (kept !== undefined) this.#forget(kept);
  }

  letGo(tgid: number | undefined): Placeholder[] {
    const missing = this.#notInPlace(tgid);
    let gone = this.#inNoTable(missing);
    // What moves from one table to another may be missed in one look over all of them, hardly in two.
    if (descendants().length > 1) gone = this.#inNoTable(gone);
    if (gone.length === 0 || anyOnItsWay(this.#native)) return [];
    for (const kept of gone) this.#forget(kept);
    return gone.map(({ placeholder }) => placeholder);
  }

  lost(placeholder: Placeholder): void {
    this.#lost.add(placeholder.ino);
  }

  #forget(kept: Kept): void {
    this.#kept.delete(kept.placeholder.ino);
    this.#byCopy.delete(kept.copy);
    close(kept.copy);
  }

  /** Mode of an fd, its inode at STAT; or a negative errno. */
  #look(tid: number, fd: number): number {
    if (stat(`/proc/${tid}/fd/${fd}`, BASE + STAT) === 0) return u32[(STAT + this.#abi.statMode) >> 2]!;
    const error = errno();
    return error === ENOENT || error === ENOTDIR ? -EBADF : -error;
  }

  /** Those that are no longer where they were seen last. */
  #notInPlace(tgid: number | undefined): Kept[] {
    const missing: Kept[] = [];
    let looks = tgid === undefined ? Infinity : LOOKS;
    for (const kept of [...this.#kept.values()]) {
      if (tgid !== undefined && kept.tgid !== tgid && !kept.inherited) continue;
      if (looks-- === 0) break;
      if (this.#look(kept.tgid, kept.fd) >= 0 && get64(STAT + 8) === kept.placeholder.ino) {
        this.#kept.delete(kept.placeholder.ino);
        this.#kept.set(kept.placeholder.ino, kept);
      } else missing.push(kept);
    }
    return missing;
  }

  /** Those of `missing` that no process of the box holds; the others' places are noted. */
  #inNoTable(missing: readonly Kept[]): Kept[] {
    if (missing.length === 0) return [];
    const left = new Map(missing.map((kept) => [`socket:[${kept.placeholder.ino}]`, kept]));
    for (const pid of descendants()) {
      for (const [fd, link] of linksOf(this.#native, pid)) {
        const kept = left.get(link);
        if (kept === undefined) continue;
        kept.tgid = pid;
        kept.fd = fd;
        kept.inherited = true;
        left.delete(link);
      }
      if (left.size === 0) break;
    }
    return [...left.values()];
  }
}

function listed(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/** Whether a socket of the box holds fds that were sent (SCM_RIGHTS) and not received yet; told since 5.8. */
function anyOnItsWay(native: NativeCalls): boolean {
  for (const pid of descendants()) {
    for (const [fd, link] of linksOf(native, pid)) {
      if (!link.startsWith('socket:')) continue;
      try {
        if (/^scm_fds:\t? *[1-9]/m.test(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'latin1'))) return true;
      } catch {
        // Closed since the table was listed.
      }
    }
  }
  return false;
}

/** What the fds of a process are; those of its threads when its first one has ended. */
function* linksOf(native: NativeCalls, pid: number): Iterable<[number, string]> {
  let fds = listed(`/proc/${pid}/fd`);
  let of = `/proc/${pid}`;
  for (const tid of fds.length === 0 ? listed(`/proc/${pid}/task`) : []) {
    of = `/proc/${pid}/task/${tid}`;
    fds = listed(`${of}/fd`);
    if (fds.length !== 0) break;
  }
  for (const fd of fds) {
    const link = native.readlink(`${of}/fd/${fd}`);
    // Otherwise closed since the table was listed.
    if (link !== undefined) yield [Number(fd), link];
  }
}
