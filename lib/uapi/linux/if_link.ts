// include/uapi/linux/if_link.h: the attributes of link messages with the input policies of net/core/rtnetlink.c, and
// the structs inside them.
import { attrs } from '../../codec/attrs.js';
import {
  atLeast,
  binary,
  int,
  intMin,
  nested,
  nlaU16,
  nlaU32,
  nlaU8,
  nulString,
  opaque,
  output,
  reject,
  string,
  unchecked,
} from '../../codec/kind.js';
import { flagTable, nameTable } from '../../codec/names.js';
import { be16, s32, u16, u32, u64, u8 } from '../../codec/scalar.js';
import { struct } from '../../codec/struct.js';
import { ALTIFNAMSIZ, IFALIASZ, IFNAMSIZ } from './if.js';

/** Counters of a link, 64-bit; IFLA_STATS64. */
export const rtnl_link_stats64 = struct('rtnl_link_stats64', {
  rx_packets: u64,
  tx_packets: u64,
  rx_bytes: u64,
  tx_bytes: u64,
  rx_errors: u64,
  tx_errors: u64,
  rx_dropped: u64,
  tx_dropped: u64,
  multicast: u64,
  collisions: u64,
  rx_length_errors: u64,
  rx_over_errors: u64,
  rx_crc_errors: u64,
  rx_frame_errors: u64,
  rx_fifo_errors: u64,
  rx_missed_errors: u64,
  tx_aborted_errors: u64,
  tx_carrier_errors: u64,
  tx_fifo_errors: u64,
  tx_heartbeat_errors: u64,
  tx_window_errors: u64,
  rx_compressed: u64,
  tx_compressed: u64,
  rx_nohandler: u64,
  rx_otherhost_dropped: u64,
});

/** The same cut to 32 bits, without the last; IFLA_STATS. */
export const rtnl_link_stats = struct('rtnl_link_stats', {
  rx_packets: u32,
  tx_packets: u32,
  rx_bytes: u32,
  tx_bytes: u32,
  rx_errors: u32,
  tx_errors: u32,
  rx_dropped: u32,
  tx_dropped: u32,
  multicast: u32,
  collisions: u32,
  rx_length_errors: u32,
  rx_over_errors: u32,
  rx_crc_errors: u32,
  rx_frame_errors: u32,
  rx_fifo_errors: u32,
  rx_missed_errors: u32,
  tx_aborted_errors: u32,
  tx_carrier_errors: u32,
  tx_fifo_errors: u32,
  tx_heartbeat_errors: u32,
  tx_window_errors: u32,
  rx_compressed: u32,
  tx_compressed: u32,
  rx_nohandler: u32,
});

export const rtnl_link_ifmap = struct('rtnl_link_ifmap', {
  mem_start: u64,
  mem_end: u64,
  base_addr: u64,
  irq: u16,
  dma: u8,
  port: u8,
});

export const ifla_cacheinfo = struct('ifla_cacheinfo', {
  max_reasm_len: u32,
  tstamp: u32,
  reachable_time: u32,
  retrans_time: u32,
});

/** MAX_ADDR_LEN of include/linux/netdevice.h. */
const MAX_ADDR_LEN = 32;
/** MAX_PHYS_ITEM_ID_LEN of include/linux/netdevice.h. */
const MAX_PHYS_ITEM_ID_LEN = 32;
/** MAX_TCP_HEADER of include/net/tcp.h, as observed on 6.18. */
const MAX_TCP_HEADER = 192;
/** The same as observed on 6.1; it depends on the tunnels a kernel is made with. */
const MAX_TCP_HEADER_6_1 = 256;
/** Types from here on are judged strictly, whatever the message (`strict_start_type`): IFLA_DPLL_PIN. */
const IFLA_STRICT_START = 65;

