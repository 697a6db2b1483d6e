// kernel/bpf/arraymap.c, arrays of objects: BPF_MAP_TYPE_PROG_ARRAY, PERF_EVENT_ARRAY, CGROUP_ARRAY and ARRAY_OF_MAPS. bpf(2)
// puts an fd in and reads an id; the array holds the object. Its place in the linear memory has the object's address, or 0.
import { E2BIG, EBADF, EINVAL, ENOENT, ENOTSUPP } from '../../../uapi/asm-generic/errno.js';
import * as B from '../../../uapi/linux/bpf.js';
import { errno, errnoOf } from '../../errno.js';
import type { Holder } from '../../events.js';
import type { Machine } from '../../machine.js';
import type { KObject } from '../../object.js';
import type { Task } from '../task.js';
import { arrayMapAllocCheck, IndexedMap } from './arraymap.js';
import type { BpfMap, MapAttr } from './map.js';
import * as gen from './map_gen_lookup.js';
import { innerMapOf, type InnerMapMeta, metaAlloc } from './map_in_map.js';
import type { BpfProg } from './prog.js';
import { progGet } from './syscall/fd.js';
import type { BpfInsn } from './verifier_ops.js';

const SIZEOF_POINTER = 8;

/** @models kernel/bpf/arraymap.c fd_array_map_alloc_check() */
export function fdArrayMapAllocCheck(machine: Machine, attr: MapAttr): void {
  if (attr.valueSize !== 4) throw errno(EINVAL);
  if ((attr.mapFlags & (B.BPF_F_RDONLY_PROG | B.BPF_F_WRONLY_PROG)) !== 0) throw errno(EINVAL);
  arrayMapAllocCheck(machine, attr);
}

/** What is in an array of objects. */
type Member = KObject & { readonly id: number };

abstract class FdArrayMap<T extends Member> extends IndexedMap {
  protected readonly members = new Map<number, T>();

  constructor(machine: Machine, attr: MapAttr, creator: Holder, task: Task) {
    super(machine, attr, creator, task, SIZEOF_POINTER);
    this.reserve(creator);
  }

  /** The object behind an fd of the caller, if it may be in this array. */
  protected abstract getPtr(task: Task, fd: number): T;

  /** The address that programs find. */
  protected abstract addressOf(member: T): number;

  /** @models kernel/bpf/arraymap.c bpf_fd_array_map_lookup_elem() */
  override sysLookup(key: number, value: number, _flags: number): number {
    const member = this.members.get(this.index(key));
    if (member === undefined) return -ENOENT;
    this.memory.view.setUint32(value, member.id, true);
    return 0;
  }

  /** @models kernel/bpf/arraymap.c bpf_fd_array_map_update_elem() */
  override sysUpdate(task: Task, key: number, value: number, flags: number): number {
    const index = this.index(key);
    if (flags !== B.BPF_ANY) return -EINVAL;
    if (index >= this.maxEntries) return -E2BIG;
    try {
      this.#put(index, this.getPtr(task, this.memory.view.getInt32(value, true)));
    } catch (refused) {
      return -errnoOf(refused);
    }
    return 0;
  }

  #put(index: number, member: T): void {
    const address = this.addressOf(member);
    const place = this.place(index);
    member.hold(this);
    const old = this.members.get(index);
    this.members.set(index, member);
    this.memory.u32[place >>> 2] = address;
    old?.release(this);
  }

  /** @models kernel/bpf/arraymap.c fd_array_map_delete_elem() */
  override deleteElem(key: number): number {
    const index = this.index(key);
    if (index >= this.maxEntries) return -E2BIG;
    return this.#remove(index) ? 0 : -ENOENT;
  }

  #remove(index: number): boolean {
    const member = this.members.get(index);
    if (member === undefined) return false;
    this.members.delete(index);
    this.memory.u32[this.place(index) >>> 2] = 0;
    member.release(this);
    return true;
  }

  /** @models kernel/bpf/arraymap.c bpf_fd_array_map_clear() */
  clear(): void {
    for (const index of [...this.members.keys()].sort((a, b) => a - b)) this.#remove(index);
  }

  override memUsage(): number {
    return this.areaSize;
  }

  protected override destroy(): void {
    this.clear();
    super.destroy();
  }
}

/** struct bpf_map_owner: what every program in a prog array, and every program that uses one, has in common. */
export interface MapOwner {
  readonly progType: number;
  readonly expectedAttachType: number;
}

