// include/linux/bpf_types.h, maps: which kinds there are, by number. map_create() asks here; a kind that is not in the table
// is unknown to this kernel.
import * as B from '../../../uapi/linux/bpf.js';
import { ArrayMap, arrayMapAllocCheck, PercpuArrayMap } from './arraymap.js';
import { HashMap, PercpuHashMap } from './hashtab/hash.js';
import { htabMapAllocCheck } from './hashtab/htab.js';
import type { MapKind } from './map_ops.js';

/** By BPF_MAP_TYPE_*. */
export const mapTypes: Readonly<Record<number, MapKind>> = {
  [B.BPF_MAP_TYPE_HASH]: {
    allocCheck: htabMapAllocCheck,
    alloc: (machine, attr, creator) => new HashMap(machine, attr, creator),
  },
  [B.BPF_MAP_TYPE_ARRAY]: {
    allocCheck: arrayMapAllocCheck,
    alloc: (machine, attr, creator, task) => new ArrayMap(machine, attr, creator, task),
  },
  [B.BPF_MAP_TYPE_PERCPU_HASH]: {
    allocCheck: htabMapAllocCheck,
    alloc: (machine, attr, creator) => new PercpuHashMap(machine, attr, creator),
  },
  [B.BPF_MAP_TYPE_PERCPU_ARRAY]: {
    allocCheck: arrayMapAllocCheck,
    alloc: (machine, attr, creator, task) => new PercpuArrayMap(machine, attr, creator, task),
  },
};
