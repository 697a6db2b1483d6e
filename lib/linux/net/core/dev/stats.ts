// Places of the counters that the path of a packet moves in NetDevice.stats (struct rtnl_link_stats64).
export const RX_PACKETS = 0;
export const TX_PACKETS = 1;
export const RX_BYTES = 2;
export const TX_BYTES = 3;
export const RX_DROPPED = 6;
export const TX_DROPPED = 7;
export const RX_NOHANDLER = 23;
export const RX_OTHERHOST_DROPPED = 24;
