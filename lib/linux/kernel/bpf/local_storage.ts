// kernel/bpf/local_storage.c: BPF_MAP_TYPE_CGROUP_STORAGE and BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE. Their elements come with
// attachments to cgroups, which the model has not: they are made and described, and stay empty.
import { E2BIG, EINVAL, ENOENT } from '../../../uapi/asm-generic/errno.js';
import * as B from '../../../uapi/linux/bpf.js';
import { BTF_KIND_STRUCT } from '../../../uapi/linux/btf.js';
import { errno } from '../../errno.js';
import type { Holder } from '../../events.js';
import type { Machine } from '../../machine.js';
import type { Task } from '../task.js';
import type { Btf } from './btf/btf.js';
import { memberOf } from './btf/type_info.js';
import { BPF_LOCAL_STORAGE_MAX_VALUE_SIZE } from './bpf_local_storage.js';
import { BpfMap, type MapAttr } from './map.js';
import { BPF_F_ACCESS_MASK, flagsAccessOk } from './map_ops.js';
import { PCPU_MIN_UNIT_SIZE, PercpuValues } from './percpu.js';

const LOCAL_STORAGE_CREATE_FLAG_MASK = B.BPF_F_NUMA_NODE | BPF_F_ACCESS_MASK;
const SIZEOF_BPF_CGROUP_STORAGE_MAP = 328;
/** struct bpf_cgroup_storage_key, and an inode number alone. */
const ISOLATED_KEY = 16;
const SHARED_KEY = 8;

/** @models kernel/bpf/local_storage.c cgroup_storage_map_alloc() */
export function cgroupStorageMapAlloc(machine: Machine, attr: MapAttr, creator: Holder): BpfMap {
  const percpu = attr.mapType === B.BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE;
  const longest = percpu ? PCPU_MIN_UNIT_SIZE : BPF_LOCAL_STORAGE_MAX_VALUE_SIZE;
  if ((attr.keySize !== ISOLATED_KEY && attr.keySize !== SHARED_KEY) || attr.valueSize === 0) throw errno(EINVAL);
  if (attr.valueSize > longest) throw errno(E2BIG);
  const { mapFlags: flags } = attr;
  if ((flags & ~LOCAL_STORAGE_CREATE_FLAG_MASK) !== 0 || !flagsAccessOk(flags)) throw errno(EINVAL);
  if (attr.maxEntries !== 0) throw errno(EINVAL);
  return new CgroupStorageMap(machine, attr, creator, percpu);
}

export class CgroupStorageMap extends BpfMap {
  readonly #percpu: boolean;

  constructor(machine: Machine, attr: MapAttr, creator: Holder, percpu: boolean) {
    super(machine, attr, creator);
    this.#percpu = percpu;
  }

  override get sysValueSize(): number {
    return this.#percpu ? new PercpuValues(this.machine, this.valueSize).size : this.valueSize;
  }

  override sysLookup(): number {
    return -ENOENT;
  }

  /** @models kernel/bpf/local_storage.c cgroup_storage_update_elem() */
  override sysUpdate(_task: Task, _key: number, _value: number, flags: number): number {
    const known = this.#percpu ? B.BPF_EXIST : B.BPF_EXIST | B.BPF_F_LOCK;
    if ((flags & ~known) !== 0) return -EINVAL;
    return this.refuseLock(flags) || -ENOENT;
  }

  override deleteElem(): number {
    return -EINVAL;
  }

  override getNextKey(): number {
    return -ENOENT;
  }

  /** The key is an inode number, or that and an attach type. @models kernel/bpf/local_storage.c cgroup_storage_check_btf() */
  override checkBtf({ types }: Btf, keyTypeId: number): number {
    if (this.keySize === SHARED_KEY) return types.isPlainInt(keyTypeId, 64) ? 0 : -EINVAL;
    if (types.kindOf(keyTypeId) !== BTF_KIND_STRUCT || types.vlenOf(keyTypeId) !== 2) return -EINVAL;
    const fits = [64, 32].every((bits, i) => {
      const { type, bitOffset, bitfieldSize } = memberOf(types, keyTypeId, i);
      const sized = types.sizedType(type);
      return bitfieldSize === 0 && bitOffset === i * 64 && sized !== undefined && types.isPlainInt(sized.id, bits);
    });
    return fits ? 0 : -EINVAL;
  }

  override memUsage(): number {
    return SIZEOF_BPF_CGROUP_STORAGE_MAP;
  }
}
