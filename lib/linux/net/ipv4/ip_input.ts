// net/ipv4/ip_input.c ip_rcv(): where IPv4 packets end. Nobody in a box listens or answers, so all that is left of the stack
// is what it drops at the first look, of which those who hand packets over are told, and the count of packets for others.
import { ETH_P_IP } from '../../../uapi/linux/if_ether.js';
import { NET_RX_DROP, NET_RX_SUCCESS } from '../core/dev/receive.js';
import { RX_OTHERHOST_DROPPED } from '../core/dev/stats.js';
import { devAddPack } from '../core/dev/tap.js';
import type { Net } from '../core/net_namespace.js';
import { PACKET_OTHERHOST, type SkBuff } from '../core/skbuff/sk_buff.js';

const HEADER = 20;

/** A packet for another host is counted. True when it is one. @differs ip_rcv_core() and ip6_rcv_core() write this out */
export function isForOther(skb: SkBuff): boolean {
  if (skb.pktType !== PACKET_OTHERHOST) return false;
  skb.dev!.stats[RX_OTHERHOST_DROPPED]!++;
  return true;
}

/** Checksum of `length` bytes, which is 0 for a header with a right one. @differs the kernel has ip_fast_csum() by architecture */
function fastCsum(skb: SkBuff, length: number): number {
  let sum = 0;
  for (let at = 0; at < length; at += 2) sum += skb.memory.view.getUint16(skb.data + at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** Whether the header is right, and the packet as long as it says. @models net/ipv4/ip_input.c ip_rcv_core() */
function isSound(skb: SkBuff): boolean {
  const { u8, view } = skb.memory;
  const { data, len } = skb;
  if (len < HEADER) return false;
  const header = (u8[data]! & 0xf) * 4;
  if (header < HEADER || u8[data]! >> 4 !== 4 || len < header || fastCsum(skb, header) !== 0) return false;
  const total = view.getUint16(data + 2);
  return len >= total && total >= header;
}

/** @models net/ipv4/ip_input.c ip_rcv() */
function ipRcv(skb: SkBuff): number {
  const result = !isForOther(skb) && isSound(skb) ? NET_RX_SUCCESS : NET_RX_DROP;
  skb.pool.free(skb);
  return result;
}

/** @models net/ipv4/af_inet.c inet_init() */
export function ipInit(net: Net): void {
  devAddPack(net, { type: ETH_P_IP, dev: undefined, receive: ipRcv });
}
