// include/uapi/linux/rtnetlink.h: message types, groups, family headers, the top attributes of traffic control.
import { attrs } from '../../codec/attrs.js';
import { binary, bitfield32, flag, nested, nlaU32, output, string, unchecked } from '../../codec/kind.js';
import { flagTable, nameTable } from '../../codec/names.js';
import { handle, s32, u16, u32, u8 } from '../../codec/scalar.js';
import { struct } from '../../codec/struct.js';

export const RTM_BASE = 16;
export const RTM_NEWLINK = 16;
export const RTM_DELLINK = 17;
export const RTM_GETLINK = 18;
export const RTM_SETLINK = 19;
export const RTM_NEWADDR = 20;
export const RTM_DELADDR = 21;
export const RTM_GETADDR = 22;
export const RTM_NEWROUTE = 24;
export const RTM_DELROUTE = 25;
export const RTM_GETROUTE = 26;
export const RTM_NEWNEIGH = 28;
export const RTM_DELNEIGH = 29;
export const RTM_GETNEIGH = 30;
export const RTM_NEWRULE = 32;
export const RTM_DELRULE = 33;
export const RTM_GETRULE = 34;
export const RTM_NEWQDISC = 36;
export const RTM_DELQDISC = 37;
export const RTM_GETQDISC = 38;
export const RTM_NEWTCLASS = 40;
export const RTM_DELTCLASS = 41;
export const RTM_GETTCLASS = 42;
export const RTM_NEWTFILTER = 44;
export const RTM_DELTFILTER = 45;
export const RTM_GETTFILTER = 46;
export const RTM_NEWACTION = 48;
export const RTM_DELACTION = 49;
export const RTM_GETACTION = 50;
export const RTM_NEWPREFIX = 52;
export const RTM_NEWMULTICAST = 56;
export const RTM_DELMULTICAST = 57;
export const RTM_GETMULTICAST = 58;
export const RTM_NEWANYCAST = 60;
export const RTM_DELANYCAST = 61;
export const RTM_GETANYCAST = 62;
export const RTM_NEWNEIGHTBL = 64;
export const RTM_GETNEIGHTBL = 66;
export const RTM_SETNEIGHTBL = 67;
export const RTM_NEWNDUSEROPT = 68;
export const RTM_NEWADDRLABEL = 72;
export const RTM_DELADDRLABEL = 73;
export const RTM_GETADDRLABEL = 74;
export const RTM_GETDCB = 78;
export const RTM_SETDCB = 79;
export const RTM_NEWNETCONF = 80;
export const RTM_DELNETCONF = 81;
export const RTM_GETNETCONF = 82;
export const RTM_NEWMDB = 84;
export const RTM_DELMDB = 85;
export const RTM_GETMDB = 86;
export const RTM_NEWNSID = 88;
export const RTM_DELNSID = 89;
export const RTM_GETNSID = 90;
export const RTM_NEWSTATS = 92;
export const RTM_GETSTATS = 94;
export const RTM_SETSTATS = 95;
export const RTM_NEWCACHEREPORT = 96;
export const RTM_NEWCHAIN = 100;
export const RTM_DELCHAIN = 101;
export const RTM_GETCHAIN = 102;
export const RTM_NEWNEXTHOP = 104;
export const RTM_DELNEXTHOP = 105;
export const RTM_GETNEXTHOP = 106;
export const RTM_NEWLINKPROP = 108;
export const RTM_DELLINKPROP = 109;
export const RTM_GETLINKPROP = 110;
export const RTM_NEWVLAN = 112;
export const RTM_DELVLAN = 113;
export const RTM_GETVLAN = 114;
export const RTM_NEWNEXTHOPBUCKET = 116;
export const RTM_DELNEXTHOPBUCKET = 117;
export const RTM_GETNEXTHOPBUCKET = 118;
export const RTM_NEWTUNNEL = 120;
export const RTM_DELTUNNEL = 121;
export const RTM_GETTUNNEL = 122;

