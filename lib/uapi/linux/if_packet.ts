// include/uapi/linux/if_packet.h: addresses, options, statistics and ring headers of packet sockets.
import { be16, bytes, s32, u16, u32, u8 } from '../../codec/scalar.js';
import { struct } from '../../codec/struct.js';

export const SOL_PACKET = 263;

export const sockaddr_ll = struct('sockaddr_ll', {
  sll_family: u16,
  sll_protocol: be16,
  sll_ifindex: s32,
  sll_hatype: u16,
  sll_pkttype: u8,
  sll_halen: u8,
  sll_addr: bytes(8),
});
export const SLL_ADDR = sockaddr_ll.offsetof.sll_addr;
export const SOCKADDR_LL_SIZE = sockaddr_ll.size;

export const PACKET_OUTGOING = 4;

export const PACKET_ADD_MEMBERSHIP = 1;
export const PACKET_DROP_MEMBERSHIP = 2;
export const PACKET_RX_RING = 5;
export const PACKET_STATISTICS = 6;
export const PACKET_COPY_THRESH = 7;
export const PACKET_AUXDATA = 8;
export const PACKET_ORIGDEV = 9;
export const PACKET_VERSION = 10;
export const PACKET_HDRLEN = 11;
export const PACKET_RESERVE = 12;
export const PACKET_TX_RING = 13;
export const PACKET_LOSS = 14;
export const PACKET_VNET_HDR = 15;
export const PACKET_TIMESTAMP = 17;
export const PACKET_FANOUT = 18;
export const PACKET_TX_HAS_OFF = 19;
export const PACKET_QDISC_BYPASS = 20;
export const PACKET_ROLLOVER_STATS = 21;
export const PACKET_FANOUT_DATA = 22;
export const PACKET_IGNORE_OUTGOING = 23;
export const PACKET_VNET_HDR_SZ = 24;

export const PACKET_FANOUT_HASH = 0;
export const PACKET_FANOUT_LB = 1;
export const PACKET_FANOUT_CPU = 2;
export const PACKET_FANOUT_ROLLOVER = 3;
export const PACKET_FANOUT_RND = 4;
export const PACKET_FANOUT_QM = 5;
export const PACKET_FANOUT_CBPF = 6;
export const PACKET_FANOUT_EBPF = 7;
export const PACKET_FANOUT_FLAG_ROLLOVER = 0x1000;
export const PACKET_FANOUT_FLAG_UNIQUEID = 0x2000;
export const PACKET_FANOUT_FLAG_IGNORE_OUTGOING = 0x4000;
export const PACKET_FANOUT_FLAG_DEFRAG = 0x8000;

export const PACKET_MR_MULTICAST = 0;
export const PACKET_MR_PROMISC = 1;
export const PACKET_MR_ALLMULTI = 2;
export const PACKET_MR_UNICAST = 3;

/** struct packet_mreq without mr_address, which is 8 bytes. */
export const packet_mreq = struct('packet_mreq', { mr_ifindex: s32, mr_type: u16, mr_alen: u16 });
export const MR_ADDRESS = 8;
export const PACKET_MREQ_SIZE = 16;

export const TPACKET_V1 = 0;
export const TPACKET_V2 = 1;
export const TPACKET_V3 = 2;
export const TPACKET_ALIGNMENT = 16;

/** In tp_feature_req_word: headers of TPACKET_V3 tell the hash of the flow. */
export const TP_FT_REQ_FILL_RXHASH = 1;

export const TP_STATUS_KERNEL = 0;
export const TP_STATUS_USER = 1 << 0;
export const TP_STATUS_COPY = 1 << 1;
export const TP_STATUS_LOSING = 1 << 2;
export const TP_STATUS_CSUMNOTREADY = 1 << 3;
export const TP_STATUS_VLAN_VALID = 1 << 4;
export const TP_STATUS_BLK_TMO = 1 << 5;
export const TP_STATUS_VLAN_TPID_VALID = 1 << 6;
export const TP_STATUS_CSUM_VALID = 1 << 7;

export const tpacket_auxdata = struct('tpacket_auxdata', {
  tp_status: u32,
  tp_len: u32,
  tp_snaplen: u32,
  tp_mac: u16,
  tp_net: u16,
  tp_vlan_tci: u16,
  tp_vlan_tpid: u16,
});

export const tpacket_stats = struct('tpacket_stats', { tp_packets: u32, tp_drops: u32 });
export const tpacket_stats_v3 = struct('tpacket_stats_v3', { tp_packets: u32, tp_drops: u32, tp_freeze_q_cnt: u32 });

export const tpacket_req = struct('tpacket_req', {
  tp_block_size: u32,
  tp_block_nr: u32,
  tp_frame_size: u32,
  tp_frame_nr: u32,
});
export const tpacket_req3 = struct('tpacket_req3', {
  tp_block_size: u32,
  tp_block_nr: u32,
  tp_frame_size: u32,
  tp_frame_nr: u32,
  tp_retire_blk_tov: u32,
  tp_sizeof_priv: u32,
  tp_feature_req_word: u32,
});
