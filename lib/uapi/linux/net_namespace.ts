// include/uapi/linux/net_namespace.h: ids that a network namespace gives to others; the policy is rtnl_net_policy of
// net/core/net_namespace.c.
import { attrs } from '../../codec/attrs.js';
import { int, nlaU32, unchecked } from '../../codec/kind.js';
import { s32 } from '../../codec/scalar.js';

export const NETNSA_NSID_NOT_ASSIGNED = -1;

export const NETNSA = attrs('NETNSA', {
  NSID: [1, int(s32)],
  PID: [2, nlaU32],
  FD: [3, nlaU32],
  TARGET_NSID: [4, int(s32)],
  CURRENT_NSID: [5, unchecked],
});
