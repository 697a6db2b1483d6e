// Per-CPU values. The model runs everything on one CPU, the first; the values of the others exist and are shown to bpf(2).
import { roundUp8 } from '../../../vm/maps/bytes.js';
import type { Memory } from '../../../vm/memory.js';
import type { Machine } from '../../machine.js';
import { copyValue, initValue, zeroValue, type BtfRecord } from './btf/record.js';

/** smp_processor_id() */
export const THIS_CPU = 0;

/** PCPU_MIN_UNIT_SIZE: the longest per-CPU value, bytes. */
export const PCPU_MIN_UNIT_SIZE = 32768;

/** The copies of one value: one behind the other, each rounded up to 8. */
export class PercpuValues {
  readonly #memory: Memory;
  readonly #cpus: number;
  readonly #valueSize: number;
  /** Bytes from one CPU's value to the next. */
  readonly stride: number;

  constructor(machine: Machine, valueSize: number) {
    this.#memory = machine.memory;
    this.#cpus = machine.possibleCpus;
    this.#valueSize = valueSize;
    this.stride = roundUp8(valueSize);
  }

  /** Bytes of the values of all CPUs, in the linear memory and as bpf(2) copies them. */
  get size(): number {
    return this.stride * this.#cpus;
  }

  /** Address of a CPU's value, or 0 when there is no such CPU. */
  of(values: number, cpu: number): number {
    return cpu < this.#cpus ? values + cpu * this.stride : 0;
  }

  /** All values to a buffer of bpf(2). */
  copyOut(record: BtfRecord | undefined, to: number, values: number): void {
    for (let off = 0; off < this.size; off += this.stride) {
      copyValue(this.#memory, record, to + off, values + off, this.stride);
      initValue(this.#memory, record, to + off);
    }
  }

  /** All values from a buffer of bpf(2). */
  copyIn(record: BtfRecord | undefined, values: number, from: number): void {
    for (let off = 0; off < this.size; off += this.stride)
      copyValue(this.#memory, record, values + off, from + off, this.stride);
  }

  /** A program writes its CPU's value. */
  set(record: BtfRecord | undefined, values: number, from: number): void {
    copyValue(this.#memory, record, values + THIS_CPU * this.stride, from, this.#valueSize);
  }

  /** A program makes the value: the other CPUs' are zero. */
  init(record: BtfRecord | undefined, values: number, from: number): void {
    for (let off = 0; off < this.size; off += this.stride)
      zeroValue(this.#memory, record, values + off, this.#valueSize);
    this.set(record, values, from);
  }
}
