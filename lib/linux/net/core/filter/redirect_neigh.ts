// net/core/filter.c __bpf_redirect_neigh(): a packet goes out by a device with a link header made for its next hop. Nobody is
// asked for addresses: where that would be needed, and for IPv6 with its routes, the model has a gap.
import { ENETDOWN, EOPNOTSUPP } from '../../../../uapi/asm-generic/errno.js';
import { AF_INET } from '../../../../uapi/linux/socket.js';
import { ETH_ALEN, ETH_HLEN, ETH_P_IP } from '../../../../uapi/linux/if_ether.js';
import { IFF_NOARP } from '../../../../uapi/linux/if.js';
import { traceDrop } from '../dev/trace.js';
import { devQueueXmit } from '../dev/xmit.js';
import type { NetDevice } from '../net_device.js';
import type { SkBuff } from '../skbuff/sk_buff.js';

const DADDR = 16;
/** struct bpf_redir_neigh: nh_family, ipv4_nh. */
const NH_IPV4 = 4;

function drop(skb: SkBuff, error: number): number {
  traceDrop(skb, 'TC_REDIRECT');
  skb.pool.free(skb);
  return -error;
}

/** The address of the next hop; `nextHop` is undefined when it is the packet's own destination. Undefined: not by IPv4. */
function nextHopOf(skb: SkBuff, nextHop: Uint8Array | undefined): Uint8Array | undefined {
  if (nextHop === undefined) return skb.memory.u8.subarray(skb.data + DADDR, skb.data + DADDR + 4);
  return (nextHop[0]! | (nextHop[1]! << 8)) === AF_INET ? nextHop.subarray(NH_IPV4, NH_IPV4 + 4) : undefined;
}

/**
 * The link address of a next hop on a device that does no ARP: its own, or that of a group. Undefined where others would
 * have to be asked.
 *
 * @models net/ipv4/arp.c arp_constructor()
 * @differs no neighbour is made: the address is worked out for each packet
 */
function linkAddress(dev: NetDevice, hop: Uint8Array | undefined): Uint8Array | undefined {
  if ((dev.flags & IFF_NOARP) === 0 || hop === undefined) return undefined;
  const isGroup = hop[0]! >= 224 && hop[0]! < 240;
  return isGroup ? Uint8Array.of(1, 0, 0x5e, hop[1]! & 0x7f, hop[2]!, hop[3]!) : dev.address;
}

/** Puts the link header in front and sends. @models net/core/filter.c bpf_out_neigh_v4() */
function out(skb: SkBuff, dev: NetDevice, address: Uint8Array): number {
  const { softnet } = dev.net.machine;
  if (softnet.recursionReached) return drop(skb, ENETDOWN);
  const { protocol } = skb;
  skb.dev = dev;
  skb.clearTimestamp();
  const at = skb.push(ETH_HLEN);
  const { u8, view } = skb.memory;
  u8.set(address, at);
  u8.set(dev.address, at + ETH_ALEN);
  view.setUint16(at + 2 * ETH_ALEN, protocol, false);
  softnet.recursion++;
  const result = devQueueXmit(skb);
  softnet.recursion--;
  return result;
}

/** The packet starts at its link header. @models net/core/filter.c __bpf_redirect_neigh() */
export function bpfRedirectNeigh(skb: SkBuff, dev: NetDevice, nextHop: Uint8Array | undefined): number {
  if (skb.macHeader >= skb.networkHeader) return drop(skb, EOPNOTSUPP);
  if ((skb.memory.u8[skb.data]! & 1) !== 0) return drop(skb, EOPNOTSUPP);
  skb.pull(ETH_HLEN);
  skb.unsetMacHeader();
  skb.resetNetworkHeader();
  const address = skb.protocol === ETH_P_IP ? linkAddress(dev, nextHopOf(skb, nextHop)) : undefined;
  if (address !== undefined) return out(skb, dev, address);
  dev.net.machine.gap('bpf_redirect_neigh(): neighbours are not asked, IPv6 has no routes');
  return drop(skb, EOPNOTSUPP);
}
