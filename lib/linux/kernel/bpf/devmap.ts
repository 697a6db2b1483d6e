// kernel/bpf/devmap.c: BPF_MAP_TYPE_DEVMAP and BPF_MAP_TYPE_DEVMAP_HASH. XDP programs redirect to the devices in them; none
// runs here, so the maps are made, filled and described. An entry goes with its device.
import { zeroBytes } from '../../../vm/maps/bytes.js';
import { E2BIG, EEXIST, EINVAL, ENOENT, ENOMEM, ENOTSUPP } from '../../../uapi/asm-generic/errno.js';
import * as B from '../../../uapi/linux/bpf.js';
import { errno, errnoOf } from '../../errno.js';
import type { Holder } from '../../events.js';
import type { Machine } from '../../machine.js';
import { devGetByIndex } from '../../net/core/dev/table.js';
import type { NetDevice } from '../../net/core/net_device.js';
import type { Task } from '../task.js';
import { BpfMap, type MapAttr } from './map.js';
import { AREA_MAX, roundUpPowerOfTwo } from './map_ops.js';
import type { BpfProg } from './prog.js';
import { ProgFile } from './file.js';

const DEV_CREATE_FLAG_MASK = B.BPF_F_NUMA_NODE | B.BPF_F_RDONLY | B.BPF_F_WRONLY;
const SIZEOF_BPF_DTAB = 344;
const SIZEOF_BPF_DTAB_NETDEV = 64;

/** @models kernel/bpf/devmap.c dev_map_alloc_check() */
export function devMapAllocCheck(_machine: Machine, attr: MapAttr): void {
  const { maxEntries, valueSize } = attr;
  if (maxEntries === 0 || attr.keySize !== 4 || (valueSize !== 4 && valueSize !== 8)) throw errno(EINVAL);
  if ((attr.mapFlags & ~DEV_CREATE_FLAG_MASK) !== 0) throw errno(EINVAL);
  if (attr.mapType === B.BPF_MAP_TYPE_DEVMAP_HASH && maxEntries > 2 ** 31) throw errno(EINVAL);
}

interface Entry {
  readonly dev: NetDevice;
  readonly prog: BpfProg | undefined;
}

export class DevMap extends BpfMap {
  /** Youngest last. */
  readonly #entries = new Map<number, Entry>();
  readonly #isHash: boolean;
  /** What memlock counts: entries, and each time that a place of an array was emptied by an update. */
  #items = 0;

  constructor(machine: Machine, attr: MapAttr, creator: Holder) {
    super(machine, attr, creator, { mapFlags: attr.mapFlags | B.BPF_F_RDONLY_PROG });
    this.#isHash = attr.mapType === B.BPF_MAP_TYPE_DEVMAP_HASH;
    this.attempt(creator, () => {
      if (this.memUsage() > AREA_MAX) throw errno(ENOMEM);
    });
  }

