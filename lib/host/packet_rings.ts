// Rings of packet sockets (PACKET_RX_RING). A program maps its socket, which the placeholder cannot give it; so from the
// moment it has asked for a ring its fd is a memory file that can be mapped, and at its next call on that fd, once it has
// mapped it, the placeholder again. The model writes packets into the same memory. That there is something to read is said
// by a datagram in the pair, which is taken away when the program has given everything back: seen by looking, because
// nothing tells.
import { readFileSync } from 'node:fs';
import * as abi from './abi.js';
import { IN_CLOSE, type Inotify } from './inotify.js';
import {
  BASE,
  STAT,
  close,
  fcntl,
  flock,
  fstat,
  get64,
  memfdCreate,
  mappedView,
  munmap,
  open,
  truncate,
} from './libc.js';
import type { Descriptors } from './descriptors.js';
import type { Listener } from './listener.js';
import type { NativeCalls } from './native.js';
import type { Placeholder } from './placeholder.js';
import type { SharedRing } from '../linux/net/socket.js';

const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const F_ADD_SEALS = 1033;
/** F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW: a file that shrinks under our own mapping would be the end of us. */
const SEALS = 1 | 2 | 4;
const LOCK_EX = 2;
const LOCK_NB = 4;
/** How often a ring with unread packets is looked at, ms: less and less often. */
const LOOK_MS = 1;
const LOOK_AT_MOST_MS = 16;
/** For how long it is looked at whether a client has gone, ms: the lock goes a moment after the event. */
const ABANDONED_MS = 10_000;

class PacketRing implements SharedRing {
  readonly memory: Uint8Array;
  readonly placeholder: Placeholder;
  readonly ino: number;
  /** Our open file of the memory. */
  readonly #fd: number;
  readonly #address: number;
  readonly #rings: PacketRings;
  /** A second open file, for the client; -1 once it is installed. */
  clientEnd: number;
  /** The client's end of the pair while its fd is the memory file; -1: it has it. */
  pairEnd = -1;
  cloexec = false;
  watch = -1;
  /** Whether the datagram lies in the pair. */
  raised = false;
  /** Until when it is looked at whether the client has gone, as performance.now() counts; 0: not at all. */
  leaving = 0;
  lookEvery = LOOK_MS;

