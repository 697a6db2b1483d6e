// kernel/bpf/syscall.c bpf_map_do_batch(), and kernel/bpf/hashtab.c for hash maps: many elements in one call. The count in
// the attributes becomes the number that was done, also when the call ends in an error. Arrays and tries go key by key,
// hash maps bucket by bucket: their batch is the number of a bucket.
import { copyBytes } from '../../../../vm/maps/bytes.js';
import * as at from '../../../../vm/maps/bpf_map.js';
import * as E from '../../../../uapi/asm-generic/errno.js';
import * as B from '../../../../uapi/linux/bpf.js';
import { bpf_attr_batch } from '../../../../uapi/linux/bpf_attr.js';
import { errno } from '../../../errno.js';
import { BPF_SPIN_LOCK } from '../btf/record.js';
import { FMODE_READ, FMODE_WRITE } from '../file.js';
import { Htab } from '../hashtab/htab.js';
import type { BpfMap } from '../map.js';
import type { BpfCall } from './attr.js';
import { mapFile } from './fd.js';

const off = bpf_attr_batch.offsetof;

type Batch = (call: BpfCall, map: BpfMap) => number;

const generic: ReadonlySet<number> = new Set([
  B.BPF_MAP_TYPE_ARRAY,
  B.BPF_MAP_TYPE_PERCPU_ARRAY,
  B.BPF_MAP_TYPE_ARRAY_OF_MAPS,
  B.BPF_MAP_TYPE_LPM_TRIE,
]);

/** The map of the call, whose fd allows `mode`. */
function mapFor(call: BpfCall, mode: number): BpfMap {
  const file = mapFile(call.task, call.u32(off.map_fd));
  if ((file.sysPerms & mode) !== mode) throw errno(E.EPERM);
  return file.map;
}

/** elem_flags: BPF_F_LOCK alone is known, for values with a lock. */
function elemFlags(call: BpfCall, map: BpfMap): number {
  const flags = call.u64(off.elem_flags);
  if (flags === 0) return 0;
  if (flags !== B.BPF_F_LOCK || map.record?.has(BPF_SPIN_LOCK) !== true) throw errno(E.EINVAL);
  return flags;
}

/** Runs `step` for elements 0 to count − 1 until one fails; leaves the number done in the attributes. */
function forCount(call: BpfCall, step: (index: number) => number): number {
  const count = call.u32(off.count);
  if (count === 0) return 0;
  call.putU32(off.count, 0);
  let done = 0;
  let failed = 0;
  while (done < count && (failed = step(done)) === 0) done++;
  call.putU32(off.count, done);
  return failed;
}

/** Copies `size` bytes of user memory into linear memory; false when they cannot be read. */
function copyIn(call: BpfCall, to: number, address: number, size: number): boolean {
  const bytes = call.task.memory.read(address, size);
  if (bytes !== undefined) call.machine.memory.u8.set(bytes, to);
  return bytes !== undefined;
}

function copyOut(call: BpfCall, address: number, from: number, size: number): boolean {
  return call.task.memory.write(address, call.machine.memory.u8.subarray(from, from + size));
}

/** @models kernel/bpf/syscall.c generic_map_update_batch() */
const genericUpdate: Batch = (call, map) => {
  const flags = elemFlags(call, map);
  const { memory, bpfScratch } = call.machine;
  const { keySize, sysValueSize: valueSize } = map;
  const key = bpfScratch.key.reserve(memory, keySize);
  const value = bpfScratch.value.reserve(memory, valueSize);
  return forCount(call, (i) => {
    if (!copyIn(call, key, call.u64(off.keys) + i * keySize, keySize)) return -E.EFAULT;
    if (!copyIn(call, value, call.u64(off.values) + i * valueSize, valueSize)) return -E.EFAULT;
    return map.sysUpdate(call.task, key, value, flags);
  });
};

/** @models kernel/bpf/syscall.c generic_map_delete_batch() */
const genericDelete: Batch = (call, map) => {
  elemFlags(call, map);
  const { keySize } = map;
  const key = call.machine.bpfScratch.key.reserve(call.machine.memory, keySize);
  return forCount(call, (i) =>
    copyIn(call, key, call.u64(off.keys) + i * keySize, keySize) ? map.sysDelete(key, call.task) : -E.EFAULT,
  );
};

/** The batch is the key that the last call ended with. @models kernel/bpf/syscall.c generic_map_lookup_batch() */
const genericLookup: Batch = (call, map) => {
  const flags = elemFlags(call, map);
  const count = call.u32(off.count);
  if (count === 0) return 0;
  call.putU32(off.count, 0);
  const { memory, bpfScratch } = call.machine;
  const last = bpfScratch.key.reserve(memory, map.keySize);
  const inBatch = call.u64(off.in_batch);
  if (inBatch !== 0 && !copyIn(call, last, inBatch, map.keySize)) return -E.EFAULT;
  const { done, failed, ended } = lookUp(call, map, { flags, count, last, started: inBatch !== 0 });
  if (!ended) return failed;
  call.putU32(off.count, done);
  const told = done === 0 || copyOut(call, call.u64(off.out_batch), last, map.keySize);
  return told ? failed : -E.EFAULT;
};

interface Walk {
  readonly flags: number;
  readonly count: number;
  /** Where the key is that comes before. */
  readonly last: number;
  readonly started: boolean;
}

