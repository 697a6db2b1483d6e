// The maps of a machine by their address: a program has nothing but the address of struct bpf_map when it calls a helper.
// The map's place in the table lies in the struct itself, where the kernel keeps the operations of its kind.
import { BPF_MAP_OPS } from '../../../vm/maps/bpf_map.js';
import type { Memory } from '../../../vm/memory.js';
import { assert } from '../../errno.js';
import type { BpfMap } from './map.js';

export class MapTable {
  readonly #maps: (BpfMap | undefined)[] = [];
  readonly #free: number[] = [];

  /** Enters a map whose struct lies at `address`. */
  add(memory: Memory, address: number, map: BpfMap): void {
    const place = this.#free.pop() ?? this.#maps.length;
    this.#maps[place] = map;
    memory.u32[(address + BPF_MAP_OPS) >>> 2] = place;
  }

  remove(memory: Memory, address: number): void {
    const place = memory.u32[(address + BPF_MAP_OPS) >>> 2]!;
    this.#maps[place] = undefined;
    this.#free.push(place);
  }

  /** The map whose struct lies at `address`. */
  at(memory: Memory, address: number): BpfMap {
    const map = this.#maps[memory.u32[(address + BPF_MAP_OPS) >>> 2]!];
    if (map === undefined) assert(false, `no map at 0x${address.toString(16)}`);
    return map;
  }
}