  #key(key: number): number {
    return this.memory.view.getUint32(key, true);
  }

  /** Entries of devices that are gone go, too. @models kernel/bpf/devmap.c dev_map_notification() */
  #purge(): void {
    for (const [key, { dev }] of this.#entries)
      if (devGetByIndex(this.machine.net, dev.ifindex) !== dev) this.#remove(key);
  }

  #remove(key: number): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    this.#entries.delete(key);
    entry.prog?.release(this);
    this.#items--;
    return true;
  }

  override sysLookup(key: number, value: number): number {
    this.#purge();
    const entry = this.#entries.get(this.#key(key));
    if (entry === undefined) return -ENOENT;
    zeroBytes(this.memory, value, this.valueSize);
    this.memory.view.setInt32(value, entry.dev.ifindex, true);
    if (this.valueSize === 8) this.memory.view.setUint32(value + 4, entry.prog?.id ?? 0, true);
    return 0;
  }

  override sysUpdate(task: Task, key: number, value: number, flags: number): number {
    this.#purge();
    try {
      if (this.#isHash) this.#updateHash(task, this.#key(key), value, flags);
      else this.#updateArray(task, this.#key(key), value, flags);
      return 0;
    } catch (refused) {
      return -errnoOf(refused);
    }
  }

  /** @models kernel/bpf/devmap.c __dev_map_update_elem() */
  #updateArray(task: Task, index: number, value: number, flags: number): void {
    if (flags >>> 0 > B.BPF_EXIST) throw errno(EINVAL);
    if (index >= this.maxEntries) throw errno(E2BIG);
    if (flags === B.BPF_NOEXIST) throw errno(EEXIST);
    const ifindex = this.memory.view.getInt32(value, true);
    if (ifindex === 0 && this.#progFd(value) > 0) throw errno(EINVAL);
    const entry = ifindex === 0 ? undefined : this.#entry(task, ifindex, value);
    this.#remove(index);
    if (entry !== undefined) this.#entries.set(index, entry);
    this.#items++;
  }

  /** @models kernel/bpf/devmap.c __dev_map_hash_update_elem() */
  #updateHash(task: Task, key: number, value: number, flags: number): void {
    const ifindex = this.memory.view.getInt32(value, true);
    if (flags >>> 0 > B.BPF_EXIST || ifindex === 0) throw errno(EINVAL);
    const old = this.#entries.has(key);
    if (old && (flags & B.BPF_NOEXIST) !== 0) throw errno(EEXIST);
    const entry = this.#entry(task, ifindex, value);
    if (!old && this.#entries.size >= this.maxEntries) {
      entry.prog?.release(this);
      throw errno(E2BIG);
    }
    this.#remove(key);
    this.#entries.set(key, entry);
    this.#items++;
  }

  #progFd(value: number): number {
    return this.valueSize === 8 ? this.memory.view.getInt32(value + 4, true) : 0;
  }

  /** @models kernel/bpf/devmap.c __dev_map_alloc_node() */
  #entry(task: Task, ifindex: number, value: number): Entry {
    const dev = devGetByIndex(this.machine.net, ifindex);
    if (dev === undefined) throw errno(EINVAL);
    return { dev, prog: devmapProg(task, this.#progFd(value), B.BPF_XDP_DEVMAP, this) };
  }

  override deleteElem(key: number): number {
    const index = this.#key(key);
    if (!this.#isHash && index >= this.maxEntries) return -EINVAL;
    return this.#remove(index) || !this.#isHash ? 0 : -ENOENT;
  }

  /** @models kernel/bpf/devmap.c dev_map_get_next_key() and dev_map_hash_get_next_key() */
  override getNextKey(key: number, next: number): number {
    this.#purge();
    const given = key === 0 ? undefined : this.#key(key);
    const found = this.#isHash ? this.#nextOfHash(given) : this.#nextIndex(given);
    if (found === undefined) return -ENOENT;
    this.memory.view.setUint32(next, found, true);
    return 0;
  }

  #nextIndex(index: number | undefined): number | undefined {
    if (index === undefined || index >= this.maxEntries) return 0;
    return index === this.maxEntries - 1 ? undefined : index + 1;
  }

  /** Buckets in their order, the youngest entry of a bucket first. */
  #nextOfHash(key: number | undefined): number | undefined {
    const mask = roundUpPowerOfTwo(this.maxEntries) - 1;
    const keys = [...this.#entries.keys()].reverse().sort((a, b) => (a & mask) - (b & mask));
    return keys[key === undefined ? 0 : keys.indexOf(key) + 1];
  }

  override checkBtf(): number {
    return -ENOTSUPP;
  }

  /** @models kernel/bpf/devmap.c dev_map_mem_usage() */
  override memUsage(): number {
    const places = this.#isHash ? roundUpPowerOfTwo(this.maxEntries) : this.maxEntries;
    return SIZEOF_BPF_DTAB + 8 * places + SIZEOF_BPF_DTAB_NETDEV * this.#items;
  }

  protected override destroy(): void {
    for (const key of [...this.#entries.keys()]) this.#remove(key);
    super.destroy();
  }
}

/**
 * The program that runs at a device or CPU: one for XDP of this attachment, held. No program for an fd up to 0.
 *
 * @models kernel/bpf/devmap.c __dev_map_alloc_node() and kernel/bpf/cpumap.c __cpu_map_load_bpf_program()
 */
export function devmapProg(task: Task, fd: number, attachType: number, holder: Holder): BpfProg | undefined {
  if (fd <= 0) return undefined;
  const file = task.fget(fd);
  const prog = file instanceof ProgFile && file.prog.type === B.BPF_PROG_TYPE_XDP ? file.prog : undefined;
  if (prog?.expectedAttachType !== attachType) throw errno(EINVAL);
  return prog.hold(holder);
}
