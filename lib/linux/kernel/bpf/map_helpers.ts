// kernel/bpf/helpers.c, ringbuf.c, bpf_iter.c, kernel/trace/bpf_trace.c: what runs when a program calls a helper on a map.
// The tables of protos (base_protos.ts, net/core/filter/skb_protos.ts) take these by number. Arguments are addresses in the
// linear memory that the verifier has proved.
import { setR0, setR0Unsigned, type Helper } from '../../../vm/helper_call.js';
import { HTAB_MAP_LOOKUP_ELEM } from '../../../vm/internal_helpers.js';
import type { Memory } from '../../../vm/memory.js';
import { copyBytes } from '../../../vm/maps/bytes.js';
import { EAGAIN, EFAULT, EINVAL, EOPNOTSUPP } from '../../../uapi/asm-generic/errno.js';
import * as B from '../../../uapi/linux/bpf.js';
import * as F from '../../../uapi/linux/bpf_func_id.js';
import { assert } from '../../errno.js';
import type { Machine } from '../../machine.js';
import { perfEventOutput, perfEventRead } from '../trace/perf_output.js';
import { IndexedMap } from './arraymap.js';
import type { BpfFuncProto } from './func_proto.js';
import { Htab } from './hashtab/htab.js';
import type { BpfMap } from './map.js';
import { mapOpCalls } from './map_op_calls.js';
import { RingbufMap, ringbufOf } from './ringbuf.js';

export type HelperMaker = NonNullable<BpfFuncProto['func']>;

/** Places of the arguments in the registers: low halves; high halves follow. */
const R1 = 2;
const R2 = 4;
const R3 = 6;
const R4 = 8;
const R5 = 10;

/** A flag that no map knows, and that stays positive in 32-bit arithmetic. */
const UNKNOWN_FLAG = 1 << 30;

/** 64 bits of flags in one word. */
const flagsAt = (regs: Int32Array, r: number): number => (regs[r + 1] === 0 ? regs[r]! : UNKNOWN_FLAG);

/** A helper on the map in R1 that gives an int. */
const onMap =
  (call: (map: BpfMap, regs: Int32Array) => number): HelperMaker =>
  ({ bpfMaps, memory }): Helper =>
  (regs) => {
    setR0(regs, call(bpfMaps.at(memory, regs[R1]! >>> 0), regs));
  };

/** The same for one that gives an address. */
const addressOnMap =
  (call: (map: BpfMap, regs: Int32Array) => number): HelperMaker =>
  ({ bpfMaps, memory }): Helper =>
  (regs) => {
    setR0Unsigned(regs, call(bpfMaps.at(memory, regs[R1]! >>> 0), regs));
  };

/** A 64-bit number that is a size, as far as one is thinkable. */
const sizeAt = (regs: Int32Array, r: number): number => (regs[r + 1] === 0 ? regs[r]! >>> 0 : Infinity);

/** The verifier lets helpers on ring buffers have ring buffers alone. */
function ringbuf(map: BpfMap): RingbufMap {
  if (!(map instanceof RingbufMap)) assert(false, `${map.label} is no ring buffer`);
  return map;
}

function wakeBy(flags: number): 'always' | 'never' | 'waiting' {
  if ((flags & B.BPF_RB_FORCE_WAKEUP) !== 0) return 'always';
  return (flags & B.BPF_RB_NO_WAKEUP) !== 0 ? 'never' : 'waiting';
}

/** @models kernel/bpf/ringbuf.c bpf_ringbuf_output() */
function ringbufOutput(memory: Memory, map: RingbufMap, regs: Int32Array): number {
  const flags = flagsAt(regs, R4);
  if ((flags & ~(B.BPF_RB_NO_WAKEUP | B.BPF_RB_FORCE_WAKEUP)) !== 0) return -EINVAL;
  const size = sizeAt(regs, R3);
  const sample = map.reserve(size);
  if (sample === 0) return -EAGAIN;
  copyBytes(memory, sample, regs[R2]! >>> 0, size);
  map.commit(sample, false, wakeBy(flags));
  return 0;
}

