// What the kernel adds to NLMSG_ERROR and NLMSG_DONE when a socket asked for NETLINK_EXT_ACK: the text, the place and the
// policy of a refusal.
import { nameTable } from '../../codec/names.js';
import { s32, s64, u32, u64 } from '../../codec/scalar.js';
import { struct } from '../../codec/struct.js';
import * as nl from '../../uapi/linux/netlink.js';
import { level, attributes, structure, value } from './level.js';
import { hexU32, shown } from './values.js';

const policyType = nameTable({
  NL_ATTR_TYPE_INVALID: 0, NL_ATTR_TYPE_FLAG: 1, NL_ATTR_TYPE_U8: 2, NL_ATTR_TYPE_U16: 3, NL_ATTR_TYPE_U32: 4,
  NL_ATTR_TYPE_U64: 5, NL_ATTR_TYPE_S8: 6, NL_ATTR_TYPE_S16: 7, NL_ATTR_TYPE_S32: 8, NL_ATTR_TYPE_S64: 9,
  NL_ATTR_TYPE_BINARY: 10, NL_ATTR_TYPE_STRING: 11, NL_ATTR_TYPE_NUL_STRING: 12, NL_ATTR_TYPE_NESTED: 13,
  NL_ATTR_TYPE_NESTED_ARRAY: 14, NL_ATTR_TYPE_BITFIELD32: 15, NL_ATTR_TYPE_SINT: 16, NL_ATTR_TYPE_UINT: 17,
}); // prettier-ignore

const policy = level(
  nl.NL_POLICY_TYPE_ATTR,
  { writes: 'net/netlink/policy.c netlink_policy_dump_write_attr()' },
  {
    TYPE: value(shown(u32, policyType)),
    MIN_VALUE_S: value(s64),
    MAX_VALUE_S: value(s64),
    MIN_VALUE_U: value(u64),
    MAX_VALUE_U: value(u64),
    BITFIELD32_MASK: value(hexU32),
    MASK: value(u64),
  },
);

/** The attributes behind the echoed request, or behind the value of NLMSG_DONE. */
export const acknowledgement = level(
  nl.NLMSGERR_ATTR,
  { writes: 'net/netlink/af_netlink.c netlink_ack_tlv_fill()' },
  { POLICY: attributes(policy) },
);

/** The word before the echoed message, and the one of NLMSG_DONE. */
export const errorHead = structure(struct('nlmsgerr', { error: s32 }));
export const doneHead = structure(struct('nlmsg_done', { error: s32 }));
