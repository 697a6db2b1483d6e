// The threads of the clients, and what their fds are. A thread is known by its pidfd from its first call until it
// exits; an fd is looked up anew at each call (descriptors.ts), because close() and dup() are not seen. Whoever fetches a
// copy must give it back before the call is answered: a copy that lives on would hide the last close.
import { readFileSync } from 'node:fs';
import * as abi from './abi.js';
import type { BpfFiles } from './bpf_files.js';
import type { BpfFs } from './bpffs.js';
import { FetchedDescriptors, ListedDescriptors, type Descriptors, type Lookup } from './descriptors.js';
import { ClientMemory } from './client_memory.js';
import type { Events } from './events.js';
import { BASE, STAT, errno, get64, stat, syscall } from './libc.js';
import type { NativeCalls } from './native.js';
import type { Placeholder } from './placeholder.js';
import { pendingSignal } from './signals.js';
import { EBADF, EIO, EPERM, ESRCH } from '../uapi/asm-generic/errno.js';
import { foreignFile, ownNetns, type File } from '../linux/fs/file.js';
import type { BpfPaths } from '../linux/kernel/bpf/inode.js';
import type { Task } from '../linux/kernel/task.js';

/** How often a call that takes long looks for signals, ms. */
const LOOK_MS = 2;

/** Who the clients are inside the box. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
  capable(cap: number): boolean;
}

/** Device and inode behind a path. */
const identityOf = (path: string): string | undefined =>
  stat(path, BASE + STAT) === 0 ? `${get64(STAT)} ${get64(STAT + 8)}` : undefined;

export class ClientTask implements Task {
  readonly pid: number;
  readonly tgid: number;
  readonly pidfd: number;
  readonly memory: ClientMemory;
  #lookedAt = 0;
  readonly #clients: Clients;

  constructor(clients: Clients, pid: number, tgid: number, pidfd: number) {
    this.#clients = clients;
    this.pid = pid;
    this.tgid = tgid;
    this.pidfd = pidfd;
    this.memory = new ClientMemory(pid);
  }

  get uid(): number {
    return this.#clients.identity.uid;
  }

  get gid(): number {
    return this.#clients.identity.gid;
  }

  get comm(): string | undefined {
    try {
      return readFileSync(`/proc/${this.pid}/comm`, 'latin1').replace(/\n$/, '');
    } catch {
      return undefined;
    }
  }

  /** Looked up now and then only: it costs as much as a small program's run. */
  signalPending(): boolean {
    const now = performance.now();
    if (now - this.#lookedAt < LOOK_MS) return false;
    this.#lookedAt = now;
    return pendingSignal(this.pid, this.tgid) !== 'none';
  }

  get pins(): BpfPaths {
    return this.#clients.bpffs.of(this);
  }

  get label(): string {
    return `process ${this.tgid}`;
  }

  capable(cap: number): boolean {
    return this.#clients.identity.capable(cap);
  }

  fget(fd: number): File | undefined {
    const { descriptors } = this.#clients;
    const copy = descriptors.fetch(this, fd);
    if (copy < 0) return copy === -EBADF ? undefined : this.#foreign(fd);
    const found = descriptors.placeholderOf(copy)?.socket ?? this.#clients.files.atStat();
    descriptors.giveBack(copy);
    return found ?? this.#foreign(fd);
  }

  /** What is not the model's: the namespace that stands for its network, or any other file. */
  #foreign(fd: number): File {
    const file = identityOf(`/proc/${this.pid}/fd/${fd}`);
    return file !== undefined && file === identityOf(`/proc/${this.pid}/ns/net`) ? ownNetns : foreignFile;
  }
}

export class Clients {
  readonly identity: Identity;
  /** Our placeholders by the inode of the client's end. */
  readonly placeholders = new Map<number, Placeholder>();
  readonly descriptors: Descriptors;
  /** Open maps, programs, links and BTF objects. */
  readonly files: BpfFiles;
  /** Where they pin them. */
  readonly bpffs: BpfFs;
  /** Called when a thread has exited. */
  onExit: (task: ClientTask) => void = () => {};
  readonly #abi: abi.Abi;
  readonly #events: Events;
  readonly #tasks = new Map<number, ClientTask>();
  /** Flags of pidfd_open; 0 on kernels whose pidfds name whole processes only. */
  #pidfdFlags = abi.PIDFD_THREAD;

  constructor(
    table: abi.Abi,
    events: Events,
    files: BpfFiles,
    bpffs: BpfFs,
    native: NativeCalls,
    identity: Identity,
    lookup: Lookup,
  ) {
    this.#abi = table;
    this.#events = events;
    this.files = files;
    this.bpffs = bpffs;
    this.identity = identity;
    const { placeholders } = this;
    this.descriptors =
      lookup === 'fetch' ? new FetchedDescriptors(table, placeholders) : new ListedDescriptors(table, native);
  }

  /** The task of a thread that is in a call now; undefined when it has just died. */
  task(tid: number): ClientTask | undefined {
    const known = this.#tasks.get(tid);
    if (known !== undefined && (this.#pidfdFlags !== 0 || known.pid === known.tgid)) return known;
    const tgid = tgidOf(tid);
    if (known !== undefined && known.tgid === tgid) return known;
    if (known !== undefined) this.#forget(known);
    return tgid === undefined ? undefined : this.#open(tid, tgid);
  }

  get size(): number {
    return this.#tasks.size;
  }

  #open(tid: number, tgid: number): ClientTask | undefined {
    let pidfd = syscall(this.#abi.nr.pidfd_open, this.#pidfdFlags === 0 ? tgid : tid, this.#pidfdFlags, 0, 0, 0, 0);
    if (pidfd < 0) {
      if (errno() === ESRCH || this.#pidfdFlags === 0) return undefined;
      this.#pidfdFlags = 0;
      pidfd = syscall(this.#abi.nr.pidfd_open, tgid, 0, 0, 0, 0, 0);
      if (pidfd < 0) return undefined;
    }
    const task = new ClientTask(this, tid, tgid, pidfd);
    this.#tasks.set(tid, task);
    this.#events.add(pidfd, abi.EPOLLIN, () => {
      this.#forget(task);
    });
    return task;
  }

  #forget(task: ClientTask): void {
    this.#events.close(task.pidfd);
    if (this.#tasks.get(task.pid) === task) this.#tasks.delete(task.pid);
    this.onExit(task);
  }
}

/** Thread group of a thread, or undefined when it does not exist. */
function tgidOf(tid: number): number | undefined {
  try {
    const found = /^Tgid:\t(\d+)$/m.exec(readFileSync(`/proc/${tid}/status`, 'latin1'));
    return found === null ? undefined : Number(found[1]);
  } catch {
    return undefined;
  }
}

/** What an unfetchable fd means to the caller: a closed one is EBADF, a client we may not look into gets EPERM. */
export function fetchError(error: number): number {
  return error === -EBADF || error === -EIO ? error : -EPERM;
}
