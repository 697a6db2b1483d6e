// net/ipv4/ip_input.c ip_rcv(): where IPv4 packets end. Nobody in a box listens or answers, so all that is left of the stack
// is that a packet for another host is counted.
import { ETH_P_IP } from '../../../uapi/linux/if_ether.js';
import { RX_OTHERHOST_DROPPED } from '../core/dev/stats.js';
import { devAddPack } from '../core/dev/tap.js';
import type { Net } from '../core/net_namespace.js';
import { PACKET_OTHERHOST, type SkBuff } from '../core/skbuff/sk_buff.js';

/** Counts and frees what came for another host; frees the rest. @models net/ipv4/ip_input.c ip_rcv_core() */
export function countAndFree(skb: SkBuff): void {
  if (skb.pktType === PACKET_OTHERHOST) skb.dev!.stats[RX_OTHERHOST_DROPPED]!++;
  skb.pool.free(skb);
}

/** @models net/ipv4/af_inet.c inet_init() */
export function ipInit(net: Net): void {
  devAddPack(net, { type: ETH_P_IP, dev: undefined, receive: countAndFree });
}
