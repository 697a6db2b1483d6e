// fs/namespace.c mount(2) and fs/statfs.c of a client, as far as file systems for pins are concerned. In namespaces of its
// own the client gets a ramfs in place of one, mounted on its behalf while it waits; every other mount is its own affair.
import * as abi from '../abi.js';
import { BPF_FS_MAGIC, PRELOADED } from '../bpffs.js';
import type { ClientTask } from '../clients.js';
import { OUT, close, u8, view } from '../libc.js';
import { writeClient } from '../memory.js';
import { nameOf, readPath } from '../paths.js';
import type { Handler, Supervisor } from '../supervisor.js';
import { LATER, PROCEED } from '../verdict.js';
import { EINVAL, EPERM } from '../../uapi/asm-generic/errno.js';

/** Flags that make mount(2) something else than a new mount: remount, bind, shared and the like, move. */
const OTHER = 32 | 4096 | 8192 | 131072 | 262144 | 524288 | 1048576;

/** struct statfs: type, block size, blocks, free, available, files, free files, id, name length, fragment, flags. */
const STATFS_SIZE = 120;
const NAMELEN_AT = 64;
const PAGE_SIZE = 4096;

interface MountRequest {
  readonly source: string;
  readonly target: string;
  /** Permissions of the new root, octal. */
  readonly mode: string;
}

/** What a call asks for when it is to mount a file system for pins; undefined for every other mount. */
function requestOf(sv: Supervisor, { pid }: ClientTask): MountRequest | undefined {
  const call = sv.listener.notification;
  if ((call.int(3) & OTHER) !== 0 || call.ptr(2) === 0) return undefined;
  if (readPath(pid, call.ptr(2)) !== 'bpf') return undefined;
  const [source, target] = [readPath(pid, call.ptr(0)), readPath(pid, call.ptr(1))];
  if (typeof target === 'number') return undefined;
  const data = call.ptr(4) === 0 ? '' : readPath(pid, call.ptr(4));
  const mode = /(?:^|,)mode=([0-7]+)/.exec(String(data))?.[1] ?? '777';
  return { source: typeof source === 'string' && source !== '' ? source : 'none', target, mode };
}

function mountRamfs(sv: Supervisor, task: ClientTask, { source, target, mode }: MountRequest): number {
  const { namespaces, bpffs } = sv;
  const { idLow, idHigh } = sv.listener.notification;
  const place = bpffs.whereIs(task, target);
  const options = `mode=1${mode.replace(/^0+/, '').padStart(3, '0')}`;
  const argv = [...namespaces!.enter(task.pid), 'mount', '-t', 'ramfs', '-o', options, nameOf(source), nameOf(place)];
  sv.errand(argv, (status) => {
    if (status === 0) {
      sv.mounts.count++;
      for (const name of PRELOADED) bpffs.preload(task, `${place}/${name}`);
    }
    sv.listener.answer(idLow, idHigh, status === 0 ? 0 : -EPERM);
  });
  return LATER;
}

/** Without namespaces there is one place where such a file system seems to be, whatever is mounted there. */
function pretend(sv: Supervisor, task: ClientTask): number {
  const target = readPath(task.pid, sv.listener.notification.ptr(1));
  const fd = typeof target === 'string' ? sv.bpffs.open(task, abi.AT_FDCWD, target, abi.O_PATH) : -EINVAL;
  const there = fd >= 0 && sv.bpffs.typeOf(fd) === BPF_FS_MAGIC;
  if (fd >= 0) close(fd);
  if (there) return 0;
  if (requestOf(sv, task) === undefined) return PROCEED;
  sv.log('a file system for pins is only to be had at $TC_BPF_MNT here: others need user namespaces (tcbox doctor)');
  return fd < 0 ? fd : -EPERM;
}

export const mount: Handler = (sv, task) => {
  if (sv.bpffs.folder !== undefined) return pretend(sv, task);
  // unshare(1) has entered the new namespaces when it changes the propagation of mounts.
  sv.namespaces?.keep(task.pid);
  const request = requestOf(sv, task);
  if (request === undefined) return PROCEED;
  const fd = sv.bpffs.open(task, abi.AT_FDCWD, request.target, abi.O_PATH | sv.bpffs.oDirectory);
  if (fd < 0) return fd;
  close(fd);
  return mountRamfs(sv, task, request);
};

/** Writes the statfs of the open file when its type is to be another; else the real kernel answers. */
function answerStatfs(sv: Supervisor, task: ClientTask, fd: number, address: number): number {
  const type = sv.bpffs.typeOf(fd);
  if (type === undefined) return PROCEED;
  u8.fill(0, OUT, OUT + STATFS_SIZE);
  view.setUint32(OUT, type, true);
  view.setUint32(OUT + 8, PAGE_SIZE, true);
  view.setUint32(OUT + NAMELEN_AT, 255, true);
  view.setUint32(OUT + NAMELEN_AT + 8, PAGE_SIZE, true);
  return writeClient(task.pid, address, STATFS_SIZE, OUT);
}

export const statfs: Handler = (sv, task) => {
  const call = sv.listener.notification;
  const address = call.ptr(1);
  const path = readPath(task.pid, call.ptr(0));
  const fd = typeof path === 'string' ? sv.bpffs.open(task, abi.AT_FDCWD, path, abi.O_PATH) : -EINVAL;
  if (fd < 0) return PROCEED;
  const result = answerStatfs(sv, task, fd, address);
  close(fd);
  return result;
};

export const fstatfs: Handler = (sv, task) => {
  const call = sv.listener.notification;
  const address = call.ptr(1);
  const fd = sv.bpffs.reopen(task, call.int(0));
  if (fd < 0) return PROCEED;
  const result = answerStatfs(sv, task, fd, address);
  close(fd);
  return result;
};
