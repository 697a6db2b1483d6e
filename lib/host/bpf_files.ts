// What a client holds in place of an open map, program, link or BTF object: a memory file of that name. Its last close,
// wherever dup(), fork() and SCM_RIGHTS have carried it, is heard by inotify; that it was the last one is proved by a lock
// that the client's open file holds from its birth. Where inotify cannot be had, the locks are tried from time to time.
import { O_CLOEXEC, O_WRONLY } from './abi.js';
import { IN_CLOSE, type Inotify } from './inotify.js';
import { BASE, STAT, close, errno, flock, fstat, get64, memfdCreate, open } from './libc.js';
import type { BpfFile } from '../linux/kernel/bpf/file.js';

const MFD_CLOEXEC = 1;
const LOCK_EX = 2;
const LOCK_NB = 4;
/** How often, and how many times, a close that was heard is looked at again: the lock goes a moment after the event. */
const AGAIN_MS = 1;
const AGAIN_TIMES = 50;
/** How often the locks are tried where nothing is heard, ms. */
const LOOK_MS = 100;

interface Held {
  readonly file: BpfFile;
  /** Our own open file of the same memory file. */
  readonly fd: number;
  readonly ino: number;
  /** -1: its close cannot be heard. */
  watch: number;
  /** How often the lock is still to be tried. */
  tries: number;
}

export class BpfFiles {
  readonly #inotify: Inotify;
  readonly #byIno = new Map<number, Held>();
  readonly #heard = new Set<Held>();
  /** Files whose close cannot be heard. */
  #unheard = 0;
  #device = -1;

  constructor(inotify: Inotify) {
    this.#inotify = inotify;
  }

  get size(): number {
    return this.#byIno.size;
  }

  /** A memory file for `file`: an fd for the client, to be closed here once installed; or a negative errno. */
  make(file: BpfFile): number {
    const fd = memfdCreate(`anon_inode:${file.kind}`, MFD_CLOEXEC);
    if (fd < 0) return -errno();
    const path = `/proc/self/fd/${fd}`;
    // The client gets a second open file: nothing is told of the one that memfd_create(2) makes. It cannot be mapped, since
    // there is nothing in it.
    const clientEnd = open(path, O_WRONLY | O_CLOEXEC);
    if (clientEnd < 0 || flock(clientEnd, LOCK_EX) !== 0) {
      const error = errno();
      for (const made of [clientEnd, fd]) if (made >= 0) close(made);
      return -error;
    }
    fstat(fd, BASE + STAT);
    this.#device = get64(STAT);
    const held: Held = { file, fd, ino: get64(STAT + 8), watch: -1, tries: 0 };
    this.#byIno.set(held.ino, held);
    held.watch = this.#inotify.watch(path, IN_CLOSE, () => {
      held.tries = AGAIN_TIMES;
      this.#heard.add(held);
      this.look();
    });
    if (held.watch < 0) this.#unheard++;
    return clientEnd;
  }

  /** The file whose struct stat stands at STAT in the arena; undefined when it is none of ours. */
  atStat(): BpfFile | undefined {
    if (this.#byIno.size === 0 || get64(STAT) !== this.#device) return undefined;
    return this.#byIno.get(get64(STAT + 8))?.file;
  }

  /** The file behind a copy of a client's fd. */
  of(copy: number): BpfFile | undefined {
    return this.#byIno.size !== 0 && fstat(copy, BASE + STAT) === 0 ? this.atStat() : undefined;
  }

  /** Ms until look() has something to do; Infinity: not before an event. */
  get untilLook(): number {
    if (this.#heard.size !== 0) return AGAIN_MS;
    return this.#unheard === 0 ? Infinity : LOOK_MS;
  }

  /** Ends the files whose last close is known by now. */
  look(): void {
    for (const held of this.#heard) {
      if (this.#isClosed(held)) this.#end(held);
      else if (--held.tries === 0) this.#heard.delete(held);
    }
    if (this.#unheard === 0) return;
    for (const held of [...this.#byIno.values()]) if (held.watch < 0 && this.#isClosed(held)) this.#end(held);
  }

  /** Ends all files, whoever still has them open. */
  endAll(): void {
    for (const held of [...this.#byIno.values()]) this.#end(held);
  }

  #isClosed(held: Held): boolean {
    return flock(held.fd, LOCK_EX | LOCK_NB) === 0;
  }

  #end(held: Held): void {
    this.#byIno.delete(held.ino);
    this.#heard.delete(held);
    if (held.watch >= 0) this.#inotify.unwatch(held.watch);
    else this.#unheard--;
    close(held.fd);
    held.file.close();
  }
}