const earlyLink = {
  ADDRESS: [1, binary(MAX_ADDR_LEN)],
  BROADCAST: [2, binary(MAX_ADDR_LEN)],
  IFNAME: [3, string(IFNAMSIZ - 1)],
  MTU: [4, nlaU32],
  LINK: [5, nlaU32],
  QDISC: [6, unchecked, 'dump'],
  STATS: [7, unchecked, 'dump'],
  MASTER: [10, nlaU32],
  PROTINFO: [12, unchecked],
  TXQLEN: [13, nlaU32],
  MAP: [14, opaque(rtnl_link_ifmap.size)],
  WEIGHT: [15, nlaU32],
  OPERSTATE: [16, nlaU8],
  LINKMODE: [17, nlaU8],
  LINKINFO: [18, nested],
  NET_NS_PID: [19, nlaU32],
  IFALIAS: [20, binary(IFALIASZ - 1)],
  NUM_VF: [21, unchecked, 'dump'],
  VFINFO_LIST: [22, nested],
  STATS64: [23, unchecked, 'dump'],
  VF_PORTS: [24, nested],
  PORT_SELF: [25, nested],
  AF_SPEC: [26, nested],
  GROUP: [27, nlaU32],
  NET_NS_FD: [28, nlaU32],
  EXT_MASK: [29, nlaU32],
  PROMISCUITY: [30, nlaU32],
  NUM_TX_QUEUES: [31, nlaU32],
  NUM_RX_QUEUES: [32, nlaU32],
  CARRIER: [33, nlaU8],
  PHYS_PORT_ID: [34, binary(MAX_PHYS_ITEM_ID_LEN)],
  CARRIER_CHANGES: [35, nlaU32],
  PHYS_SWITCH_ID: [36, binary(MAX_PHYS_ITEM_ID_LEN)],
  LINK_NETNSID: [37, int(s32)],
  PHYS_PORT_NAME: [38, unchecked, 'dump'],
  PROTO_DOWN: [39, nlaU8],
  GSO_MAX_SEGS: [40, nlaU32],
  GSO_MAX_SIZE: [41, intMin(u32, MAX_TCP_HEADER + 1)],
  PAD: [42, unchecked, 'dump'],
  XDP: [43, nested],
  EVENT: [44, nlaU32],
  NEW_NETNSID: [45, unchecked, 'dump'],
  TARGET_NETNSID: [46, int(s32)],
  CARRIER_UP_COUNT: [47, nlaU32],
  CARRIER_DOWN_COUNT: [48, nlaU32],
  NEW_IFINDEX: [49, intMin(s32, 1)],
  MIN_MTU: [50, nlaU32],
  MAX_MTU: [51, nlaU32],
  PROP_LIST: [52, nested],
  ALT_IFNAME: [53, string(ALTIFNAMSIZ - 1)],
  PERM_ADDRESS: [54, reject],
  PROTO_DOWN_REASON: [55, nested],
  PARENT_DEV_NAME: [56, nulString()],
  PARENT_DEV_BUS_NAME: [57, unchecked, 'dump'],
  GRO_MAX_SIZE: [58, nlaU32],
  TSO_MAX_SIZE: [59, reject],
  TSO_MAX_SEGS: [60, reject],
  ALLMULTI: [61, reject],
} as const;

/** IFLA_*; input policy `ifla_policy`. */
export const IFLA = attrs(
  'IFLA',
  {
    ...earlyLink,
    DEVLINK_PORT: [62, unchecked, 'dump'],
    GSO_IPV4_MAX_SIZE: [63, intMin(u32, MAX_TCP_HEADER + 1)],
    GRO_IPV4_MAX_SIZE: [64, nlaU32],
    DPLL_PIN: [65, unchecked, 'dump'],
    MAX_PACING_OFFLOAD_HORIZON: [66, unchecked, 'dump'],
    NETNS_IMMUTABLE: [67, reject],
    HEADROOM: [68, reject],
    TAILROOM: [69, reject],
  },
  undefined,
  { strictFrom: IFLA_STRICT_START },
);