/** @models kernel/bpf/ringbuf.c bpf_ringbuf_query() */
function ringbufQuery({ ring }: RingbufMap, what: number): number {
  if (what === B.BPF_RB_AVAIL_DATA) return ring.producerPos - ring.consumerPos;
  if (what === B.BPF_RB_RING_SIZE) return ring.size;
  if (what === B.BPF_RB_CONS_POS) return ring.consumerPos;
  return what === B.BPF_RB_PROD_POS ? ring.producerPos : 0;
}

/** bpf_ringbuf_submit() and bpf_ringbuf_discard() */
const finish =
  (discard: boolean): HelperMaker =>
  (machine): Helper =>
  (regs) => {
    const sample = regs[R1]! >>> 0;
    ringbufOf(machine, sample).commit(sample, discard, wakeBy(regs[R2]!));
    setR0(regs, 0);
  };

/** Reserve: no flags are known. @models kernel/bpf/ringbuf.c bpf_ringbuf_reserve() */
const ringbufReserve = addressOnMap((map, regs) =>
  flagsAt(regs, R3) === 0 ? ringbuf(map).reserve(sizeAt(regs, R2)) : 0,
);

const query: HelperMaker = ({ bpfMaps, memory }) => {
  return (regs) => {
    const map = ringbuf(bpfMaps.at(memory, regs[R1]! >>> 0));
    const value = regs[R2 + 1] === 0 ? ringbufQuery(map, regs[R2]! >>> 0) : 0;
    regs[0] = value % 2 ** 32;
    regs[1] = Math.floor(value / 2 ** 32);
  };
};

/**
 * Calls a function of the program for each element: R1 map, R2 key, R3 value, R4 what the caller gave. It ends at a result
 * other than 0.
 *
 * @models kernel/bpf/arraymap.c bpf_for_each_array_elem() and kernel/bpf/hashtab.c bpf_for_each_hash_elem()
 */
function forEachMapElem(machine: Machine, map: BpfMap, regs: Int32Array): number {
  if (flagsAt(regs, R4) !== 0) return -EINVAL;
  const [low, high] = [regs[R2]!, regs[R2 + 1]!];
  const args = new Int32Array(10);
  args[0] = regs[R1]!;
  args[6] = regs[R3]!;
  args[7] = regs[R3 + 1]!;
  const visit = (key: number, value: number): boolean => {
    args[2] = key;
    args[4] = value;
    return machine.vm.callback(low, high, args) !== 0 || machine.vm.high !== 0;
  };
  if (map instanceof Htab) return map.forEachElem(visit);
  if (map instanceof IndexedMap) return forEachIndex(machine, map, visit);
  return -EOPNOTSUPP;
}

/** The key of an array is a word of the kernel's own. */
function forEachIndex({ memory }: Machine, map: IndexedMap, visit: (key: number, value: number) => boolean): number {
  const key = memory.alloc(4);
  try {
    for (let index = 0; index < map.maxEntries; index++) {
      memory.view.setUint32(key, index, true);
      if (visit(key, map.lookupElem(key))) return index + 1;
    }
    return map.maxEntries;
  } finally {
    memory.free(key);
  }
}

/** R1 to R5 survive a call back into the program: the caller's registers are its own. */
const forEach: HelperMaker = (machine) => (regs) => {
  setR0(regs, forEachMapElem(machine, machine.bpfMaps.at(machine.memory, regs[R1]! >>> 0), regs));
};

/** BPF_F_CTXLEN_MASK >> 32: how much of the packet follows the sample. */
const CTXLEN_MASK = 0xfffff;

