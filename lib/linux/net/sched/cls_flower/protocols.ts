// Protocol numbers that decide which keys of a flower filter are looked at: ethertypes (include/uapi/linux/if_ether.h),
// IP protocols (include/uapi/linux/in.h), PPP protocols (include/uapi/linux/ppp_defs.h), and parts of a VLAN tag.
export const ETH_P_IP = 0x0800;
export const ETH_P_ARP = 0x0806;
export const ETH_P_RARP = 0x8035;
export const ETH_P_8021Q = 0x8100;
export const ETH_P_IPV6 = 0x86dd;
export const ETH_P_MPLS_UC = 0x8847;
export const ETH_P_MPLS_MC = 0x8848;
export const ETH_P_PPP_SES = 0x8864;
export const ETH_P_8021AD = 0x88a8;

export const IPPROTO_ICMP = 1;
export const IPPROTO_TCP = 6;
export const IPPROTO_UDP = 17;
export const IPPROTO_ESP = 50;
export const IPPROTO_AH = 51;
export const IPPROTO_ICMPV6 = 58;
export const IPPROTO_L2TP = 115;
export const IPPROTO_SCTP = 132;

/** Protocols with ports, as attributes name them. */
export const portNames: ReadonlyMap<number, 'TCP' | 'UDP' | 'SCTP'> = new Map([
  [IPPROTO_TCP, 'TCP'],
  [IPPROTO_UDP, 'UDP'],
  [IPPROTO_SCTP, 'SCTP'],
] as const);

/** Ethertypes of what PPP carries. */
export const ethertypeOfPpp: ReadonlyMap<number, number> = new Map([
  [0x0021, ETH_P_IP],
  [0x0057, ETH_P_IPV6],
  [0x0281, ETH_P_MPLS_UC],
  [0x0283, ETH_P_MPLS_MC],
]);

export const VLAN_VID_MASK = 0x0fff;
export const VLAN_PRIORITY_MASK = 7;

/** Kinds of addresses a key compares: enum flow_dissector_key_id. */
export const IPV4_ADDRS = 2;
export const IPV6_ADDRS = 3;

/** @models include/linux/if_vlan.h eth_type_vlan() */
export const isVlan = (ethertype: number): boolean => ethertype === ETH_P_8021Q || ethertype === ETH_P_8021AD;
