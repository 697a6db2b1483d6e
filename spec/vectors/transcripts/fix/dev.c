/* Classifiers and actions that change what a packet carries beside its bytes, and where it goes. Own work. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#define SEC(x) __attribute__((section(x), used))
static int (*vlan_push)(struct __sk_buff *, __u16, __u16) = (void *)BPF_FUNC_skb_vlan_push;
static int (*vlan_pop)(struct __sk_buff *) = (void *)BPF_FUNC_skb_vlan_pop;
static int (*redirect)(__u32, __u64) = (void *)BPF_FUNC_redirect;
static int (*clone_redirect)(struct __sk_buff *, __u32, __u64) = (void *)BPF_FUNC_clone_redirect;
static int (*change_type)(struct __sk_buff *, __u32) = (void *)BPF_FUNC_skb_change_type;
static int (*change_tail)(struct __sk_buff *, __u32, __u64) = (void *)BPF_FUNC_skb_change_tail;
static int (*change_head)(struct __sk_buff *, __u32, __u64) = (void *)BPF_FUNC_skb_change_head;
static int (*store)(struct __sk_buff *, __u32, const void *, __u32, __u64) = (void *)BPF_FUNC_skb_store_bytes;

SEC("mark") int on_set_mark(struct __sk_buff *skb) { skb->mark = 7; return TC_ACT_OK; }
SEC("prio") int on_set_prio(struct __sk_buff *skb) { skb->priority = 0x10002; return TC_ACT_OK; }
SEC("queue") int on_set_queue(struct __sk_buff *skb) { skb->queue_mapping = 1; return TC_ACT_OK; }
SEC("class") int on_set_class(struct __sk_buff *skb) { skb->tc_classid = 0x10003; return TC_ACT_OK; }
SEC("drop7") int on_drop7(struct __sk_buff *skb) { return skb->mark == 7 ? TC_ACT_SHOT : TC_ACT_UNSPEC; }
SEC("push") int on_push(struct __sk_buff *skb) { vlan_push(skb, 0x81 << 0 | 0x00, 5); return TC_ACT_OK; }
SEC("pushq") int on_pushq(struct __sk_buff *skb) { vlan_push(skb, __builtin_bswap16(0x8100), 5); return TC_ACT_OK; }
SEC("pushad") int on_pushad(struct __sk_buff *skb) { vlan_push(skb, __builtin_bswap16(0x88a8), 0x2006); return TC_ACT_OK; }
SEC("push2") int on_push2(struct __sk_buff *skb)
{
	vlan_push(skb, __builtin_bswap16(0x8100), 5);
	vlan_push(skb, __builtin_bswap16(0x88a8), 6);
	return TC_ACT_OK;
}
SEC("pop") int on_pop(struct __sk_buff *skb) { vlan_pop(skb); return TC_ACT_OK; }
SEC("vlan") int on_vlan(struct __sk_buff *skb) { return skb->vlan_present && (skb->vlan_tci & 0xfff) == 5 ? TC_ACT_SHOT : TC_ACT_OK; }
SEC("to2") int on_to2(struct __sk_buff *skb) { return redirect(2, 0); }
SEC("to4") int on_to4(struct __sk_buff *skb) { return redirect(4, 0); }
SEC("to4in") int on_to4in(struct __sk_buff *skb) { return redirect(4, BPF_F_INGRESS); }
SEC("to5") int on_to5(struct __sk_buff *skb) { return redirect(5, 0); }
SEC("to99") int on_to99(struct __sk_buff *skb) { return redirect(99, 0); }
SEC("clone4") int on_clone4(struct __sk_buff *skb) { clone_redirect(skb, 4, 0); return TC_ACT_OK; }
SEC("clone4in") int on_clone4in(struct __sk_buff *skb) { clone_redirect(skb, 4, BPF_F_INGRESS); return TC_ACT_OK; }
SEC("self") int on_self(struct __sk_buff *skb) { return redirect(skb->ifindex, 0); }
SEC("host") int on_host(struct __sk_buff *skb) { change_type(skb, 0); return TC_ACT_OK; }
SEC("cut") int on_cut(struct __sk_buff *skb) { change_tail(skb, 42, 0); return TC_ACT_OK; }
SEC("grow") int on_grow(struct __sk_buff *skb) { change_tail(skb, skb->len + 20, 0); return TC_ACT_OK; }
SEC("head") int on_head(struct __sk_buff *skb) { return change_head(skb, 4, 0) ? TC_ACT_SHOT : TC_ACT_OK; }
SEC("dmac") int on_dmac(struct __sk_buff *skb) { char m[6] = {2, 0, 0, 0, 0, 9}; store(skb, 0, m, 6, 0); return TC_ACT_OK; }
SEC("ret") int on_ret(struct __sk_buff *skb) { return skb->len & 0xf; }
SEC("r1") int on_r1(struct __sk_buff *skb) { return 0x10002; }
SEC("cb0") int on_cb0(struct __sk_buff *skb) { skb->cb[0] = 42; return TC_ACT_UNSPEC; }
SEC("cb1") int on_cb1(struct __sk_buff *skb) { return skb->cb[0] == 42 ? TC_ACT_SHOT : TC_ACT_OK; }
char _license[] SEC("license") = "GPL";
