// include/linux/bpf.h struct bpf_map and struct bpf_map_ops: what every kind of map is and answers. Keys and values are
// addresses in the machine's linear memory, for programs and for bpf(2) alike: bpf(2) copies what the user gave there first.
// A map is held by its open files, pins, the programs that use it, and maps it is in.
import type { Memory } from '../../../vm/memory.js';
import { EINVAL, EOPNOTSUPP } from '../../../uapi/asm-generic/errno.js';
import type { Holder } from '../../events.js';
import type { Machine } from '../../machine.js';
import { KObject } from '../../object.js';
import type { Task } from '../task.js';

/** ENOTSUPP of the kernel itself; no uapi name. */
export const ENOTSUPP = 524;

/** What MAP_CREATE asks for, fd numbers resolved. */
export interface MapAttr {
  readonly mapType: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  /** BPF_F_* */
  readonly mapFlags: number;
  /** Fd of the inner map as given. */
  readonly innerMapFd: number;
  readonly numaNode: number;
  readonly mapName: string;
  /** map_extra as halves. */
  readonly mapExtraLow: number;
  readonly mapExtraHigh: number;
}

export abstract class BpfMap extends KObject {
  readonly machine: Machine;
  readonly memory: Memory;
  readonly mapType: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly mapFlags: number;
  readonly name: string;
  readonly mapExtraLow: number;
  readonly mapExtraHigh: number;
  /** Given by the syscall when everything else succeeded. */
  id = 0;
  frozen = false;
  /** Address of struct bpf_map in the linear memory: what a program has in a register for this map. */
  readonly address: number;
  /** References of users: open files, pins, maps it is in; when they are gone, a prog array lets go of its programs. */
  usercnt = 0;

  constructor(machine: Machine, memory: Memory, attr: MapAttr, creator: Holder) {
    super(machine, creator);
    this.machine = machine;
    this.memory = memory;
    this.mapType = attr.mapType;
    this.keySize = attr.keySize;
    this.valueSize = attr.valueSize;
    this.maxEntries = attr.maxEntries;
    this.mapFlags = attr.mapFlags;
    this.name = attr.mapName;
    this.mapExtraLow = attr.mapExtraLow;
    this.mapExtraHigh = attr.mapExtraHigh;
    this.address = memory.alloc(64);
  }

  get label(): string {
    return `bpf map ${this.id}${this.name === '' ? '' : ` ${this.name}`}`;
  }

  /** Address of the value of `key`, or 0. */
  lookupElem(_key: number): number {
    return 0;
  }

  /** 0 or a negative errno. `flags` is the low half; no kind knows flags above. */
  updateElem(_key: number, _value: number, _flags: number): number {
    return -EOPNOTSUPP;
  }

  deleteElem(_key: number): number {
    return -EOPNOTSUPP;
  }

  /** Writes the key after `key` (0: the first) to `next`. */
  getNextKey(_key: number, _next: number): number {
    return -EOPNOTSUPP;
  }

  pushElem(_value: number, _flags: number): number {
    return -EINVAL;
  }

  popElem(_value: number): number {
    return -EINVAL;
  }

  peekElem(_value: number): number {
    return -EINVAL;
  }

  /** Bytes of a value as bpf(2) copies it: per-CPU kinds show every possible CPU. */
  abstract get sysValueSize(): number;

  /** MAP_LOOKUP_ELEM: copies the value of `key` to `value`. 0 or a negative errno. */
  abstract sysLookup(key: number, value: number, flags: number): number;

  /** MAP_UPDATE_ELEM. `task` resolves the fds that some kinds take as values. */
  abstract sysUpdate(task: Task, key: number, value: number, flags: number): number;

  /** MAP_DELETE_ELEM. */
  abstract sysDelete(key: number): number;

  /** MAP_LOOKUP_AND_DELETE_ELEM. */
  sysLookupAndDelete(_key: number, _value: number, _flags: number): number {
    return -ENOTSUPP;
  }

  /** Address of the byte `off` of the only value, for ld_imm64 and mmap; undefined when the kind has no direct values. */
  directValueAddr(_off: number): number | undefined {
    return undefined;
  }

  /** memlock of fdinfo, bytes. */
  abstract memUsage(): number;

  /** The last user reference is gone. */
  releaseUref(): void {}

  protected override destroy(): void {
    this.memory.free(this.address);
  }
}