/** IFLA_* as Linux 6.1 has them. */
export const IFLA_6_1 = attrs('IFLA', { ...earlyLink, GSO_MAX_SIZE: [41, intMin(u32, MAX_TCP_HEADER_6_1 + 1)] });

/** IFLA_INFO_*, inside IFLA_LINKINFO; input policy `ifla_info_policy`. */
export const IFLA_INFO = attrs('IFLA_INFO', {
  KIND: [1, string()],
  DATA: [2, nested],
  XSTATS: [3, unchecked, 'dump'],
  SLAVE_KIND: [4, string()],
  SLAVE_DATA: [5, nested],
});

/** IFLA_XDP_*, inside IFLA_XDP; input policy `ifla_xdp_policy`, strict from IFLA_XDP_EXPECTED_FD on. */
export const IFLA_XDP = attrs(
  'IFLA_XDP',
  {
    FD: [1, int(s32)],
    ATTACHED: [2, nlaU8],
    FLAGS: [3, nlaU32],
    PROG_ID: [4, nlaU32],
    EXPECTED_FD: [8, int(s32)],
  },
  undefined,
  { strictFrom: 8 },
);
export const XDP_FLAGS_UPDATE_IF_NOEXIST = 1;
export const XDP_FLAGS_REPLACE = 16;
export const XDP_FLAGS_MODES = 2 | 4 | 8;
export const XDP_FLAGS_MASK = XDP_FLAGS_UPDATE_IF_NOEXIST | XDP_FLAGS_MODES | XDP_FLAGS_REPLACE;
export const XDP_ATTACHED_NONE = 0;

export const IFLA_PROTO_DOWN_REASON = attrs('IFLA_PROTO_DOWN_REASON', { MASK: [1, nlaU32], VALUE: [2, nlaU32] });

/** IFLA_INET_*, inside AF_INET of IFLA_AF_SPEC. */
export const IFLA_INET = attrs('IFLA_INET', { CONF: [1, nested] });

/** IFLA_INET6_*, inside AF_INET6 of IFLA_AF_SPEC; input policy `inet6_af_policy`. */
export const IFLA_INET6 = attrs('IFLA_INET6', {
  FLAGS: [1, output(u32), 'dump'],
  CONF: [2, unchecked, 'dump'],
  STATS: [3, unchecked, 'dump'],
  CACHEINFO: [5, output(ifla_cacheinfo), 'dump'],
  ICMP6STATS: [6, unchecked, 'dump'],
  TOKEN: [7, opaque(16)],
  ADDR_GEN_MODE: [8, nlaU8],
  RA_MTU: [9, reject],
});
export const IN6_ADDR_GEN_MODE_EUI64 = 0;
export const IN6_ADDR_GEN_MODE_NONE = 1;
export const IN6_ADDR_GEN_MODE_STABLE_PRIVACY = 2;
export const IN6_ADDR_GEN_MODE_RANDOM = 3;

/** IFLA_EVENT: why a link message was sent, where the kernel says it. */
export const IFLA_EVENT_NONE = 0;
export const IFLA_EVENT_REBOOT = 1;
export const IFLA_EVENT_FEATURES = 2;
export const IFLA_EVENT_BONDING_FAILOVER = 3;
export const IFLA_EVENT_NOTIFY_PEERS = 4;
export const IFLA_EVENT_IGMP_RESEND = 5;
export const IFLA_EVENT_BONDING_OPTIONS = 6;
export const iflaEvent = nameTable({
  IFLA_EVENT_NONE, IFLA_EVENT_REBOOT, IFLA_EVENT_FEATURES, IFLA_EVENT_BONDING_FAILOVER, IFLA_EVENT_NOTIFY_PEERS,
  IFLA_EVENT_IGMP_RESEND, IFLA_EVENT_BONDING_OPTIONS,
}); // prettier-ignore