/**
 * R1 is the packet, R2 the map, R3 the place and how much of the packet is wanted, R4 and R5 the sample.
 *
 * @differs bpf_skb_event_output() of net/core/filter.c stands with the other helpers on maps
 */
export function skbEventOutput(
  map: BpfMap,
  regs: Int32Array,
  skb: { readonly len: number; readonly data: number },
): number {
  const length = regs[R3 + 1]!;
  if ((length & ~CTXLEN_MASK) !== 0) return -EINVAL;
  if (length > skb.len) return -EFAULT;
  const { memory } = map;
  return perfEventOutput(map, regs[R3]!, () => joined(memory, [regs[R4]! >>> 0, sizeAt(regs, R5)], [skb.data, length]));
}

/** Two pieces of memory as one. */
function joined({ u8 }: Memory, [a, aLength]: [number, number], [b, bLength]: [number, number]): Uint8Array {
  const bytes = new Uint8Array(aLength + bLength);
  bytes.set(u8.subarray(a, a + aLength));
  bytes.set(u8.subarray(b, b + bLength), aLength);
  return bytes;
}

/** One CPU, and nothing interrupts a program: a lock is free whenever one asks, and the verifier lets no program hold two. */
const spinLock =
  (locked: number): HelperMaker =>
  ({ memory }): Helper =>
  (regs) => {
    memory.view.setUint32(regs[R1]! >>> 0, locked, true);
    setR0(regs, 0);
  };

/** Helpers of every kind of program, by number. */
export const mapHelpers: ReadonlyMap<number, HelperMaker> = new Map([
  [F.BPF_FUNC_map_lookup_elem, addressOnMap((map, regs) => map.lookupElem(regs[R2]! >>> 0))],
  [
    F.BPF_FUNC_map_update_elem,
    onMap((map, regs) => map.updateElem(regs[R2]! >>> 0, regs[R3]! >>> 0, flagsAt(regs, R4))),
  ],
  [F.BPF_FUNC_map_delete_elem, onMap((map, regs) => map.deleteElem(regs[R2]! >>> 0))],
  [F.BPF_FUNC_map_push_elem, onMap((map, regs) => map.pushElem(regs[R2]! >>> 0, flagsAt(regs, R3)))],
  [F.BPF_FUNC_map_pop_elem, onMap((map, regs) => map.popElem(regs[R2]! >>> 0))],
  [F.BPF_FUNC_map_peek_elem, onMap((map, regs) => map.peekElem(regs[R2]! >>> 0))],
  [
    F.BPF_FUNC_map_lookup_percpu_elem,
    addressOnMap((map, regs) => map.lookupPercpuElem(regs[R2]! >>> 0, regs[R3]! >>> 0)),
  ],
  [F.BPF_FUNC_ringbuf_output, onMap((map, regs) => ringbufOutput(map.memory, ringbuf(map), regs))],
  [F.BPF_FUNC_ringbuf_reserve, ringbufReserve],
  [F.BPF_FUNC_ringbuf_submit, finish(false)],
  [F.BPF_FUNC_ringbuf_discard, finish(true)],
  [F.BPF_FUNC_ringbuf_query, query],
  [F.BPF_FUNC_for_each_map_elem, forEach],
  [F.BPF_FUNC_spin_lock, spinLock(1)],
  [F.BPF_FUNC_spin_unlock, spinLock(0)],
  [F.BPF_FUNC_perf_event_read, onMap((map, regs) => perfEventRead(map, regs[R2]!, regs[R2 + 1]!))],
]);

/** What only instructions of the verifier call, by number. */
export const internalMapHelpers: ReadonlyMap<number, HelperMaker> = new Map([
  ...[...mapOpCalls].map(([id, [, helper]]) => [id, mapHelpers.get(helper)!] as const),
  [HTAB_MAP_LOOKUP_ELEM, addressOnMap((map, regs) => (map instanceof Htab ? map.lookupRaw(regs[R2]! >>> 0) : 0))],
]);
