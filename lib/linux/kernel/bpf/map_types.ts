// include/linux/bpf_types.h, maps: which kinds there are, by number. map_create() asks here; a kind that is not in the table
// is unknown to this kernel.
import * as B from '../../../uapi/linux/bpf.js';
import type { Machine } from '../../machine.js';
import { ArrayMap, arrayMapAllocCheck } from './arraymap.js';
import { ArrayOfMaps, CgroupArrayMap, fdArrayMapAllocCheck, PerfEventArrayMap, ProgArrayMap } from './fd_array.js';
import { HashMap, PercpuHashMap } from './hashtab/hash.js';
import { fdHtabMapAllocCheck, HashOfMaps } from './hashtab/hash_of_maps.js';
import { htabMapAllocCheck } from './hashtab/htab.js';
import { LruHashMap, LruPercpuHashMap } from './hashtab/lru.js';
import { trieAlloc } from './lpm_trie.js';
import { arenaMapAlloc } from './arena.js';
import { bloomMapAlloc, bloomMapAllocCheck } from './bloom_filter.js';
import { LocalStorageMap, localStorageAllocCheck } from './bpf_local_storage.js';
import { structOpsMapAlloc, structOpsMapAllocCheck } from './bpf_struct_ops.js';
import { cpuMapAlloc } from './cpumap.js';
import { DevMap, devMapAllocCheck } from './devmap.js';
import { cgroupStorageMapAlloc } from './local_storage.js';
import type { MapKind } from './map_ops.js';
import { reuseportArrayAlloc, reuseportArrayAllocCheck } from './reuseport_array.js';
import { stackMapAlloc } from './stackmap.js';
import { sockHashAlloc, sockMapAlloc } from '../../net/core/sock_map.js';
import { xskMapAlloc } from '../../net/xdp/xskmap.js';
import { PercpuArrayMap } from './percpu_array.js';
import { QueueStackMap, queueStackMapAllocCheck } from './queue_stack_maps.js';
import { ringbufMapAlloc } from './ringbuf.js';

const devMap: MapKind = {
  allocCheck: devMapAllocCheck,
  alloc: (machine, attr, creator) => new DevMap(machine, attr, creator),
};
const localStorage: MapKind = {
  allocCheck: localStorageAllocCheck,
  alloc: (machine, attr, creator) => new LocalStorageMap(machine, attr, creator),
};

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
  [B.BPF_MAP_TYPE_PROG_ARRAY]: {
    allocCheck: fdArrayMapAllocCheck,
    alloc: (machine, attr, creator, task) => new ProgArrayMap(machine, attr, creator, task),
  },
  [B.BPF_MAP_TYPE_PERF_EVENT_ARRAY]: {
    allocCheck: fdArrayMapAllocCheck,
    alloc: (machine, attr, creator, task) => new PerfEventArrayMap(machine, attr, creator, task),
  },
  [B.BPF_MAP_TYPE_CGROUP_ARRAY]: {
    allocCheck: fdArrayMapAllocCheck,
    alloc: (machine, attr, creator, task) => new CgroupArrayMap(machine, attr, creator, task),
  },
  [B.BPF_MAP_TYPE_ARRAY_OF_MAPS]: {
    allocCheck: fdArrayMapAllocCheck,
    alloc: (machine, attr, creator, task) => new ArrayOfMaps(machine, attr, creator, task),
  },
  [B.BPF_MAP_TYPE_HASH_OF_MAPS]: {
    allocCheck: fdHtabMapAllocCheck,
    alloc: (machine, attr, creator, task) => new HashOfMaps(machine, attr, creator, task),
  },
  [B.BPF_MAP_TYPE_LRU_HASH]: {
    allocCheck: htabMapAllocCheck,
    alloc: (machine, attr, creator) => new LruHashMap(machine, attr, creator),
  },
  [B.BPF_MAP_TYPE_LRU_PERCPU_HASH]: {
    allocCheck: htabMapAllocCheck,
    alloc: (machine, attr, creator) => new LruPercpuHashMap(machine, attr, creator),
  },
  [B.BPF_MAP_TYPE_LPM_TRIE]: { alloc: trieAlloc },
  [B.BPF_MAP_TYPE_QUEUE]: {
    allocCheck: queueStackMapAllocCheck,
    alloc: (machine, attr, creator) => new QueueStackMap(machine, attr, creator),
  },
  [B.BPF_MAP_TYPE_STACK]: {
    allocCheck: queueStackMapAllocCheck,
    alloc: (machine, attr, creator) => new QueueStackMap(machine, attr, creator),
  },
  [B.BPF_MAP_TYPE_RINGBUF]: { alloc: ringbufMapAlloc },
  [B.BPF_MAP_TYPE_USER_RINGBUF]: { alloc: ringbufMapAlloc },
  [B.BPF_MAP_TYPE_STACK_TRACE]: { alloc: stackMapAlloc },
  [B.BPF_MAP_TYPE_DEVMAP]: devMap,
  [B.BPF_MAP_TYPE_DEVMAP_HASH]: devMap,
  [B.BPF_MAP_TYPE_SOCKMAP]: { alloc: sockMapAlloc },
  [B.BPF_MAP_TYPE_SOCKHASH]: { alloc: sockHashAlloc },
  [B.BPF_MAP_TYPE_CPUMAP]: { alloc: cpuMapAlloc },
  [B.BPF_MAP_TYPE_XSKMAP]: { alloc: xskMapAlloc },
  [B.BPF_MAP_TYPE_CGROUP_STORAGE]: { alloc: cgroupStorageMapAlloc },
  [B.BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE]: { alloc: cgroupStorageMapAlloc },
  [B.BPF_MAP_TYPE_REUSEPORT_SOCKARRAY]: { allocCheck: reuseportArrayAllocCheck, alloc: reuseportArrayAlloc },
  [B.BPF_MAP_TYPE_SK_STORAGE]: localStorage,
  [B.BPF_MAP_TYPE_INODE_STORAGE]: localStorage,
  [B.BPF_MAP_TYPE_TASK_STORAGE]: localStorage,
  [B.BPF_MAP_TYPE_CGRP_STORAGE]: { ...localStorage, since: 'bpf-arena' },
  [B.BPF_MAP_TYPE_STRUCT_OPS]: { allocCheck: structOpsMapAllocCheck, alloc: structOpsMapAlloc },
  [B.BPF_MAP_TYPE_BLOOM_FILTER]: { allocCheck: bloomMapAllocCheck, alloc: bloomMapAlloc },
  [B.BPF_MAP_TYPE_ARENA]: { since: 'bpf-arena', alloc: arenaMapAlloc },
};

/** The kind of this number, if the machine's kernel has it. @models kernel/bpf/syscall.c map_create() */
export function mapKind(machine: Machine, type: number): MapKind | undefined {
  const kind = Object.hasOwn(mapTypes, type) ? mapTypes[type] : undefined;
  return kind?.since === undefined || machine.has(kind.since) ? kind : undefined;
}
