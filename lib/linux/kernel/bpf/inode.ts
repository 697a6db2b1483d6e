// kernel/bpf/inode.c: pins, the names that keep programs, maps and links alive. A file system of this kind is a tree of
// directories, pins and symbolic links. Which paths lead where is the task's own affair (its mount namespace), so bpf(2)
// asks the task's BpfPaths; PinTree is the one for callers in the same process, BpfPin the inode that both hang in.
import {
  EACCES,
  EEXIST,
  EISDIR,
  ELOOP,
  ENAMETOOLONG,
  ENOENT,
  ENOTDIR,
  ENOTEMPTY,
  EPERM,
} from '../../../uapi/asm-generic/errno.js';
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

/** Symbolic links followed at most, and the length of a name. */
const LINKS_MAX = 40;
const NAME_MAX = 255;

/** A file system of pins, mounted at one place, for callers in the same process. Paths are absolute. */
export class PinTree implements BpfPaths {
  readonly mountPoint: string;
  readonly #root: PinDirectory = new Map();

  constructor(mountPoint = '/sys/fs/bpf') {
    this.mountPoint = mountPoint;
  }

  pin(_dirfd: number, path: string, object: Pinned): number {
    const place = this.#newName(path);
    if (typeof place === 'number') return place;
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
    const place = this.#newName(path);
    if (typeof place === 'number') return place;
    place.directory.set(place.name, new Map());
    return 0;
  }

  /** symlink(2) */
  symlink(target: string, path: string): number {
    const place = this.#newName(path);
    if (typeof place === 'number') return place;
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

  /** Where a new name may be put, or why not. @models fs/namei.c filename_create() @differs paths of one file system */
  #newName(path: string): { directory: PinDirectory; name: string } | number {
    const place = this.#place(path);
    if (typeof place === 'number') return place;
    if (place.directory.has(place.name)) return -EEXIST;
    return place.name.includes('.') ? -EPERM : place;
  }

  /** The directory and the name in it that a path means. */
  #place(path: string): { directory: PinDirectory; name: string } | number {
    const names = namesOf(path);
    const name = names.pop();
    if (path === '') return -ENOENT;
    if (name === undefined) return -EEXIST;
    if (name.length > NAME_MAX) return -ENAMETOOLONG;
    const directory = this.#walk(names);
    if (typeof directory === 'number') return directory;
    if (directory === 'outside') return this.#walk([...names, name]) === -ENOENT ? -EPERM : -EEXIST;
    return isDirectory(directory) ? { directory, name } : -ENOTDIR;
  }

  #find(path: string): Node | number {
    if (path === '') return -ENOENT;
    const found = this.#walk(namesOf(path));
    return found === 'outside' ? -EACCES : found;
  }

  /** What the names lead to: `outside` for a directory on the way to the mount point. */
  #walk(names: readonly string[], links = 0): Node | 'outside' | number {
    const mount = namesOf(this.mountPoint);
    const above = names.slice(0, mount.length);
    if (!above.every((name, i) => name === mount[i])) return -ENOENT;
    if (names.length < mount.length) return 'outside';
    let node: Node = this.#root;
    for (let i = mount.length; i < names.length; i++) {
      if (!isDirectory(node)) return -ENOTDIR;
      const next = node.get(names[i]!);
      if (next === undefined) return noEntry(names[i]!);
      if ('target' in next) return this.#follow(names.slice(0, i), next.target, names.slice(i + 1), links);
      node = next;
    }
    return node;
  }

  #follow(at: readonly string[], target: string, rest: readonly string[], links: number): Node | 'outside' | number {
    if (links === LINKS_MAX) return -ELOOP;
    const from = target.startsWith('/') ? target : `/${at.join('/')}/${target}`;
    return this.#walk([...namesOf(from), ...rest], links + 1);
  }
}

/** Why a name is not there; names with a dot never are. @models kernel/bpf/inode.c bpf_lookup() */
function noEntry(name: string): number {
  if (name.length > NAME_MAX) return -ENAMETOOLONG;
  return name.includes('.') ? -EPERM : -ENOENT;
}

/** The names of an absolute path; `..` leaves out the name before it. */
function namesOf(path: string): string[] {
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  return names;
}

function dropAll(directory: PinDirectory): void {
  for (const node of directory.values()) {
    if (isDirectory(node)) dropAll(node);
    else if (node instanceof BpfPin) node.drop();
  }
  directory.clear();
}
