// kernel/bpf/stackmap.c: BPF_MAP_TYPE_STACK_TRACE. Tracing programs put stacks in; none runs here, so the map is made and
// described, and stays empty.
import { E2BIG, EINVAL, ENOENT, ENOMEM, ENOTSUPP } from '../../../uapi/asm-generic/errno.js';
import * as B from '../../../uapi/linux/bpf.js';
import { errno } from '../../errno.js';
import type { Holder } from '../../events.js';
import type { Machine } from '../../machine.js';
import { BpfMap, type MapAttr } from './map.js';
import { AREA_MAX, roundUpPowerOfTwo } from './map_ops.js';

const STACK_CREATE_FLAG_MASK = B.BPF_F_NUMA_NODE | B.BPF_F_RDONLY | B.BPF_F_WRONLY | B.BPF_F_STACK_BUILD_ID;
const SIZEOF_BPF_STACK_MAP = 320;
const SIZEOF_STACK_MAP_BUCKET = 16;
const SIZEOF_BPF_STACK_BUILD_ID = 32;
/** kernel.perf_event_max_stack */
const MAX_STACK = 127;

/** @models kernel/bpf/stackmap.c stack_map_alloc() */
export function stackMapAlloc(machine: Machine, attr: MapAttr, creator: Holder): BpfMap {
  const { maxEntries, valueSize } = attr;
  if ((attr.mapFlags & ~STACK_CREATE_FLAG_MASK) !== 0) throw errno(EINVAL);
  if (maxEntries === 0 || attr.keySize !== 4 || valueSize < 8 || valueSize % 8 !== 0) throw errno(EINVAL);
  const entry = (attr.mapFlags & B.BPF_F_STACK_BUILD_ID) === 0 ? 8 : SIZEOF_BPF_STACK_BUILD_ID;
  if (valueSize % entry !== 0 || valueSize / entry > MAX_STACK) throw errno(EINVAL);
  if (maxEntries > 2 ** 31) throw errno(E2BIG);
  const map = new StackTraceMap(machine, attr, creator);
  if (map.memUsage() <= AREA_MAX) return map;
  map.release(creator);
  throw errno(ENOMEM);
}

export class StackTraceMap extends BpfMap {
  get #buckets(): number {
    return roundUpPowerOfTwo(this.maxEntries);
  }

  override sysLookup(): number {
    return -ENOENT;
  }

  override sysLookupAndDelete(): number {
    return -ENOENT;
  }

  override updateElem(): number {
    return -EINVAL;
  }

  /** @models kernel/bpf/stackmap.c stack_map_delete_elem() */
  override deleteElem(key: number): number {
    return this.memory.view.getUint32(key, true) >= this.#buckets ? -E2BIG : -ENOENT;
  }

  override getNextKey(): number {
    return -ENOENT;
  }

  override checkBtf(): number {
    return -ENOTSUPP;
  }

  /** @models kernel/bpf/stackmap.c stack_map_mem_usage() */
  override memUsage(): number {
    return SIZEOF_BPF_STACK_MAP + 8 * this.#buckets + this.maxEntries * (SIZEOF_STACK_MAP_BUCKET + this.valueSize);
  }
}
