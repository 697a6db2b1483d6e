// kernel/bpf/map_in_map.c: maps whose values are maps. What an inner map must look like is taken from the map that was given
// when the outer one was made, and kept after that one is gone. The outer map holds what is in it, but is no user of it: a
// prog array cannot be in one.
import { EINVAL, ENOTSUPP } from '../../../uapi/asm-generic/errno.js';
import * as B from '../../../uapi/linux/bpf.js';
import { errno } from '../../errno.js';
import type { Holder } from '../../events.js';
import type { Task } from '../task.js';
import type { Btf } from './btf/btf.js';
import type { BtfRecord } from './btf/record.js';
import type { BpfMap } from './map.js';
import { mapGet } from './syscall/fd.js';

/** What an inner map looks like: all that the verifier may know of it. */
export interface InnerMapMeta {
  readonly mapType: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly mapFlags: number;
  readonly record: BtfRecord | undefined;
  /** Held by the outer map. */
  readonly btf: Btf | undefined;
  /** genLookup() of the map it was taken from. */
  readonly genLookup: BpfMap['genLookup'];
}

/** Kinds that cannot be inside another map. */
const NEVER_INNER = new Set([
  B.BPF_MAP_TYPE_PROG_ARRAY,
  B.BPF_MAP_TYPE_CGROUP_STORAGE,
  B.BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE,
  B.BPF_MAP_TYPE_STRUCT_OPS,
]);

/** @models kernel/bpf/map_in_map.c bpf_map_meta_alloc() */
export function metaAlloc(task: Task, fd: number, holder: Holder): InnerMapMeta {
  const inner = mapGet(task, fd);
  if (inner.innerMapMeta !== undefined) throw errno(EINVAL);
  if (NEVER_INNER.has(inner.mapType)) throw errno(ENOTSUPP);
  const insns = inner.genLookup();
  return {
    mapType: inner.mapType,
    keySize: inner.keySize,
    valueSize: inner.valueSize,
    maxEntries: inner.maxEntries,
    mapFlags: inner.mapFlags,
    record: inner.record,
    btf: inner.btf?.hold(holder),
    genLookup: () => insns,
  };
}

/** Whether a value with these fields can stand for one with those. @models kernel/bpf/syscall.c btf_record_equal() */
function recordEqual(a: BtfRecord | undefined, b: BtfRecord | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return (
    a.fields.length === b.fields.length &&
    a.fields.every((field, i) => {
      const other = b.fields[i]!;
      return field.type === other.type && field.offset === other.offset && field.typeId === other.typeId;
    })
  );
}

/** @models kernel/bpf/map_in_map.c bpf_map_meta_equal() and kernel/bpf/arraymap.c array_map_meta_equal() */
export function metaEqual(meta: InnerMapMeta, map: BpfMap): boolean {
  const same = meta.mapType === map.mapType && meta.keySize === map.keySize && meta.valueSize === map.valueSize;
  if (!same || meta.mapFlags !== map.mapFlags || !recordEqual(meta.record, map.record)) return false;
  const { mapType } = meta;
  const bySize = mapType === B.BPF_MAP_TYPE_XSKMAP || (mapType === B.BPF_MAP_TYPE_ARRAY && !isInnerArray(meta));
  return !bySize || meta.maxEntries === map.maxEntries;
}

/** An array whose length programs do not rely on. */
const isInnerArray = ({ mapFlags }: InnerMapMeta): boolean => (mapFlags & B.BPF_F_INNER_MAP) !== 0;

/**
 * The map behind `fd` when it may be put into a map of maps; not held yet.
 *
 * @models kernel/bpf/map_in_map.c bpf_map_fd_get_ptr()
 */
export function innerMapOf(task: Task, fd: number, meta: InnerMapMeta): BpfMap {
  const inner = mapGet(task, fd);
  if (!metaEqual(meta, inner)) throw errno(EINVAL);
  return inner;
}