/** RTM_GETSTATS and its answers. */
export const if_stats_msg = struct('if_stats_msg', { family: u8, pad1: u8, pad2: u16, ifindex: u32, filter_mask: u32 });

/** IFLA_STATS_* of an answer; input policy `ifla_stats_set_policy` has the last alone. */
export const IFLA_STATS = attrs('IFLA_STATS', {
  LINK_64: [1, output(rtnl_link_stats64), 'dump'],
  LINK_XSTATS: [2, unchecked, 'dump'],
  LINK_XSTATS_SLAVE: [3, unchecked, 'dump'],
  LINK_OFFLOAD_XSTATS: [4, unchecked, 'dump'],
  AF_SPEC: [5, unchecked, 'dump'],
});

/** IFLA_STATS_* of a request; input policy `rtnl_stats_get_policy`. */
export const IFLA_STATS_GET = attrs('IFLA_STATS', {
  GET_FILTERS: [1, nested],
  SET_OFFLOAD_XSTATS_L3_STATS: [2, nlaU8],
});

export const xdpFlags = flagTable({
  XDP_FLAGS_UPDATE_IF_NOEXIST, XDP_FLAGS_SKB_MODE: 2, XDP_FLAGS_DRV_MODE: 4, XDP_FLAGS_HW_MODE: 8, XDP_FLAGS_REPLACE,
}); // prettier-ignore

export const xdpAttached = nameTable({
  XDP_ATTACHED_NONE, XDP_ATTACHED_DRV: 1, XDP_ATTACHED_SKB: 2, XDP_ATTACHED_HW: 3, XDP_ATTACHED_MULTI: 4,
}); // prettier-ignore

export const in6AddrGenMode = nameTable({
  IN6_ADDR_GEN_MODE_EUI64, IN6_ADDR_GEN_MODE_NONE, IN6_ADDR_GEN_MODE_STABLE_PRIVACY, IN6_ADDR_GEN_MODE_RANDOM,
}); // prettier-ignore

export const ifla_vlan_flags = struct('ifla_vlan_flags', { flags: u32, mask: u32 });

export const ifla_vlan_qos_mapping = struct('ifla_vlan_qos_mapping', { from: u32, to: u32 });

/** Both maps of a vlan; input policy of net/8021q/vlan_netlink.c vlan_map_policy. */
export const IFLA_VLAN_QOS = attrs('IFLA_VLAN_QOS', { MAPPING: [1, atLeast(ifla_vlan_qos_mapping)] });

/** IFLA_INFO_DATA of a vlan; input policy of net/8021q/vlan_netlink.c vlan_policy. */
export const IFLA_VLAN = attrs('IFLA_VLAN', {
  ID: [1, nlaU16],
  FLAGS: [2, atLeast(ifla_vlan_flags)],
  EGRESS_QOS: [3, nested],
  INGRESS_QOS: [4, nested],
  PROTOCOL: [5, int(be16)],
});

/** IFLA_INFO_DATA of a macvlan; input policy of drivers/net/macvlan.c macvlan_policy. */
export const IFLA_MACVLAN = attrs('IFLA_MACVLAN', {
  MODE: [1, nlaU32],
  FLAGS: [2, nlaU16],
  MACADDR_MODE: [3, nlaU32],
  MACADDR: [4, binary(MAX_ADDR_LEN)],
  MACADDR_DATA: [5, nested],
  MACADDR_COUNT: [6, nlaU32],
  BC_QUEUE_LEN: [7, nlaU32],
  BC_QUEUE_LEN_USED: [8, reject],
  BC_CUTOFF: [9, int(s32)],
});
export const macvlanMode = flagTable({
  MACVLAN_MODE_PRIVATE: 1, MACVLAN_MODE_VEPA: 2, MACVLAN_MODE_BRIDGE: 4, MACVLAN_MODE_PASSTHRU: 8, MACVLAN_MODE_SOURCE: 16,
}); // prettier-ignore
