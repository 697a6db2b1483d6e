// include/uapi/linux/if_ether.h: sizes of Ethernet frames and protocol numbers.
import { nameTable } from '../../codec/names.js';

/** Octets in an address. */
export const ETH_ALEN = 6;
export const ETH_HLEN = 14;
export const ETH_DATA_LEN = 1500;
export const ETH_MIN_MTU = 68;
export const ETH_MAX_MTU = 0xffff;
export const ETH_P_ALL = 0x0003;
export const ETH_P_802_2 = 0x0004;
export const ETH_P_IP = 0x0800;
export const ETH_P_ARP = 0x0806;
export const ETH_P_IPV6 = 0x86dd;
export const ETH_P_MPLS_UC = 0x8847;
export const ETH_P_MPLS_MC = 0x8848;

/** `ETH_P_IP` for 0x800; a number without a name in hexadecimal. */
const names = nameTable({
  ETH_P_LOOP: 0x0060, ETH_P_PUP: 0x0200, ETH_P_IP, ETH_P_X25: 0x0805, ETH_P_ARP, ETH_P_TEB: 0x6558, ETH_P_RARP: 0x8035,
  ETH_P_AARP: 0x80f3, ETH_P_8021Q: 0x8100, ETH_P_IPX: 0x8137, ETH_P_IPV6, ETH_P_PAUSE: 0x8808, ETH_P_SLOW: 0x8809,
  ETH_P_MPLS_UC, ETH_P_MPLS_MC, ETH_P_PPP_DISC: 0x8863, ETH_P_PPP_SES: 0x8864, ETH_P_PAE: 0x888e,
  ETH_P_8021AD: 0x88a8, ETH_P_LLDP: 0x88cc, ETH_P_MACSEC: 0x88e5, ETH_P_MVRP: 0x88f5, ETH_P_1588: 0x88f7,
  ETH_P_PRP: 0x88fb, ETH_P_CFM: 0x8902, ETH_P_FCOE: 0x8906, ETH_P_TDLS: 0x890d, ETH_P_FIP: 0x8914, ETH_P_LOOPBACK: 0x9000,
  ETH_P_802_3: 0x0001, ETH_P_AX25: 0x0002, ETH_P_ALL, ETH_P_802_2, ETH_P_SNAP: 0x0005, ETH_P_CAN: 0x000c,
}); // prettier-ignore
export const ethProtocol = (value: number): string => {
  const name = names(value);
  return name.startsWith('ETH_P_') ? name : `0x${value.toString(16).padStart(4, '0')}`;
};