/** By name. */
export const rtmTypes = {
  RTM_NEWLINK, RTM_DELLINK, RTM_GETLINK, RTM_SETLINK, RTM_NEWADDR, RTM_DELADDR, RTM_GETADDR, RTM_NEWROUTE, RTM_DELROUTE,
  RTM_GETROUTE, RTM_NEWNEIGH, RTM_DELNEIGH, RTM_GETNEIGH, RTM_NEWRULE, RTM_DELRULE, RTM_GETRULE, RTM_NEWQDISC,
  RTM_DELQDISC, RTM_GETQDISC, RTM_NEWTCLASS, RTM_DELTCLASS, RTM_GETTCLASS, RTM_NEWTFILTER, RTM_DELTFILTER,
  RTM_GETTFILTER, RTM_NEWACTION, RTM_DELACTION, RTM_GETACTION, RTM_NEWPREFIX, RTM_NEWMULTICAST,
  RTM_DELMULTICAST, RTM_GETMULTICAST, RTM_NEWANYCAST, RTM_DELANYCAST, RTM_GETANYCAST,
  RTM_NEWNEIGHTBL, RTM_GETNEIGHTBL, RTM_SETNEIGHTBL, RTM_NEWNDUSEROPT, RTM_NEWADDRLABEL,
  RTM_DELADDRLABEL, RTM_GETADDRLABEL, RTM_GETDCB, RTM_SETDCB, RTM_NEWNETCONF, RTM_DELNETCONF, RTM_GETNETCONF, RTM_NEWMDB,
  RTM_DELMDB, RTM_GETMDB, RTM_NEWNSID, RTM_DELNSID, RTM_GETNSID, RTM_NEWSTATS, RTM_GETSTATS, RTM_SETSTATS,
  RTM_NEWCACHEREPORT, RTM_NEWCHAIN, RTM_DELCHAIN, RTM_GETCHAIN, RTM_NEWNEXTHOP, RTM_DELNEXTHOP, RTM_GETNEXTHOP,
  RTM_NEWLINKPROP, RTM_DELLINKPROP, RTM_GETLINKPROP, RTM_NEWVLAN, RTM_DELVLAN, RTM_GETVLAN, RTM_NEWNEXTHOPBUCKET,
  RTM_DELNEXTHOPBUCKET, RTM_GETNEXTHOPBUCKET, RTM_NEWTUNNEL, RTM_DELTUNNEL, RTM_GETTUNNEL,
}; // prettier-ignore

/** `RTM_NEWTFILTER` for 44. */
export const rtmType = nameTable(rtmTypes);

/** enum rtnetlink_groups: numbers for NETLINK_ADD_MEMBERSHIP. */
export const RTNLGRP_NONE = 0;
export const RTNLGRP_LINK = 1;
export const RTNLGRP_NEIGH = 3;
export const RTNLGRP_TC = 4;
export const RTNLGRP_IPV4_IFADDR = 5;
export const RTNLGRP_IPV4_ROUTE = 7;
export const RTNLGRP_IPV4_RULE = 8;
export const RTNLGRP_IPV6_IFADDR = 9;
export const RTNLGRP_IPV6_ROUTE = 11;
export const RTNLGRP_IPV6_RULE = 19;
export const RTNLGRP_NSID = 28;
export const RTNLGRP_IPV4_MCADDR = 37;
export const RTNLGRP_IPV6_MCADDR = 38;

export const rtgenmsg = struct('rtgenmsg', { rtgen_family: u8 });

export const ifinfomsg = struct('ifinfomsg', {
  ifi_family: u8,
  __ifi_pad: u8,
  ifi_type: u16,
  ifi_index: s32,
  ifi_flags: u32,
  ifi_change: u32,
});

export const tcmsg = struct('tcmsg', {
  tcm_family: u8,
  tcm__pad1: u8,
  tcm__pad2: u16,
  tcm_ifindex: s32,
  tcm_handle: handle,
  tcm_parent: handle,
  tcm_info: u32,
});

/** tcm_ifindex of a request that names a shared block in tcm_parent. */
export const TCM_IFINDEX_MAGIC_BLOCK = 0xffffffff;

export const TCA_DUMP_FLAGS_TERSE = 1;

