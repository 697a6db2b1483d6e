// include/uapi/linux/fib_rules.h: messages about routing rules; the policy is fib_rule_policy of net/core/fib_rules.c.
import { attrs } from '../../codec/attrs.js';
import {
  bigEndian,
  int,
  intMask,
  intMax,
  nlaU16,
  nlaU32,
  nlaU64,
  nlaU8,
  opaque,
  string,
  unchecked,
} from '../../codec/kind.js';
import { flagTable, nameTable } from '../../codec/names.js';
import { be32, u16, u32, u8 } from '../../codec/scalar.js';
import { struct } from '../../codec/struct.js';
import { IFNAMSIZ } from './if.js';

export const fib_rule_hdr = struct('fib_rule_hdr', {
  family: u8,
  dst_len: u8,
  src_len: u8,
  tos: u8,
  table: u8,
  res1: u8,
  res2: u8,
  action: u8,
  flags: u32,
});

export const FR_ACT_TO_TBL = 1;
export const FR_ACT_GOTO = 2;
export const FR_ACT_NOP = 3;
export const FR_ACT_BLACKHOLE = 6;
export const FR_ACT_UNREACHABLE = 7;
export const FR_ACT_PROHIBIT = 8;

export const FIB_RULE_PERMANENT = 0x1;
export const FIB_RULE_INVERT = 0x2;
export const FIB_RULE_IIF_DETACHED = 0x8;
export const FIB_RULE_OIF_DETACHED = 0x10;

/** INET_DSCP_MASK >> 2 */
const DSCP_MAX = 0x3f;

/** What every judged kernel has a policy for. */
const early = {
  DST: [1, unchecked],
  SRC: [2, unchecked],
  IIFNAME: [3, string(IFNAMSIZ - 1)],
  GOTO: [4, nlaU32],
  PRIORITY: [6, nlaU32],
  FWMARK: [10, nlaU32],
  FLOW: [11, nlaU32],
  TUN_ID: [12, nlaU64],
  SUPPRESS_IFGROUP: [13, nlaU32],
  SUPPRESS_PREFIXLEN: [14, nlaU32],
  TABLE: [15, nlaU32],
  FWMASK: [16, nlaU32],
  OIFNAME: [17, string(IFNAMSIZ - 1)],
  L3MDEV: [19, nlaU8],
  UID_RANGE: [20, opaque(8)],
  PROTOCOL: [21, nlaU8],
  IP_PROTO: [22, nlaU8],
  SPORT_RANGE: [23, opaque(4)],
  DPORT_RANGE: [24, opaque(4)],
} as const;

/** FRA_* */
export const FRA = attrs(
  'FRA',
  {
    ...early,
    DSCP: [25, intMax(u8, DSCP_MAX)],
    FLOWLABEL: [26, bigEndian(int(be32))],
    FLOWLABEL_MASK: [27, bigEndian(int(be32))],
    SPORT_MASK: [28, nlaU16],
    DPORT_MASK: [29, nlaU16],
    DSCP_MASK: [30, intMask(u8, DSCP_MAX)],
  },
  undefined,
  { strictFrom: 25 },
);

/** FRA_* as Linux 6.1 has them. */
export const FRA_6_1 = attrs('FRA', { ...early });

export const frAct = nameTable({
  FR_ACT_UNSPEC: 0, FR_ACT_TO_TBL, FR_ACT_GOTO, FR_ACT_NOP, FR_ACT_BLACKHOLE, FR_ACT_UNREACHABLE, FR_ACT_PROHIBIT,
}); // prettier-ignore

export const fibRuleFlags = flagTable({
  FIB_RULE_PERMANENT, FIB_RULE_INVERT, FIB_RULE_UNRESOLVED: 4, FIB_RULE_IIF_DETACHED, FIB_RULE_OIF_DETACHED,
}); // prettier-ignore

export const fib_rule_uid_range = struct('fib_rule_uid_range', { start: u32, end: u32 });
export const fib_rule_port_range = struct('fib_rule_port_range', { start: u16, end: u16 });
