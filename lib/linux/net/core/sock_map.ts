// net/core/sock_map.c: BPF_MAP_TYPE_SOCKMAP and BPF_MAP_TYPE_SOCKHASH. They take TCP, UDP and unix sockets, of which the
// model has none: they are made and described, and stay empty.
import { E2BIG, EINVAL, ENOENT, ENOMEM, ENOSPC, ENOTSUPP, EOPNOTSUPP } from '../../../uapi/asm-generic/errno.js';
import * as B from '../../../uapi/linux/bpf.js';
import { MAX_BPF_STACK } from '../../../uapi/linux/bpf_insn.js';
import { errno, errnoOf } from '../../errno.js';
import type { Holder } from '../../events.js';
import { BpfMap, type MapAttr } from '../../kernel/bpf/map.js';
import { AREA_MAX, nextIndex, roundUpPowerOfTwo } from '../../kernel/bpf/map_ops.js';
import { sockfdLookup } from '../../kernel/bpf/socket_fd.js';
import type { Task } from '../../kernel/task.js';
import type { Machine } from '../../machine.js';

const SOCK_CREATE_FLAG_MASK = B.BPF_F_NUMA_NODE | B.BPF_F_RDONLY | B.BPF_F_WRONLY;
const SIZEOF_BPF_STAB = 376;
const SIZEOF_BPF_SHTAB = 384;
const SIZEOF_BPF_SHTAB_BUCKET = 16;
const S32_MAX = 0x7fffffff;

function checkValue(attr: MapAttr): void {
  if (attr.valueSize !== 4 && attr.valueSize !== 8) throw errno(EINVAL);
  if ((attr.mapFlags & ~SOCK_CREATE_FLAG_MASK) !== 0) throw errno(EINVAL);
}

/** @models net/core/sock_map.c sock_map_alloc() */
export function sockMapAlloc(machine: Machine, attr: MapAttr, creator: Holder): BpfMap {
  if (attr.maxEntries === 0 || attr.maxEntries > S32_MAX || attr.keySize !== 4) throw errno(EINVAL);
  checkValue(attr);
  if (8 * attr.maxEntries > AREA_MAX) throw errno(ENOMEM);
  return new SockMap(machine, attr, creator);
}

/** @models net/core/sock_map.c sock_hash_alloc() */
export function sockHashAlloc(machine: Machine, attr: MapAttr, creator: Holder): BpfMap {
  if (attr.maxEntries === 0 || attr.keySize === 0) throw errno(EINVAL);
  checkValue(attr);
  if (attr.keySize > MAX_BPF_STACK) throw errno(E2BIG);
  const buckets = attr.maxEntries > 2 ** 31 ? 0 : roundUpPowerOfTwo(attr.maxEntries);
  if (buckets === 0 || buckets > Math.floor(0xffffffff / SIZEOF_BPF_SHTAB_BUCKET)) throw errno(EINVAL);
  return new SockHash(machine, attr, creator);
}

abstract class SocketMap extends BpfMap {
  /** @models net/core/sock_map.c sock_map_lookup_sys() */
  override sysLookup(): number {
    return this.valueSize === 8 ? -ENOENT : -ENOSPC;
  }

  /** @models net/core/sock_map.c sock_map_update_elem_sys() */
  override sysUpdate(task: Task, _key: number, value: number, _flags: number): number {
    const { view } = this.memory;
    const fd = view.getUint32(value, true);
    if (fd > S32_MAX || (this.valueSize === 8 && view.getUint32(value + 4, true) !== 0)) return -EINVAL;
    try {
      sockfdLookup(task, fd);
      return -EOPNOTSUPP;
    } catch (refused) {
      return -errnoOf(refused);
    }
  }

  override checkBtf(): number {
    return -ENOTSUPP;
  }
}

export class SockMap extends SocketMap {
  override deleteElem(): number {
    return -EINVAL;
  }

  override getNextKey(key: number, next: number): number {
    return nextIndex(this, key, next);
  }

  /** @models net/core/sock_map.c sock_map_mem_usage() */
  override memUsage(): number {
    return SIZEOF_BPF_STAB + 8 * this.maxEntries;
  }
}

export class SockHash extends SocketMap {
  override deleteElem(): number {
    return -ENOENT;
  }

  override getNextKey(): number {
    return -ENOENT;
  }

  /** @models net/core/sock_map.c sock_hash_mem_usage() */
  override memUsage(): number {
    return SIZEOF_BPF_SHTAB + SIZEOF_BPF_SHTAB_BUCKET * roundUpPowerOfTwo(this.maxEntries);
  }
}
