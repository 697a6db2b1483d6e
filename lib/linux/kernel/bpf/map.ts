// include/linux/bpf.h struct bpf_map and struct bpf_map_ops: what every kind of map is and answers. Keys and values are
// addresses in the machine's linear memory, for programs and for bpf(2) alike: bpf(2) copies what the user gave there first.
// struct bpf_map lies there, too, as the kernel lays it out; map_types.ts knows the kinds. A map is held by its open files,
// pins, the programs that use it, and maps it is in.
import * as at from '../../../vm/maps/bpf_map.js';
import type { Memory } from '../../../vm/memory.js';
import { EINVAL, ENOENT, ENOMEM, ENOTSUPP, EOPNOTSUPP } from '../../../uapi/asm-generic/errno.js';
import { BPF_F_LOCK, BPF_F_RDONLY, BPF_F_WRONLY, BPF_OBJ_NAME_LEN } from '../../../uapi/linux/bpf.js';
import { errno } from '../../errno.js';
import type { Holder } from '../../events.js';
import type { Machine } from '../../machine.js';
import { KObject } from '../../object.js';
import type { Task } from '../task.js';
import type { Btf } from './btf/btf.js';
import { BPF_SPIN_LOCK, copyValue, initValue, type BtfRecord } from './btf/record.js';
import type { InnerMapMeta } from './map_in_map.js';
import type { BpfInsn } from './verifier_ops.js';

export { ENOTSUPP };

/** What MAP_CREATE asks for. */
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
  /** Ids of key and value in the BTF of `btfFd`, as given: some kinds want them. */
  readonly btfKeyTypeId: number;
  readonly btfValueTypeId: number;
  readonly btfVmlinuxValueTypeId: number;
}

/** What a kind makes of the numbers that are asked for. */
export type MapShape = Partial<Pick<MapAttr, 'maxEntries' | 'mapFlags'>>;

/** Pages of a map that a host lets clients map. */
export interface SharedPages {
  /** Whether a client has them mapped to write. */
  readonly written: boolean;
  /** From now on nobody can map them to write. */
  freeze(): void;
  /** The map goes: the pages are the machine's alone again. */
  end(): void;
}

export abstract class BpfMap extends KObject {
  readonly machine: Machine;
  readonly memory: Memory;
  readonly mapType: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  /** BPF_F_* that belong to the map: what an open file may do is in its mode. */
  readonly mapFlags: number;
  readonly numaNode: number;
  readonly mapExtraLow: number;
  readonly mapExtraHigh: number;
  frozen = false;
  /** Type information that came with MAP_CREATE; held. */
  btf: Btf | undefined;
  btfKeyTypeId = 0;
  btfValueTypeId = 0;
  /** Id of the map's value type in the kernel's own BTF (struct_ops). */
  readonly btfVmlinuxValueTypeId: number;
  /** Fields of the value that belong to the kernel. */
  record: BtfRecord | undefined;
  /** References of users: open files, pins, maps it is in; when they are gone, a prog array lets go of its programs. */
  usercnt = 0;
  /** What inner maps look like, in a map of maps. */
  readonly innerMapMeta?: InnerMapMeta;
  /** Set by a host that has lent mappedArea to clients. */
  shared: SharedPages | undefined;
  #name: string;
  #id = 0;
  #address = 0;

  constructor(machine: Machine, attr: MapAttr, creator: Holder, shape: MapShape = {}) {
    super(machine, creator);
    this.machine = machine;
    this.memory = machine.memory;
    this.mapType = attr.mapType;
    this.keySize = attr.keySize;
    this.valueSize = attr.valueSize;
    this.maxEntries = shape.maxEntries ?? attr.maxEntries;
    this.mapFlags = (shape.mapFlags ?? attr.mapFlags) & ~(BPF_F_RDONLY | BPF_F_WRONLY);
    this.numaNode = attr.numaNode;
    this.#name = attr.mapName;
    this.mapExtraLow = attr.mapExtraLow;
    this.mapExtraHigh = attr.mapExtraHigh;
    this.btfVmlinuxValueTypeId = attr.btfVmlinuxValueTypeId;
  }

  /** Given by the syscall when everything else succeeded. */
  get id(): number {
    return this.#id;
  }

