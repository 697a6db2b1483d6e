// Protocol numbers that tell what the next header is: ethertypes (include/uapi/linux/if_ether.h), IP protocols
// (include/uapi/linux/in.h, include/net/ipv6.h), PPP protocols (include/uapi/linux/ppp_defs.h).
export const ETH_P_IP = 0x0800;
export const ETH_P_ARP = 0x0806;
export const ETH_P_BATMAN = 0x4305;
export const ETH_P_TEB = 0x6558;
export const ETH_P_RARP = 0x8035;
export const ETH_P_8021Q = 0x8100;
export const ETH_P_IPV6 = 0x86dd;
export const ETH_P_MPLS_UC = 0x8847;
export const ETH_P_MPLS_MC = 0x8848;
export const ETH_P_PPP_SES = 0x8864;
export const ETH_P_8021AD = 0x88a8;
export const ETH_P_TIPC = 0x88ca;
export const ETH_P_1588 = 0x88f7;
export const ETH_P_PRP = 0x88fb;
export const ETH_P_FCOE = 0x8906;
export const ETH_P_CFM = 0x8902;
export const ETH_P_HSR = 0x892f;

export const IPPROTO_ICMP = 1;
export const IPPROTO_IGMP = 2;
export const IPPROTO_IPIP = 4;
export const IPPROTO_TCP = 6;
export const IPPROTO_UDP = 17;
export const IPPROTO_DCCP = 33;
export const IPPROTO_IPV6 = 41;
export const IPPROTO_GRE = 47;
export const IPPROTO_ESP = 50;
export const IPPROTO_AH = 51;
export const IPPROTO_ICMPV6 = 58;
export const IPPROTO_L2TP = 115;
export const IPPROTO_SCTP = 132;
export const IPPROTO_UDPLITE = 136;
export const IPPROTO_MPLS = 137;

export const NEXTHDR_HOP = 0;
export const NEXTHDR_ROUTING = 43;
export const NEXTHDR_FRAGMENT = 44;
export const NEXTHDR_DEST = 60;

export const PPP_IP = 0x0021;
export const PPP_IPV6 = 0x0057;
export const PPP_MPLS_UC = 0x0281;
export const PPP_MPLS_MC = 0x0283;
