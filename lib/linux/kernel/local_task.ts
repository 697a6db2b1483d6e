// A task that lives in the caller's own process: what tests, replays and in-process users act as.
import type { File } from '../fs/file.js';
import { EBADF } from '../../uapi/asm-generic/errno.js';
import type { Machine } from '../machine.js';
import { BpfFile } from './bpf/file.js';
import { type BpfAttr, localBpf } from './bpf/local_call.js';
import type { Task } from './task.js';
import { LocalMemory } from './user_memory.js';

export interface LocalTaskOptions {
  /** Process id; the thread id is the same. Default 1000. */
  readonly tgid?: number;
  /** Default 0. */
  readonly uid?: number;
  /** Capability numbers it has. Default: all for uid 0, none for others. */
  readonly capabilities?: ReadonlySet<number>;
}

export class LocalTask implements Task {
  readonly pid: number;
  readonly tgid: number;
  readonly uid: number;
  readonly gid: number;
  readonly memory = new LocalMemory();
  /** The open files by fd; the owner fills it. */
  readonly files = new Map<number, File>();
  readonly #capabilities: ReadonlySet<number> | undefined;

  constructor({ tgid = 1000, uid = 0, capabilities }: LocalTaskOptions = {}) {
    this.pid = tgid;
    this.tgid = tgid;
    this.uid = uid;
    this.gid = uid;
    this.#capabilities = capabilities;
  }

  get label(): string {
    return `task ${this.tgid}`;
  }

  capable(cap: number): boolean {
    return this.#capabilities?.has(cap) ?? this.uid === 0;
  }

  fget(fd: number): File | undefined {
    return this.files.get(fd);
  }

  /** close(2): EBADF, or the last close of the file when no other fd has it. */
  close(fd: number): number {
    const file = this.files.get(fd);
    if (file === undefined) return -EBADF;
    this.files.delete(fd);
    if (file instanceof BpfFile && ![...this.files.values()].includes(file)) file.close();
    return 0;
  }

  /** The end of the process: every file is closed. */
  exit(): void {
    for (const fd of [...this.files.keys()]) this.close(fd);
  }

  /** bpf(2) with attributes by name and buffers of the caller's own: the fd or number, or a negative errno. */
  bpf(machine: Machine, cmd: number, attr: BpfAttr | Uint8Array): number {
    return localBpf(machine, this, cmd, attr);
  }

  /** Puts a file at the lowest free fd. */
  install(file: File): number {
    let fd = 3;
    while (this.files.has(fd)) fd++;
    this.files.set(fd, file);
    return fd;
  }
}
