// kernel/bpf/syscall.c map_check_btf(): whether the types of key and value that come with MAP_CREATE fit the map, and which
// fields of the value are the kernel's. A kind has a say by its checkBtf().
import { EACCES, EINVAL, EOPNOTSUPP, EPERM } from '../../../../uapi/asm-generic/errno.js';
import * as B from '../../../../uapi/linux/bpf.js';
import { Errno, errno } from '../../../errno.js';
import type { Task } from '../../task.js';
import type { BpfMap } from '../map.js';
import { bpfCapable } from '../token.js';
import type { Btf } from './btf.js';
import { parseFields } from './fields.js';
import * as R from './record.js';

const storages = [
  B.BPF_MAP_TYPE_SK_STORAGE,
  B.BPF_MAP_TYPE_INODE_STORAGE,
  B.BPF_MAP_TYPE_TASK_STORAGE,
  B.BPF_MAP_TYPE_CGRP_STORAGE,
];
const hashAndArray = [B.BPF_MAP_TYPE_HASH, B.BPF_MAP_TYPE_ARRAY];
const hashLruAndArray = [...hashAndArray, B.BPF_MAP_TYPE_LRU_HASH];
const withPercpu = [
  ...hashLruAndArray,
  B.BPF_MAP_TYPE_PERCPU_HASH,
  B.BPF_MAP_TYPE_LRU_PERCPU_HASH,
  B.BPF_MAP_TYPE_PERCPU_ARRAY,
];

/** Which kinds of maps may have which fields. */
const allowed: readonly (readonly [fields: number, maps: ReadonlySet<number>])[] = [
  [R.BPF_SPIN_LOCK | R.BPF_RES_SPIN_LOCK, new Set([...hashAndArray, B.BPF_MAP_TYPE_CGROUP_STORAGE, ...storages])],
  [R.BPF_TIMER | R.BPF_WORKQUEUE | R.BPF_TASK_WORK, new Set(hashLruAndArray)],
  [R.BPF_KPTR | R.BPF_REFCOUNT, new Set([...withPercpu, ...storages])],
  [R.BPF_UPTR, new Set([B.BPF_MAP_TYPE_TASK_STORAGE])],
  [R.BPF_GRAPH_ROOT, new Set(hashLruAndArray)],
];

const MAP_FIELDS = allowed.reduce((mask, [fields]) => mask | fields, 0);

/** The fields of the value; a value that is no struct, or has impossible fields, has none. */
function recordOf(btf: Btf, valueTypeId: number, valueSize: number): R.BtfRecord | undefined {
  try {
    return parseFields(btf.types, valueTypeId, MAP_FIELDS, valueSize);
  } catch (refused) {
    if (refused instanceof Errno) return undefined;
    throw refused;
  }
}

function checkRecord(map: BpfMap, record: R.BtfRecord, task: Task): void {
  if (!bpfCapable(task)) throw errno(EPERM);
  if ((map.mapFlags & (B.BPF_F_RDONLY_PROG | B.BPF_F_WRONLY_PROG)) !== 0) throw errno(EACCES);
  for (const { type } of record.fields) {
    const maps = allowed.find(([fields]) => (fields & type) !== 0)?.[1];
    if (maps?.has(map.mapType) !== true) throw errno(EOPNOTSUPP);
  }
}

/**
 * Sets `map.record`. Refuses by throwing.
 *
 * @models kernel/bpf/syscall.c map_check_btf()
 */
export function mapCheckBtf(map: BpfMap, btf: Btf, keyTypeId: number, valueTypeId: number, task: Task): void {
  const key = keyTypeId === 0 ? undefined : btf.types.sizedType(keyTypeId);
  if (keyTypeId !== 0 && key?.size !== map.keySize) throw errno(EINVAL);
  if (keyTypeId === 0 && map.checkBtf === undefined) throw errno(EINVAL);
  const value = btf.types.sizedType(valueTypeId);
  if (value?.size !== map.valueSize) throw errno(EINVAL);
  const record = recordOf(btf, value.id, map.valueSize);
  if (record !== undefined) checkRecord(map, record, task);
  const failed = map.checkBtf?.(btf, key?.id ?? 0, value.id) ?? 0;
  if (failed !== 0) throw errno(-failed);
  map.record = record;
}
