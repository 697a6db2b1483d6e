/* per-protocol counter in an array map */
#include "bench.h"
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, __u32); __type(value, __u64); __uint(max_entries, 256); } cnts SEC(".maps");
SEC("tc") int prog(struct __sk_buff *s){
  __u8 *d = DATA(s), *e = END(s);
  if (d + 34 > e) return 0;
  __u32 k = d[23];
  __u64 *c = map_lookup(&cnts, &k);
  if (c) __sync_fetch_and_add(c, 1);
  return k;
}
