// net/ethernet/eth.c eth_type_trans(): a frame that came in by a device: whom it is for, and what is in it.
import { ETH_ALEN, ETH_HLEN } from '../../../uapi/linux/if_ether.js';
import type { NetDevice } from '../core/net_device.js';
import {
  PACKET_BROADCAST,
  PACKET_HOST,
  PACKET_MULTICAST,
  PACKET_OTHERHOST,
  type SkBuff,
} from '../core/skbuff/sk_buff.js';

const ETH_P_802_3 = 0x0001;
const ETH_P_802_2 = 0x0004;
const ETH_P_802_3_MIN = 0x0600;

function sameAddress(u8: Uint8Array, at: number, address: Uint8Array): boolean {
  for (let i = 0; i < ETH_ALEN; i++) if (u8[at + i] !== address[i]) return false;
  return true;
}

/** @models include/linux/etherdevice.h eth_skb_pkt_type() */
function packetType({ memory: { u8 } }: SkBuff, header: number, dev: NetDevice): number {
  if (sameAddress(u8, header, dev.address)) return PACKET_HOST;
  if ((u8[header]! & 1) === 0) return PACKET_OTHERHOST;
  return sameAddress(u8, header, dev.broadcast) ? PACKET_BROADCAST : PACKET_MULTICAST;
}

/**
 * The packet is `dev`'s, starts behind its Ethernet header from now on, and knows whom it is for. Gives what it carries
 * (ETH_P_*). A frame has at least a header.
 *
 * @models net/ethernet/eth.c eth_type_trans()
 */
export function ethTypeTrans(skb: SkBuff, dev: NetDevice): number {
  skb.dev = dev;
  skb.resetMacHeader();
  const header = skb.data;
  const { view } = skb.memory;
  skb.pull(ETH_HLEN);
  skb.pktType = packetType(skb, header, dev);
  const proto = view.getUint16(header + 2 * ETH_ALEN);
  if (proto >= ETH_P_802_3_MIN) return proto;
  return skb.len >= 2 && view.getUint16(skb.data) === 0xffff ? ETH_P_802_3 : ETH_P_802_2;
}
