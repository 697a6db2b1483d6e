// What a client holds in place of an open map, program, link or BTF object: a memory file of that name. Its last close,
// wherever dup(), fork() and SCM_RIGHTS have carried it, is heard by inotify; that it was the last one is proved by a lock
// that the client's open file holds from its birth. Where inotify cannot be had, the locks are tried from time to time.
import { O_CLOEXEC, O_RDONLY, O_RDWR, O_WRONLY } from './abi.js';
import { IN_CLOSE, type Inotify } from './inotify.js';
import { BASE, STAT, close, errno, flock, fstat, get64, memfdCreate, open } from './libc.js';
import { type MappedMap, mappedPages } from './mapped_maps.js';
import { type BpfFile, MapFile } from '../linux/kernel/bpf/file.js';
import { BPF_F_RDONLY_PROG } from '../uapi/linux/bpf.js';

const MFD_CLOEXEC = 1;
const LOCK_SH = 1;
const LOCK_EX = 2;
const LOCK_NB = 4;
/**
 * How often, less and less, and for how long a close that was heard is looked at again, ms: the lock goes a moment after
 * the event, and whoever closes may be kept waiting for a CPU just then.
 */
const AGAIN_MS = 1;
const AGAIN_AT_MOST_MS = 16;
const AGAIN_FOR_MS = 10_000;
/** How often the locks are tried where nothing is heard, ms. */
const LOOK_MS = 100;

interface Held {
  /** Open files that the client cannot tell apart by their bytes: those of one map that can be mapped. */
  readonly files: BpfFile[];
  /** Our own open file of the same memory file. */
  readonly fd: number;
  readonly ino: number;
  /** -1: its close cannot be heard. */
  watch: number;
  /** Until when the lock is tried again, as performance.now() counts. */
  again: number;
}

/**
 * A second open file of `fd`, locked: nothing is told by inotify of the one that memfd_create(2) makes. Negative errno if it
 * cannot be had.
 */
function openLocked(fd: number, access: number): number {
  const end = open(`/proc/self/fd/${fd}`, access | O_CLOEXEC);
  if (end >= 0 && flock(end, LOCK_SH) === 0) return end;
  const error = errno();
  if (end >= 0) close(end);
  return -error;
}

export class BpfFiles {
  readonly #inotify: Inotify;
  readonly #byIno = new Map<number, Held>();
  readonly #heard = new Set<Held>();
  #againMs = AGAIN_MS;
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
    if (file instanceof MapFile) {
      const pages = mappedPages(file);
      if (pages !== undefined) return this.#makeMapped(file, pages);
    }
    return this.#makeEmpty(file);
  }

  /** A file that cannot be mapped, since there is nothing in it. */
  #makeEmpty(file: BpfFile): number {
    const fd = memfdCreate(`anon_inode:${file.kind}`, MFD_CLOEXEC);
    if (fd < 0) return -errno();
    const clientEnd = openLocked(fd, O_WRONLY);
    if (clientEnd < 0) close(fd);
    else this.#hold(file, fd);
    return clientEnd;
  }

  /** One more open file of the pages of a map. */
  #makeMapped(file: MapFile, pages: MappedMap): number {
    const clientEnd = openLocked(pages.fd, (file.map.mapFlags & BPF_F_RDONLY_PROG) === 0 ? O_RDWR : O_RDONLY);
    if (clientEnd < 0) return clientEnd;
    fstat(clientEnd, BASE + STAT);
    const held = this.#byIno.get(get64(STAT + 8));
    if (held !== undefined) {
      held.files.push(file);
      return clientEnd;
    }
    const fd = open(`/proc/self/fd/${pages.fd}`, O_RDWR | O_CLOEXEC);
    if (fd < 0) {
      const error = errno();
      close(clientEnd);
      return -error;
    }
    this.#hold(file, fd);
    return clientEnd;
  }

  #hold(file: BpfFile, fd: number): void {
    fstat(fd, BASE + STAT);
    this.#device = get64(STAT);
    const held: Held = { files: [file], fd, ino: get64(STAT + 8), watch: -1, again: 0 };
    this.#byIno.set(held.ino, held);
    held.watch = this.#inotify.watch(`/proc/self/fd/${fd}`, IN_CLOSE, () => {
      held.again = performance.now() + AGAIN_FOR_MS;
      this.#heard.add(held);
      this.#againMs = AGAIN_MS;
      this.look();
    });
    if (held.watch < 0) this.#unheard++;
  }

  /** The file whose struct stat stands at STAT in the arena; undefined when it is none of ours. */
  atStat(): BpfFile | undefined {
    if (this.#byIno.size === 0 || get64(STAT) !== this.#device) return undefined;
    return this.#byIno.get(get64(STAT + 8))?.files[0];
  }

  /** The file behind a copy of a client's fd. */
  of(copy: number): BpfFile | undefined {
    return this.#byIno.size !== 0 && fstat(copy, BASE + STAT) === 0 ? this.atStat() : undefined;
  }

  /** Ms until look() has something to do; Infinity: not before an event. */
  get untilLook(): number {
    if (this.#heard.size !== 0) return this.#againMs;
    return this.#unheard === 0 ? Infinity : LOOK_MS;
  }

  /** Ends the files whose last close is known by now. */
  look(): void {
    for (const held of this.#heard) {
      if (this.#isClosed(held)) this.#end(held);
      else if (performance.now() > held.again) this.#heard.delete(held);
    }
    this.#againMs = Math.min(2 * this.#againMs, AGAIN_AT_MOST_MS);
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
    for (const file of held.files) file.close();
  }
}
