// kernel/bpf/bpf_local_storage.c and the four kinds over it: BPF_MAP_TYPE_SK_STORAGE, INODE_STORAGE, TASK_STORAGE and
// CGRP_STORAGE: a value for each socket, inode, task or cgroup, which is known by an fd. The model has netlink sockets;
// everything else is a gap where it could be there, and EBADF where it cannot. A value goes with its owner.
import { copyBytes } from '../../../vm/maps/bytes.js';
import { E2BIG, EBADF, EEXIST, EINVAL, ENOENT, ENOMEM, ENOTSUPP } from '../../../uapi/asm-generic/errno.js';
import * as B from '../../../uapi/linux/bpf.js';
import { errno, errnoOf, ModelGap } from '../../errno.js';
import type { Holder } from '../../events.js';
import type { Machine } from '../../machine.js';
import type { KObject } from '../../object.js';
import type { Task } from '../task.js';
import type { Btf } from './btf/btf.js';
import { copyValue, initValue } from './btf/record.js';
import { BpfMap, type MapAttr } from './map.js';
import { roundUpPowerOfTwo } from './map_ops.js';
import { sockfdLookup } from './socket_fd.js';

const BPF_LOCAL_STORAGE_CREATE_FLAG_MASK = B.BPF_F_NO_PREALLOC | B.BPF_F_CLONE;
const SIZEOF_BPF_LOCAL_STORAGE_MAP = 448;
const SIZEOF_BUCKET = 16;
/** Longest value, bytes: 64 KiB less a byte and what is in front of it. */
export const BPF_LOCAL_STORAGE_MAX_VALUE_SIZE = 65407;

/** @models kernel/bpf/bpf_local_storage.c bpf_local_storage_map_alloc_check() */
export function localStorageAllocCheck(_machine: Machine, attr: MapAttr): void {
  const { mapFlags: flags } = attr;
  if ((flags & ~BPF_LOCAL_STORAGE_CREATE_FLAG_MASK) !== 0 || (flags & B.BPF_F_NO_PREALLOC) === 0) throw errno(EINVAL);
  if (attr.maxEntries !== 0 || attr.keySize !== 4 || attr.valueSize === 0) throw errno(EINVAL);
  if (attr.btfKeyTypeId === 0 || attr.btfValueTypeId === 0) throw errno(EINVAL);
  if (attr.valueSize > BPF_LOCAL_STORAGE_MAX_VALUE_SIZE) throw errno(E2BIG);
}

/** Who may own values of a kind: what an fd leads to. */
type OwnerOf = (task: Task, fd: number) => KObject;

/** Files of another kernel that could be what the kind wants. */
const unknown =
  (what: string, allFiles: boolean): OwnerOf =>
  (task, fd) => {
    const file = task.fget(fd);
    if (file !== undefined && (allFiles || file.kind === 'foreign')) throw new ModelGap(`storage of ${what}`);
    throw errno(EBADF);
  };

const owners: Readonly<Record<number, OwnerOf>> = {
  [B.BPF_MAP_TYPE_SK_STORAGE]: sockfdLookup,
  [B.BPF_MAP_TYPE_INODE_STORAGE]: unknown('inodes', true),
  [B.BPF_MAP_TYPE_TASK_STORAGE]: unknown('tasks', false),
  [B.BPF_MAP_TYPE_CGRP_STORAGE]: unknown('cgroups', false),
};

export class LocalStorageMap extends BpfMap {
  /** Addresses of the values. */
  readonly #values = new Map<KObject, number>();
  readonly #ownerOf: OwnerOf;

  constructor(machine: Machine, attr: MapAttr, creator: Holder) {
    super(machine, attr, creator);
    this.#ownerOf = owners[attr.mapType]!;
  }

  /** The owner that the fd at `key` leads to; the values of owners that are gone go. */
  #owner(task: Task, key: number): KObject {
    for (const owner of this.#values.keys()) if (owner.freed) this.#remove(owner);
    return this.#ownerOf(task, this.memory.view.getInt32(key, true));
  }

  #remove(owner: KObject): boolean {
    const value = this.#values.get(owner);
    if (value === undefined) return false;
    this.memory.free(value);
    return this.#values.delete(owner);
  }

  /** Address of the value of an owner, made when `create`; 0 when there is none or no memory. */
  valueOfOwner(owner: KObject, create: boolean): number {
    const value = this.#values.get(owner);
    if (value !== undefined || !create) return value ?? 0;
    const made = this.memory.alloc(this.valueSize);
    if (made !== 0) this.#values.set(owner, made);
    return made;
  }

  /** Takes an owner's value away. */
  removeOwner(owner: KObject): boolean {
    return this.#remove(owner);
  }

  override sysLookup(key: number, value: number, _flags: number, task: Task): number {
    return this.#refusing(() => {
      const from = this.#values.get(this.#owner(task, key));
      if (from === undefined) return -ENOENT;
      copyValue(this.memory, this.record, value, from, this.valueSize);
      initValue(this.memory, this.record, value);
      return 0;
    });
  }

  /** @models kernel/bpf/bpf_local_storage.c bpf_local_storage_update() */
  override sysUpdate(task: Task, key: number, value: number, flags: number): number {
    return this.#refusing(() => {
      const owner = this.#owner(task, key);
      if ((flags & ~B.BPF_F_LOCK) >>> 0 > B.BPF_EXIST) return -EINVAL;
      const noLock = this.refuseLock(flags);
      if (noLock !== 0) return noLock;
      const wanted = flags & ~B.BPF_F_LOCK;
      const there = this.#values.has(owner);
      if (there && wanted === B.BPF_NOEXIST) return -EEXIST;
      if (!there && wanted === B.BPF_EXIST) return -ENOENT;
      return this.#write(owner, value);
    });
  }

  #write(owner: KObject, value: number): number {
    const to = this.valueOfOwner(owner, true);
    if (to === 0) return -ENOMEM;
    if (this.record === undefined) copyBytes(this.memory, to, value, this.valueSize);
    else copyValue(this.memory, this.record, to, value, this.valueSize);
    return 0;
  }

  override sysDelete(key: number, task: Task): number {
    return this.#refusing(() => (this.#remove(this.#owner(task, key)) ? 0 : -ENOENT));
  }

  override getNextKey(): number {
    return -ENOTSUPP;
  }

  #refusing(run: () => number): number {
    try {
      return run();
    } catch (refused) {
      if (refused instanceof ModelGap) throw refused;
      return -errnoOf(refused);
    }
  }

  /** @models kernel/bpf/bpf_local_storage.c bpf_local_storage_map_check_btf() */
  override checkBtf({ types }: Btf, keyTypeId: number): number {
    return types.isPlainInt(keyTypeId, 32) ? 0 : -EINVAL;
  }

  /** @models kernel/bpf/bpf_local_storage.c bpf_local_storage_map_mem_usage() */
  override memUsage(): number {
    return SIZEOF_BPF_LOCAL_STORAGE_MAP + SIZEOF_BUCKET * Math.max(2, roundUpPowerOfTwo(this.machine.config.cpus));
  }

  protected override destroy(): void {
    for (const owner of [...this.#values.keys()]) this.#remove(owner);
    super.destroy();
  }
}
