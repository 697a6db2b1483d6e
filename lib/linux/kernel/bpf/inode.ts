// kernel/bpf/inode.c: pins, the names that keep programs, maps and links alive. A file system of this kind is a tree of
// directories, pins and symbolic links. Which paths lead where is the task's own affair (its mount namespace), so bpf(2)
// asks the task's BpfPaths; PinTree is the one for callers in the same process, BpfPin the inode that both hang in.
import { EACCES, EEXIST, EINVAL, EISDIR, ENOENT, ENOTDIR, ENOTEMPTY, EPERM } from '../../../uapi/asm-generic/errno.js';
import type { Holder } from '../../events.js';
import type { KObject } from '../../object.js';
import type { BpfLink } from './link.js';
import { BpfMap } from './map.js';
import type { BpfProg } from './prog.js';

/** What can be pinned. */
export type Pinned = BpfProg | BpfMap | BpfLink;

/** An inode that names an object, and holds it until drop(). */
export class BpfPin implements Holder {
  readonly object: Pinned;
  readonly #path: string;

  /** `path` is for people. @models kernel/bpf/inode.c bpf_any_get() */
  constructor(object: Pinned, path: string) {
    this.object = object;
    this.#path = path;
    if (object instanceof BpfMap) object.holdWithUref(this);
    else (object as KObject).hold(this);
  }

  get label(): string {
    return `pin ${this.#path}`;
  }

  /** The inode goes: its last name is gone, or its file system. @models kernel/bpf/inode.c bpf_any_put() */
  drop(): void {
    const { object } = this;
    if (object instanceof BpfMap) object.releaseWithUref(this);
    else (object as KObject).release(this);
  }
}

/** The paths of a task. `dirfd` is AT_FDCWD (-100) or an fd of the task. Refusals are negative errnos. */
export interface BpfPaths {
  /**
   * Makes `path` a new name of `object`: EEXIST for a name that is taken, ENOENT for a directory that is missing, EPERM
   * outside of a file system of this kind and for a name with a dot.
   */
  pin(dirfd: number, path: string, object: Pinned): number;
  /** What `path` names: ENOENT when nothing, EACCES when no pin. The caller takes its own reference before anything else. */
  get(dirfd: number, path: string): Pinned | number;
}

/** What a name of a PinTree is. */
type Node = BpfPin | PinDirectory | { readonly target: string };
type PinDirectory = Map<string, Node>;

const isDirectory = (node: Node | undefined): node is PinDirectory => node instanceof Map;

/** Symbolic links followed at most. */
const LINKS_MAX = 40;

/** A file system of pins, mounted at one place, for callers in the same process. */
export class PinTree implements BpfPaths {
  readonly mountPoint: string;
  readonly #root: PinDirectory = new Map();

  constructor(mountPoint = '/sys/fs/bpf') {
    this.mountPoint = mountPoint;
  }

  pin(_dirfd: number, path: string, object: Pinned): number {
    const place = this.#place(path);
    if (typeof place === 'number') return place;
    if (place.directory.has(place.name)) return -EEXIST;
    if (place.name.includes('.')) return -EPERM;
    place.directory.set(place.name, new BpfPin(object, path));
    return 0;
  }

  get(_dirfd: number, path: string): Pinned | number {
    const node = this.#find(path);
    if (typeof node === 'number') return node;
    return node instanceof BpfPin ? node.object : -EACCES;
  }

  /** mkdir(2) */
  mkdir(path: string): number {
    const place = this.#place(path);
    if (typeof place === 'number') return place;
    if (place.directory.has(place.name)) return -EEXIST;
    if (place.name.includes('.')) return -EPERM;
    place.directory.set(place.name, new Map());
    return 0;
  }

  /** symlink(2) */
  symlink(target: string, path: string): number {
    const place = this.#place(path);
    if (typeof place === 'number') return place;
    if (place.directory.has(place.name)) return -EEXIST;
    place.directory.set(place.name, { target });
    return 0;
  }

  /** unlink(2) */
  unlink(path: string): number {
    const place = this.#place(path);
    if (typeof place === 'number') return place;
    const node = place.directory.get(place.name);
    if (node === undefined) return -ENOENT;
    if (isDirectory(node)) return -EISDIR;
    place.directory.delete(place.name);
    if (node instanceof BpfPin) node.drop();
    return 0;
  }

  /** rmdir(2) */
  rmdir(path: string): number {
    const place = this.#place(path);
    if (typeof place === 'number') return place;
    const node = place.directory.get(place.name);
    if (node === undefined) return -ENOENT;
    if (!isDirectory(node)) return -ENOTDIR;
    if (node.size > 0) return -ENOTEMPTY;
    place.directory.delete(place.name);
    return 0;
  }

  /** The names in a directory, or a negative errno. */
  list(path: string): string[] | number {
    const node = this.#find(path);
    if (typeof node === 'number') return node;
    return isDirectory(node) ? [...node.keys()] : -ENOTDIR;
  }

  /** umount(2): every pin goes. */
  unmount(): void {
    dropAll(this.#root);
  }

  /** The directory and the name in it that `path` means; outside of the mount point nothing is a directory of this kind. */
  #place(path: string): { directory: PinDirectory; name: string } | number {
    const names = path.split('/').filter((name) => name !== '' && name !== '.');
    const name = names.pop();
    if (name === undefined) return path === '' ? -ENOENT : -EEXIST;
    const directory = this.#find(`/${names.join('/')}`);
    if (typeof directory === 'number') return directory === -EACCES ? -EPERM : directory;
    return isDirectory(directory) ? { directory, name } : -ENOTDIR;
  }

  #find(path: string, links = 0): Node | number {
    if (path === '') return -ENOENT;
    const inside = this.#inside(path);
    if (inside === undefined) return this.mountPoint.startsWith(path === '/' ? path : `${path}/`) ? -EACCES : -ENOENT;
    let node: Node = this.#root;
    let at = this.mountPoint;
    for (const name of inside) {
      if (!isDirectory(node)) return -ENOTDIR;
      const next = node.get(name);
      if (next === undefined) return -ENOENT;
      if ('target' in next) {
        if (links === LINKS_MAX) return -EINVAL;
        const found = this.#find(next.target.startsWith('/') ? next.target : `${at}/${next.target}`, links + 1);
        if (typeof found === 'number') return found;
        node = found;
      } else node = next;
      at = `${at}/${name}`;
    }
    return node;
  }

  /** The names behind the mount point, or undefined when the path does not pass it. */
  #inside(path: string): string[] | undefined {
    const whole = path.startsWith('/') ? path : `${this.mountPoint}/${path}`;
    const names = whole.split('/').filter((name) => name !== '' && name !== '.');
    const mount = this.mountPoint.split('/').filter((name) => name !== '');
    return mount.every((name, i) => names[i] === name) ? names.slice(mount.length) : undefined;
  }
}

function dropAll(directory: PinDirectory): void {
  for (const node of directory.values()) {
    if (isDirectory(node)) dropAll(node);
    else if (node instanceof BpfPin) node.drop();
  }
  directory.clear();
}