/** BPF_MAP_TYPE_PROG_ARRAY: what tail calls go to. */
export class ProgArrayMap extends FdArrayMap<BpfProg> {
  /** Set by the first program that is put in or that uses the array. */
  owner: MapOwner | undefined;

  /**
   * Whether `prog` may be in the array or use it; the first one decides for all that come.
   *
   * @models kernel/bpf/core.c bpf_prog_map_compatible()
   */
  compatible(prog: BpfProg): boolean {
    this.owner ??= { progType: prog.type, expectedAttachType: prog.expectedAttachType };
    return this.owner.progType === prog.type && this.owner.expectedAttachType === prog.expectedAttachType;
  }

  /** The program that a tail call to `index` runs. */
  prog(index: number): BpfProg | undefined {
    return this.members.get(index);
  }

  /** @models kernel/bpf/arraymap.c prog_fd_array_get_ptr() */
  protected override getPtr(task: Task, fd: number): BpfProg {
    const prog = progGet(task, fd);
    if (prog.type === B.BPF_PROG_TYPE_EXT || !this.compatible(prog)) throw errno(EINVAL);
    return prog;
  }

  /** Programs have no address: any number but 0 says that one is there. */
  protected override addressOf(prog: BpfProg): number {
    return prog.id;
  }

  override fdinfoExtra(): string {
    return this.owner === undefined ? '' : `owner_prog_type:\t${this.owner.progType}\nowner_jited:\t1\n`;
  }

  /**
   * Programs hold arrays that hold them: the circle ends here.
   *
   * @models kernel/bpf/arraymap.c prog_array_map_clear()
   */
  override releaseUref(): void {
    this.hold(this);
    this.clear();
    this.release(this);
  }
}

/**
 * Every prog array that a program uses takes programs of its kind: EINVAL otherwise.
 *
 * @models kernel/bpf/core.c bpf_check_tail_call()
 */
export function checkTailCall(prog: BpfProg): void {
  for (const map of prog.usedMaps) if (map instanceof ProgArrayMap && !map.compatible(prog)) throw errno(EINVAL);
}

/** Who reads what programs write to one place of a perf event array. */
export interface PerfEventReader {
  /** One sample: the raw data of PERF_SAMPLE_RAW. */
  output(data: Uint8Array): void;
}

/** An array of objects that no fd of the model stands for. */
abstract class EmptyFdArrayMap extends FdArrayMap<Member> {
  override sysLookup(): number {
    return -ENOTSUPP;
  }

  protected override getPtr(): never {
    throw errno(EBADF);
  }

  protected override addressOf(): number {
    return 0;
  }

  override checkBtf(): number {
    return -ENOTSUPP;
  }
}

/**
 * BPF_MAP_TYPE_PERF_EVENT_ARRAY. No client can open a perf event of the model, so bpf(2) can put none in; in-process callers
 * subscribe readers.
 */
export class PerfEventArrayMap extends EmptyFdArrayMap {
  readonly #readers = new Map<number, PerfEventReader>();

  /** Attaches a reader to a place, undefined to take it away. */
  subscribe(index: number, reader: PerfEventReader | undefined): void {
    if (reader === undefined) this.#readers.delete(index);
    else this.#readers.set(index, reader);
  }

  reader(index: number): PerfEventReader | undefined {
    return this.#readers.get(index);
  }
}

/** BPF_MAP_TYPE_CGROUP_ARRAY: the model has no cgroups to put in. */
export class CgroupArrayMap extends EmptyFdArrayMap {}

/** BPF_MAP_TYPE_ARRAY_OF_MAPS */
export class ArrayOfMaps extends FdArrayMap<BpfMap> {
  override readonly innerMapMeta: InnerMapMeta;

  constructor(machine: Machine, attr: MapAttr, creator: Holder, task: Task) {
    super(machine, attr, creator, task);
    this.innerMapMeta = this.attempt(creator, () => metaAlloc(task, attr.innerMapFd, this));
  }

  /** @models kernel/bpf/arraymap.c array_of_map_lookup_elem() */
  override lookupElem(key: number): number {
    const index = this.index(key);
    return index < this.maxEntries ? this.memory.u32[this.place(index) >>> 2]! : 0;
  }

  protected override getPtr(task: Task, fd: number): BpfMap {
    return innerMapOf(task, fd, this.innerMapMeta);
  }

  protected override addressOf(map: BpfMap): number {
    return map.address;
  }

  override genLookup(): BpfInsn[] | undefined {
    return gen.arrayOfMapsLookup(this);
  }

  override checkBtf(): number {
    return -ENOTSUPP;
  }
}
