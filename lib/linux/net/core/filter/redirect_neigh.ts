// net/core/filter.c __bpf_redirect_neigh(): a packet goes out by a device with a link header made for its next hop: the one that
// the program names, or that of the route. Its link address is that of the neighbour; where it is not known the packet waits
// (neighbour_state.ts).
import { ENETDOWN, EOPNOTSUPP } from '../../../../uapi/asm-generic/errno.js';
import { IFF_UP } from '../../../../uapi/linux/if.js';
import { ETH_HLEN, ETH_P_IP } from '../../../../uapi/linux/if_ether.js';
import { RT_TABLE_LOCAL, RT_TABLE_MAIN, RTN_LOCAL, RTN_UNICAST } from '../../../../uapi/linux/route.js';
import { AF_INET, AF_INET6 } from '../../../../uapi/linux/socket.js';
import { fibLookup } from '../../ipv4/fib_lookup.js';
import { ipv6AddrIsMulticast, ipv6PrefixEqual } from '../../ipv6/in6.js';
import { fib6Tables } from '../../ipv6/ip6_fib.js';
import { TX_DROPPED } from '../dev/stats.js';
import { devGetByIndex } from '../dev/table.js';
import { traceDrop } from '../dev/trace.js';
import { NET_XMIT_CN, NET_XMIT_DROP, NET_XMIT_SUCCESS } from '../dev/xmit.js';
import type { NetDevice } from '../net_device.js';
import { create, type Neighbour } from '../neighbour.js';
import { neighOutput } from '../neighbour_state.js';
import type { SkBuff } from '../skbuff/sk_buff.js';

const ETH_P_IPV6 = 0x86dd;
const IPPROTO_IGMP = 2;
const LOOPBACK_IFINDEX = 1;
const INET_DSCP_MASK = 0xfc;
/** struct bpf_redir_neigh: nh_family, then the address. */
const NH_ADDRESS = 4;
/** Addresses in the headers of IP, by offset. */
const SADDR4 = 12;
const DADDR4 = 16;
const DADDR6 = 24;

function drop(skb: SkBuff, error: number): number {
  traceDrop(skb, 'TC_REDIRECT');
  skb.pool.free(skb);
  return -error;
}

/** A next hop: its device, which is not the packet's for addresses of this machine, and its address. */
interface NextHop {
  readonly dev: NetDevice;
  readonly family: number;
  readonly address: Uint8Array;
}

const bytesAt = (skb: SkBuff, off: number, length: number): Uint8Array =>
  skb.memory.u8.slice(skb.data + off, skb.data + off + length);

const bytesOf = (address: number): Uint8Array => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, address);
  return bytes;
};

const isMulticast = (address: number): boolean => address >>> 28 === 0xe;
const isZeronet = (address: number): boolean => address >>> 24 === 0;
const BROADCAST = 0xffff_ffff;

/** Whether no route is asked for with such a source. */
const isBadSource = (address: number): boolean =>
  address !== 0 && (isMulticast(address) || address === BROADCAST || isZeronet(address) || address >>> 24 === 127);

/**
 * The next hop of an IPv4 packet that leaves by `dev`; undefined when its route is none to one other machine, or to this one.
 * Where there is no route the destination counts as a neighbour.
 *
 * @differs of ip_route_output_key_hash_rcu() of net/ipv4/route.c it has what a packet with a device asks
 */
function route4(skb: SkBuff, dev: NetDevice): NextHop | undefined {
  const { view, u8 } = skb.memory;
  const [src, dst] = [view.getUint32(skb.data + SADDR4), view.getUint32(skb.data + DADDR4)];
  if (isBadSource(src) || (dev.flags & IFF_UP) === 0 || dev.inDevice === undefined) return undefined;
  if (isMulticast(dst) || dst === BROADCAST || u8[skb.data + 9] === IPPROTO_IGMP) return undefined;
  const lo = (): NextHop => ({
    dev: devGetByIndex(dev.net, LOOPBACK_IFINDEX)!,
    family: AF_INET,
    address: bytesOf(dst),
  });
  if (dst === 0) return lo();
  if (isZeronet(dst)) return undefined;
  const tos = u8[skb.data + 1]! & INET_DSCP_MASK;
  const found = fibLookup(dev.net, { dst, src, oif: dev.ifindex, scope: 0, tos, mark: skb.mark });
  if (found === undefined || typeof found === 'number') return { dev, family: AF_INET, address: bytesOf(dst) };
  if (found.type === RTN_LOCAL) return lo();
  if (found.type !== RTN_UNICAST) return undefined;
  const { gateway } = found.info;
  return { dev: found.info.dev ?? dev, family: AF_INET, address: bytesOf(gateway === 0 ? dst : gateway) };
}

