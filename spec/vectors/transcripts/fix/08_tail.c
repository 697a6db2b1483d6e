/* chain of 8 tail calls through a prog array, each adds to cb[0] */
#include "bench.h"
struct { __uint(type, BPF_MAP_TYPE_PROG_ARRAY); __uint(key_size, 4); __uint(value_size, 4); __uint(max_entries, 16); } jmp SEC(".maps");
#define T(n) SEC("tc") int t##n(struct __sk_buff *s){ s->cb[0] += n; tail_call(s, &jmp, n+1); return s->cb[0] & 0xffff; }
SEC("tc") int prog(struct __sk_buff *s){ s->cb[0] = 0; tail_call(s, &jmp, 1); return 0; }
T(1) T(2) T(3) T(4) T(5) T(6) T(7) T(8)
