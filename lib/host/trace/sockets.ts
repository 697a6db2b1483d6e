// The netlink sockets of traced programs, by inode: which of their fds is one, its name, and when the last of them has gone.
// Programs copy, pass on and close fds in ways that are not followed; so an fd is looked up at each call, and what nobody
// holds any more is looked for when something was closed.
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import type { Abi } from '../abi.js';
import { BASE, OUT, WORDS, close, syscall, u32, u8 } from '../libc.js';
import type { Recorder } from '../recorder.js';
import { AF_NETLINK } from '../../uapi/linux/netlink.js';
import type { Tracee } from './tracee.js';

const SOCK_RAW = 3;
const ADDRESS_MAX = 128;
/** Sockets of other families that are remembered. */
const OTHERS_MAX = 4096;

export class TracedSockets {
  readonly #abi: Abi;
  readonly #recorder: Recorder;
  /** Inodes that are known to be no netlink sockets. */
  readonly #others = new Set<number>();

  constructor(abi: Abi, recorder: Recorder) {
    this.#abi = abi;
    this.#recorder = recorder;
  }

  get size(): number {
    return this.#recorder.sockets.size;
  }

  /** A new socket of the caller; -1 in place of an fd: it was refused. */
  opened(tracee: Tracee, type: number, protocol: number, result: number): void {
    const ino = result < 0 ? undefined : tracee.socketAt(result, this.#abi);
    this.#recorder.open(tracee, ino, { family: AF_NETLINK, type, protocol, result, earlier: false });
  }

  /** The inode behind an fd, when it is a netlink socket that is known. */
  known(tracee: Tracee, fd: number): number | undefined {
    if (this.size === 0) return undefined;
    const ino = tracee.socketAt(fd, this.#abi);
    return ino !== undefined && this.#recorder.knows(ino) ? ino : undefined;
  }

  /** The same for one that may have been open before. */
  found(tracee: Tracee, fd: number): number | undefined {
    const ino = tracee.socketAt(fd, this.#abi);
    if (ino === undefined || this.#others.has(ino)) return undefined;
    if (this.#recorder.knows(ino)) return ino;
    const protocol = protocolOf(tracee.pid, ino);
    if (protocol === undefined) {
      if (this.#others.size < OTHERS_MAX) this.#others.add(ino);
      return undefined;
    }
    this.#recorder.open(tracee, ino, { family: AF_NETLINK, type: SOCK_RAW, protocol, result: fd, earlier: true });
    return ino;
  }

  /** What getsockname(2) or getpeername(2) would tell the caller; empty where a copy of its fd cannot be had. */
  nameOf(tracee: Tracee, fd: number, peer: boolean): Uint8Array {
    const { nr } = this.#abi;
    const pidfd = syscall(nr.pidfd_open, tracee.tgid, 0, 0, 0, 0, 0);
    const copy = pidfd < 0 ? -1 : syscall(nr.pidfd_getfd, pidfd, fd, 0, 0, 0, 0);
    u32[WORDS >> 2] = ADDRESS_MAX;
    const got =
      copy < 0 ? -1 : syscall(peer ? nr.getpeername : nr.getsockname, copy, BASE + OUT, BASE + WORDS, 0, 0, 0);
    if (copy >= 0) close(copy);
    if (pidfd >= 0) close(pidfd);
    return got === 0 ? u8.slice(OUT, OUT + u32[WORDS >> 2]!) : new Uint8Array(0);
  }

  /** Tells the recorder of the sockets that none of these processes holds any more. */
  sweep(processes: Iterable<number>): void {
    if (this.size === 0) return;
    const left = new Set(this.#recorder.sockets.keys());
    for (const pid of processes) for (const ino of socketsOf(pid)) left.delete(ino);
    for (const ino of left) this.#recorder.closed(ino);
  }
}

/** Protocol of a netlink socket, as the network namespace of a thread lists it. */
function protocolOf(tid: number, ino: number): number | undefined {
  try {
    const lines = readFileSync(`/proc/${tid}/net/netlink`, 'latin1').split('\n').slice(1);
    const columns = lines.map((line) => line.trim().split(/\s+/)).find((row) => Number(row[9]) === ino);
    return columns === undefined ? undefined : Number(columns[1]);
  } catch {
    return undefined;
  }
}

function* socketsOf(pid: number): Iterable<number> {
  let fds: string[] = [];
  try {
    fds = readdirSync(`/proc/${pid}/fd`);
  } catch {
    // It has ended.
  }
  for (const fd of fds) {
    try {
      const link = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`));
      if (link !== null) yield Number(link[1]);
    } catch {
      // Closed since.
    }
  }
}
