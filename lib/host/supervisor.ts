// The loop behind a Box: takes one notification at a time, finds its handler, settles what the call caused, answers.
// Order within a call: the model runs, everything it queued is written into the placeholders, the caller is answered,
// then blocked receivers are served. Events of placeholders come before the notification of the same wait, so that a
// last close or a native write() that happened earlier is seen earlier.
import * as abi from './abi.js';
import { BpfFiles } from './bpf_files.js';
import { BpfFs } from './bpffs.js';
import { Clients, fetchError, type ClientTask, type Identity } from './clients.js';
import type { Lookup } from './descriptors.js';
import { Events } from './events.js';
import { Inotify } from './inotify.js';
import { hostClock, type Kernel } from './kernel.js';
import { IN, IN_SIZE, u8 } from './libc.js';
import { Listener } from './listener.js';
import { MountTables } from './mount_tables.js';
import type { Namespaces } from './namespaces.js';
import type { NativeCalls } from './native.js';
import type { Placeholder } from './placeholder.js';
import { type Unreceived } from './placeholder.js';
import { PacketRings } from './packet_rings.js';
import { Replay } from './replay.js';
import type { Tap } from './tap.js';
import { ERESTARTSYS, pendingSignal } from './signals.js';
import { ANSWERED, LATER, PROCEED } from './verdict.js';
import { Waiters, type Waiter } from './waiters.js';
import { EINTR, EIO, EPERM } from '../uapi/asm-generic/errno.js';

/** Serves one intercepted call of `task`; the arguments stand in `sv.listener.notification`. */
export type Handler = (sv: Supervisor, task: ClientTask) => number;

/** Whether the box has anything to say about a call of this thread; asked before anything is looked up. */
export type Concerns = (sv: Supervisor, tid: number) => boolean;

export interface Served {
  readonly handler: Handler;
  /** Absent: always. */
  readonly concerns?: Concerns | undefined;
}

/** How long a socket with unread data stays unwatched before its native reads are looked for, in ms. */
const QUIET_MS = 1;

export class Supervisor {
  machine: Kernel;
  readonly events: Events;
  readonly listener: Listener;
  readonly clients: Clients;
  readonly files: BpfFiles;
  readonly inotify: Inotify;
  readonly rings: PacketRings;
  readonly bpffs: BpfFs;
  readonly mounts = new MountTables();
  /** Those of the clients; undefined: they stay where they are. */
  readonly namespaces: Namespaces | undefined;
  /** RLIMIT_MEMLOCK of the processes that have set it: struct rlimit64. */
  readonly memlock = new Map<number, Uint8Array>();
  /** Process ids of the supervisor's own programs. */
  readonly errands = new Set<number>();
  /** Starts a program of the supervisor's own; told of its exit status (-1: it died). */
  errand: (argv: readonly string[], done: (status: number) => void) => void = (_argv, done) => {
    done(-1);
  };
  /** What the computer's ABI is. */
  readonly abi: abi.Abi;
  readonly native: NativeCalls;
  readonly waiters: Waiters;
  readonly replay = new Replay();
  readonly log: (line: string) => void;
  /** Set by a receive: what it has consumed, in order, to be put back when the answer reaches nobody. */
  consumed: (() => readonly Unreceived[]) | undefined;
  /** What the call at hand sent, when a repeat must be told from a new call by it. */
  content: Uint8Array | undefined;
  /** The placeholder and the copy of its client's end of the call at hand. */
  placeholder: Placeholder | undefined;
  copy = -1;
  /** Told of everything that clients say and hear, while somebody records it. */
  tap: Tap | undefined;
  readonly #handlers: ReadonlyMap<number, Served>;
  readonly #dirty = new Set<Placeholder>();
  readonly #unread = new Set<Placeholder>();
  /** Processes that have ended and may have left sockets. */
  readonly #exited = new Set<number>();
  #nextLook: number;
  #notified = false;

