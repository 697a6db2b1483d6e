/* the toy classifier: TOS byte into the minor half of a class id */
#include "bench.h"
SEC("tc") int prog(struct __sk_buff *s){ return (0x800<<16) | load_byte(s, 15); }
