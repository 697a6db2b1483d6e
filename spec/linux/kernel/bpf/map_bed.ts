// A machine with maps for specs: keys and values as bytes, without bpf(2) in between.
import { mapKind } from '../../../../lib/linux/kernel/bpf/map_types.js';
import type { BpfMap, MapAttr } from '../../../../lib/linux/kernel/bpf/map.js';
import { LocalTask } from '../../../../lib/linux/kernel/local_task.js';
import { Errno } from '../../../../lib/linux/errno.js';
import { Machine, type MachineOptions } from '../../../../lib/linux/machine.js';

/** Type, key size, value size, entries, flags. */
export type Shape = readonly [type: number, key: number, value: number, entries: number, flags?: number];

const none: MapAttr = {
  mapType: 0,
  keySize: 0,
  valueSize: 0,
  maxEntries: 0,
  mapFlags: 0,
  innerMapFd: 0,
  numaNode: 0,
  mapName: '',
  mapExtraLow: 0,
  mapExtraHigh: 0,
  btfKeyTypeId: 0,
  btfValueTypeId: 0,
  btfVmlinuxValueTypeId: 0,
};

export class MapBed {
  readonly machine: Machine;
  readonly task: LocalTask;
  readonly label = 'spec';

  constructor(options: MachineOptions = {}, task = new LocalTask()) {
    this.machine = new Machine(options);
    this.task = task;
  }

  /** MAP_CREATE without fd. Throws the Errno of a refusal. */
  make([mapType, keySize, valueSize, maxEntries, mapFlags = 0]: Shape, more: Partial<MapAttr> = {}): MapHandle {
    const attr: MapAttr = { ...none, mapType, keySize, valueSize, maxEntries, mapFlags, ...more };
    const kind = mapKind(this.machine, mapType);
    if (kind === undefined) throw new Error(`no maps of type ${mapType}`);
    kind.allocCheck?.(this.machine, attr, this.task);
    return new MapHandle(this, kind.alloc(this.machine, attr, this, this.task));
  }

  /** The errno of a MAP_CREATE, negative, or 0. */
  tryMake(shape: Shape, more: Partial<MapAttr> = {}): number {
    try {
      this.make(shape, more).close();
      return 0;
    } catch (refused) {
      if (refused instanceof Errno) return -refused.errno;
      throw refused;
    }
  }

  /** Bytes in the linear memory while `use` runs. */
  with<T>(bytes: Uint8Array | undefined, size: number, use: (address: number) => T): T {
    if (bytes === undefined && size === 0) return use(0);
    const { memory } = this.machine;
    const address = memory.alloc(Math.max(size, bytes?.length ?? 0, 1));
    if (bytes !== undefined) memory.u8.set(bytes, address);
    try {
      return use(address);
    } finally {
      memory.free(address);
    }
  }
}

/** What a command answered: 0 or a negative errno, and the bytes it gave. */
export interface Answer {
  readonly ret: number;
  readonly out: Uint8Array | undefined;
}

export class MapHandle {
  readonly map: BpfMap;
  readonly #bed: MapBed;

  constructor(bed: MapBed, map: BpfMap) {
    this.#bed = bed;
    this.map = map;
  }

  /** The map as one of its kind. */
  as<K extends BpfMap>(kind: abstract new (...args: never[]) => K): K {
    if (this.map instanceof kind) return this.map;
    throw new Error(`${this.map.label} is not of this kind`);
  }

  update(key: Uint8Array | undefined, value: Uint8Array, flags = 0): number {
    return this.#bed.with(key, 0, (k) =>
      this.#bed.with(value, 0, (v) => this.map.sysUpdate(this.#bed.task, k, v, flags)),
    );
  }

  lookup(key: Uint8Array | undefined): Answer {
    return this.#read(key, this.map.sysValueSize, (k, to) => this.map.sysLookup(k, to, 0, this.#bed.task));
  }

  lookupAndDelete(key: Uint8Array | undefined): Answer {
    return this.#read(key, this.map.sysValueSize, (k, to) => this.map.sysLookupAndDelete(k, to, 0));
  }

  next(key: Uint8Array | undefined): Answer {
    return this.#read(key, Math.max(this.map.keySize, 1), (k, to) => this.map.getNextKey(k, to));
  }

  delete(key: Uint8Array | undefined): number {
    return this.#bed.with(key, 0, (k) => this.map.sysDelete(k, this.#bed.task));
  }

  /** Every key in the map's own order. */
  keys(): Uint8Array[] {
    const keys: Uint8Array[] = [];
    for (let next = this.next(undefined); next.ret === 0; next = this.next(next.out)) keys.push(next.out!);
    return keys;
  }

  close(): void {
    this.map.release(this.#bed);
  }

  #read(key: Uint8Array | undefined, size: number, call: (key: number, to: number) => number): Answer {
    return this.#bed.with(key, 0, (k) =>
      this.#bed.with(undefined, size, (to) => {
        const ret = call(k, to);
        return { ret, out: ret === 0 ? this.#bed.machine.memory.u8.slice(to, to + size) : undefined };
      }),
    );
  }
}