  constructor(
    machine: Kernel,
    table: abi.Abi,
    spawner: { readonly listener: number; readonly killable: boolean },
    native: NativeCalls,
    handlers: ReadonlyMap<number, Served>,
    identity: Identity,
    log: (line: string) => void,
    lookup: Lookup = 'fetch',
    namespaces?: Namespaces,
  ) {
    this.machine = machine;
    this.abi = table;
    this.events = new Events(table);
    this.listener = new Listener(spawner.listener);
    this.waiters = new Waiters(() => hostClock.now(), spawner.killable);
    this.native = native;
    this.#handlers = handlers;
    this.log = log;
    this.inotify = new Inotify(this.events);
    this.files = new BpfFiles(this.inotify);
    this.namespaces = namespaces;
    this.bpffs = new BpfFs(table, native, this.inotify, namespaces !== undefined && namespaces.kind !== 'none');
    this.clients = new Clients(table, this.events, this.files, this.bpffs, native, identity, lookup);
    this.rings = new PacketRings(this.inotify, native, this.clients.descriptors);
    this.clients.onExit = ({ pid, tgid }) => {
      this.waiters.drop(pid);
      this.replay.forget(pid);
      if (pid === tgid) this.memlock.delete(pid);
      if (lookup === 'list') this.#exited.add(tgid);
    };
    this.#nextLook = lookup === 'list' ? 0 : Infinity;
    this.events.add(spawner.listener, abi.EPOLLIN, (mask) => {
      this.#notified = (mask & abi.EPOLLIN) !== 0;
    });
  }

  /** Waits at most `maxMs` for something to happen and handles it. False when a signal ended the wait. */
  step(maxMs: number): boolean {
    const quiet = this.#unread.size !== 0;
    const timeout = Math.min(maxMs, this.#untilDeadline(), quiet ? QUIET_MS : Infinity);
    const n = this.events.wait(timeout === Infinity ? -1 : Math.ceil(timeout));
    if (n < 0) return false;
    if (n === 0 && quiet && timeout === QUIET_MS) this.#watchUnread();
    this.#runDue();
    this.#reapDue();
    if (this.files.untilLook !== Infinity) this.files.look();
    if (this.rings.untilLook !== Infinity) this.rings.look();
    if (this.#notified) {
      this.#notified = false;
      this.#serve();
    }
    return true;
  }

  /**
   * Ends the sockets that nobody holds any more, of one process or of all, where their last close is not seen by itself.
   * To be called before a port id is chosen.
   */
  reap(tgid?: number): void {
    const closed = this.clients.descriptors.letGo(tgid);
    if (closed.length === 0) return;
    this.events.wait(0);
    for (const placeholder of closed) {
      if (this.clients.placeholders.get(placeholder.ino) !== placeholder) continue;
      this.log('a socket that a process outside of the box holds was closed');
      this.release(placeholder);
      this.clients.descriptors.lost(placeholder);
    }
  }

  /** Takes in a new socket, our copy of its client's end being `clientEnd`: its pair is watched, its queue mirrored. */
  adopt(placeholder: Placeholder, clientEnd: number): void {
    this.clients.descriptors.installed(placeholder, clientEnd);
    this.clients.placeholders.set(placeholder.ino, placeholder);
    placeholder.socket.dataReady = () => {
      this.#dirty.add(placeholder);
    };
    placeholder.onNativeRead = (data) => {
      this.tap?.read(placeholder, data);
    };
    placeholder.socket.makeRoom = () => {
      if (placeholder.unread) this.#seeNativeReads(placeholder);
    };
    placeholder.hangUp = () => {
      placeholder.expectsHangUp = true;
      this.events.change(placeholder.fd, (abi.EPOLLIN | abi.EPOLLET) >>> 0);
      this.native.shutdown(placeholder.fd);
    };
    this.events.add(placeholder.fd, abi.EPOLLIN, (mask) => {
      this.#onPair(placeholder, mask);
    });
  }

  /** The socket is gone from every client: ends the model's socket with it. */
  release(placeholder: Placeholder): void {
    this.clients.placeholders.delete(placeholder.ino);
    this.clients.descriptors.released(placeholder);
    this.#unread.delete(placeholder);
    this.#dirty.delete(placeholder);
    this.waiters.dropAll(placeholder);
    this.tap?.closed(placeholder);
    placeholder.socket.dataReady = placeholder.socket.makeRoom = undefined;
    this.events.close(placeholder.fd);
    placeholder.socket.release();
    this.settle();
  }

  /** What is left of the kernel when its process dies: no objects, and ENOSYS for every call, blocked ones included. */
  vanish(): void {
    this.files.endAll();
    for (const placeholder of [...this.clients.placeholders.values()]) this.release(placeholder);
    this.events.close(this.listener.fd);
  }

  /** Lets go of the namespaces and everything pinned in them. */
  forgetMounts(): void {
    this.bpffs.dropAll();
    this.mounts.count = 0;
    this.namespaces?.close();
  }

  /** Finds the socket behind an fd of the caller. 0 with `placeholder` and `copy` set, PROCEED, or a negative errno. */
  identify(task: ClientTask, fd: number): number {
    const { descriptors } = this.clients;
    const copy = descriptors.fetch(task, fd);
    if (copy < 0) return fetchError(copy);
    this.copy = copy;
    this.placeholder = descriptors.placeholderOf(copy);
    if (this.placeholder === undefined && this.rings.size !== 0) this.#identifyRing(task, fd);
    if (this.placeholder === undefined) return PROCEED;
    this.placeholder.task = task;
    this.placeholder.clientFd = fd;
    return 0;
  }

  /** The fd may be the memory of a ring: then it is the socket's, whose end of the pair takes the place of the copy. */
  #identifyRing(task: ClientTask, fd: number): void {
    const found = this.rings.atStat(this.listener, task.tgid, fd);
    if (found === undefined) return;
    this.clients.descriptors.giveBack(this.copy);
    this.placeholder = found.placeholder;
    this.copy = found.pairEnd;
  }

