// The kinds of maps that recordings of the verifier name, and how each is made.
import * as B from '../../../lib/uapi/linux/bpf.js';

export interface MapRecipe {
  readonly name?: string;
  readonly mapType: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
  /** What the only element holds. */
  readonly value?: Uint8Array;
  /** Ids of key and value in the type information of locks and timers. */
  readonly btf?: readonly [key: number, value: number];
  /** Programs that stand in a prog array: place and kind. */
  readonly programs?: readonly number[];
  readonly inner?: MapRecipe;
  readonly obstacle?: string;
}

function arrayValue(): Uint8Array {
  const bytes = new Uint8Array(48);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 28, true);
  view.setUint32(4 + 6 * 4, 0xabcdef12, true);
  return bytes;
}

const hash = (valueSize: number): MapRecipe => ({
  mapType: B.BPF_MAP_TYPE_HASH,
  keySize: 8,
  valueSize,
  maxEntries: 1,
  flags: B.BPF_F_NO_PREALLOC,
});

const array = (valueSize: number, flags = 0): MapRecipe => ({
  mapType: B.BPF_MAP_TYPE_ARRAY,
  keySize: 4,
  valueSize,
  maxEntries: 1,
  flags,
});

const sized = (mapType: number, keySize: number, valueSize: number, maxEntries = 1, flags = 0): MapRecipe => ({
  mapType,
  keySize,
  valueSize,
  maxEntries,
  flags,
});

const kinds: Readonly<Record<string, MapRecipe>> = {
  map_hash_8b: hash(8),
  map_hash_16b: hash(16),
  map_hash_48b: hash(48),
  map_array_48b: { ...array(48), value: arrayValue() },
  map_array_ro: { ...array(48, B.BPF_F_RDONLY_PROG), value: arrayValue() },
  map_array_wo: { ...array(48, B.BPF_F_WRONLY_PROG), value: arrayValue() },
  map_array_small: { ...array(1), value: arrayValue().slice(0, 1) },
  prog1: { ...sized(B.BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 4), programs: [0, 1, 2] },
  prog2: { ...sized(B.BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 8), programs: [7, 1, 2] },
  map_in_map: { ...sized(B.BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4), inner: array(4) },
  cgroup_storage: { ...sized(B.BPF_MAP_TYPE_CGROUP_STORAGE, 16, 64, 0), obstacle: 'wants storage of cgroups' },
  percpu_cgroup_storage: {
    ...sized(B.BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE, 16, 64, 0),
    obstacle: 'wants storage of cgroups',
  },
  map_sockmap: sized(B.BPF_MAP_TYPE_SOCKMAP, 4, 4),
  map_sockhash: sized(B.BPF_MAP_TYPE_SOCKHASH, 4, 4),
  map_xskmap: sized(B.BPF_MAP_TYPE_XSKMAP, 4, 4),
  map_stacktrace: sized(B.BPF_MAP_TYPE_STACK_TRACE, 4, 8),
  map_spin_lock: { ...array(8), name: 'test_map', btf: [1, 3] },
  map_timer: { ...array(16), name: 'test_map', btf: [1, 5] },
  sk_storage_map: { ...sized(B.BPF_MAP_TYPE_SK_STORAGE, 4, 8, 0, 1), name: 'test_map', btf: [1, 3] },
  map_event_output: sized(B.BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4),
  map_reuseport_array: sized(B.BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, 4, 8),
  map_ringbuf: sized(B.BPF_MAP_TYPE_RINGBUF, 0, 0, 4096),
};

export const mapKinds = (kind: string): MapRecipe =>
  kinds[kind] ?? { ...array(4), obstacle: `wants a map '${kind}', which could not be made` };
