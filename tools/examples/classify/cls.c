// The toy of the first eBPF classifiers (2015): the class is 800:TOS, so that an htb class per type of service gets its
// packets. Compiled by build.sh; load it with
//   tc filter add dev em1 parent 1: bpf obj cls.o sec classify
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <stddef.h>

#define section(name) __attribute__((section(name), used))

unsigned long long load_byte(void *skb, unsigned long long offset) asm("llvm.bpf.load.byte");

section("classify") int cls_main(struct __sk_buff *skb)
{
	return (0x800 << 16) | load_byte(skb, ETH_HLEN + offsetof(struct iphdr, tos));
}

section("license") char _license[] = "GPL";
