// A traced thread as a recorder sees it: its process, its memory, what its fds are. It stands still whenever it is asked.
import { readFileSync, readlinkSync } from 'node:fs';
import { describeNative, type CallerView } from '../recorder.js';
import { BASE, STAT, get64, stat, u32 } from '../libc.js';
import { ClientMemory } from '../client_memory.js';
import { S_IFMT, S_IFSOCK, type Abi } from '../abi.js';
import type { FdInfo } from '../../record/bpf_call.js';

export class Tracee implements CallerView {
  readonly pid: number;
  readonly tgid: number;
  readonly #memory: ClientMemory;
  /** Called with the result when the call at hand returns. */
  onReturn: ((result: number) => void) | undefined;

  constructor(pid: number) {
    this.pid = pid;
    this.tgid = tgidOf(pid);
    this.#memory = new ClientMemory(pid);
  }

  read(address: number, length: number): Uint8Array | undefined {
    return this.#memory.read(address, length);
  }

  describe(fd: number): FdInfo | undefined {
    return describeNative(this.pid, fd, linkOf(`/proc/${this.pid}/fd/${fd}`));
  }

  /** Inode of the socket that an fd is; undefined when it is none. */
  socketAt(fd: number, { statMode }: Abi): number | undefined {
    if (stat(`/proc/${this.pid}/fd/${fd}`, BASE + STAT) !== 0) return undefined;
    return (u32[(STAT + statMode) >> 2]! & S_IFMT) === S_IFSOCK ? get64(STAT + 8) : undefined;
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function tgidOf(tid: number): number {
  try {
    return Number(/^Tgid:\t(\d+)$/m.exec(readFileSync(`/proc/${tid}/status`, 'latin1'))?.[1] ?? tid);
  } catch {
    return tid;
  }
}