/** TCA_*: top attributes of qdisc, class, filter and chain messages; input policy of net/sched/sch_api.c. */
export const TCA = attrs('TCA', {
  KIND: [1, string()],
  OPTIONS: [2, unchecked],
  STATS: [3, unchecked, 'dump'],
  XSTATS: [4, unchecked, 'dump'],
  RATE: [5, binary(2)],
  FCNT: [6, output(u32), 'dump'],
  STATS2: [7, unchecked, 'dump'],
  STAB: [8, nested],
  PAD: [9, unchecked, 'dump'],
  DUMP_INVISIBLE: [10, flag],
  CHAIN: [11, nlaU32],
  HW_OFFLOAD: [12, output(u8), 'dump'],
  INGRESS_BLOCK: [13, nlaU32],
  EGRESS_BLOCK: [14, nlaU32],
  DUMP_FLAGS: [15, unchecked],
  EXT_WARN_MSG: [16, string(), 'dump'],
});

/** The same in kernels before the policy: they take every attribute as it comes, and know fewer. */
export const TCA_4_1 = attrs(
  'TCA',
  { KIND: [1, unchecked], OPTIONS: [2, unchecked], RATE: [5, unchecked], STAB: [8, unchecked] },
  8,
);

/** The same attributes as a filter dump judges them: tcf_tfilter_dump_policy of net/sched/cls_api.c. */
export const TCA_FILTER_DUMP = attrs(
  'TCA',
  {
    CHAIN: [11, nlaU32],
    DUMP_FLAGS: [15, bitfield32(TCA_DUMP_FLAGS_TERSE)],
  },
  16,
);

/** The same in Linux 6.1, which takes any TCA_CHAIN. */
export const TCA_FILTER_DUMP_6_1 = attrs(
  'TCA',
  {
    CHAIN: [11, unchecked],
    DUMP_FLAGS: [15, bitfield32(TCA_DUMP_FLAGS_TERSE)],
  },
  16,
);

/** IFLA_EXT_MASK: what a link answer is to hold or leave out. */
export const RTEXT_FILTER_VF = 1;
export const RTEXT_FILTER_SKIP_STATS = 8;
export const rtextFilter = flagTable({
  RTEXT_FILTER_VF, RTEXT_FILTER_BRVLAN: 2, RTEXT_FILTER_BRVLAN_COMPRESSED: 4, RTEXT_FILTER_SKIP_STATS,
  RTEXT_FILTER_MRP: 16, RTEXT_FILTER_CFM_CONFIG: 32, RTEXT_FILTER_CFM_STATUS: 64, RTEXT_FILTER_MST: 128,
}); // prettier-ignore

export const TCA_ACT_FLAG_LARGE_DUMP_ON = 1;
export const TCA_ACT_FLAG_TERSE_DUMP = 2;

/** TCA_ROOT_*: top attributes of action messages; input policy of dumps (net/sched/act_api.c tcaa_policy). */
export const TCA_ROOT = attrs('TCA_ROOT', {
  TAB: [1, unchecked],
  FLAGS: [2, bitfield32(TCA_ACT_FLAG_LARGE_DUMP_ON | TCA_ACT_FLAG_TERSE_DUMP)],
  COUNT: [3, output(u32), 'dump'],
  TIME_DELTA: [4, nlaU32],
  EXT_WARN_MSG: [5, string(), 'dump'],
});

export const tcamsg = struct('tcamsg', { tca_family: u8, tca__pad1: u8, tca__pad2: u16 });

export const rta_cacheinfo = struct('rta_cacheinfo', {
  rta_clntref: u32,
  rta_lastuse: u32,
  rta_expires: s32,
  rta_error: u32,
  rta_used: u32,
  rta_id: u32,
  rta_ts: u32,
  rta_tsage: u32,
});

/** RTM_NEWPREFIX: a prefix that a router advertised. */
export const prefixmsg = struct('prefixmsg', {
  prefix_family: u8,
  prefix_pad1: u8,
  prefix_pad2: u16,
  prefix_ifindex: s32,
  prefix_type: u8,
  prefix_len: u8,
  prefix_flags: u8,
  prefix_pad3: u8,
});

export const prefix_cacheinfo = struct('prefix_cacheinfo', { preferred_time: u32, valid_time: u32 });

export const PREFIX = attrs('PREFIX', {
  ADDRESS: [1, unchecked, 'dump'],
  CACHEINFO: [2, output(prefix_cacheinfo), 'dump'],
});
