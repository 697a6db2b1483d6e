// What others would have to define: options and symbols of the kernel, a function of it; and pointers in global data.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern int LINUX_KERNEL_VERSION __kconfig;
extern const int runqueues __ksym;
extern void bpf_rcu_read_lock(void) __ksym;

const char *names[] = { "one", "two" };

SEC("tc") int option(struct __sk_buff *skb) { return LINUX_KERNEL_VERSION; }
SEC("tc") int symbol(struct __sk_buff *skb) { return (long)&runqueues; }
SEC("tc") int function(struct __sk_buff *skb) { bpf_rcu_read_lock(); return 0; }
SEC("tc") int pointer(struct __sk_buff *skb) { return names[skb->len & 1][0]; }
SEC("tc") int plain(struct __sk_buff *skb) { return skb->len; }

char _license[] SEC("license") = "GPL";
