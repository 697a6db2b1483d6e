// kernel/bpf/arraymap.c, arrays with a value for every CPU: BPF_MAP_TYPE_PERCPU_ARRAY. An element is the address of the
// values, for programs read it without a call, as in the kernel.
import * as at from '../../../vm/maps/bpf_map.js';
import { E2BIG, EEXIST, EINVAL, ENOENT, ENOMEM } from '../../../uapi/asm-generic/errno.js';
import * as B from '../../../uapi/linux/bpf.js';
import type { Holder } from '../../events.js';
import type { Machine } from '../../machine.js';
import type { Task } from '../task.js';
import { arrayMapCheckBtf, IndexedMap } from './arraymap.js';
import type { Btf } from './btf/btf.js';
import type { MapAttr } from './map.js';
import * as gen from './map_gen_lookup.js';
import { PercpuValues, THIS_CPU } from './percpu.js';
import type { BpfInsn } from './verifier_ops.js';

/** BPF_MAP_TYPE_PERCPU_ARRAY: elements are the addresses of the values of the first CPU. */
export class PercpuArrayMap extends IndexedMap {
  readonly #values: PercpuValues;
  #data = 0;

  constructor(machine: Machine, attr: MapAttr, creator: Holder, task: Task) {
    super(machine, attr, creator, task, 8);
    this.#values = new PercpuValues(machine, attr.valueSize);
    this.reserve(creator);
  }

  protected override get areaSize(): number {
    return super.areaSize + this.maxEntries * this.#values.size;
  }

  protected override layOut(): number {
    this.#data = this.memory.alloc(this.maxEntries * this.#values.size);
    if (this.#data === 0) return 0;
    const address = super.layOut();
    if (address === 0) {
      this.memory.free(this.#data);
      return 0;
    }
    const { u32 } = this.memory;
    const first = (address + at.BPF_ARRAY_VALUE) >>> 2;
    for (let i = 0; i < this.maxEntries; i++) u32[first + 2 * i] = this.#data + i * this.#values.size;
    return address;
  }

  protected override describe(address: number): void {
    super.describe(address);
    this.memory.view.setUint32(address + at.BPF_ARRAY_ELEM_SIZE, this.#values.stride, true);
  }

  protected override unplace(address: number): void {
    this.memory.free(this.#data);
    super.unplace(address);
  }

  /** Values of element `index`. */
  #of(index: number): number {
    return this.memory.u32[this.place(index) >>> 2]!;
  }

  /** @models kernel/bpf/arraymap.c percpu_array_map_lookup_elem() */
  override lookupElem(key: number): number {
    return this.lookupPercpuElem(key, THIS_CPU);
  }

  /** @models kernel/bpf/arraymap.c percpu_array_map_lookup_percpu_elem() */
  override lookupPercpuElem(key: number, cpu: number): number {
    const index = this.index(key);
    return index < this.maxEntries ? this.#values.of(this.#of(index), cpu) : 0;
  }

  override updateElem(key: number, value: number, flags: number): number {
    const index = this.index(key);
    const refused = this.checkUpdate(index, flags);
    if (refused !== 0) return refused;
    this.#values.set(this.record, this.#of(index), value);
    return 0;
  }

  override get sysValueSize(): number {
    return this.#values.size;
  }

  /** @models kernel/bpf/arraymap.c bpf_percpu_array_copy() */
  override sysLookup(key: number, value: number): number {
    const index = this.index(key);
    if (index >= this.maxEntries) return -ENOENT;
    if (!this.ready()) return -ENOMEM;
    this.#values.copyOut(this.record, value, this.#of(index));
    return 0;
  }

  /** @models kernel/bpf/arraymap.c bpf_percpu_array_update() */
  override sysUpdate(_task: Task, key: number, value: number, flags: number): number {
    const index = this.index(key);
    if (flags >>> 0 > B.BPF_EXIST) return -EINVAL;
    if (index >= this.maxEntries) return -E2BIG;
    if (flags === B.BPF_NOEXIST) return -EEXIST;
    if (!this.ready()) return -ENOMEM;
    this.#values.copyIn(this.record, this.#of(index), value);
    return 0;
  }

  override checkBtf(btf: Btf, keyTypeId: number, valueTypeId: number): number {
    return arrayMapCheckBtf(this, btf, keyTypeId, valueTypeId);
  }

  override genLookup(): BpfInsn[] | undefined {
    return gen.percpuArrayLookup(this);
  }

  override memUsage(): number {
    return this.areaSize;
  }
}
