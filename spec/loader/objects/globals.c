// Global data in every section, variables that other objects cannot see, and sections of one's own.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

const volatile __u32 limit = 17;
__u64 hits, misses;
__u64 start = 0x1122334455667788ull;
static __u32 calls;
static __u16 table[8] = { 1, 1, 2, 3, 5, 8, 13, 21 };
__attribute__((visibility("hidden"))) __u32 hidden = 3;
__u32 own SEC(".data.own") = 5;
const volatile __u8 text[] SEC(".rodata.text") = "text of its own";
static const char *const names[] = { "one", "two" };

SEC("tc") int main_prog(struct __sk_buff *skb)
{
	const char format[] = "a string of this function %d";

	calls++;
	table[skb->mark & 7]++;
	if (skb->len > limit) {
		hits += start;
		hidden++;
	} else {
		misses++;
		own += text[skb->mark & 7];
	}
	bpf_trace_printk(format, sizeof(format), calls);
	return table[skb->len & 7];
}

SEC("?tc") int unasked(struct __sk_buff *skb)
{
	return limit;
}

char _license[] SEC("license") = "GPL";
__u32 _version SEC("version") = 0x060106;
