// Which protocols decide which keys of a flower filter are looked at, and parts of a VLAN tag.
import * as N from '../../core/flow_dissector/protocols.js';

/** Protocols with ports, as attributes name them. */
export const portNames: ReadonlyMap<number, 'TCP' | 'UDP' | 'SCTP'> = new Map([
  [N.IPPROTO_TCP, 'TCP'],
  [N.IPPROTO_UDP, 'UDP'],
  [N.IPPROTO_SCTP, 'SCTP'],
] as const);

/** Ethertypes of what PPP carries. */
export const ethertypeOfPpp: ReadonlyMap<number, number> = new Map([
  [N.PPP_IP, N.ETH_P_IP],
  [N.PPP_IPV6, N.ETH_P_IPV6],
  [N.PPP_MPLS_UC, N.ETH_P_MPLS_UC],
  [N.PPP_MPLS_MC, N.ETH_P_MPLS_MC],
]);

export const VLAN_VID_MASK = 0x0fff;
export const VLAN_PRIORITY_MASK = 7;
