// include/uapi/linux/nexthop.h: next hops as objects of their own; the policies are those of net/ipv4/nexthop.c for what
// is made (rtm_nh_policy_new) and asked for.
import { attrs } from '../../codec/attrs.js';
import { binary, flag, intMax, nested, nlaU16, nlaU32, nlaU64 } from '../../codec/kind.js';
import { nameTable } from '../../codec/names.js';
import { u16, u32, u8 } from '../../codec/scalar.js';
import { struct } from '../../codec/struct.js';

export const nhmsg = struct('nhmsg', { nh_family: u8, nh_scope: u8, nh_protocol: u8, resvd: u8, nh_flags: u32 });

/** One of a group; its weight is one more than the two halves say. */
export const nexthop_grp = struct('nexthop_grp', { id: u32, weight: u8, weight_high: u8, resvd2: u16 });

export const NHA = attrs('NHA', {
  ID: [1, nlaU32],
  GROUP: [2, binary()],
  GROUP_TYPE: [3, nlaU16],
  BLACKHOLE: [4, flag],
  OIF: [5, nlaU32],
  GATEWAY: [6, binary()],
  ENCAP_TYPE: [7, nlaU16],
  ENCAP: [8, nested],
  GROUPS: [9, flag],
  MASTER: [10, nlaU32],
  FDB: [11, flag],
  RES_GROUP: [12, nested],
  RES_BUCKET: [13, nested],
  OP_FLAGS: [14, nlaU32],
  GROUP_STATS: [15, nested, 'dump'],
  HW_STATS_ENABLE: [16, intMax(u32, 1)],
  HW_STATS_USED: [17, nlaU32, 'dump'],
});

/** Inside NHA_RES_GROUP. */
export const NHA_RES_GROUP = attrs('NHA_RES_GROUP', {
  BUCKETS: [1, nlaU16],
  IDLE_TIMER: [2, nlaU32],
  UNBALANCED_TIMER: [3, nlaU32],
  UNBALANCED_TIME: [4, nlaU64, 'dump'],
});

/** Inside NHA_RES_BUCKET. */
export const NHA_RES_BUCKET = attrs('NHA_RES_BUCKET', {
  INDEX: [1, nlaU16],
  IDLE_TIME: [2, nlaU64, 'dump'],
  NH_ID: [3, nlaU32],
});

/** Inside NHA_GROUP_STATS: one entry for each member. */
export const NHA_GROUP_STATS_ENTRY = attrs('NHA_GROUP_STATS_ENTRY', {
  ID: [1, nlaU32, 'dump'],
  PACKETS: [2, nlaU64, 'dump'],
  PACKETS_HW: [3, nlaU64, 'dump'],
});

export const nexthopGroupType = nameTable({ NEXTHOP_GRP_TYPE_MPATH: 0, NEXTHOP_GRP_TYPE_RES: 1 });
