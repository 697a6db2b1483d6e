// kernel/bpf/syscall.c: the commands on one element of a map, and MAP_FREEZE. Key and value go through scratch memory
// beside the maps, so that a kind of map has one implementation for programs and for bpf(2).
import * as E from '../../../../uapi/asm-generic/errno.js';
import * as B from '../../../../uapi/linux/bpf.js';
import { bpf_attr_elem } from '../../../../uapi/linux/bpf_attr.js';
import { errno } from '../../../errno.js';
import { BPF_KPTR, BPF_SPIN_LOCK, BPF_TIMER } from '../btf/record.js';
import { FMODE_READ, FMODE_WRITE } from '../file.js';
import type { BpfMap } from '../map.js';
import { bpfCapable } from '../token.js';
import type { BpfCall } from './attr.js';
import { mapFile } from './fd.js';

const at = bpf_attr_elem.offsetof;

/** The map of the call, whose fd allows `mode`. */
function mapFor(call: BpfCall, mode: number): BpfMap {
  const file = mapFile(call.task, call.u32(at.map_fd));
  if ((file.sysPerms & mode) !== mode) throw errno(E.EPERM);
  return file.map;
}

/** EINVAL for BPF_F_LOCK on values without a lock. */
function checkLock(map: BpfMap, flags: number): void {
  if ((flags & B.BPF_F_LOCK) !== 0 && map.record?.has(BPF_SPIN_LOCK) !== true) throw errno(E.EINVAL);
}

/** flags of lookups: BPF_F_LOCK alone is known. */
function lookupFlags(call: BpfCall): number {
  const flags = call.u64(at.flags);
  if (flags !== 0 && flags !== B.BPF_F_LOCK) throw errno(E.EINVAL);
  return flags;
}

/** A flag that no kind knows, and that stays positive in 32-bit arithmetic. */
const UNKNOWN_FLAG = 1 << 30;

/** flags of an update in one word. */
function updateFlags(call: BpfCall): number {
  return call.u32(at.flags + 4) === 0 ? call.u32(at.flags) : UNKNOWN_FLAG;
}

/** The user's key in linear memory; 0 for a map without keys. @models kernel/bpf/syscall.c __bpf_copy_key() */
function copyKey(call: BpfCall, map: BpfMap, address: number): number {
  if (map.keySize === 0) {
    if (address !== 0) throw errno(E.EINVAL);
    return 0;
  }
  const bytes = call.read(address, map.keySize);
  const key = call.machine.bpfScratch.key.reserve(map.memory, map.keySize);
  map.memory.u8.set(bytes, key);
  return key;
}

/** The user's value in linear memory. */
function copyValueIn(call: BpfCall, map: BpfMap, size: number): number {
  const bytes = call.read(call.u64(at.value), size);
  const value = call.machine.bpfScratch.value.reserve(map.memory, size);
  map.memory.u8.set(bytes, value);
  return value;
}

/** Copies a value out of linear memory to the user. */
function copyOut(call: BpfCall, map: BpfMap, from: number, size: number): void {
  call.write(call.u64(at.value), map.memory.u8.subarray(from, from + size));
}

/** BPF_MAP_LOOKUP_ELEM. @models kernel/bpf/syscall.c map_lookup_elem() */
export function mapLookupElem(call: BpfCall): number {
  const flags = lookupFlags(call);
  const map = mapFor(call, FMODE_READ);
  checkLock(map, flags);
  const key = copyKey(call, map, call.u64(at.key));
  const size = map.sysValueSize;
  if (map.mapType === B.BPF_MAP_TYPE_BLOOM_FILTER)
    return map.sysLookup(key, copyValueIn(call, map, size), flags, call.task);
  const value = call.machine.bpfScratch.value.reserve(map.memory, size);
  const failed = map.sysLookup(key, value, flags, call.task);
  if (failed === 0) copyOut(call, map, value, size);
  return failed;
}

/** BPF_MAP_UPDATE_ELEM. @models kernel/bpf/syscall.c map_update_elem() */
export function mapUpdateElem(call: BpfCall): number {
  const map = mapFor(call, FMODE_WRITE);
  const flags = updateFlags(call);
  checkLock(map, flags);
  const key = copyKey(call, map, call.u64(at.key));
  return map.sysUpdate(call.task, key, copyValueIn(call, map, map.sysValueSize), flags);
}

/** BPF_MAP_DELETE_ELEM. @models kernel/bpf/syscall.c map_delete_elem() */
export function mapDeleteElem(call: BpfCall): number {
  const map = mapFor(call, FMODE_WRITE);
  return map.sysDelete(copyKey(call, map, call.u64(at.key)), call.task);
}

/** BPF_MAP_GET_NEXT_KEY. Old kernels have no "first key". @models kernel/bpf/syscall.c map_get_next_key() */
export function mapGetNextKey(call: BpfCall): number {
  const map = mapFor(call, FMODE_READ);
  const address = call.u64(at.key);
  const first = address === 0 && call.machine.has('bpf-objects');
  const key = first ? 0 : copyKey(call, map, address);
  const next = call.machine.bpfScratch.nextKey.reserve(map.memory, map.keySize);
  const failed = map.getNextKey(key, next);
  if (failed === 0) call.write(call.u64(at.value), map.memory.u8.subarray(next, next + map.keySize));
  return failed;
}

const isQueue = ({ mapType }: BpfMap): boolean => mapType === B.BPF_MAP_TYPE_QUEUE || mapType === B.BPF_MAP_TYPE_STACK;

/** BPF_MAP_LOOKUP_AND_DELETE_ELEM. @models kernel/bpf/syscall.c map_lookup_and_delete_elem() */
export function mapLookupAndDeleteElem(call: BpfCall): number {
  const flags = lookupFlags(call);
  const map = mapFor(call, FMODE_READ | FMODE_WRITE);
  if (flags !== 0 && isQueue(map)) throw errno(E.EINVAL);
  checkLock(map, flags);
  const key = copyKey(call, map, call.u64(at.key));
  const size = map.sysValueSize;
  const value = call.machine.bpfScratch.value.reserve(map.memory, size);
  const failed = isQueue(map) ? map.popElem(value) : map.sysLookupAndDelete(key, value, flags);
  if (failed === 0) copyOut(call, map, value, size);
  return failed;
}

/** BPF_MAP_FREEZE: bpf(2) writes the map no more. @models kernel/bpf/syscall.c map_freeze() */
export function mapFreeze(call: BpfCall): number {
  const file = mapFile(call.task, call.u32(at.map_fd));
  const { map } = file;
  const asksMode = call.machine.has('bpf-freeze-asks-mode');
  const fields = asksMode ? map.record !== undefined : map.record?.has(BPF_TIMER | BPF_KPTR) === true;
  if (fields || map.mapType === B.BPF_MAP_TYPE_STRUCT_OPS) return -E.ENOTSUPP;
  if (asksMode && (file.sysPerms & FMODE_WRITE) === 0) return -E.EPERM;
  if (map.shared?.written === true || map.frozen) return -E.EBUSY;
  if (!asksMode && !bpfCapable(call.task)) return -E.EPERM;
  map.frozen = true;
  map.shared?.freeze();
  return 0;
}
