/* 16-bit ones-complement sum over 1024 bytes of payload */
#include "bench.h"
SEC("tc") int prog(struct __sk_buff *s){
  __u8 *d = DATA(s), *e = END(s);
  __u64 sum = 0;
  if (d + 14 + 1024 > e) return 0;
  __u16 *p = (__u16*)(d + 14);
  #pragma clang loop unroll(disable) vectorize(disable)
  for (int i = 0; i < 512; i++) sum += p[i];
  sum = (sum & 0xffff) + (sum >> 16); sum = (sum & 0xffff) + (sum >> 16);
  return (~sum) & 0xffff;
}
