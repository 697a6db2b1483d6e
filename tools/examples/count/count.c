// Counts packets by type of service, in a map that bpftool shows while packets pass. Compiled by build.sh; load it with
//   tc filter add dev em1 egress bpf direct-action obj count.o sec classifier
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <stddef.h>

#define section(name) __attribute__((section(name), used))

static void *(*map_lookup)(void *map, const void *key) = (void *)BPF_FUNC_map_lookup_elem;
static long (*map_update)(void *map, const void *key, const void *value, __u64 flags) = (void *)BPF_FUNC_map_update_elem;

struct {
	int (*type)[BPF_MAP_TYPE_HASH];
	int (*max_entries)[256];
	__u32 *key;
	__u64 *value;
} packets section(".maps");

section("classifier") int count(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct iphdr *ip = data + ETH_HLEN;
	__u64 one = 1, *seen;
	__u32 tos;

	if ((void *)(ip + 1) > end)
		return TC_ACT_OK;
	tos = ip->tos;
	seen = map_lookup(&packets, &tos);
	if (seen)
		__sync_fetch_and_add(seen, 1);
	else
		map_update(&packets, &tos, &one, BPF_ANY);
	return TC_ACT_OK;
}

section("license") char _license[] = "GPL";
