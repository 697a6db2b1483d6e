// What /proc says of an fd that is a map, a program, a link or BTF: the name of its link, and its fdinfo; and what it says
// of mounts, where a ramfs stands for a file system of pins; and lists of addresses of the box's devices. Every other file is the real kernel's business.
import { AT_FDCWD } from '../abi.js';
import type { ClientTask } from '../clients.js';
import { memoryFile } from '../capture.js';
import { BASE, OUT, STAT, close, stat } from '../libc.js';
import { readPath, writeBytes } from '../paths.js';
import type { Concerns, Handler, Supervisor } from '../supervisor.js';
import { ANSWERED, LATER, PROCEED } from '../verdict.js';
import { EINVAL } from '../../uapi/asm-generic/errno.js';
import type { BpfFile } from '../../linux/kernel/bpf/file.js';

/** What fdinfo shows of every file of this kind: the mount and the one inode of anonymous files. */
const ANON_INODE = 'mnt_id:\t15\nino:\t1057\n';

/** The directory of fds that a path is in, as seen by the task: `/proc/PID` and the fd; undefined for other paths. */
function fdOf(task: ClientTask, path: string, directory: 'fd' | 'fdinfo'): { of: string; fd: string } | undefined {
  const found = /^\/proc\/(self|thread-self|\d+(?:\/task\/\d+)?)\/(fd|fdinfo)\/(\d+)$/.exec(path);
  if (found?.[2] !== directory) return undefined;
  const who = found[1]!;
  const of = who === 'self' ? String(task.tgid) : who === 'thread-self' ? `${task.tgid}/task/${task.pid}` : who;
  return { of: `/proc/${of}`, fd: found[3]! };
}

function fileAt(sv: Supervisor, task: ClientTask, path: string, directory: 'fd' | 'fdinfo'): BpfFile | undefined {
  if (sv.files.size === 0 || !path.startsWith('/proc/')) return undefined;
  const place = fdOf(task, path, directory);
  if (place === undefined || stat(`${place.of}/fd/${place.fd}`, BASE + STAT) !== 0) return undefined;
  return sv.files.atStat();
}

export const hasFiles: Concerns = (sv) => sv.files.size !== 0;
export const hasMounts: Concerns = (sv) => sv.mounts.count !== 0;

/** Whether a file is opened of which the box may know more than the real kernel. */
export const isInProc =
  (call: 'open' | 'openat'): Concerns =>
  (sv, tid) => {
    const path = readPath(tid, sv.listener.notification.ptr(call === 'open' ? 0 : 1));
    return typeof path === 'string' && (path.startsWith('/proc/') || path === '/etc/mtab');
  };

/** readlink(2) and readlinkat(2). */
export const link = (call: 'readlink' | 'readlinkat'): Handler => {
  const first = call === 'readlink' ? 0 : 1;
  return (sv, task) => {
    const { notification } = sv.listener;
    const path = readPath(task.pid, notification.ptr(first));
    if (typeof path === 'number') return PROCEED;
    const full = first === 1 ? at(sv, task, notification.int(0), path) : path;
    const file = fileAt(sv, task, full, 'fd');
    if (file === undefined) return PROCEED;
    const size = notification.int(first + 2);
    if (size <= 0) return -EINVAL;
    const name = new TextEncoder().encode(`anon_inode:${file.kind}`).subarray(0, size);
    const error = writeBytes(task.pid, notification.ptr(first + 1), name, OUT);
    return error === 0 ? name.length : error;
  };
};

/** A path from the directory it is relative to; the working directory holds no fds. */
function at(sv: Supervisor, task: ClientTask, dirfd: number, path: string): string {
  if (dirfd === AT_FDCWD || path.startsWith('/')) return path;
  return `${sv.native.readlink(`/proc/${task.pid}/fd/${dirfd}`) ?? ''}/${path}`;
}

/** open(2) and openat(2) for reading. */
export const openProc = (call: 'open' | 'openat'): Handler => {
  const first = call === 'open' ? 0 : 1;
  return (sv, task) => {
    const path = readPath(task.pid, sv.listener.notification.ptr(first));
    const text = typeof path === 'string' ? textOf(sv, task, path) : undefined;
    return text === undefined ? PROCEED : install(sv, text);
  };
};

/** What a path of /proc holds for this client; undefined when the real kernel knows. */
function textOf(sv: Supervisor, task: ClientTask, path: string): string | undefined {
  if (path === '/proc/kallsyms') return sv.machine.kallsyms();
  const net = /^\/proc\/(?:self\/|thread-self\/|\d+\/)?net\/(\w+)$/.exec(path);
  if (net !== null) return sv.machine.procNet(net[1]!);
  const table = sv.mounts.tableAt(task, path);
  if (table !== undefined) return table;
  const file = fileAt(sv, task, path, 'fdinfo');
  if (file === undefined) return undefined;
  return `pos:\t0\nflags:\t0${file.openFlags.toString(8)}\n${ANON_INODE}${file.showFdinfo()}`;
}

/** An fd that reads a text. */
function install(sv: Supervisor, text: string): number {
  const { idLow, idHigh } = sv.listener.notification;
  const memory = memoryFile(text);
  const fd = sv.listener.answerFd(idLow, idHigh, memory, false);
  close(memory);
  return fd < 0 ? fd : ANSWERED;
}

/**
 * access(2) and faccessat(2) for reading: each program that is linked dynamically begins by asking for this file. It may
 * read the table of mounts where no intercepted call is made for it, so that is put in place before the program goes on.
 */
export const access = (call: 'access' | 'faccessat'): Handler => {
  const first = call === 'access' ? 0 : 1;
  return (sv, task) => {
    if (sv.errands.has(task.tgid)) return PROCEED;
    const path = readPath(task.pid, sv.listener.notification.ptr(first));
    if (path !== '/etc/ld.so.preload' || !sv.mounts.isReadBy(task)) return PROCEED;
    const { idLow, idHigh } = sv.listener.notification;
    sv.mounts.show(sv, task, () => {
      sv.listener.proceed(idLow, idHigh);
    });
    return LATER;
  };
};
