// Section maps as iproute2 had it over the years; LAYOUT chooses: 20 bytes with an id (4.1), 24 with an id and pinning (4.3),
// 28 with flags, 36 with maps in maps, 0 for struct bpf_map_def of libbpf.
#include <linux/bpf.h>
#define SEC(name) __attribute__((section(name), used))
struct bpf_elf_map {
	__u32 type, size_key, size_value, max_elem;
#if LAYOUT == 20
	__u32 id;
#define MAP(type, key, value, entries, flags, id, pinning, inner_id, inner_idx) { type, key, value, entries, id }
#elif LAYOUT == 24
	__u32 id;
	__u8 pinning;
#define MAP(type, key, value, entries, flags, id, pinning, inner_id, inner_idx) { type, key, value, entries, id, pinning }
#elif LAYOUT == 28
	__u32 flags, id, pinning;
#define MAP(type, key, value, entries, flags, id, pinning, inner_id, inner_idx) { type, key, value, entries, flags, id, pinning }
#elif LAYOUT == 36
	__u32 flags, id, pinning, inner_id, inner_idx;
#define MAP(...) { __VA_ARGS__ }
#else
	__u32 flags;
#define MAP(type, key, value, entries, flags, id, pinning, inner_id, inner_idx) { type, key, value, entries, flags }
#endif
};

static void *(*map_lookup)(void *, const void *) = (void *)1;
static long (*tail_call)(void *, void *, __u32) = (void *)12;

struct bpf_elf_map SEC("maps") counters = MAP(BPF_MAP_TYPE_HASH, 4, 8, 64, 1, 7, 2, 0, -1);
struct bpf_elf_map SEC("maps") jumps = MAP(BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 4, 0, 0x10, 0, 0, -1);
#if LAYOUT == 36
struct bpf_elf_map SEC("maps") outer = MAP(BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, 2, 0, 3, 0, 4, -1);
struct bpf_elf_map SEC("maps") inner = MAP(BPF_MAP_TYPE_ARRAY, 4, 8, 2, 0, 4, 0, 0, 1);
/* BPF_ANNOTATE_KV_PAIR(inner, __u32, __u64): the types of key and value. */
struct ____btf_map_inner { __u32 key; __u64 value; };
struct ____btf_map_inner SEC(".annotations") ____btf_map_inner = {};
#endif

SEC("0x10/0") int zero(struct __sk_buff *skb) { return 10; }
SEC("16/3") int third(struct __sk_buff *skb) { tail_call(skb, &jumps, 0); return 13; }
SEC("classifier") int entry(struct __sk_buff *skb)
{
	__u32 key = 0;
	__u64 *value = map_lookup(&counters, &key);

	tail_call(skb, &jumps, 3);
	return value ? *value : -1;
}

char _license[] SEC("license") = "GPL";
