// kernel/bpf/reuseport_array.c: BPF_MAP_TYPE_REUSEPORT_SOCKARRAY. It takes TCP and UDP sockets with SO_REUSEPORT, of which
// the model has none: it is made and described, and stays empty.
import { E2BIG, EINVAL, ENOENT, ENOMEM, ENOSPC, ENOTSUPP } from '../../../uapi/asm-generic/errno.js';
import * as B from '../../../uapi/linux/bpf.js';
import { errno, errnoOf } from '../../errno.js';
import type { Holder } from '../../events.js';
import type { Machine } from '../../machine.js';
import type { Task } from '../task.js';
import { arrayMapAllocCheck } from './arraymap.js';
import { BpfMap, type MapAttr } from './map.js';
import { AREA_MAX, nextIndex } from './map_ops.js';
import { sockfdLookup } from './socket_fd.js';

const SIZEOF_REUSEPORT_ARRAY = 296;
const S32_MAX = 0x7fffffff;

/** @models kernel/bpf/reuseport_array.c reuseport_array_alloc_check() */
export function reuseportArrayAllocCheck(machine: Machine, attr: MapAttr): void {
  if (attr.valueSize !== 4 && attr.valueSize !== 8) throw errno(EINVAL);
  arrayMapAllocCheck(machine, attr);
}

/** @models kernel/bpf/reuseport_array.c reuseport_array_alloc() */
export function reuseportArrayAlloc(machine: Machine, attr: MapAttr, creator: Holder): BpfMap {
  if (SIZEOF_REUSEPORT_ARRAY + 8 * attr.maxEntries > AREA_MAX) throw errno(ENOMEM);
  return new ReuseportArray(machine, attr, creator);
}

export class ReuseportArray extends BpfMap {
  /** @models kernel/bpf/reuseport_array.c bpf_fd_reuseport_array_lookup_elem() */
  override sysLookup(): number {
    return this.valueSize === 8 ? -ENOENT : -ENOSPC;
  }

  /** @models kernel/bpf/reuseport_array.c bpf_fd_reuseport_array_update_elem() */
  override sysUpdate(task: Task, key: number, value: number, flags: number): number {
    const { view } = this.memory;
    if (flags >>> 0 > B.BPF_EXIST) return -EINVAL;
    if (view.getUint32(key, true) >= this.maxEntries) return -E2BIG;
    const isLong = this.valueSize === 8;
    if (isLong && (view.getUint32(value, true) > S32_MAX || view.getUint32(value + 4, true) !== 0)) return -EINVAL;
    try {
      sockfdLookup(task, view.getInt32(value, true));
      return flags === B.BPF_EXIST ? -ENOENT : -ENOTSUPP;
    } catch (refused) {
      return -errnoOf(refused);
    }
  }

  override deleteElem(key: number): number {
    return this.memory.view.getUint32(key, true) >= this.maxEntries ? -E2BIG : -ENOENT;
  }

  override getNextKey(key: number, next: number): number {
    return nextIndex(this, key, next);
  }

  override memUsage(): number {
    return SIZEOF_REUSEPORT_ARRAY + 8 * this.maxEntries;
  }
}
