// Maps that BTF defines: every member there is, maps in maps, programs in maps, and sizes without types.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct key { __u32 a; __u16 b[3]; };
typedef struct { __u64 packets, bytes; } counter_t;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct key);
	__type(value, counter_t);
} flows SEC(".maps");

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u64);
} first SEC(".maps"), second SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, __u32);
	__array(values, struct inner);
} outer SEC(".maps") = { .values = { [1] = &second, [3] = &first } };

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 4);
	__uint(key_size, 4);
	__array(values, struct inner);
} outer_hash SEC(".maps") = { .values = { [2] = &first } };

int target(struct __sk_buff *skb);
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 3);
	__uint(key_size, 4);
	__array(values, int(void *));
} jumps SEC(".maps") = { .values = { [2] = (void *)&target } };

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 5000);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16);
	__uint(key_size, 8);
	__uint(value_size, 24);
} a_map_with_a_long_name SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 16);
	__type(value, __u32);
} queue SEC(".maps");

SEC("tc") int target(struct __sk_buff *skb)
{
	__u32 zero = 0, three = 3;
	void *map = bpf_map_lookup_elem(&outer, &three);
	__u64 *value = map ? bpf_map_lookup_elem(map, &zero) : 0;

	return value ? *value : 0;
}

SEC("tc") int entry(struct __sk_buff *skb)
{
	struct key key = { .a = skb->mark };
	counter_t *counter = bpf_map_lookup_elem(&flows, &key);

	if (counter)
		__sync_fetch_and_add(&counter->packets, 1);
	bpf_tail_call(skb, &jumps, 2);
	return bpf_map_push_elem(&queue, &key.a, 0);
}

char _license[] SEC("license") = "Dual MIT/GPL";