/** `ended`: by the end of the map or the count, not by an error. */
function lookUp(call: BpfCall, map: BpfMap, walk: Walk): { done: number; failed: number; ended: boolean } {
  const { memory, bpfScratch } = call.machine;
  const { keySize, sysValueSize: valueSize } = map;
  const key = bpfScratch.nextKey.reserve(memory, keySize);
  const value = bpfScratch.value.reserve(memory, valueSize);
  let done = 0;
  for (let prev = walk.started ? walk.last : 0; done < walk.count; prev = walk.last) {
    const end = map.getNextKey(prev, key);
    if (end !== 0) return { done, failed: end, ended: true };
    const failed = map.sysLookup(key, value, walk.flags, call.task);
    if (failed !== 0 && failed !== -E.ENOENT) return { done, failed, ended: false };
    if (failed === 0) {
      const out = copyOut(call, call.u64(off.keys) + done * keySize, key, keySize);
      if (!out || !copyOut(call, call.u64(off.values) + done * valueSize, value, valueSize))
        return { done, failed: -E.EFAULT, ended: false };
      done++;
    }
    copyBytes(memory, walk.last, key, keySize);
  }
  return { done, failed: 0, ended: true };
}

/** @models kernel/bpf/hashtab.c __htab_map_lookup_and_delete_batch() */
const htabLookup =
  (andDelete: boolean) =>
  (call: BpfCall, map: Htab): number => {
    const flags = elemFlags(call, map);
    if (call.u64(off.flags) !== 0) return -E.EINVAL;
    const count = call.u32(off.count);
    if (count === 0) return 0;
    call.putU32(off.count, 0);
    const inBatch = call.u64(off.in_batch);
    const first = inBatch === 0 ? 0 : new DataView(call.read(inBatch, 4).buffer).getUint32(0, true);
    if (first >= map.nBuckets) return -E.ENOENT;
    const walk = new BucketWalk(call, map, flags);
    const failed = walk.run(first, count, andDelete);
    if (failed === -E.EFAULT) return failed;
    call.write(call.u64(off.out_batch), new Uint8Array(Uint32Array.of(walk.bucket).buffer));
    call.putU32(off.count, walk.done);
    return failed;
  };

/** Whole buckets to the user, as long as they fit. */
class BucketWalk {
  /** The next bucket. */
  bucket = 0;
  /** Elements copied. */
  done = 0;
  readonly #call: BpfCall;
  readonly #map: Htab;
  readonly #flags: number;

  constructor(call: BpfCall, map: Htab, flags: number) {
    this.#call = call;
    this.#map = map;
    this.#flags = flags;
  }

  run(first: number, max: number, andDelete: boolean): number {
    const map = this.#map;
    for (this.bucket = map.usedBucketFrom(first); this.bucket < map.nBuckets;) {
      const elems = map.bucketElems(this.bucket);
      if (elems.length > max - this.done) return this.done === 0 ? -E.ENOSPC : 0;
      if (!this.#copy(elems)) return -E.EFAULT;
      if (andDelete) for (const elem of elems) map.deleteRaw(elem);
      this.done += elems.length;
      this.bucket = map.usedBucketFrom(this.bucket + 1);
    }
    return -E.ENOENT;
  }

  #copy(elems: readonly number[]): boolean {
    const { keySize, sysValueSize: valueSize, memory } = this.#map;
    const call = this.#call;
    const value = call.machine.bpfScratch.value.reserve(memory, valueSize);
    return elems.every((elem, i) => {
      const index = this.done + i;
      this.#map.copyElem(elem, value, this.#flags);
      return (
        copyOut(call, call.u64(off.keys) + index * keySize, elem + at.HTAB_ELEM_KEY, keySize) &&
        copyOut(call, call.u64(off.values) + index * valueSize, value, valueSize)
      );
    });
  }
}

/** A batch command for the kinds that have it. */
const command =
  (mode: number, forGeneric: Batch | undefined, forHtab: (call: BpfCall, map: Htab) => number) =>
  (call: BpfCall): number => {
    const map = mapFor(call, mode);
    if (map instanceof Htab) return forHtab(call, map);
    return forGeneric !== undefined && generic.has(map.mapType) ? forGeneric(call, map) : -E.ENOTSUPP;
  };

/** BPF_MAP_LOOKUP_BATCH. @models kernel/bpf/syscall.c bpf_map_do_batch() */
export const mapLookupBatch = command(FMODE_READ, genericLookup, htabLookup(false));

/** BPF_MAP_LOOKUP_AND_DELETE_BATCH. @models kernel/bpf/syscall.c bpf_map_do_batch() */
export const mapLookupAndDeleteBatch = command(FMODE_READ | FMODE_WRITE, undefined, htabLookup(true));

/** BPF_MAP_UPDATE_BATCH. @models kernel/bpf/syscall.c bpf_map_do_batch() */
export const mapUpdateBatch = command(FMODE_WRITE, genericUpdate, genericUpdate);

/** BPF_MAP_DELETE_BATCH; of the kinds that go key by key, only tries have it. @models kernel/bpf/syscall.c bpf_map_do_batch() */
export const mapDeleteBatch = command(
  FMODE_WRITE,
  (call, map) => (map.mapType === B.BPF_MAP_TYPE_LPM_TRIE ? genericDelete(call, map) : -E.ENOTSUPP),
  genericDelete,
);