  set id(id: number) {
    this.#id = id;
    if (this.#address !== 0) this.memory.u32[(this.#address + at.BPF_MAP_ID) >>> 2] = id;
  }

  /** At most 15 characters. */
  get name(): string {
    return this.#name;
  }

  set name(name: string) {
    this.#name = name;
    if (this.#address !== 0) this.#layOutName();
  }

  #layOutName(): void {
    const from = this.#address + at.BPF_MAP_NAME;
    for (let i = 0; i < BPF_OBJ_NAME_LEN; i++) this.memory.u8[from + i] = this.#name.charCodeAt(i);
  }

  get label(): string {
    return `bpf map ${this.id}${this.name === '' ? '' : ` ${this.name}`}`;
  }

  /**
   * Address of struct bpf_map in the linear memory: what a program has in a register for this map. Made at the first use;
   * refuses with ENOMEM when there is no memory.
   */
  get address(): number {
    if (this.#address === 0) this.materialize();
    return this.#address;
  }

  /** Whether struct bpf_map is in the linear memory already. */
  get placed(): boolean {
    return this.#address !== 0;
  }

  /** Lays the struct out. */
  protected materialize(): void {
    const address = this.layOut();
    if (address === 0) throw errno(ENOMEM);
    this.#address = address;
    const { view } = this.memory;
    view.setUint32(address + at.BPF_MAP_MAP_TYPE, this.mapType, true);
    view.setUint32(address + at.BPF_MAP_KEY_SIZE, this.keySize, true);
    view.setUint32(address + at.BPF_MAP_VALUE_SIZE, this.valueSize, true);
    view.setUint32(address + at.BPF_MAP_MAX_ENTRIES, this.maxEntries, true);
    view.setUint32(address + at.BPF_MAP_MAP_EXTRA, this.mapExtraLow, true);
    view.setUint32(address + at.BPF_MAP_MAP_EXTRA + 4, this.mapExtraHigh, true);
    view.setUint32(address + at.BPF_MAP_MAP_FLAGS, this.mapFlags, true);
    view.setUint32(address + at.BPF_MAP_ID, this.id, true);
    view.setInt32(address + at.BPF_MAP_NUMA_NODE, this.numaNode, true);
    this.#layOutName();
    this.machine.bpfMaps.add(this.memory, address, this);
  }

  /** Memory for struct bpf_map and what lies behind it: its address, or 0. */
  protected layOut(): number {
    return this.memory.alloc(at.SIZEOF_BPF_MAP);
  }

  /** Gives back what layOut() took. */
  protected unplace(address: number): void {
    this.memory.free(address);
  }

  /** Address of the value of `key` for a program, or 0. */
  lookupElem(_key: number): number {
    return 0;
  }

  /** The same for bpf(2): an LRU does not note the use. */
  lookupElemSys(key: number): number {
    return this.lookupElem(key);
  }

  /** map_update_elem() of a program: 0 or a negative errno. `flags` is the low half; no kind knows flags above. */
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
    return -EOPNOTSUPP;
  }

  popElem(_value: number): number {
    return -EOPNOTSUPP;
  }

  peekElem(_value: number): number {
    return -EOPNOTSUPP;
  }

  /** Address of the value of `key` on a CPU, or 0. */
  lookupPercpuElem(_key: number, _cpu: number): number {
    return 0;
  }

  /** Instructions that a program runs in place of a call of map_lookup_elem(). */
  genLookup(): BpfInsn[] | undefined {
    return undefined;
  }

  /** Bytes of a value as bpf(2) copies it: per-CPU kinds show every possible CPU. */
  get sysValueSize(): number {
    return this.valueSize;
  }

  /**
   * MAP_LOOKUP_ELEM: copies the value of `key` to `value`. 0 or a negative errno. `task`: whose fds keys may be.
   *
   * @models kernel/bpf/syscall.c bpf_map_copy_value()
   */
  sysLookup(key: number, value: number, _flags: number, _task: Task): number {
    const from = this.lookupElemSys(key);
    if (from === 0) return -ENOENT;
    copyValue(this.memory, this.record, value, from, this.valueSize);
    initValue(this.memory, this.record, value);
    return 0;
  }

  /** MAP_UPDATE_ELEM. `task` resolves the fds that some kinds take as values. */
  sysUpdate(_task: Task, key: number, value: number, flags: number): number {
    return this.updateElem(key, value, flags);
  }

  /** MAP_DELETE_ELEM. */
  sysDelete(key: number, _task: Task): number {
    return this.deleteElem(key);
  }

  /** MAP_LOOKUP_AND_DELETE_ELEM. */
  sysLookupAndDelete(_key: number, _value: number, _flags: number): number {
    return -ENOTSUPP;
  }

  /** What a kind asks of its BTF. @models include/linux/bpf.h struct bpf_map_ops map_check_btf() */
  checkBtf?(btf: Btf, keyTypeId: number, valueTypeId: number): number;

  /** -EINVAL when `flags` has BPF_F_LOCK and the value has no lock. */
  protected refuseLock(flags: number): number {
    return (flags & BPF_F_LOCK) !== 0 && this.record?.has(BPF_SPIN_LOCK) !== true ? -EINVAL : 0;
  }

  /**
   * Address of the first byte of the only value, for ld_imm64 with an offset of `off`, and for mmap. Negative: -ENOTSUPP
   * when the kind has no direct values or the map has more than one, -EINVAL when `off` lies outside.
   */
  directValueAddr(_off: number): number {
    return -ENOTSUPP;
  }

  /** Whole pages of the linear memory that mmap(2) gives a client; undefined: this map cannot be mapped. */
  get mappedArea(): { readonly address: number; readonly size: number } | undefined {
    return undefined;
  }

  /** memlock of fdinfo, bytes. */
  abstract memUsage(): number;

  /** Lines of fdinfo that this kind has beside the common ones; each ends with newline. */
  fdinfoExtra(): string {
    return '';
  }

  /** The last user reference is gone. */
  releaseUref(): void {}

  /** A reference of a user: an open file, a pin, a map it is put into. @models kernel/bpf/syscall.c bpf_map_inc_with_uref() */
  holdWithUref(holder: Holder): this {
    this.usercnt++;
    return this.hold(holder);
  }

  /** @models kernel/bpf/syscall.c bpf_map_put_with_uref() */
  releaseWithUref(holder: Holder): void {
    if (--this.usercnt === 0) this.releaseUref();
    this.release(holder);
  }

  /** Runs the part of a constructor that may refuse: then the map goes. */
  protected attempt<T>(creator: Holder, make: () => T): T {
    try {
      return make();
    } catch (refused) {
      this.release(creator);
      throw refused;
    }
  }

  /** Its id is free at once; a kind that has more memory gives it back, then calls this. */
  protected override destroy(): void {
    this.machine.bpfIds.maps.remove(this);
    if (this.#address !== 0) {
      this.machine.bpfMaps.remove(this.memory, this.#address);
      this.shared?.end();
      this.unplace(this.#address);
    }
    this.btf?.release(this);
    this.innerMapMeta?.btf?.release(this);
  }
}
