// The file system that holds a box's pins. Where clients have namespaces of their own it is a ramfs they mount: directories,
// links, listing and removal are the real kernel's work, and a pin is an empty file whose inode stands for an object, until
// inotify tells that its last name or its file system is gone. Where they have not, it is one folder of the box.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import * as abi from './abi.js';
import type { ClientTask } from './clients.js';
import { IN_DELETE_SELF, IN_UNMOUNT, type Inotify } from './inotify.js';
import { BASE, OUT, STAT, close, errno, fstat, get64, syscallAt, u32, view } from './libc.js';
import type { NativeCalls } from './native.js';
import { bytesOf, nameOf } from './paths.js';
import { EACCES, EEXIST, ENOENT, EPERM } from '../uapi/asm-generic/errno.js';
import { BpfPin, type BpfPaths, type Pinned } from '../linux/kernel/bpf/inode.js';

/** include/uapi/linux/magic.h */
const RAMFS_MAGIC = 0x858458f6;
export const BPF_FS_MAGIC = 0xcafe4a11;
export const SYSFS_MAGIC = 0x62656572;

const RESOLVE_IN_ROOT = 0x10;
const PIN_MODE = 0o600;
/** Files a new file system of this kind holds from the start, read-only; no pin can have such a name. */
export const PRELOADED = ['maps.debug', 'progs.debug'];
const PRELOADED_MODE = 0o400;

interface PinnedFile {
  readonly pin: BpfPin;
  readonly watch: number;
}

export class BpfFs {
  /** The folder that serves as one where there are no namespaces; made by whoever needs it first. */
  readonly folder: string | undefined;
  readonly #abi: abi.Abi;
  readonly #native: NativeCalls;
  readonly #inotify: Inotify;
  /** By device and inode. */
  readonly #pins = new Map<string, PinnedFile>();

  /** `own`: clients have mounts of their own. */
  constructor(table: abi.Abi, native: NativeCalls, inotify: Inotify, own: boolean) {
    this.#abi = table;
    this.#native = native;
    this.#inotify = inotify;
    this.folder = own ? undefined : this.#folder();
  }

  #folder(): string {
    const { tmpdir } = process.getBuiltinModule('node:os');
    return join(this.#real(tmpdir()), `tcbox-bpf-${process.pid}-${Date.now().toString(36)}`);
  }

  /** The paths of a client. */
  of(task: ClientTask): BpfPaths {
    return {
      pin: (dirfd, path, object) => this.#pin(task, dirfd, path, object),
      get: (dirfd, path) => this.#get(task, dirfd, path),
    };
  }

  /** Opens what a client's path leads to, its root being theirs: an fd, or a negative errno. */
  open(task: ClientTask, dirfd: number, path: string, flags: number, mode = 0): number {
    const root = this.#at(abi.AT_FDCWD, `/proc/${task.pid}/root`, abi.O_PATH | this.#abi.oDirectory, 0, 0);
    if (root < 0) return root;
    const fd = this.#at(root, this.#absolute(task, dirfd, path), flags, mode, RESOLVE_IN_ROOT);
    close(root);
    return fd;
  }

  /** Opens the file that an fd of a client is, as a place: an fd, or a negative errno. */
  reopen(task: ClientTask, fd: number): number {
    return this.#at(abi.AT_FDCWD, `/proc/${task.pid}/fd/${fd}`, abi.O_PATH, 0, 0);
  }

  /** A client's path from its root on. */
  whereIs(task: ClientTask, path: string): string {
    return this.#absolute(task, abi.AT_FDCWD, path);
  }

  get oDirectory(): number {
    return this.#abi.oDirectory;
  }

  /** Makes one of the files that the kernel puts into a new file system. */
  preload(task: ClientTask, path: string): void {
    const fd = this.open(task, abi.AT_FDCWD, path, abi.O_RDWR | abi.O_CREAT | abi.O_EXCL, PRELOADED_MODE);
    if (fd >= 0) close(fd);
  }

