// The threads of the clients, and what their fds are. A thread is known by its pidfd from its first call until it
// exits; an fd is looked up anew at each call by fetching a copy of it and taking its inode, because close() and dup()
// are not seen. Whoever asks for a copy must give it back before the call is answered: a copy that lives on would hide
// the last close.
import { readFileSync } from 'node:fs';
import * as abi from './abi.js';
import type { Events } from './events.js';
import { BASE, STAT, close, errno, fstat, get64, syscall, u32 } from './libc.js';
import type { Placeholder } from './placeholder.js';
import { EBADF, EPERM, ESRCH } from '../uapi/asm-generic/errno.js';
import { foreignFile, type File } from '../linux/fs/file.js';
import type { Task } from '../linux/kernel/task.js';

/** Who the clients are inside the box. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
  capable(cap: number): boolean;
}

export class ClientTask implements Task {
  readonly pid: number;
  readonly tgid: number;
  readonly pidfd: number;
  readonly #clients: Clients;

  constructor(clients: Clients, pid: number, tgid: number, pidfd: number) {
    this.#clients = clients;
    this.pid = pid;
    this.tgid = tgid;
    this.pidfd = pidfd;
  }

  get uid(): number {
    return this.#clients.identity.uid;
  }

  get gid(): number {
    return this.#clients.identity.gid;
  }

  capable(cap: number): boolean {
    return this.#clients.identity.capable(cap);
  }

  fget(fd: number): File | undefined {
    const copy = this.#clients.fetch(this, fd);
    if (copy < 0) return copy === -EBADF ? undefined : foreignFile;
    const found = this.#clients.placeholderOf(copy);
    close(copy);
    return found?.socket ?? foreignFile;
  }
}

export class Clients {
  readonly identity: Identity;
  /** Our placeholders by the inode of the client's end. */
  readonly placeholders = new Map<number, Placeholder>();
  /** Called when a thread has exited. */
  onExit: (tid: number) => void = () => {};
  readonly #abi: abi.Abi;
  readonly #events: Events;
  readonly #tasks = new Map<number, ClientTask>();
  /** Flags of pidfd_open; 0 on kernels whose pidfds name whole processes only. */
  #pidfdFlags = abi.PIDFD_THREAD;

  constructor(table: abi.Abi, events: Events, identity: Identity) {
    this.#abi = table;
    this.#events = events;
    this.identity = identity;
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

  /** A copy of a client's fd, or a negative errno. */
  fetch(task: ClientTask, fd: number): number {
    const copy = syscall(this.#abi.nr.pidfd_getfd, task.pidfd, fd >>> 0, 0, 0, 0, 0);
    return copy >= 0 ? copy : -errno();
  }

  /** The placeholder behind a fetched copy, or undefined when it is none of ours. */
  placeholderOf(copy: number): Placeholder | undefined {
    if (fstat(copy, BASE + STAT) !== 0) return undefined;
    if ((u32[(STAT + this.#abi.statMode) >> 2]! & abi.S_IFMT) !== abi.S_IFSOCK) return undefined;
    return this.placeholders.get(get64(STAT + 8));
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
    this.onExit(task.pid);
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
  return error === -EBADF ? -EBADF : -EPERM;
}
