// include/uapi/linux/rtnetlink.h, the routing half: route messages, their attributes, types, scopes, tables. The policies
// are those of IPv4 (rtm_ipv4_policy of net/ipv4/fib_frontend.c) and of IPv6 (rtm_ipv6_policy of net/ipv6/route.c).
import { attrs } from '../../codec/attrs.js';
import { bigEndian, int, nested, nlaU16, nlaU32, nlaU8, opaque, string, unchecked } from '../../codec/kind.js';
import { be32, s32, u16, u32, u8 } from '../../codec/scalar.js';
import { flagTable, nameTable } from '../../codec/names.js';
import { struct } from '../../codec/struct.js';

export const rtmsg = struct('rtmsg', {
  rtm_family: u8,
  rtm_dst_len: u8,
  rtm_src_len: u8,
  rtm_tos: u8,
  rtm_table: u8,
  rtm_protocol: u8,
  rtm_scope: u8,
  rtm_type: u8,
  rtm_flags: u32,
});

export const RTN_UNSPEC = 0;
export const RTN_UNICAST = 1;
export const RTN_LOCAL = 2;
export const RTN_BROADCAST = 3;
export const RTN_ANYCAST = 4;
export const RTN_MULTICAST = 5;
export const RTN_BLACKHOLE = 6;
export const RTN_UNREACHABLE = 7;
export const RTN_PROHIBIT = 8;
export const RTN_THROW = 9;
export const RTN_NAT = 10;
export const RTN_MAX = 11;

export const RTPROT_UNSPEC = 0;
export const RTPROT_KERNEL = 2;
export const RTPROT_BOOT = 3;

export const RT_SCOPE_UNIVERSE = 0;
export const RT_SCOPE_SITE = 200;
export const RT_SCOPE_LINK = 253;
export const RT_SCOPE_HOST = 254;
export const RT_SCOPE_NOWHERE = 255;

export const RT_TABLE_UNSPEC = 0;
export const RT_TABLE_COMPAT = 252;
export const RT_TABLE_DEFAULT = 253;
export const RT_TABLE_MAIN = 254;
export const RT_TABLE_LOCAL = 255;

export const RTM_F_NOTIFY = 0x100;
export const RTM_F_CLONED = 0x200;
export const RTM_F_EQUALIZE = 0x400;
export const RTM_F_PREFIX = 0x800;
export const RTM_F_LOOKUP_TABLE = 0x1000;
export const RTM_F_FIB_MATCH = 0x2000;

export const RTNH_F_DEAD = 1;
export const RTNH_F_PERVASIVE = 2;
export const RTNH_F_ONLINK = 4;
export const RTNH_F_LINKDOWN = 16;
export const RTNH_COMPARE_MASK = 0x59;

export const RTCF_MULTICAST = 0x20000000;
export const RTCF_BROADCAST = 0x10000000;
export const RTCF_LOCAL = 0x80000000;

/** `strict_start_type` of both policies: types from here on are judged strictly. */
const strictFrom = 30;

const early4 = {
  DST: [1, nlaU32],
  SRC: [2, nlaU32],
  IIF: [3, nlaU32],
  OIF: [4, nlaU32],
  GATEWAY: [5, nlaU32],
  PRIORITY: [6, nlaU32],
  PREFSRC: [7, nlaU32],
  METRICS: [8, nested],
  MULTIPATH: [9, opaque(8)],
  FLOW: [11, nlaU32],
  CACHEINFO: [12, unchecked],
  TABLE: [15, nlaU32],
  MARK: [16, nlaU32],
  VIA: [18, unchecked],
  ENCAP_TYPE: [21, nlaU16],
  ENCAP: [22, nested],
  UID: [25, nlaU32],
  IP_PROTO: [27, nlaU8],
  SPORT: [28, nlaU16],
  DPORT: [29, nlaU16],
  NH_ID: [30, nlaU32],
} as const;

const RTA_FLOWLABEL = 31;

/** RTA_* as IPv4 takes them; RTA_FLOWLABEL is known and has no policy. */
export const RTA = attrs('RTA', { ...early4 }, RTA_FLOWLABEL, { strictFrom });

/** The same in Linux 6.1. */
export const RTA_6_1 = attrs('RTA', { ...early4 }, undefined, { strictFrom });

