// kernel/bpf/verifier.c do_misc_fixups(): a call of a map helper whose map is known goes straight to the function of that
// kind of map. The verifier writes its number, the VM runs the helper for it, dumps show the kernel's name of it.
import * as F from '../../../uapi/linux/bpf_func_id.js';
import * as B from '../../../uapi/linux/bpf.js';

/** Above every number of lib/vm/internal_helpers.ts. */
const FIRST = 1100;

const lookup = F.BPF_FUNC_map_lookup_elem;
const update = F.BPF_FUNC_map_update_elem;
const remove = F.BPF_FUNC_map_delete_elem;
const push = F.BPF_FUNC_map_push_elem;
const pop = F.BPF_FUNC_map_pop_elem;
const peek = F.BPF_FUNC_map_peek_elem;

type Names = Readonly<Record<number, string>>;

const arrayChange: Names = { [update]: 'array_map_update_elem', [remove]: 'array_map_delete_elem' };
const queueChange: Names = {
  [push]: 'queue_stack_map_push_elem',
  [update]: 'queue_stack_map_update_elem',
  [remove]: 'queue_stack_map_delete_elem',
};

/** What a kind of map has for a helper; the kernel finds elements of most kinds without a call. */
const names: Readonly<Record<number, Names>> = {
  [B.BPF_MAP_TYPE_HASH]: { [update]: 'htab_map_update_elem', [remove]: 'htab_map_delete_elem' },
  [B.BPF_MAP_TYPE_LRU_HASH]: { [update]: 'htab_lru_map_update_elem', [remove]: 'htab_lru_map_delete_elem' },
  [B.BPF_MAP_TYPE_PERCPU_HASH]: {
    [lookup]: 'htab_percpu_map_lookup_elem',
    [update]: 'htab_percpu_map_update_elem',
    [remove]: 'htab_map_delete_elem',
  },
  [B.BPF_MAP_TYPE_LRU_PERCPU_HASH]: {
    [lookup]: 'htab_lru_percpu_map_lookup_elem',
    [update]: 'htab_lru_percpu_map_update_elem',
    [remove]: 'htab_lru_map_delete_elem',
  },
  [B.BPF_MAP_TYPE_ARRAY]: arrayChange,
  [B.BPF_MAP_TYPE_PERCPU_ARRAY]: arrayChange,
  [B.BPF_MAP_TYPE_LPM_TRIE]: {
    [lookup]: 'trie_lookup_elem',
    [update]: 'trie_update_elem',
    [remove]: 'trie_delete_elem',
  },
  [B.BPF_MAP_TYPE_QUEUE]: { ...queueChange, [pop]: 'queue_map_pop_elem', [peek]: 'queue_map_peek_elem' },
  [B.BPF_MAP_TYPE_STACK]: { ...queueChange, [pop]: 'stack_map_pop_elem', [peek]: 'stack_map_peek_elem' },
  [B.BPF_MAP_TYPE_BLOOM_FILTER]: { [push]: 'bloom_map_push_elem', [peek]: 'bloom_map_peek_elem' },
};

/** Functions by their number: their name and the helper that each of them serves. */
export const mapOpCalls: ReadonlyMap<number, readonly [name: string, helper: number]> = new Map(
  [
    ...new Map(
      Object.values(names).flatMap((ops) =>
        Object.entries(ops).map(([helper, name]) => [name, Number(helper)] as const),
      ),
    ),
  ].map((call, i) => [FIRST + i, call]),
);

const byName = new Map([...mapOpCalls].map(([id, [name]]) => [name, id]));

/** The number of what maps of a type have for a helper, or undefined. @differs the kernel asks the map */
export function mapOpCall(mapType: number, helper: number): number | undefined {
  const name = names[mapType]?.[helper];
  return name === undefined ? undefined : byName.get(name);
}
