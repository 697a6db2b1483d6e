// Functions that only the kernel's own instructions call: the conversion of classic programs and the verifier's rewriting
// write their numbers where the kernel writes an address. They lie above every bpf_func_id; a program that a user submits
// cannot name them.

/** net/core/filter.c: loads from a packet, R1 sk_buff, R2 offset. */
export const SKB_LOAD_HELPER_8_NO_CACHE = 1000;
export const SKB_LOAD_HELPER_16_NO_CACHE = 1001;
export const SKB_LOAD_HELPER_32_NO_CACHE = 1002;
/** net/core/filter.c: loads from a packet, R1 sk_buff, R2 its data, R3 length of the linear part, R4 offset. */
export const SKB_LOAD_HELPER_8 = 1003;
export const SKB_LOAD_HELPER_16 = 1004;
export const SKB_LOAD_HELPER_32 = 1005;
/** net/core/filter.c: ancillary values of classic programs, R1 sk_buff, R2 A, R3 X. */
export const SKB_GET_PAY_OFFSET = 1010;
export const SKB_GET_NLATTR = 1011;
export const SKB_GET_NLATTR_NEST = 1012;
export const GET_RAW_CPU_ID = 1013;
export const USER_RND_U32 = 1014;
/** kernel/bpf/hashtab.c __htab_map_lookup_elem(): R1 map, R2 key; the element, not its value. */
export const HTAB_MAP_LOOKUP_ELEM = 1020;

/** The kernel's names of these functions, as symbols. */
export const internalHelperNames: readonly (readonly [id: number, name: string])[] = [
  [SKB_LOAD_HELPER_8_NO_CACHE, 'bpf_skb_load_helper_8_no_cache'],
  [SKB_LOAD_HELPER_16_NO_CACHE, 'bpf_skb_load_helper_16_no_cache'],
  [SKB_LOAD_HELPER_32_NO_CACHE, 'bpf_skb_load_helper_32_no_cache'],
  [SKB_LOAD_HELPER_8, 'bpf_skb_load_helper_8'],
  [SKB_LOAD_HELPER_16, 'bpf_skb_load_helper_16'],
  [SKB_LOAD_HELPER_32, 'bpf_skb_load_helper_32'],
  [SKB_GET_PAY_OFFSET, 'bpf_skb_get_pay_offset'],
  [SKB_GET_NLATTR, 'bpf_skb_get_nlattr'],
  [SKB_GET_NLATTR_NEST, 'bpf_skb_get_nlattr_nest'],
  [GET_RAW_CPU_ID, 'bpf_get_raw_cpu_id'],
  [USER_RND_U32, 'bpf_user_rnd_u32'],
  [HTAB_MAP_LOOKUP_ELEM, '__htab_map_lookup_elem'],
];
