// net/ipv6/ip6_input.c ipv6_rcv(): where IPv6 packets end.
import { ETH_P_IPV6 } from '../../../uapi/linux/if_ether.js';
import { devAddPack } from '../core/dev/tap.js';
import type { Net } from '../core/net_namespace.js';
import { countAndFree } from '../ipv4/ip_input.js';

/** @models net/ipv6/af_inet6.c ipv6_packet_init() */
export function ipv6PacketInit(net: Net): void {
  devAddPack(net, { type: ETH_P_IPV6, dev: undefined, receive: countAndFree });
}
