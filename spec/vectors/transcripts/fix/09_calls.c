/* bpf-to-bpf calls: recursive-free FNV mixer called from a 32-step loop */
#include "bench.h"
static __attribute__((noinline)) __u64 mix(__u64 h, __u64 b){ h ^= b; h *= 0x100000001b3ull; return h; }
SEC("tc") int prog(struct __sk_buff *s){
  __u8 *d = DATA(s), *e = END(s); __u64 h = 0xcbf29ce484222325ull;
  if (d + 64 > e) return 0;
  #pragma clang loop unroll(disable)
  for (int i = 0; i < 32; i++) h = mix(h, d[i]);
  return (h ^ (h>>32)) & 0x7fffffff;
}
