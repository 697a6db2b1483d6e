// include/uapi/linux/netconf.h: messages about the sysctls of interfaces; the policy is devconf_ipv4_policy of
// net/ipv4/devinet.c, and the same for IPv6.
import { attrs } from '../../codec/attrs.js';
import { int } from '../../codec/kind.js';
import { s32, u8 } from '../../codec/scalar.js';
import { struct } from '../../codec/struct.js';

export const netconfmsg = struct('netconfmsg', { ncm_family: u8 });

export const NETCONFA_IFINDEX_ALL = -1;
export const NETCONFA_IFINDEX_DEFAULT = -2;

export const NETCONFA = attrs('NETCONFA', {
  IFINDEX: [1, int(s32)],
  FORWARDING: [2, int(s32), 'dump'],
  RP_FILTER: [3, int(s32), 'dump'],
  MC_FORWARDING: [4, int(s32), 'dump'],
  PROXY_NEIGH: [5, int(s32), 'dump'],
  IGNORE_ROUTES_WITH_LINKDOWN: [6, int(s32), 'dump'],
  INPUT: [7, int(s32), 'dump'],
  BC_FORWARDING: [8, int(s32), 'dump'],
});