  /** Gives back the copy identify() fetched. */
  dropCopy(): void {
    if (this.copy >= 0) this.clients.descriptors.giveBack(this.copy);
    this.copy = -1;
    this.placeholder = undefined;
  }

  /** Writes what the model has queued since into the placeholders and serves the receivers that waited for it. */
  settle(): void {
    while (this.#dirty.size !== 0) {
      const woken = this.#mirror();
      for (const placeholder of woken) this.#serveWaiters(placeholder);
    }
  }

  /** Writes queued datagrams into the pairs; the placeholders somebody waits for. */
  #mirror(): Placeholder[] {
    const woken: Placeholder[] = [];
    for (const placeholder of this.#dirty) {
      placeholder.flush();
      if (placeholder.unread && !placeholder.armed) this.#unread.add(placeholder);
      if (this.waiters.on(placeholder)) woken.push(placeholder);
    }
    this.#dirty.clear();
    return woken;
  }

  #serve(): void {
    const { listener } = this;
    if (!listener.receive()) return;
    const call = listener.notification;
    const { idLow, idHigh, tid } = call;
    const blocked = this.waiters.take(tid);
    if (blocked !== undefined) this.#resume(blocked.kept, blocked.placeholder);
    if (this.#handlers.get(call.nr)!.concerns?.(this, tid) === false) {
      listener.proceed(idLow, idHigh);
      return;
    }
    const task = this.clients.task(tid);
    if (task === undefined) {
      listener.answer(idLow, idHigh, -EPERM);
      return;
    }
    this.consumed = this.content = undefined;
    let result: number;
    try {
      result = this.#handle(
        task,
        blocked !== undefined && call.equals(blocked.identity) ? blocked.deadline : undefined,
      );
    } catch (bug) {
      listener.answer(idLow, idHigh, -EIO);
      this.dropCopy();
      throw bug;
    }
    const woken = this.#dirty.size === 0 ? undefined : this.#mirror();
    if (result !== LATER && result !== ANSWERED) this.#answer(idLow, idHigh, result);
    this.#finish();
    if (woken !== undefined) for (const placeholder of woken) this.#serveWaiters(placeholder);
    this.settle();
  }

  #handle(task: ClientTask, deadline: number | undefined): number {
    this.inherited = deadline;
    const call = this.listener.notification;
    if (this.replay.has(task.pid)) {
      const result = this.replay.take(call, undefined);
      if (result !== undefined) return result;
    }
    return this.#handlers.get(call.nr)!.handler(this, task);
  }

  /** Deadline of the same call before a signal interrupted it. */
  inherited: number | undefined;

  #answer(idLow: number, idHigh: number, result: number): void {
    const { listener } = this;
    const delivered = result === PROCEED ? listener.proceed(idLow, idHigh) : listener.answer(idLow, idHigh, result);
    const { tid } = listener.notification;
    if (delivered) {
      if (this.replay.size !== 0) this.replay.passed(tid);
    } else if (this.consumed !== undefined && this.placeholder !== undefined) {
      this.#putBack(this.placeholder, this.copy);
    } else if (result !== PROCEED) {
      this.replay.keep(listener.notification, result, this.content?.slice());
    }
  }

  #putBack(placeholder: Placeholder, copy: number): void {
    this.tap?.takeBack();
    placeholder.putBack(this.consumed?.() ?? [], copy);
  }

  #finish(): void {
    const { placeholder } = this;
    if (placeholder !== undefined && !placeholder.armed) {
      if (placeholder.unread) this.#unread.add(placeholder);
      else this.#unread.delete(placeholder);
    }
    this.dropCopy();
  }

  /** A blocked call was interrupted: what it had received already goes back. */
  #resume(kept: readonly Unreceived[], placeholder: Placeholder): void {
    if (kept.length === 0) return;
    this.tap?.lost(placeholder, 'datagrams that were received by an interrupted call come again', kept.length);
    const copy = this.#copyOf(placeholder);
    placeholder.putBack(kept, copy);
    if (copy >= 0) this.clients.descriptors.giveBack(copy);
  }

  #serveWaiters(placeholder: Placeholder): void {
    for (const waiter of this.waiters.of(placeholder)) {
      if (!this.listener.isValid(waiter.idLow, waiter.idHigh)) continue;
      const copy = this.#copyOf(placeholder);
      this.consumed = undefined;
      const result = waiter.attempt(copy);
      if (result !== LATER) {
        this.waiters.drop(waiter.tid);
        const delivered = this.listener.answer(waiter.idLow, waiter.idHigh, result);
        if (!delivered) this.#putBack(placeholder, copy);
      }
      if (copy >= 0) this.clients.descriptors.giveBack(copy);
    }
    if (!placeholder.unread) this.#unread.delete(placeholder);
  }

  /** A copy of the client's end from where it was used last, or -1 when it is no longer there. */
  #copyOf(placeholder: Placeholder): number {
    return this.clients.descriptors.copyOf(placeholder);
  }

  #untilDeadline(): number {
    const work = this.machine.nextDeadline();
    const untilWork = work === Infinity ? Infinity : work - this.machine.clock.now();
    const waiting = this.waiters.nextDeadline;
    const untilTimeout = waiting === Infinity ? Infinity : waiting - hostClock.now();
    const untilLook = this.clients.placeholders.size === 0 ? Infinity : this.#nextLook - hostClock.now();
    return Math.min(
      this.files.untilLook,
      this.rings.untilLook,
      Math.max(0, Math.min(untilWork, untilTimeout, untilLook) / 1e6),
    );
  }

  /** Looks for last closes that were not seen: of processes that have ended, and of all from time to time. */
  #reapDue(): void {
    for (const tgid of this.#exited) this.reap(tgid);
    this.#exited.clear();
    const now = hostClock.now();
    if (now < this.#nextLook || this.clients.placeholders.size === 0) return;
    this.reap();
    this.#nextLook = now + this.clients.descriptors.lookEveryMs * 1e6;
  }

  #runDue(): void {
    const work = this.machine.nextDeadline();
    if (work !== Infinity && work <= this.machine.clock.now()) {
      this.machine.runDue();
      this.settle();
    }
    if (this.waiters.nextDeadline !== Infinity) this.#endWaiting(hostClock.now());
  }

  /** Ends the calls whose time is up and those a signal has come for. */
  #endWaiting(now: number): void {
    if (now < this.waiters.nextDeadline) return;
    for (const waiter of this.waiters.due(now)) this.#end(waiter, waiter.onTimeout());
    for (const waiter of this.waiters.signalled(now, ({ tid, tgid }) => pendingSignal(tid, tgid))) {
      // Signals of a process go to its first thread when that can take them; another one gets the answer that is safe.
      const first = waiter.tid === waiter.tgid || pendingSignal(waiter.tid, waiter.tgid) === 'own';
      const result = waiter.onSignal();
      this.#end(waiter, result === -ERESTARTSYS && !first ? -EINTR : result);
    }
  }

  #end(waiter: Waiter, result: number): void {
    this.waiters.drop(waiter.tid);
    this.listener.answer(waiter.idLow, waiter.idHigh, result);
  }

  /** Sockets whose data nobody has asked us for: a native read() of it must be seen, because a dump goes on by it. */
  #watchUnread(): void {
    for (const placeholder of this.#unread) {
      placeholder.armed = true;
      this.events.change(placeholder.fd, (abi.EPOLLIN | abi.EPOLLOUT | abi.EPOLLET) >>> 0);
    }
    this.#unread.clear();
  }

  #onPair(placeholder: Placeholder, mask: number): void {
    if ((mask & abi.EPOLLIN) !== 0) this.#onWritten(placeholder);
    if ((mask & (abi.EPOLLHUP | abi.EPOLLERR)) !== 0) this.#onHangUp(placeholder);
    else if ((mask & abi.EPOLLOUT) !== 0) this.#onSpace(placeholder);
  }

  #onHangUp(placeholder: Placeholder): void {
    if (placeholder.expectsHangUp) placeholder.expectsHangUp = false;
    else this.release(placeholder);
  }

  /** The client wrote natively: a sendmsg() without a name, whose refusal nobody can be told. */
  #onWritten(placeholder: Placeholder): void {
    // 0 is an empty datagram, which a netlink socket refuses, or the end: the event after it tells.
    for (let empty = 0; empty < 16;) {
      const length = placeholder.readWritten(IN_SIZE);
      if (length < 0) break;
      if (length === 0) {
        empty++;
        continue;
      }
      if (placeholder.unread) this.#seeNativeReads(placeholder);
      const data = u8.subarray(IN, IN + length);
      const result = placeholder.socket.sendmsg(placeholder.task, { name: null, data, flags: 0 });
      this.tap?.written(placeholder, data, result);
      this.settle();
    }
  }

  #onSpace(placeholder: Placeholder): void {
    if (!this.#seeNativeReads(placeholder) && !placeholder.unread) {
      placeholder.armed = false;
      this.events.change(placeholder.fd, abi.EPOLLIN);
    }
    this.settle();
  }

  /** Whether something was read natively since the last look; the model has then taken note. */
  #seeNativeReads(placeholder: Placeholder): boolean {
    const copy = this.#copyOf(placeholder);
    let read = false;
    if (copy >= 0) {
      read = placeholder.sync(this.native.available(copy));
      this.clients.descriptors.giveBack(copy);
    } else if (this.native.isDrained(placeholder.fd)) {
      read = placeholder.sync(0);
    }
    return read;
  }
}