/** Whether an address has a meaning on one link only. */
const isStrict = (address: Uint8Array): boolean =>
  ipv6AddrIsMulticast(address) || (address[0] === 0xfe && (address[1]! & 0xc0) === 0x80);

/**
 * The next hop of an IPv6 packet, which is its destination: no route has a gateway.
 *
 * @differs of ip6_route_output_flags() of net/ipv6/route.c: asks only whether there is a route
 */
function route6(skb: SkBuff, dev: NetDevice): NextHop | undefined {
  const address = bytesAt(skb, DADDR6, 16);
  const strict = isStrict(address);
  const tables = [RT_TABLE_LOCAL, RT_TABLE_MAIN].flatMap((id) => fib6Tables(dev.net).get(id) ?? []);
  const fits = tables.some((rt) => ipv6PrefixEqual(address, rt.dst, rt.plen) && (!strict || rt.dev === dev));
  return fits ? { dev, family: AF_INET6, address } : undefined;
}

/** What the program named; undefined for a family that the packet cannot go by. */
function named(skb: SkBuff, dev: NetDevice, nextHop: Uint8Array): NextHop | undefined {
  const family = nextHop[0]! | (nextHop[1]! << 8);
  if (family === AF_INET6) return { dev, family, address: nextHop.slice(NH_ADDRESS, NH_ADDRESS + 16) };
  if (family !== AF_INET || skb.protocol !== ETH_P_IP) return undefined;
  return { dev, family, address: nextHop.slice(NH_ADDRESS, NH_ADDRESS + 4) };
}

/** @models include/net/route.h ip_neigh_gw4() and ip_neigh_gw6() */
function neighbourOf({ dev, family, address }: NextHop): Neighbour | undefined {
  const known = family === AF_INET ? dev.inDevice : dev.inet6;
  return known === undefined ? undefined : create(dev, family, address, 0);
}

/** The link header is written where the old one was, which others may see who have not read the packet. @models net/core/filter.c bpf_out_neigh_v4() */
function out(skb: SkBuff, dev: NetDevice, hop: NextHop): number {
  const { softnet } = dev.net.machine;
  if (softnet.recursionReached) return drop(skb, ENETDOWN);
  skb.dev = dev;
  skb.clearTimestamp();
  const neighbour = neighbourOf(hop);
  if (neighbour === undefined) return drop(skb, ENETDOWN);
  softnet.recursion++;
  const result = neighOutput(neighbour, skb);
  softnet.recursion--;
  return result;
}

/** The packet starts at its link header. @models net/core/filter.c __bpf_redirect_neigh() */
export function bpfRedirectNeigh(skb: SkBuff, dev: NetDevice, nextHop: Uint8Array | undefined): number {
  if (skb.macHeader >= skb.networkHeader) return drop(skb, EOPNOTSUPP);
  if ((skb.memory.u8[skb.head + skb.macHeader]! & 1) !== 0) return drop(skb, EOPNOTSUPP);
  skb.pull(ETH_HLEN);
  skb.unsetMacHeader();
  skb.resetNetworkHeader();
  const isIpv4 = skb.protocol === ETH_P_IP;
  if (!isIpv4 && skb.protocol !== ETH_P_IPV6) return drop(skb, EOPNOTSUPP);
  const route = isIpv4 ? route4 : route6;
  const hop = nextHop === undefined ? route(skb, dev) : named(skb, dev, nextHop);
  const result = hop === undefined ? drop(skb, ENETDOWN) : out(skb, dev, hop);
  if (result !== NET_XMIT_SUCCESS && result !== NET_XMIT_CN) dev.stats[TX_DROPPED]!++;
  return result === NET_XMIT_SUCCESS || result === NET_XMIT_CN ? NET_XMIT_SUCCESS : NET_XMIT_DROP;
}
