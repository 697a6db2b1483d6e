// What a client holds in place of an open map, program, link or BTF object: a memory file of that name. Its last close,
// wherever dup(), fork() and SCM_RIGHTS have carried it, is heard by inotify; that it was the last one is proved by a lock
// that the client's open file holds from its birth. Where inotify cannot be had, the locks are tried from time to time.
import { EPOLLIN, O_CLOEXEC, O_NONBLOCK, O_RDWR } from './abi.js';
import type { Events } from './events.js';
import {
  BASE,
  IN,
  IN_SIZE,
  STAT,
  close,
  errno,
  flock,
  fstat,
  get64,
  inotifyAddWatch,
  inotifyInit1,
  inotifyRmWatch,
  memfdCreate,
  open,
  read,
  u32,
} from './libc.js';
import type { BpfFile } from '../linux/kernel/bpf/file.js';

const MFD_CLOEXEC = 1;
const IN_CLOSE = 0x18;
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
  readonly watch: number;
  /** How often the lock is still to be tried. */
  tries: number;
}

export class BpfFiles {
  readonly #events: Events;
  readonly #byIno = new Map<number, Held>();
  readonly #byWatch = new Map<number, Held>();
  readonly #heard = new Set<Held>();
  #inotify = -1;
  #device = -1;

  constructor(events: Events) {
    this.#events = events;
  }

  get size(): number {
    return this.#byIno.size;
  }

  /** A memory file for `file`: an fd for the client, to be closed here once installed; or a negative errno. */
  make(file: BpfFile): number {
    const fd = memfdCreate(`anon_inode:${file.kind}`, MFD_CLOEXEC);
    if (fd < 0) return -errno();
    const path = `/proc/self/fd/${fd}`;
    // The client gets a second open file: nothing is told of the one that memfd_create(2) makes.
    const clientEnd = open(path, O_RDWR | O_CLOEXEC);
    if (clientEnd < 0 || flock(clientEnd, LOCK_EX) !== 0) {
      const error = errno();
      for (const made of [clientEnd, fd]) if (made >= 0) close(made);
      return -error;
    }
    fstat(fd, BASE + STAT);
    this.#device = get64(STAT);
    const held: Held = { file, fd, ino: get64(STAT + 8), watch: this.#listenTo(path), tries: 0 };
    this.#byIno.set(held.ino, held);
    if (held.watch >= 0) this.#byWatch.set(held.watch, held);
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
    return this.#byWatch.size === this.#byIno.size ? Infinity : LOOK_MS;
  }

  /** Ends the files whose last close is known by now. */
  look(): void {
    for (const held of this.#heard) {
      if (this.#isClosed(held)) this.#end(held);
      else if (--held.tries === 0) this.#heard.delete(held);
    }
    if (this.#byWatch.size === this.#byIno.size) return;
    for (const held of [...this.#byIno.values()]) if (held.watch < 0 && this.#isClosed(held)) this.#end(held);
  }

  /** Ends all files, whoever still has them open. */
  endAll(): void {
    for (const held of [...this.#byIno.values()]) this.#end(held);
    if (this.#inotify >= 0) this.#events.close(this.#inotify);
    this.#inotify = -1;
  }

  #listenTo(path: string): number {
    if (this.#inotify < 0) {
      this.#inotify = inotifyInit1(O_NONBLOCK | O_CLOEXEC);
      if (this.#inotify < 0) return -1;
      this.#events.add(this.#inotify, EPOLLIN, () => {
        this.#hear();
      });
    }
    return inotifyAddWatch(this.#inotify, path, IN_CLOSE);
  }

  /** struct inotify_event: wd, mask, cookie, len. */
  #hear(): void {
    const length = read(this.#inotify, BASE + IN, IN_SIZE);
    for (let at = IN; at < IN + length; at += 16 + u32[(at + 12) >> 2]!) {
      const held = this.#byWatch.get(u32[at >> 2]!);
      if (held === undefined) continue;
      held.tries = AGAIN_TIMES;
      this.#heard.add(held);
    }
    this.look();
  }

  #isClosed(held: Held): boolean {
    return flock(held.fd, LOCK_EX | LOCK_NB) === 0;
  }

  #end(held: Held): void {
    this.#byIno.delete(held.ino);
    this.#heard.delete(held);
    if (this.#byWatch.delete(held.watch)) inotifyRmWatch(this.#inotify, held.watch);
    close(held.fd);
    held.file.close();
  }
}
