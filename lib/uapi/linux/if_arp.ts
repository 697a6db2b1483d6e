// include/uapi/linux/if_arp.h: hardware types of interfaces (ifi_type).
export const ARPHRD_ETHER = 1;
export const ARPHRD_LOOPBACK = 772;
