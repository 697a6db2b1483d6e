// include/uapi/linux/ethtool.h: the commands of SIOCETHTOOL that are modelled, and what they fill.
import { bytes, s32, u32 } from '../../codec/scalar.js';
import { struct } from '../../codec/struct.js';

export const ETHTOOL_GLINK = 0x0a;
export const ETHTOOL_GRXCSUM = 0x14;
export const ETHTOOL_GTXCSUM = 0x16;
export const ETHTOOL_GSG = 0x18;
export const ETHTOOL_GTSO = 0x1e;
export const ETHTOOL_GUFO = 0x21;
export const ETHTOOL_GGSO = 0x23;
export const ETHTOOL_GFLAGS = 0x25;
export const ETHTOOL_GGRO = 0x2b;
export const ETHTOOL_GET_TS_INFO = 0x41;

export const ETH_FLAG_TXVLAN = 1 << 7;
export const ETH_FLAG_RXVLAN = 1 << 8;

export const ethtool_value = struct('ethtool_value', { cmd: u32, data: u32 });

export const ethtool_ts_info = struct('ethtool_ts_info', {
  cmd: u32,
  so_timestamping: u32,
  phc_index: s32,
  tx_types: u32,
  tx_reserved: bytes(12),
  rx_filters: u32,
  rx_reserved: bytes(12),
});

/** include/uapi/linux/net_tstamp.h */
export const SOF_TIMESTAMPING_TX_SOFTWARE = 1 << 1;
export const SOF_TIMESTAMPING_RX_SOFTWARE = 1 << 3;
export const SOF_TIMESTAMPING_SOFTWARE = 1 << 4;
