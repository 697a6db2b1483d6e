// Relocations against kernel types, of every kind; core_target.c has the types they find. Each program returns one value,
// so that its instructions show the result.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#define CORE __attribute__((preserve_access_index))

struct moved { __u32 gone_before; __u32 here; __u16 shorter; __u8 bits : 3, more_bits : 4; int signed_field; } CORE;
struct moved___newer { __u32 here; } CORE;
struct nested { struct { union { __u32 deep; __u64 other; }; }; struct moved array[4]; } CORE;
struct absent { int field; } CORE;
struct partly { __u32 there; __u32 missing; } CORE;
struct narrowed { __u32 pad, flag; } CORE;
struct resized { __u16 number; void *pointer; } CORE;
struct flexible { __u32 count; __u64 items[]; } CORE;
typedef struct { int x; } plain_t;
typedef int (*callback_t)(struct moved *, int);
enum color { RED = 1, GREEN = 2, PURPLE = 9 };
enum big { BIG = 0x100000000ull };
struct matching { __u32 a; struct moved *p; } CORE;
struct mismatching { __u32 a; __u64 b; } CORE;

#define PROG(name, value) SEC("tc") int name(struct __sk_buff *skb) { return (value); }

PROG(offset, bpf_core_field_offset(struct moved, here))
PROG(offset_flavour, bpf_core_field_offset(struct moved___newer, here))
PROG(offset_deep, bpf_core_field_offset(struct nested, deep))
PROG(offset_array, bpf_core_field_offset(struct nested, array[2].here))
PROG(offset_flexible, bpf_core_field_offset(struct flexible, items[3]))
PROG(offset_absent, bpf_core_field_exists(struct absent, field) ? bpf_core_field_offset(struct absent, field) : 77)
PROG(poisoned, bpf_core_field_offset(struct partly, missing))
PROG(size, bpf_core_field_size(struct moved, shorter))
PROG(exists, bpf_core_field_exists(struct partly, there) * 2 + bpf_core_field_exists(struct partly, missing))
PROG(signedness, __builtin_preserve_field_info(((struct moved *)0)->signed_field, BPF_FIELD_SIGNED) * 2 +
		 __builtin_preserve_field_info(((struct moved *)0)->here, BPF_FIELD_SIGNED))
PROG(lshift, __CORE_RELO((struct moved *)0, more_bits, LSHIFT_U64))
PROG(rshift, __CORE_RELO((struct moved *)0, more_bits, RSHIFT_U64))
PROG(bits_offset, __CORE_RELO((struct moved *)0, more_bits, BYTE_OFFSET))
PROG(type_id_local, bpf_core_type_id_local(struct moved))
PROG(type_id_kernel, bpf_core_type_id_kernel(struct moved))
PROG(type_exists, bpf_core_type_exists(struct moved) * 4 + bpf_core_type_exists(struct absent) * 2 +
		  bpf_core_type_exists(callback_t))
PROG(type_size, bpf_core_type_size(struct moved) + bpf_core_type_size(plain_t))
#if __clang_major__ >= 15
PROG(type_matches, bpf_core_type_matches(struct matching) * 2 + bpf_core_type_matches(struct mismatching))
#endif
PROG(enum_exists, bpf_core_enum_value_exists(enum color, GREEN) * 2 + bpf_core_enum_value_exists(enum color, PURPLE))
PROG(enum_value, bpf_core_enum_value(enum color, GREEN))
PROG(enum_wide, bpf_core_enum_value(enum big, BIG) >> 32)
PROG(enum_missing, bpf_core_enum_value(enum color, PURPLE))

struct sk_buff___local { __u64 room; __u32 len; __u64 wide; __u16 narrow; } CORE;

SEC("tc") int load(struct __sk_buff *skb)
{
	struct sk_buff___local *local = (void *)skb;

	return local->len + local->narrow;
}

SEC("tc") int load_resized(struct __sk_buff *skb)
{
	struct resized *local = (void *)skb;

	return local->number;
}

SEC("tc") int load_bitfield(struct __sk_buff *skb)
{
	struct narrowed *local = (void *)skb;

	return local->flag;
}

static __attribute__((noinline)) int in_subprogram(struct __sk_buff *skb)
{
	return bpf_core_field_offset(struct moved, here) + skb->len;
}

PROG(subprogram, in_subprogram(skb))

char _license[] SEC("license") = "GPL";