  /** statfs(2) of an open file, into the arena at OUT: its type as a client is to see it, or undefined for others. */
  typeOf(fd: number): number | undefined {
    if (this.#native.call(this.#abi.nr.fstatfs, fd, BASE + OUT, 0, 0) !== 0) return undefined;
    const type = view.getUint32(OUT, true);
    if (this.folder !== undefined) return this.#inFolder(fd) ? BPF_FS_MAGIC : realOne(type);
    return type === RAMFS_MAGIC ? BPF_FS_MAGIC : realOne(type);
  }

  /** Drops every pin. */
  dropAll(): void {
    for (const key of [...this.#pins.keys()]) this.#drop(key);
    if (this.folder !== undefined) rmSync(this.folder, { recursive: true, force: true });
  }

  #pin(task: ClientTask, dirfd: number, path: string, object: Pinned): number {
    const at = path.replace(/\/+$/, '').lastIndexOf('/');
    const name = path.slice(at + 1);
    const parent = this.open(task, dirfd, path.slice(0, at + 1) || '.', abi.O_PATH | this.#abi.oDirectory);
    if (parent < 0) return parent;
    try {
      return this.#make(parent, name, path, object);
    } finally {
      close(parent);
    }
  }

  /** @models kernel/bpf/inode.c bpf_obj_do_pin() */
  #make(parent: number, name: string, path: string, object: Pinned): number {
    const there = this.#at(parent, name, abi.O_PATH | this.#abi.oNofollow, 0, 0);
    if (there >= 0) {
      close(there);
      return -EEXIST;
    }
    if (this.typeOf(parent) !== BPF_FS_MAGIC || name.includes('.')) return -EPERM;
    const fd = this.#at(parent, name, abi.O_RDWR | abi.O_CREAT | abi.O_EXCL, PIN_MODE, 0);
    if (fd < 0) return fd;
    const key = keyOf(fd);
    const watch = this.#inotify.watch(`/proc/self/fd/${fd}`, IN_DELETE_SELF | IN_UNMOUNT, () => {
      this.#drop(key);
    });
    this.#pins.set(key, { pin: new BpfPin(object, path), watch });
    close(fd);
    return 0;
  }

  #get(task: ClientTask, dirfd: number, path: string): Pinned | number {
    const fd = this.open(task, dirfd, path, abi.O_PATH);
    if (fd < 0) return fd;
    const found = this.#pins.get(keyOf(fd));
    close(fd);
    if (found !== undefined) return found.pin.object;
    return PRELOADED.includes(path.slice(path.lastIndexOf('/') + 1)) ? -ENOENT : -EACCES;
  }

  #drop(key: string): void {
    const found = this.#pins.get(key);
    if (found === undefined || !this.#pins.delete(key)) return;
    if (found.watch >= 0) this.#inotify.unwatch(found.watch);
    found.pin.drop();
  }

  #absolute(task: ClientTask, dirfd: number, path: string): string {
    if (path.startsWith('/')) return path;
    const link = dirfd === abi.AT_FDCWD ? 'cwd' : `fd/${dirfd}`;
    const directory = this.#native.readlink(`/proc/${task.pid}/${link}`);
    return directory === undefined ? path : `${directory}/${path}`;
  }

  /** A directory without links in its path. */
  #real(path: string): string {
    const fd = this.#at(abi.AT_FDCWD, bytesOf(path), abi.O_PATH, 0, 0);
    const real = fd < 0 ? undefined : this.#native.readlink(`/proc/self/fd/${fd}`);
    if (fd >= 0) close(fd);
    return real === undefined ? path : nameOf(real);
  }

  #inFolder(fd: number): boolean {
    const path = nameOf(this.#native.readlink(`/proc/self/fd/${fd}`) ?? '');
    return path === this.folder || path.startsWith(`${this.folder!}/`);
  }

  /** openat2(2) of a path with a character a byte; struct open_how: flags, mode, resolve. */
  #at(dirfd: number, path: string, flags: number, mode: number, resolve: number): number {
    const how = OUT;
    u32.fill(0, how >> 2, (how >> 2) + 6);
    u32[how >> 2] = flags | abi.O_CLOEXEC;
    u32[(how >> 2) + 2] = mode;
    u32[(how >> 2) + 4] = resolve;
    const fd = syscallAt(this.#abi.nr.openat2, dirfd, path === '' ? '.' : nameOf(path), BASE + how, 24, 0, 0);
    return fd >= 0 ? fd : -(errno() || ENOENT);
  }
}

/** A file system of the machine itself is not the box's: its clients see an empty place to mount one. */
const realOne = (type: number): number | undefined => (type === BPF_FS_MAGIC ? SYSFS_MAGIC : undefined);

function keyOf(fd: number): string {
  return fstat(fd, BASE + STAT) === 0 ? `${get64(STAT)}:${get64(STAT + 8)}` : '';
}
