// Where things lie in struct bpf_map, struct bpf_array and struct htab_elem on x86-64, 6.18: programs read struct bpf_map,
// and the instructions that lookups are rewritten to know the other two. Everything here is an offset in bytes.

/** struct bpf_map. At `ops` lies the map's place in the table of maps. */
export const BPF_MAP_OPS = 40;
export const BPF_MAP_MAP_TYPE = 64;
export const BPF_MAP_KEY_SIZE = 68;
export const BPF_MAP_VALUE_SIZE = 72;
export const BPF_MAP_MAX_ENTRIES = 76;
export const BPF_MAP_MAP_EXTRA = 80;
export const BPF_MAP_MAP_FLAGS = 88;
export const BPF_MAP_ID = 92;
export const BPF_MAP_NUMA_NODE = 104;
export const BPF_MAP_NAME = 136;
export const BPF_MAP_FROZEN = 257;
export const SIZEOF_BPF_MAP = 296;

/** struct bpf_array: values, pointers, or pointers to per-CPU values begin at `value`. */
export const BPF_ARRAY_ELEM_SIZE = 296;
export const BPF_ARRAY_INDEX_MASK = 300;
export const BPF_ARRAY_VALUE = 312;

/** struct htab_elem: a node of the list of its bucket, a node of the LRU, hash, key; behind the key the value. */
export const HTAB_ELEM_NEXT = 0;
export const HTAB_ELEM_PPREV = 8;
export const HTAB_ELEM_LRU_NODE = 16;
export const HTAB_ELEM_HASH = 40;
export const HTAB_ELEM_KEY = 48;
/** struct bpf_lru_node in it. */
export const LRU_NODE_TYPE = 18;
export const LRU_NODE_REF = 19;
export const LRU_NODE_PENDING_FREE = 20;
