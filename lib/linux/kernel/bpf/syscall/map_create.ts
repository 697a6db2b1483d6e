// kernel/bpf/syscall.c map_create(): BPF_MAP_CREATE. The kinds of maps are in lib/linux/kernel/bpf/map_types.ts. A map that
// is refused half-way gives everything back.
import * as E from '../../../../uapi/asm-generic/errno.js';
import * as B from '../../../../uapi/linux/bpf.js';
import { bpf_attr_map_create } from '../../../../uapi/linux/bpf_attr.js';
import { CAP_SYS_ADMIN } from '../../../../uapi/linux/capability.js';
import { errno, ModelGap } from '../../../errno.js';
import { MapFile } from '../file.js';
import type { Machine } from '../../../machine.js';
import type { BpfMap, MapAttr } from '../map.js';
import type { MapKind } from '../map_ops.js';
import { mapKind } from '../map_types.js';
import { refuseOffload } from '../offload.js';
import { bpfCapable, netAdminCapable } from '../token.js';
import type { BpfCall } from './attr.js';
import { mapCheckBtf } from '../btf/map_check.js';
import { btfGet, tokenGet } from './fd.js';
import { fileMode } from './id.js';

const at = bpf_attr_map_create.offsetof;

/** Kinds that anyone may make where bpf(2) is for everyone. */
const unprivileged: ReadonlySet<number> = new Set([
  B.BPF_MAP_TYPE_ARRAY,
  B.BPF_MAP_TYPE_PERCPU_ARRAY,
  B.BPF_MAP_TYPE_PROG_ARRAY,
  B.BPF_MAP_TYPE_PERF_EVENT_ARRAY,
  B.BPF_MAP_TYPE_CGROUP_ARRAY,
  B.BPF_MAP_TYPE_ARRAY_OF_MAPS,
  B.BPF_MAP_TYPE_HASH,
  B.BPF_MAP_TYPE_PERCPU_HASH,
  B.BPF_MAP_TYPE_HASH_OF_MAPS,
  B.BPF_MAP_TYPE_RINGBUF,
  B.BPF_MAP_TYPE_USER_RINGBUF,
  B.BPF_MAP_TYPE_CGROUP_STORAGE,
  B.BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE,
]);

/** Kinds that redirect packets. */
const forNetAdmin: ReadonlySet<number> = new Set([
  B.BPF_MAP_TYPE_SOCKMAP,
  B.BPF_MAP_TYPE_SOCKHASH,
  B.BPF_MAP_TYPE_DEVMAP,
  B.BPF_MAP_TYPE_DEVMAP_HASH,
  B.BPF_MAP_TYPE_XSKMAP,
]);

/** What the attributes ask of a kind, in one piece. */
function mapAttr(call: BpfCall, mapName: string): MapAttr {
  return {
    mapType: call.u32(at.map_type),
    keySize: call.u32(at.key_size),
    valueSize: call.u32(at.value_size),
    maxEntries: call.u32(at.max_entries),
    mapFlags: call.u32(at.map_flags) & ~B.BPF_F_TOKEN_FD,
    innerMapFd: call.s32(at.inner_map_fd),
    numaNode: call.s32(at.numa_node),
    mapName,
    mapExtraLow: call.u32(at.map_extra),
    mapExtraHigh: call.u32(at.map_extra + 4),
    btfKeyTypeId: call.u32(at.btf_key_type_id),
    btfValueTypeId: call.u32(at.btf_value_type_id),
    btfVmlinuxValueTypeId: call.u32(at.btf_vmlinux_value_type_id),
  };
}

function checkBtfIds(attr: MapAttr): void {
  if (attr.btfVmlinuxValueTypeId !== 0) {
    const other = attr.btfKeyTypeId !== 0 || attr.btfValueTypeId !== 0;
    if (attr.mapType !== B.BPF_MAP_TYPE_STRUCT_OPS || other) throw errno(E.EINVAL);
  } else if (attr.btfKeyTypeId !== 0 && attr.btfValueTypeId === 0) throw errno(E.EINVAL);
}

/** What is wrong whatever the kind. */
function checkAttr(attr: MapAttr): void {
  checkBtfIds(attr);
  const hasExtra = attr.mapType === B.BPF_MAP_TYPE_BLOOM_FILTER || attr.mapType === B.BPF_MAP_TYPE_ARENA;
  if (!hasExtra && (attr.mapExtraLow !== 0 || attr.mapExtraHigh !== 0)) throw errno(E.EINVAL);
  fileMode(attr.mapFlags);
  if ((attr.mapFlags & B.BPF_F_NUMA_NODE) !== 0 && attr.numaNode !== 0 && attr.numaNode !== -1) throw errno(E.EINVAL);
}

