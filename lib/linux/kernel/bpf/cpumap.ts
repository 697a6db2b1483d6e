// kernel/bpf/cpumap.c: BPF_MAP_TYPE_CPUMAP. XDP programs redirect to the CPUs in it; none runs here, so the map is made,
// filled and described.
import { zeroBytes } from '../../../vm/maps/bytes.js';
import { E2BIG, EEXIST, EINVAL, ENODEV, ENOENT, ENOMEM, ENOTSUPP, EOVERFLOW } from '../../../uapi/asm-generic/errno.js';
import * as B from '../../../uapi/linux/bpf.js';
import { Errno, errno } from '../../errno.js';
import type { Holder } from '../../events.js';
import type { Machine } from '../../machine.js';
import type { Task } from '../task.js';
import { devmapProg } from './devmap.js';
import { BpfMap, type MapAttr } from './map.js';
import { nextIndex } from './map_ops.js';
import type { BpfProg } from './prog.js';

const SIZEOF_BPF_CPU_MAP = 304;
/** CONFIG_NR_CPUS of the recorded kernel. */
const NR_CPUS = 256;
const MAX_QSIZE = 16384;

/** @models kernel/bpf/cpumap.c cpu_map_alloc() */
export function cpuMapAlloc(machine: Machine, attr: MapAttr, creator: Holder): BpfMap {
  const { maxEntries, valueSize } = attr;
  if (maxEntries === 0 || attr.keySize !== 4 || (valueSize !== 4 && valueSize !== 8)) throw errno(EINVAL);
  if ((attr.mapFlags & ~B.BPF_F_NUMA_NODE) !== 0) throw errno(EINVAL);
  if (maxEntries > NR_CPUS) throw errno(E2BIG);
  return new CpuMap(machine, attr, creator);
}

interface Entry {
  readonly qsize: number;
  readonly prog: BpfProg | undefined;
}

export class CpuMap extends BpfMap {
  readonly #entries = new Map<number, Entry>();

  #key(key: number): number {
    return this.memory.view.getUint32(key, true);
  }

  #remove(cpu: number): void {
    this.#entries.get(cpu)?.prog?.release(this);
    this.#entries.delete(cpu);
  }

  override sysLookup(key: number, value: number): number {
    const entry = this.#entries.get(this.#key(key));
    if (entry === undefined) return -ENOENT;
    zeroBytes(this.memory, value, this.valueSize);
    this.memory.view.setUint32(value, entry.qsize, true);
    if (this.valueSize === 8) this.memory.view.setUint32(value + 4, entry.prog?.id ?? 0, true);
    return 0;
  }

  /** @models kernel/bpf/cpumap.c cpu_map_update_elem() */
  override sysUpdate(task: Task, key: number, value: number, flags: number): number {
    const cpu = this.#key(key);
    const qsize = this.memory.view.getUint32(value, true);
    if (flags >>> 0 > B.BPF_EXIST) return -EINVAL;
    if (cpu >= this.maxEntries) return -E2BIG;
    if (flags === B.BPF_NOEXIST) return -EEXIST;
    if (qsize > MAX_QSIZE) return -EOVERFLOW;
    if (cpu >= this.machine.possibleCpus) return -ENODEV;
    if (qsize === 0) this.#remove(cpu);
    else return this.#set(task, cpu, qsize, value);
    return 0;
  }

  /** Whatever is wrong with the program reads as no memory. @models kernel/bpf/cpumap.c __cpu_map_entry_alloc() */
  #set(task: Task, cpu: number, qsize: number, value: number): number {
    const fd = this.valueSize === 8 ? this.memory.view.getInt32(value + 4, true) : 0;
    try {
      const prog = devmapProg(task, fd, B.BPF_XDP_CPUMAP, this);
      this.#remove(cpu);
      this.#entries.set(cpu, { qsize, prog });
      return 0;
    } catch (refused) {
      if (refused instanceof Errno) return -ENOMEM;
      throw refused;
    }
  }

  override deleteElem(key: number): number {
    const cpu = this.#key(key);
    if (cpu >= this.maxEntries) return -EINVAL;
    this.#remove(cpu);
    return 0;
  }

  override getNextKey(key: number, next: number): number {
    return nextIndex(this, key, next);
  }

  override checkBtf(): number {
    return -ENOTSUPP;
  }

  /** @models kernel/bpf/cpumap.c cpu_map_mem_usage() */
  override memUsage(): number {
    return SIZEOF_BPF_CPU_MAP + 8 * this.maxEntries;
  }

  protected override destroy(): void {
    for (const cpu of [...this.#entries.keys()]) this.#remove(cpu);
    super.destroy();
  }
}
