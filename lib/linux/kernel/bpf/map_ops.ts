// What map_create() needs of a kind of map, and the checks that kinds share. The table of kinds is map_types.ts.
import { ENOENT } from '../../../uapi/asm-generic/errno.js';
import {
  BPF_F_RDONLY,
  BPF_F_RDONLY_PROG,
  BPF_F_NUMA_NODE,
  BPF_F_WRONLY,
  BPF_F_WRONLY_PROG,
} from '../../../uapi/linux/bpf.js';
import type { Holder } from '../../events.js';
import type { Machine } from '../../machine.js';
import type { BehaviourName } from '../../version.js';
import type { Task } from '../task.js';
import type { BpfMap, MapAttr } from './map.js';

/** The part of struct bpf_map_ops that makes a map. Both refuse by throwing. */
export interface MapKind {
  /** Kernels without this behaviour do not have the kind. */
  readonly since?: BehaviourName;
  /** map_alloc_check(): before the permission is asked for. */
  readonly allocCheck?: (machine: Machine, attr: MapAttr, task: Task) => void;
  /** map_alloc(); `creator` holds the map. */
  readonly alloc: (machine: Machine, attr: MapAttr, creator: Holder, task: Task) => BpfMap;
}

/** NUMA_NO_NODE */
export const NUMA_NO_NODE = -1;

/**
 * Most bytes of one area of the kernel: what the linear memory could hold at best. The kernel refuses what the machine's
 * memory cannot hold.
 */
export const AREA_MAX = 0xffff0000;

/** Longest allocation of kmalloc(), bytes. */
export const KMALLOC_MAX_SIZE = 4 << 20;

export const BPF_F_ACCESS_MASK = BPF_F_RDONLY | BPF_F_RDONLY_PROG | BPF_F_WRONLY | BPF_F_WRONLY_PROG;

/**
 * Writes the key after `key` to `next` in a map whose keys are the indexes of an array: after a key beyond the end comes
 * the first.
 *
 * @models kernel/bpf/arraymap.c array_map_get_next_key()
 */
export function nextIndex({ memory: { view }, maxEntries }: BpfMap, key: number, next: number): number {
  const index = key === 0 ? maxEntries : view.getUint32(key, true);
  if (index === maxEntries - 1) return -ENOENT;
  view.setUint32(next, index >= maxEntries ? 0 : index + 1, true);
  return 0;
}

/** @models include/linux/bpf.h bpf_map_flags_access_ok() */
export function flagsAccessOk(flags: number): boolean {
  return (flags & (BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG)) !== (BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG);
}

/** @models include/linux/bpf.h bpf_map_attr_numa_node() */
export function attrNumaNode(attr: MapAttr): number {
  return (attr.mapFlags & BPF_F_NUMA_NODE) !== 0 ? attr.numaNode : NUMA_NO_NODE;
}

/** For 1 to 2^31. @models include/linux/log2.h roundup_pow_of_two() */
export function roundUpPowerOfTwo(value: number): number {
  return value <= 1 ? 1 : 2 ** (32 - Math.clz32(value - 1));
}
