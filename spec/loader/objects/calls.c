// Functions that programs call: static, global and hidden ones, one that two programs share, one that calls others, and
// one whose address is taken.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define NOINLINE __attribute__((noinline))

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} numbers SEC(".maps");

__u64 sum;

static NOINLINE int unused_padding(int x) { return x * 3; }
static NOINLINE int leaf(int x) { return x * 5 + (int)sum; }
static NOINLINE int middle(struct __sk_buff *skb, int x) { return leaf(x) + leaf(x + skb->mark); }
NOINLINE int global_function(struct __sk_buff *skb) { return middle(skb, 7) + 1; }
__attribute__((visibility("hidden"))) NOINLINE int hidden_function(struct __sk_buff *skb) { return skb->len + 2; }

static long each(void *map, __u32 *key, __u64 *value, void *ctx)
{
	sum += *value;
	return leaf(0) & 1;
}

SEC("tc") int one(struct __sk_buff *skb) { return middle(skb, 1) + global_function(skb); }

SEC("tc") int two(struct __sk_buff *skb)
{
	bpf_for_each_map_elem(&numbers, each, 0, 0);
	return hidden_function(skb) + leaf(2);
}

SEC("classifier") int three(struct __sk_buff *skb) { return unused_padding(skb->len); }

char _license[] SEC("license") = "GPL";
