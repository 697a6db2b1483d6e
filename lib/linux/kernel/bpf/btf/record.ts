// include/linux/bpf.h struct btf_record: the fields of a map's value that belong to the kernel (locks, timers, pointers to
// kernel objects), as BTF names them. Whoever copies a value leaves them out.
import type { Memory } from '../../../../vm/memory.js';
import { copyBytes, zeroBytes } from '../../../../vm/maps/bytes.js';

/** enum btf_field_type */
export const BPF_SPIN_LOCK = 1 << 0;
export const BPF_TIMER = 1 << 1;
export const BPF_KPTR_UNREF = 1 << 2;
export const BPF_KPTR_REF = 1 << 3;
export const BPF_KPTR_PERCPU = 1 << 4;
export const BPF_KPTR = BPF_KPTR_UNREF | BPF_KPTR_REF | BPF_KPTR_PERCPU;
export const BPF_LIST_HEAD = 1 << 5;
export const BPF_LIST_NODE = 1 << 6;
export const BPF_RB_ROOT = 1 << 7;
export const BPF_RB_NODE = 1 << 8;
export const BPF_GRAPH_ROOT = BPF_RB_ROOT | BPF_LIST_HEAD;
export const BPF_GRAPH_NODE = BPF_RB_NODE | BPF_LIST_NODE;
export const BPF_REFCOUNT = 1 << 9;
export const BPF_WORKQUEUE = 1 << 10;
export const BPF_UPTR = 1 << 11;
export const BPF_RES_SPIN_LOCK = 1 << 12;
export const BPF_TASK_WORK = 1 << 13;

export interface BtfField {
  /** One bit of the above. */
  readonly type: number;
  readonly offset: number;
  readonly size: number;
  /** Type id in the map's BTF of what a kptr points to, or of what a list or tree contains. */
  readonly typeId?: number;
  /** Where in those the node lies. */
  readonly nodeOffset?: number;
}

export class BtfRecord {
  /** By offset. */
  readonly fields: readonly BtfField[];
  readonly #mask: number;

  constructor(fields: readonly BtfField[]) {
    this.fields = fields;
    this.#mask = fields.reduce((mask, { type }) => mask | type, 0);
  }

  /** Whether there is a field of one of the types. */
  has(types: number): boolean {
    return (this.#mask & types) !== 0;
  }

  /** The first field of the types. */
  find(types: number): BtfField | undefined {
    return this.fields.find(({ type }) => (type & types) !== 0);
  }
}

/** Copies a value of `size` bytes without the fields of the kernel. @models include/linux/bpf.h copy_map_value() */
export function copyValue(memory: Memory, record: BtfRecord | undefined, to: number, from: number, size: number): void {
  let at = 0;
  for (const { offset, size: length } of record?.fields ?? []) {
    copyBytes(memory, to + at, from + at, offset - at);
    at = offset + length;
  }
  copyBytes(memory, to + at, from + at, size - at);
}

/** Makes the fields of the kernel new: zeros, but one reference. @models include/linux/bpf.h bpf_obj_init() and check_and_init_map_value() */
export function initValue(memory: Memory, record: BtfRecord | undefined, value: number): void {
  if (record === undefined) return;
  for (const { type, offset, size } of record.fields) {
    zeroBytes(memory, value + offset, size);
    if (type === BPF_REFCOUNT) memory.view.setUint32(value + offset, 1, true);
  }
}

/** Zeroes everything but the fields of the kernel. @models include/linux/bpf.h zero_map_value() */
export function zeroValue(memory: Memory, record: BtfRecord | undefined, value: number, size: number): void {
  let at = 0;
  for (const { offset, size: length } of record?.fields ?? []) {
    zeroBytes(memory, value + at, offset - at);
    at = offset + length;
  }
  zeroBytes(memory, value + at, size - at);
}
