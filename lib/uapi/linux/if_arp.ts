// include/uapi/linux/if_arp.h: hardware types of interfaces (ifi_type).
import { nameTable } from '../../codec/names.js';

export const ARPHRD_ETHER = 1;
export const ARPHRD_LOOPBACK = 772;

/** `ARPHRD_ETHER` for 1; 0, which requests leave there, has no name. */
export const arphrd = nameTable({
  ARPHRD_ETHER, ARPHRD_INFINIBAND: 32, ARPHRD_PPP: 512, ARPHRD_RAWIP: 519, ARPHRD_TUNNEL: 768,
  ARPHRD_TUNNEL6: 769, ARPHRD_LOOPBACK, ARPHRD_SIT: 776, ARPHRD_IPGRE: 778, ARPHRD_IEEE80211: 801,
  ARPHRD_IEEE80211_RADIOTAP: 803, ARPHRD_IP6GRE: 823, ARPHRD_NETLINK: 824, ARPHRD_VSOCKMON: 826, ARPHRD_VOID: 0xffff,
  ARPHRD_NONE: 0xfffe,
}); // prettier-ignore