  constructor(rings: PacketRings, placeholder: Placeholder, fds: readonly [number, number], size: number) {
    this.#rings = rings;
    this.placeholder = placeholder;
    [this.#fd, this.clientEnd] = fds;
    fstat(this.#fd, BASE + STAT);
    this.ino = get64(STAT + 8);
    const { address, bytes } = mappedView(this.#fd, size);
    this.#address = address;
    this.memory = bytes;
  }

  readable(is: boolean): void {
    if (is) this.#rings.raise(this);
  }

  get mapped(): boolean {
    return this.#rings.isMapped(this);
  }

  hangUp(): void {
    this.placeholder.hangUp?.();
  }

  /** Whether the client's file, locked from its birth, is gone from every table and every mapping. */
  get abandoned(): boolean {
    return flock(this.#fd, LOCK_EX | LOCK_NB) === 0;
  }

  close(): void {
    this.#rings.forget(this);
    for (const fd of [this.#fd, this.clientEnd, this.pairEnd]) if (fd >= 0) close(fd);
    munmap(this.#address, this.memory.length);
  }
}

export class PacketRings {
  readonly #byIno = new Map<number, PacketRing>();
  readonly #raised = new Set<PacketRing>();
  readonly #inotify: Inotify;
  readonly #native: NativeCalls;
  readonly #descriptors: Descriptors;

  constructor(inotify: Inotify, native: NativeCalls, descriptors: Descriptors) {
    this.#inotify = inotify;
    this.#native = native;
    this.#descriptors = descriptors;
  }

  get size(): number {
    return this.#byIno.size;
  }

  /** Memory for a ring of the socket behind `placeholder`; undefined when there is none to be had. */
  make(placeholder: Placeholder, size: number): SharedRing | undefined {
    const fd = memfdCreate('packet-ring', MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0) return undefined;
    const path = `/proc/self/fd/${fd}`;
    const clientEnd = truncate(fd, size) === 0 ? open(path, abi.O_RDWR | abi.O_CLOEXEC) : -1;
    if (clientEnd < 0 || flock(clientEnd, LOCK_EX) !== 0 || fcntl(fd, F_ADD_SEALS, SEALS) !== 0) {
      for (const made of [fd, clientEnd]) if (made >= 0) close(made);
      return undefined;
    }
    const ring = new PacketRing(this, placeholder, [fd, clientEnd], size);
    this.#byIno.set(ring.ino, ring);
    ring.watch = this.#inotify.watch(path, IN_CLOSE, () => {
      if (ring.pairEnd < 0) return;
      ring.leaving = performance.now() + ABANDONED_MS;
      ring.lookEvery = LOOK_MS;
      this.#raised.add(ring);
    });
    return ring;
  }

  /**
   * The client's fd becomes the memory file of the ring that its call has just made; `copy` of its end of the pair is kept
   * meanwhile. Does nothing when there is no new ring.
   */
  swapIn(listener: Listener, placeholder: Placeholder, copy: number, cloexec: boolean): void {
    const ring = this.#ringOf(placeholder);
    if (ring === undefined || ring.clientEnd < 0) return;
    placeholder.discardAll(copy);
    const kept = fcntl(copy, abi.F_DUPFD_CLOEXEC, 0);
    ring.cloexec = cloexec;
    if (kept >= 0 && listener.replaceFd(ring.clientEnd, placeholder.clientFd, cloexec)) ring.pairEnd = kept;
    else if (kept >= 0) close(kept);
    close(ring.clientEnd);
    ring.clientEnd = -1;
  }

  /** The client's end of the pair, kept while its fd is the memory file, as another fd; -1: the client has it. */
  keptEnd(placeholder: Placeholder): number {
    const kept = this.#ringOf(placeholder)?.pairEnd ?? -1;
    return kept < 0 ? -1 : fcntl(kept, abi.F_DUPFD_CLOEXEC, 0);
  }

  /**
   * The placeholder whose ring the fd is that struct stat at STAT tells of; the client gets the placeholder back when it
   * has mapped the ring. Undefined for any other file.
   */
  atStat(listener: Listener, tgid: number, fd: number): { placeholder: Placeholder; pairEnd: number } | undefined {
    const ring = this.#byIno.get(get64(STAT + 8));
    if (ring === undefined || ring.pairEnd < 0) return undefined;
    const pairEnd = fcntl(ring.pairEnd, abi.F_DUPFD_CLOEXEC, 0);
    if (pairEnd < 0) return undefined;
    if (mapsFile(tgid, ring.ino) && listener.replaceFd(ring.pairEnd, fd, ring.cloexec)) {
      close(ring.pairEnd);
      ring.pairEnd = -1;
    }
    return { placeholder: ring.placeholder, pairEnd };
  }

  isMapped(ring: PacketRing): boolean {
    return mapsFile(ring.placeholder.task.tgid, ring.ino);
  }

  /** The ring has something to read. */
  raise(ring: PacketRing): void {
    ring.lookEvery = LOOK_MS;
    if (ring.raised) return;
    ring.raised = ring.placeholder.signal();
    if (ring.raised) this.#raised.add(ring);
  }

  /** Ms until look() has something to do; Infinity: nothing. */
  get untilLook(): number {
    if (this.#raised.size === 0) return Infinity;
    let soonest = LOOK_AT_MOST_MS;
    for (const ring of this.#raised) soonest = Math.min(soonest, ring.lookEvery);
    return soonest;
  }

  /** Rings whose packets have all been given back, and clients that went while they had the memory file. */
  look(): void {
    for (const ring of this.#raised) {
      if (ring.leaving !== 0 && ring.pairEnd >= 0) this.#seeAbandoned(ring);
      else if (!ring.raised) this.#raised.delete(ring);
      else if ((ring.placeholder.socket.poll() & abi.EPOLLIN) === 0) this.#lower(ring);
      else ring.lookEvery = Math.min(2 * ring.lookEvery, LOOK_AT_MOST_MS);
    }
  }

  /** A client that went while it had the memory file: its end of the pair goes, too, and that is the end of the socket. */
  #seeAbandoned(ring: PacketRing): void {
    ring.lookEvery = Math.min(2 * ring.lookEvery, LOOK_AT_MOST_MS);
    if (!ring.abandoned) {
      if (performance.now() > ring.leaving) ring.leaving = 0;
      return;
    }
    close(ring.pairEnd);
    ring.pairEnd = -1;
    this.#raised.delete(ring);
  }

  forget(ring: PacketRing): void {
    if (ring.raised) this.#lower(ring);
    this.#raised.delete(ring);
    this.#byIno.delete(ring.ino);
    if (ring.watch >= 0) this.#inotify.unwatch(ring.watch);
  }

  #lower(ring: PacketRing): void {
    const copy = ring.pairEnd >= 0 ? ring.pairEnd : this.#descriptors.copyOf(ring.placeholder);
    if (copy < 0) return;
    this.#native.discard(copy);
    if (copy !== ring.pairEnd) this.#descriptors.giveBack(copy);
    ring.raised = false;
    this.#raised.delete(ring);
  }

  #ringOf(placeholder: Placeholder): PacketRing | undefined {
    for (const ring of this.#byIno.values()) if (ring.placeholder === placeholder) return ring;
    return undefined;
  }
}

/** Whether a process has the memory file of this inode mapped. */
function mapsFile(tgid: number, ino: number): boolean {
  try {
    return new RegExp(` ${ino} +/memfd:packet-ring`).test(readFileSync(`/proc/${tgid}/maps`, 'latin1'));
  } catch {
    return false;
  }
}