const early6 = {
  DST: [1, unchecked],
  SRC: [2, unchecked],
  IIF: [3, nlaU32],
  OIF: [4, nlaU32],
  GATEWAY: [5, opaque(16)],
  PRIORITY: [6, nlaU32],
  PREFSRC: [7, opaque(16)],
  METRICS: [8, nested],
  MULTIPATH: [9, opaque(8)],
  CACHEINFO: [12, unchecked],
  TABLE: [15, nlaU32],
  MARK: [16, nlaU32],
  PREF: [20, nlaU8],
  ENCAP_TYPE: [21, nlaU16],
  ENCAP: [22, nested],
  EXPIRES: [23, nlaU32],
  UID: [25, nlaU32],
  IP_PROTO: [27, nlaU8],
  SPORT: [28, nlaU16],
  DPORT: [29, nlaU16],
  NH_ID: [30, nlaU32],
} as const;

/** RTA_* as IPv6 takes them. */
export const RTA6 = attrs('RTA', { ...early6, FLOWLABEL: [RTA_FLOWLABEL, bigEndian(int(be32))] }, undefined, {
  strictFrom,
});

/** The same in Linux 6.1. */
export const RTA6_6_1 = attrs('RTA', { ...early6 }, undefined, { strictFrom });

/** Head of one hop in RTA_MULTIPATH; its attributes follow, rtnh_len counts all of them. */
export const rtnexthop = struct('rtnexthop', { rtnh_len: u16, rtnh_flags: u8, rtnh_hops: u8, rtnh_ifindex: s32 });

/** RTAX_*, inside RTA_METRICS; they are numbers of u32 but for CC_ALGO. */
export const RTAX = attrs('RTAX', {
  LOCK: [1, nlaU32],
  MTU: [2, nlaU32],
  WINDOW: [3, nlaU32],
  RTT: [4, nlaU32],
  RTTVAR: [5, nlaU32],
  SSTHRESH: [6, nlaU32],
  CWND: [7, nlaU32],
  ADVMSS: [8, nlaU32],
  REORDERING: [9, nlaU32],
  HOPLIMIT: [10, nlaU32],
  INITCWND: [11, nlaU32],
  FEATURES: [12, nlaU32],
  RTO_MIN: [13, nlaU32],
  INITRWND: [14, nlaU32],
  QUICKACK: [15, nlaU32],
  CC_ALGO: [16, string(15)],
  FASTOPEN_NO_COOKIE: [17, nlaU32],
});

export const rtnType = nameTable({
  RTN_UNSPEC, RTN_UNICAST, RTN_LOCAL, RTN_BROADCAST, RTN_ANYCAST, RTN_MULTICAST, RTN_BLACKHOLE, RTN_UNREACHABLE,
  RTN_PROHIBIT, RTN_THROW, RTN_NAT, RTN_XRESOLVE: 11,
}); // prettier-ignore

export const rtProtocol = nameTable({
  RTPROT_UNSPEC, RTPROT_REDIRECT: 1, RTPROT_KERNEL, RTPROT_BOOT, RTPROT_STATIC: 4, RTPROT_GATED: 8, RTPROT_RA: 9,
  RTPROT_MRT: 10, RTPROT_ZEBRA: 11, RTPROT_BIRD: 12, RTPROT_DNROUTED: 13, RTPROT_XORP: 14, RTPROT_NTK: 15,
  RTPROT_DHCP: 16, RTPROT_MROUTED: 17, RTPROT_KEEPALIVED: 18, RTPROT_BABEL: 42, RTPROT_OPENR: 99, RTPROT_BGP: 186,
  RTPROT_ISIS: 187, RTPROT_OSPF: 188, RTPROT_RIP: 189, RTPROT_EIGRP: 192,
}); // prettier-ignore

export const rtScope = nameTable({
  RT_SCOPE_UNIVERSE, RT_SCOPE_SITE, RT_SCOPE_LINK, RT_SCOPE_HOST, RT_SCOPE_NOWHERE,
}); // prettier-ignore

export const rtTable = nameTable({
  RT_TABLE_UNSPEC, RT_TABLE_COMPAT, RT_TABLE_DEFAULT, RT_TABLE_MAIN, RT_TABLE_LOCAL,
}); // prettier-ignore

export const rtmFlags = flagTable({
  RTNH_F_DEAD, RTNH_F_PERVASIVE: 2, RTNH_F_ONLINK, RTNH_F_OFFLOAD: 8, RTNH_F_LINKDOWN, RTNH_F_UNRESOLVED: 32,
  RTNH_F_TRAP: 64, RTM_F_NOTIFY, RTM_F_CLONED, RTM_F_EQUALIZE, RTM_F_PREFIX, RTM_F_LOOKUP_TABLE, RTM_F_FIB_MATCH,
  RTM_F_OFFLOAD: 0x4000, RTM_F_TRAP: 0x8000, RTM_F_OFFLOAD_FAILED: 0x20000000,
}); // prettier-ignore
