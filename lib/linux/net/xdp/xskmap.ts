// net/xdp/xskmap.c: BPF_MAP_TYPE_XSKMAP. XDP programs redirect to the AF_XDP sockets in it; the model has neither, so the
// map is made and described, and takes no socket.
import { E2BIG, EINVAL, ENOMEM, ENOTSUPP, EOPNOTSUPP } from '../../../uapi/asm-generic/errno.js';
import * as B from '../../../uapi/linux/bpf.js';
import { errno, errnoOf } from '../../errno.js';
import type { Holder } from '../../events.js';
import { BpfMap, type MapAttr } from '../../kernel/bpf/map.js';
import { AREA_MAX, nextIndex } from '../../kernel/bpf/map_ops.js';
import { sockfdLookup } from '../../kernel/bpf/socket_fd.js';
import type { Task } from '../../kernel/task.js';
import type { Machine } from '../../machine.js';

const SIZEOF_XSK_MAP = 304;
const XSK_CREATE_FLAG_MASK = B.BPF_F_NUMA_NODE | B.BPF_F_RDONLY | B.BPF_F_WRONLY;

/** @models net/xdp/xskmap.c xsk_map_alloc() */
export function xskMapAlloc(machine: Machine, attr: MapAttr, creator: Holder): BpfMap {
  if (attr.maxEntries === 0 || attr.keySize !== 4 || attr.valueSize !== 4) throw errno(EINVAL);
  if ((attr.mapFlags & ~XSK_CREATE_FLAG_MASK) !== 0) throw errno(EINVAL);
  if (SIZEOF_XSK_MAP + 8 * attr.maxEntries > AREA_MAX) throw errno(ENOMEM);
  return new XskMap(machine, attr, creator);
}

export class XskMap extends BpfMap {
  override sysLookup(): number {
    return -EOPNOTSUPP;
  }

  /** @models net/xdp/xskmap.c xsk_map_update_elem() */
  override sysUpdate(task: Task, key: number, value: number, flags: number): number {
    const { view } = this.memory;
    if (flags >>> 0 > B.BPF_EXIST) return -EINVAL;
    if (view.getUint32(key, true) >= this.maxEntries) return -E2BIG;
    try {
      sockfdLookup(task, view.getInt32(value, true));
      return -EOPNOTSUPP;
    } catch (refused) {
      return -errnoOf(refused);
    }
  }

  override deleteElem(key: number): number {
    return this.memory.view.getUint32(key, true) >= this.maxEntries ? -EINVAL : 0;
  }

  override getNextKey(key: number, next: number): number {
    return nextIndex(this, key, next);
  }

  override checkBtf(): number {
    return -ENOTSUPP;
  }

  override memUsage(): number {
    return SIZEOF_XSK_MAP + 8 * this.maxEntries;
  }
}
