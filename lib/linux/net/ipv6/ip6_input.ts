// net/ipv6/ip6_input.c ipv6_rcv(): where IPv6 packets end. Nobody in a box listens or answers, so all that is left of the
// stack is what it drops at the first look, of which those who hand packets over are told, and the count of packets for
// others.
import { IFF_LOOPBACK } from '../../../uapi/linux/if.js';
import { ETH_P_IPV6 } from '../../../uapi/linux/if_ether.js';
import { DEVCONF_DISABLE_IPV6 } from '../../../uapi/linux/ipv6.js';
import { NET_RX_DROP, NET_RX_SUCCESS } from '../core/dev/receive.js';
import { devAddPack } from '../core/dev/tap.js';
import type { Net } from '../core/net_namespace.js';
import type { SkBuff } from '../core/skbuff/sk_buff.js';
import { isForOther } from '../ipv4/ip_input.js';

/** sizeof(struct ipv6hdr) */
const HEADER = 40;
const PAYLOAD_LEN = 4;
const NEXTHDR = 6;
const SADDR = 8;
const DADDR = 24;
const NEXTHDR_HOP = 0;

const IPV6_TLV_PAD1 = 0;
const IPV6_TLV_PADN = 1;
const IPV6_TLV_ROUTERALERT = 5;
const IPV6_TLV_CALIPSO = 7;
const IPV6_TLV_IOAM = 0x31;
/** The two high bits of an option's type: skip it if it is not known. */
const IPV6_TLV_ACTION = 0xc0;
/** Most octets of padding in a row. */
const MAX_PADDING = 7;

/** ::1 */
function isLoopback(skb: SkBuff, at: number): boolean {
  const { view } = skb.memory;
  for (let i = 0; i < 12; i += 4) if (view.getUint32(at + i) !== 0) return false;
  return view.getUint32(at + 12) === 1;
}

/** Whether the addresses may stand in a packet that a device brings. */
function addressesPass(skb: SkBuff, data: number, isOwn: boolean): boolean {
  const { u8 } = skb.memory;
  const isMulticast = u8[data + DADDR] === 0xff;
  const scope = u8[data + DADDR + 1]! & 0xf;
  if (!isOwn && (isLoopback(skb, data + SADDR) || isLoopback(skb, data + DADDR))) return false;
  if (isMulticast && (scope === 0 || (scope === 1 && !isOwn))) return false;
  return u8[data + SADDR] !== 0xff;
}

function isZero(u8: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (u8[at] !== 0) return false;
  return true;
}

/** An option other than padding; `offset` from the start of the packet. Labels are of a domain that nobody has told of. */
function optionPasses(type: number, length: number, offset: number): boolean {
  if (type === IPV6_TLV_ROUTERALERT) return length === 2;
  if (type === IPV6_TLV_IOAM) return (offset & 3) === 0;
  return type !== IPV6_TLV_CALIPSO && (type & IPV6_TLV_ACTION) === 0;
}

/** Whether no option between `start` and `end` asks that the packet be dropped. @models net/ipv6/exthdrs.c ip6_parse_tlv() */
function optionsPass(u8: Uint8Array, packet: number, start: number, end: number): boolean {
  let padded = 0;
  for (let at = start; at < end;) {
    const type = u8[at]!;
    if (type !== IPV6_TLV_PAD1 && at + 1 >= end) return false;
    const size = type === IPV6_TLV_PAD1 ? 1 : u8[at + 1]! + 2;
    if (at + size > end) return false;
    const isPadding = type === IPV6_TLV_PAD1 || type === IPV6_TLV_PADN;
    padded = isPadding ? padded + size : 0;
    const passes = isPadding
      ? padded <= MAX_PADDING && isZero(u8, at + 2, at + size)
      : optionPasses(type, size - 2, at - packet);
    if (!passes) return false;
    at += size;
  }
  return true;
}

/** @models net/ipv6/exthdrs.c ipv6_parse_hopopts() */
function hopOptionsPass(skb: SkBuff, data: number, end: number): boolean {
  const { u8 } = skb.memory;
  const options = data + HEADER;
  if (options + 8 > end) return false;
  const after = options + ((u8[options + 1]! + 1) << 3);
  return after <= end && optionsPass(u8, data, options + 2, after);
}

/** Whether the packet is more than dropped. @models net/ipv6/ip6_input.c ip6_rcv_core() */
function isTaken(skb: SkBuff): boolean {
  const dev = skb.dev!;
  if (dev.inet6 === undefined || dev.inet6.conf[DEVCONF_DISABLE_IPV6] !== 0) return false;
  const { data, len } = skb;
  const { u8, view } = skb.memory;
  if (len < HEADER || u8[data]! >> 4 !== 6) return false;
  if (!addressesPass(skb, data, (dev.flags & IFF_LOOPBACK) !== 0)) return false;
  const payload = view.getUint16(data + PAYLOAD_LEN);
  const hasHop = u8[data + NEXTHDR] === NEXTHDR_HOP;
  const whole = payload !== 0 || !hasHop ? payload + HEADER : len;
  if (whole > len) return false;
  return !hasHop || hopOptionsPass(skb, data, data + whole);
}

/** @models net/ipv6/ip6_input.c ipv6_rcv() */
function ipv6Rcv(skb: SkBuff): number {
  const result = !isForOther(skb) && isTaken(skb) ? NET_RX_SUCCESS : NET_RX_DROP;
  skb.pool.free(skb);
  return result;
}

/** @models net/ipv6/af_inet6.c ipv6_packet_init() */
export function ipv6PacketInit(net: Net): void {
  if (!net.machine.config.ipv6) return;
  devAddPack(net, { type: ETH_P_IPV6, dev: undefined, receive: ipv6Rcv });
}
