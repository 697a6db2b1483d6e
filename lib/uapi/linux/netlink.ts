// include/uapi/linux/netlink.h: message header, flags, socket address and options, the TLVs of an acknowledgement.
import { attrs } from '../../codec/attrs.js';
import { binary, nested, nlaU32, string, unchecked } from '../../codec/kind.js';
import { flagTable, nameTable } from '../../codec/names.js';
import { s32, u16, u32 } from '../../codec/scalar.js';
import { struct } from '../../codec/struct.js';

export const AF_NETLINK = 16;

export const NETLINK_ROUTE = 0;
export const NETLINK_USERSOCK = 2;
export const NETLINK_SOCK_DIAG = 4;
export const NETLINK_XFRM = 6;
export const NETLINK_SELINUX = 7;
export const NETLINK_AUDIT = 9;
export const NETLINK_FIB_LOOKUP = 10;
export const NETLINK_CONNECTOR = 11;
export const NETLINK_NETFILTER = 12;
export const NETLINK_KOBJECT_UEVENT = 15;
export const NETLINK_GENERIC = 16;
export const MAX_LINKS = 32;

export const sockaddr_nl = struct('sockaddr_nl', { nl_family: u16, nl_pad: u16, nl_pid: u32, nl_groups: u32 });

export const nlmsghdr = struct('nlmsghdr', {
  nlmsg_len: u32,
  nlmsg_type: u16,
  nlmsg_flags: u16,
  nlmsg_seq: u32,
  nlmsg_pid: u32,
});
export const NLMSG_HDRLEN = 16;
/** NLMSG_ALIGN(): messages start at multiples of four bytes. */
export const nlmsgAlign = (length: number): number => (length + 3) & ~3;

export const NLM_F_REQUEST = 0x01;
export const NLM_F_MULTI = 0x02;
export const NLM_F_ACK = 0x04;
export const NLM_F_ECHO = 0x08;
export const NLM_F_DUMP_INTR = 0x10;
export const NLM_F_DUMP_FILTERED = 0x20;
export const NLM_F_ROOT = 0x100;
export const NLM_F_MATCH = 0x200;
export const NLM_F_ATOMIC = 0x400;
export const NLM_F_DUMP = NLM_F_ROOT | NLM_F_MATCH;
export const NLM_F_REPLACE = 0x100;
export const NLM_F_EXCL = 0x200;
export const NLM_F_CREATE = 0x400;
export const NLM_F_APPEND = 0x800;
export const NLM_F_NONREC = 0x100;
export const NLM_F_BULK = 0x200;
export const NLM_F_CAPPED = 0x100;
export const NLM_F_ACK_TLVS = 0x200;

/** Flags every message type gives the same meaning. */
export const nlmFlags = flagTable({
  NLM_F_REQUEST,
  NLM_F_MULTI,
  NLM_F_ACK,
  NLM_F_ECHO,
  NLM_F_DUMP_INTR,
  NLM_F_DUMP_FILTERED,
});

export const NLMSG_NOOP = 1;
export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;
export const NLMSG_OVERRUN = 4;
export const NLMSG_MIN_TYPE = 0x10;
export const nlmsgType = nameTable({ NLMSG_NOOP, NLMSG_ERROR, NLMSG_DONE, NLMSG_OVERRUN });

export const nlmsgerr = struct('nlmsgerr', { error: s32, msg: nlmsghdr });

export const NLMSGERR_ATTR = attrs('NLMSGERR_ATTR', {
  MSG: [1, string(), 'dump'],
  OFFS: [2, nlaU32, 'dump'],
  COOKIE: [3, binary(20), 'dump'],
  POLICY: [4, nested, 'dump'],
  MISS_TYPE: [5, nlaU32, 'dump'],
  MISS_NEST: [6, nlaU32, 'dump'],
});

export const SOL_NETLINK = 270;
export const NETLINK_ADD_MEMBERSHIP = 1;
export const NETLINK_DROP_MEMBERSHIP = 2;
export const NETLINK_PKTINFO = 3;
export const NETLINK_BROADCAST_ERROR = 4;
export const NETLINK_NO_ENOBUFS = 5;
export const NETLINK_RX_RING = 6;
export const NETLINK_TX_RING = 7;
export const NETLINK_LISTEN_ALL_NSID = 8;
export const NETLINK_LIST_MEMBERSHIPS = 9;
export const NETLINK_CAP_ACK = 10;
export const NETLINK_EXT_ACK = 11;
export const NETLINK_GET_STRICT_CHK = 12;

export const nl_pktinfo = struct('nl_pktinfo', { group: u32 });

/** enum netlink_attribute_type: how a policy is described to a user. */
export const NL_ATTR_TYPE_FLAG = 1;
export const NL_ATTR_TYPE_U8 = 2;
export const NL_ATTR_TYPE_U16 = 3;
export const NL_ATTR_TYPE_U32 = 4;
export const NL_ATTR_TYPE_U64 = 5;
export const NL_ATTR_TYPE_S32 = 8;
export const NL_ATTR_TYPE_BINARY = 10;
export const NL_ATTR_TYPE_STRING = 11;
export const NL_ATTR_TYPE_NUL_STRING = 12;
export const NL_ATTR_TYPE_NESTED = 13;
export const NL_ATTR_TYPE_NESTED_ARRAY = 14;
export const NL_ATTR_TYPE_BITFIELD32 = 15;

export const NL_POLICY_TYPE_ATTR = attrs('NL_POLICY_TYPE_ATTR', {
  TYPE: [1, nlaU32, 'dump'],
  MIN_VALUE_S: [2, unchecked, 'dump'],
  MAX_VALUE_S: [3, unchecked, 'dump'],
  MIN_VALUE_U: [4, unchecked, 'dump'],
  MAX_VALUE_U: [5, unchecked, 'dump'],
  MIN_LENGTH: [6, nlaU32, 'dump'],
  MAX_LENGTH: [7, nlaU32, 'dump'],
  POLICY_IDX: [8, nlaU32, 'dump'],
  POLICY_MAXTYPE: [9, nlaU32, 'dump'],
  BITFIELD32_MASK: [10, nlaU32, 'dump'],
  PAD: [11, unchecked, 'dump'],
  MASK: [12, unchecked, 'dump'],
});

export const nla_bitfield32 = struct('nla_bitfield32', { value: u32, selector: u32 });
