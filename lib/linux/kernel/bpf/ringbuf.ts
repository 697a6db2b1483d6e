// kernel/bpf/ringbuf.c: BPF_MAP_TYPE_RINGBUF, and BPF_MAP_TYPE_USER_RINGBUF as far as it is made and described. Programs
// write records, a client reads them out of mapped memory, an in-process caller with read(). The pages are those of
// lib/vm/maps/ringbuf.ts.
import { Ring } from '../../../vm/maps/ringbuf.js';
import { EINVAL, ENOMEM } from '../../../uapi/asm-generic/errno.js';
import { BPF_F_NUMA_NODE, BPF_MAP_TYPE_USER_RINGBUF } from '../../../uapi/linux/bpf.js';
import { assert, errno } from '../../errno.js';
import type { Holder } from '../../events.js';
import type { Machine } from '../../machine.js';
import { BpfMap, ENOTSUPP, type MapAttr } from './map.js';
import { AREA_MAX } from './map_ops.js';

const PAGE_SIZE = 4096;
const SIZEOF_BPF_RINGBUF_MAP = 304;
/** The kernel's page, the consumer's and the producer's. */
const RINGBUF_NR_META_PAGES = 3;
const SIZEOF_POINTER = 8;
/** A ring up to this size gets its memory when it is made. */
const EAGER = 1 << 20;

/** @models kernel/bpf/ringbuf.c ringbuf_map_alloc() */
export function ringbufMapAlloc(machine: Machine, attr: MapAttr, creator: Holder): BpfMap {
  const { maxEntries: size } = attr;
  if ((attr.mapFlags & ~BPF_F_NUMA_NODE) !== 0) throw errno(EINVAL);
  const isPowerOfTwo = size !== 0 && (size & (size - 1)) === 0;
  if (attr.keySize !== 0 || attr.valueSize !== 0 || !isPowerOfTwo || size % PAGE_SIZE !== 0) throw errno(EINVAL);
  return new RingbufMap(machine, attr, creator);
}

export class RingbufMap extends BpfMap {
  readonly ring: Ring;
  /** Told when the consumer is to be woken. */
  readonly waiters = new Set<() => void>();

  constructor(machine: Machine, attr: MapAttr, creator: Holder) {
    super(machine, attr, creator);
    this.ring = new Ring(machine.memory, attr.maxEntries);
    this.attempt(creator, () => {
      const size = Ring.bytes(attr.maxEntries);
      if (size > AREA_MAX || (size <= EAGER && !this.#ready())) throw errno(ENOMEM);
    });
  }

  #ready(): boolean {
    return this.ring.reserveMemory(this.address);
  }

  /** Whether the client writes and the kernel reads. */
  get isUserRingbuf(): boolean {
    return this.mapType === BPF_MAP_TYPE_USER_RINGBUF;
  }

  /** @models kernel/bpf/ringbuf.c __bpf_ringbuf_reserve() */
  reserve(size: number): number {
    return this.#ready() ? this.ring.reserve(size) : 0;
  }

  /** @models kernel/bpf/ringbuf.c bpf_ringbuf_commit() */
  commit(sample: number, discard: boolean, wake: 'always' | 'never' | 'waiting'): void {
    const awaited = this.ring.commit(sample, discard);
    if (wake === 'always' || (awaited && wake === 'waiting')) for (const waiter of this.waiters) waiter();
  }

  /** Whether poll(2) finds something to do: records to read, or room to write. @models kernel/bpf/ringbuf.c ringbuf_map_poll_kern() */
  get isReady(): boolean {
    const waiting = this.ring.producerPos - this.ring.consumerPos;
    return this.isUserRingbuf ? waiting < this.ring.size : waiting > 0;
  }

  /** The next record as a consumer reads it. */
  read(): Uint8Array | undefined {
    return this.ring.read();
  }

  override updateElem(): number {
    return -ENOTSUPP;
  }

  override deleteElem(): number {
    return -ENOTSUPP;
  }

  override getNextKey(): number {
    return -ENOTSUPP;
  }

  override sysLookup(): number {
    return -ENOTSUPP;
  }

  /** @models kernel/bpf/ringbuf.c ringbuf_map_mem_usage() */
  override memUsage(): number {
    const dataPages = this.maxEntries / PAGE_SIZE;
    const pages = RINGBUF_NR_META_PAGES + dataPages;
    return SIZEOF_BPF_RINGBUF_MAP + pages * PAGE_SIZE + (RINGBUF_NR_META_PAGES + 2 * dataPages) * SIZEOF_POINTER;
  }

  protected override destroy(): void {
    this.ring.dispose();
    super.destroy();
  }
}

/**
 * The ring buffer that a sample was reserved from: its address is kept in the ring's first page.
 *
 * @models kernel/bpf/ringbuf.c bpf_ringbuf_restore_from_rec()
 */
export function ringbufOf(machine: Machine, sample: number): RingbufMap {
  const map = machine.bpfMaps.at(machine.memory, Ring.ownerOf(machine.memory, sample));
  if (!(map instanceof RingbufMap)) assert(false, `0x${sample.toString(16)} is in no ring buffer`);
  return map;
}