function checkPermission({ task }: BpfCall, mapType: number): void {
  if (!bpfCapable(task)) throw errno(E.EPERM);
  if (unprivileged.has(mapType) || !forNetAdmin.has(mapType)) return;
  if (!netAdminCapable(task)) throw errno(E.EPERM);
}

/** Whether 6.1 lets the caller make the kind: it asks in the kind's own allocation. */
function checkPermissionEarly({ task }: BpfCall, mapType: number): void {
  if (forNetAdmin.has(mapType) && !netAdminCapable(task)) throw errno(E.EPERM);
}

/** The kind, or EINVAL. */
function kindOf(machine: Machine, mapType: number): MapKind {
  const kind = mapKind(machine, mapType);
  if (kind === undefined) throw errno(E.EINVAL);
  return kind;
}

/** No device takes maps into its hardware. @models kernel/bpf/offload.c bpf_map_offload_map_alloc() */
function checkDevice(call: BpfCall, mapType: number): void {
  const ifindex = call.u32(at.map_ifindex);
  if (ifindex === 0) return;
  if (!call.task.capable(CAP_SYS_ADMIN)) throw errno(E.EPERM);
  const offloads = mapType === B.BPF_MAP_TYPE_ARRAY || mapType === B.BPF_MAP_TYPE_HASH;
  if (!offloads) throw errno(E.EINVAL);
  refuseOffload(call.machine, ifindex);
}

/** Type information of key and value. */
function attachBtf(call: BpfCall, map: BpfMap, attr: MapAttr): void {
  if (attr.btfKeyTypeId === 0 && attr.btfValueTypeId === 0 && attr.btfVmlinuxValueTypeId === 0) return;
  const btf = btfGet(call.task, call.u32(at.btf_fd));
  if (btf.kernelBtf) throw errno(E.EACCES);
  map.btf = btf.hold(map);
  if (attr.btfValueTypeId !== 0) mapCheckBtf(map, btf, attr.btfKeyTypeId, attr.btfValueTypeId, call.task);
  map.btfKeyTypeId = attr.btfKeyTypeId;
  map.btfValueTypeId = attr.btfValueTypeId;
}

/** A map for one program alone, known by its digest. */
function checkExclusive(call: BpfCall): void {
  const size = call.u32(at.excl_prog_hash_size);
  if (call.u64(at.excl_prog_hash) === 0) {
    if (size !== 0) throw errno(E.EINVAL);
    return;
  }
  if (size !== 32) throw errno(E.EINVAL);
  throw new ModelGap('maps that belong to one program (excl_prog_hash)');
}

/** A map of a kernel that knows two kinds and no names. */
function createOld(call: BpfCall): MapFile {
  const attr: MapAttr = {
    mapType: call.u32(at.map_type),
    keySize: call.u32(at.key_size),
    valueSize: call.u32(at.value_size),
    maxEntries: call.u32(at.max_entries),
    mapFlags: 0,
    innerMapFd: 0,
    numaNode: -1,
    mapName: '',
    mapExtraLow: 0,
    mapExtraHigh: 0,
    btfKeyTypeId: 0,
    btfValueTypeId: 0,
    btfVmlinuxValueTypeId: 0,
  };
  if (attr.mapType !== B.BPF_MAP_TYPE_HASH && attr.mapType !== B.BPF_MAP_TYPE_ARRAY) throw errno(E.EINVAL);
  const kind = kindOf(call.machine, attr.mapType);
  kind.allocCheck?.(call.machine, attr, call.task);
  return publish(call, kind.alloc(call.machine, attr, call, call.task), 0);
}

/** Gives the map an id and its first open file. */
function publish(call: BpfCall, map: BpfMap, flags: number): MapFile {
  call.machine.bpfIds.maps.add(map);
  const file = new MapFile(map, fileMode(flags), call.task);
  map.release(call);
  return file;
}

/** BPF_MAP_CREATE. @models kernel/bpf/syscall.c map_create() */
export function mapCreate(call: BpfCall): MapFile {
  if (!call.machine.has('bpf-objects')) return createOld(call);
  const flags = call.u32(at.map_flags);
  const name = call.name(at.map_name);
  const attr = mapAttr(call, name ?? '');
  checkAttr(attr);
  const kind = kindOf(call.machine, attr.mapType);
  kind.allocCheck?.(call.machine, attr, call.task);
  if ((flags & B.BPF_F_TOKEN_FD) !== 0) tokenGet(call.task, call.s32(at.map_token_fd));
  if (call.machine.has('bpf-token')) checkPermission(call, attr.mapType);
  else checkPermissionEarly(call, attr.mapType);
  checkDevice(call, attr.mapType);
  const map = kind.alloc(call.machine, attr, call, call.task);
  try {
    if (name === undefined) throw errno(E.EINVAL);
    attachBtf(call, map, attr);
    checkExclusive(call);
  } catch (refusal) {
    map.release(call);
    throw refusal;
  }
  return publish(call, map, attr.mapFlags);
}
