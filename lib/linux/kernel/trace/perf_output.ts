// The part of kernel/trace/bpf_trace.c about perf events: samples for readers, and events that count. The model has
// readers (PerfEventArrayMap.subscribe()) and no events that count.
import { E2BIG, EINVAL, ENOENT } from '../../../uapi/asm-generic/errno.js';
import { PerfEventArrayMap } from '../bpf/fd_array.js';
import type { BpfMap } from '../bpf/map.js';
import { THIS_CPU } from '../bpf/percpu.js';

/** BPF_F_CURRENT_CPU, as the low half of a register. */
const CURRENT_CPU = -1;

/**
 * Writes a sample to the reader at a place of a perf event array.
 *
 * @models kernel/trace/bpf_trace.c __bpf_perf_event_output()
 */
export function perfEventOutput(map: BpfMap, place: number, sample: () => Uint8Array): number {
  if (!(map instanceof PerfEventArrayMap)) return -EINVAL;
  const index = place === CURRENT_CPU ? THIS_CPU : place >>> 0;
  if (index >= map.maxEntries) return -E2BIG;
  const reader = map.reader(index);
  if (reader === undefined) return -ENOENT;
  reader.output(sample());
  return 0;
}

/** `low` and `high`: the flags. @models kernel/trace/bpf_trace.c get_map_perf_counter() */
export function perfEventRead(map: BpfMap, low: number, high: number): number {
  if (high !== 0) return -EINVAL;
  const index = low === CURRENT_CPU ? THIS_CPU : low >>> 0;
  return index >= map.maxEntries ? -E2BIG : -ENOENT;
}
