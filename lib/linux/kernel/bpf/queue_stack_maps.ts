// kernel/bpf/queue_stack_maps.c: BPF_MAP_TYPE_QUEUE and BPF_MAP_TYPE_STACK. They have no keys: bpf(2) reads with lookup and
// lookup-and-delete, writes with update; programs push, pop and peek.
import { copyBytes, zeroBytes } from '../../../vm/maps/bytes.js';
import { ElementRing } from '../../../vm/maps/queue.js';
import { E2BIG, EINVAL, ENOENT, ENOMEM } from '../../../uapi/asm-generic/errno.js';
import * as B from '../../../uapi/linux/bpf.js';
import { errno } from '../../errno.js';
import type { Holder } from '../../events.js';
import type { Machine } from '../../machine.js';
import type { Task } from '../task.js';
import { BpfMap, type MapAttr } from './map.js';
import { AREA_MAX, BPF_F_ACCESS_MASK, flagsAccessOk, KMALLOC_MAX_SIZE } from './map_ops.js';

const QUEUE_STACK_CREATE_FLAG_MASK = B.BPF_F_NUMA_NODE | BPF_F_ACCESS_MASK;
const U32_MAX = 0xffffffff;
const SIZEOF_BPF_QUEUE_STACK = 312;
/** A ring up to this size gets its memory when it is made. */
const EAGER = 1 << 20;

/** @models kernel/bpf/queue_stack_maps.c queue_stack_map_alloc_check() */
export function queueStackMapAllocCheck(_machine: Machine, attr: MapAttr): void {
  const { mapFlags: flags, valueSize } = attr;
  if (attr.maxEntries === 0 || attr.keySize !== 0 || valueSize === 0) throw errno(EINVAL);
  if ((flags & ~QUEUE_STACK_CREATE_FLAG_MASK) !== 0 || !flagsAccessOk(flags)) throw errno(EINVAL);
  if (valueSize > KMALLOC_MAX_SIZE) throw errno(E2BIG);
  if (attr.maxEntries >= Math.floor(U32_MAX / valueSize)) throw errno(E2BIG);
}

export class QueueStackMap extends BpfMap {
  readonly #ring: ElementRing;
  readonly #isStack: boolean;

  constructor(machine: Machine, attr: MapAttr, creator: Holder) {
    super(machine, attr, creator);
    this.#isStack = attr.mapType === B.BPF_MAP_TYPE_STACK;
    this.#ring = new ElementRing(machine.memory, attr.valueSize, attr.maxEntries);
    const size = this.memUsage();
    this.attempt(creator, () => {
      if (size > AREA_MAX || (size <= EAGER && !this.#ring.reserve())) throw errno(ENOMEM);
    });
  }

  /** @models kernel/bpf/queue_stack_maps.c queue_stack_map_push_elem() */
  override pushElem(value: number, flags: number): number {
    if ((flags & B.BPF_NOEXIST) !== 0 || flags >>> 0 > B.BPF_EXIST) return -EINVAL;
    if (!this.#ring.reserve()) return -ENOMEM;
    if (this.#ring.isFull) {
      if ((flags & B.BPF_EXIST) === 0) return -E2BIG;
      this.#ring.dropOldest();
    }
    this.#ring.push(value);
    return 0;
  }

  /** @models kernel/bpf/queue_stack_maps.c __queue_map_get() and __stack_map_get() */
  override peekElem(value: number): number {
    if (this.#ring.isEmpty) {
      zeroBytes(this.memory, value, this.valueSize);
      return -ENOENT;
    }
    copyBytes(this.memory, value, this.#isStack ? this.#ring.youngest : this.#ring.oldest, this.valueSize);
    return 0;
  }

  override popElem(value: number): number {
    const failed = this.peekElem(value);
    if (failed !== 0) return failed;
    if (this.#isStack) this.#ring.dropYoungest();
    else this.#ring.dropOldest();
    return 0;
  }

  override updateElem(): number {
    return -EINVAL;
  }

  override deleteElem(): number {
    return -EINVAL;
  }

  override getNextKey(): number {
    return -EINVAL;
  }

  override sysLookup(_key: number, value: number, _flags: number): number {
    return this.peekElem(value);
  }

  override sysUpdate(_task: Task, _key: number, value: number, flags: number): number {
    return this.pushElem(value, flags);
  }

  override sysLookupAndDelete(_key: number, value: number, _flags: number): number {
    return this.popElem(value);
  }

  /** @models kernel/bpf/queue_stack_maps.c queue_stack_map_mem_usage() */
  override memUsage(): number {
    return SIZEOF_BPF_QUEUE_STACK + (this.maxEntries + 1) * this.valueSize;
  }

  protected override destroy(): void {
    this.#ring.dispose();
    super.destroy();
  }
}
