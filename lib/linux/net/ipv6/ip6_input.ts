// net/ipv6/ip6_input.c ipv6_rcv(): where IPv6 packets end.
import { ETH_P_IPV6 } from '../../../uapi/linux/if_ether.js';
import { NET_RX_DROP, NET_RX_SUCCESS } from '../core/dev/receive.js';
import { devAddPack } from '../core/dev/tap.js';
import type { Net } from '../core/net_namespace.js';
import type { SkBuff } from '../core/skbuff/sk_buff.js';
import { isForOther } from '../ipv4/ip_input.js';

/** Of what it drops, only packets for others are known. @models net/ipv6/ip6_input.c ipv6_rcv() */
function ipv6Rcv(skb: SkBuff): number {
  const result = isForOther(skb) ? NET_RX_DROP : NET_RX_SUCCESS;
  skb.pool.free(skb);
  return result;
}

/** @models net/ipv6/af_inet6.c ipv6_packet_init() */
export function ipv6PacketInit(net: Net): void {
  if (!net.machine.config.ipv6) return;
  devAddPack(net, { type: ETH_P_IPV6, dev: undefined, receive: ipv6Rcv });
}
