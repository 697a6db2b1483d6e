/* per-5-tuple counter in a hash map */
#include "bench.h"
struct key { __u32 s, d; __u32 ports; __u32 proto; };
struct cnt { __u64 pkts, bytes; };
struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, struct key); __type(value, struct cnt); __uint(max_entries, 65536); } flows SEC(".maps");
SEC("tc") int prog(struct __sk_buff *s){
  __u8 *d = DATA(s), *e = END(s);
  if (d + 38 > e) return 0;
  struct key k = { *(__u32*)(d+26), *(__u32*)(d+30), *(__u32*)(d+34), d[23] };
  struct cnt *c = map_lookup(&flows, &k);
  if (c) { c->pkts++; c->bytes += e - d; return 1; }
  struct cnt n = {1, e - d}; map_update(&flows, &k, &n, BPF_ANY);
  return 2;
}
