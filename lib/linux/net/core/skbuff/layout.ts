// The structures of the running kernel that programs read: offsets and bits of struct sk_buff and its neighbours, as BTF of
// 6.18 on x86-64 gives them. The instructions that stand for accesses to a program's context use these offsets, and packets
// lie in the linear memory in this shape, so that they run as they are. Offsets are bytes from the start of the structure.

/** struct sk_buff */
export const SKB_NEXT = 0;
export const SKB_DEV = 16;
export const SKB_SK = 24;
export const SKB_TSTAMP = 32;
export const SKB_CB = 40;
export const SKB_REFDST = 88;
export const SKB_LEN = 112;
export const SKB_DATA_LEN = 116;
export const SKB_MAC_LEN = 120;
export const SKB_HDR_LEN = 122;
export const SKB_QUEUE_MAPPING = 124;
/** Byte of cloned, nohdr, fclone, peeked, head_frag, pfmemalloc, pp_recycle. */
export const SKB_CLONED_OFFSET = 126;
/** Byte of pkt_type, ignore_df, dst_pending_confirm, ip_summed, ooo_okay. */
export const SKB_PKT_TYPE_OFFSET = 128;
/** Byte of tstamp_type, tc_at_ingress, tc_skip_classify, remcsum_offload, csum_complete_sw, csum_level. */
export const SKB_BF_MONO_TC_OFFSET = 129;
/** Byte of inner_protocol_type, l4_hash, sw_hash, no_fcs, encapsulation, encap_hdr_csum, csum_valid, nf_trace. */
export const SKB_HASH_FLAGS_OFFSET = 130;
/** Byte of redirected, from_ingress, nf_skip_egress, slow_gro, unreadable. */
export const SKB_REDIRECTED_OFFSET = 131;
export const SKB_TC_INDEX = 132;
export const SKB_ALLOC_CPU = 134;
export const SKB_CSUM = 136;
export const SKB_CSUM_START = 136;
export const SKB_CSUM_OFFSET = 138;
export const SKB_PRIORITY = 140;
export const SKB_SKB_IIF = 144;
export const SKB_HASH = 148;
/** vlan_proto and vlan_tci together. */
export const SKB_VLAN_ALL = 152;
export const SKB_VLAN_PROTO = 152;
export const SKB_VLAN_TCI = 154;
export const SKB_NAPI_ID = 156;
export const SKB_MARK = 164;
export const SKB_INNER_PROTOCOL = 168;
export const SKB_INNER_TRANSPORT_HEADER = 170;
export const SKB_INNER_NETWORK_HEADER = 172;
export const SKB_INNER_MAC_HEADER = 174;
export const SKB_PROTOCOL = 176;
export const SKB_TRANSPORT_HEADER = 178;
export const SKB_NETWORK_HEADER = 180;
export const SKB_MAC_HEADER = 182;
export const SKB_TAIL = 184;
export const SKB_END = 188;
export const SKB_HEAD = 192;
export const SKB_DATA = 200;
export const SKB_TRUESIZE = 208;
export const SKB_USERS = 212;
export const SKB_EXTENSIONS = 216;
export const SKB_SIZE = 224;

/** Bits of the flag bytes. */
export const CLONED_MASK = 1;
export const PKT_TYPE_MAX = 7;
export const IP_SUMMED_SHIFT = 5;
export const SKB_TSTAMP_TYPE_MASK = 3;
export const TC_AT_INGRESS_MASK = 4;
export const TC_SKIP_CLASSIFY_MASK = 8;
export const CSUM_COMPLETE_SW_MASK = 0x20;
export const CSUM_LEVEL_SHIFT = 6;
export const L4_HASH_MASK = 2;
export const SW_HASH_MASK = 4;
export const ENCAPSULATION_MASK = 0x10;
export const CSUM_VALID_MASK = 0x40;
export const REDIRECTED_MASK = 1;
export const FROM_INGRESS_MASK = 2;

/** struct qdisc_skb_cb, at the start of cb; struct tc_skb_cb and struct bpf_skb_data_end begin with it. */
export const QDISC_CB_PKT_LEN = 0;
export const QDISC_CB_TC_CLASSID = 6;
export const QDISC_CB_DATA = 8;
export const QDISC_CB_DATA_LEN = 20;
export const DATA_END_DATA_META = 32;
export const DATA_END_DATA_END = 40;

/** struct skb_shared_info, behind `end`. */
export const SHINFO_META_LEN = 1;
export const SHINFO_NR_FRAGS = 2;
export const SHINFO_GSO_SIZE = 4;
export const SHINFO_GSO_SEGS = 6;
export const SHINFO_HWTSTAMPS = 16;
export const SHINFO_GSO_TYPE = 24;
export const SHINFO_DATAREF = 32;
export const SHINFO_SIZE = 320;

/** struct net_device */
export const NET_DEVICE_MTU = 56;
export const NET_DEVICE_FLAGS = 176;
export const NET_DEVICE_HARD_HEADER_LEN = 180;
export const NET_DEVICE_IFINDEX = 224;
export const NET_DEVICE_TYPE = 536;
/** As much of it as lies in the linear memory. */
export const NET_DEVICE_SIZE = 544;
