// include/uapi/linux/if_ether.h: sizes of Ethernet frames and protocol numbers.
/** Octets in an address. */
export const ETH_ALEN = 6;
export const ETH_HLEN = 14;
export const ETH_DATA_LEN = 1500;
export const ETH_MIN_MTU = 68;
export const ETH_MAX_MTU = 0xffff;
