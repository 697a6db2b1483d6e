// net/core/flow_dissector.c skb_get_poff(): where the payload of a packet begins, behind its transport header: what classic
// programs ask for by SKF_AD_PAY_OFFSET.
import type { SkBuff } from '../skbuff/sk_buff.js';

const ETH_P_ARP = 0x0806;
const IPPROTO_IPIP = 4;
const IPPROTO_IPV6 = 41;
/** What an Ethernet type says, as a protocol in IP would. */
const etherProtos = new Map([
  [0x0800, IPPROTO_IPIP],
  [0x86dd, IPPROTO_IPV6],
]);
const IP_OFFSET = 0x1fff;
const NEXTHDR_FRAGMENT = 44;

/** Lengths of transport headers that are always the same: by protocol. */
const headerLengths = new Map([
  [1, 8],
  [2, 8],
  [17, 8],
  [33, 12],
  [58, 8],
  [132, 12],
  [136, 8],
]);
const IPPROTO_TCP = 6;

interface Transport {
  readonly proto: number;
  /** Offset from data. */
  readonly offset: number;
  readonly laterFragment: boolean;
}

function ipv4Transport(skb: SkBuff, offset: number): Transport | undefined {
  const { view, u8 } = skb.memory;
  const at = skb.data + offset;
  const header = (u8[at]! & 0xf) * 4;
  if (skb.len < offset + 20 || header < 20) return undefined;
  const laterFragment = (view.getUint16(at + 6) & IP_OFFSET) !== 0;
  return { proto: u8[at + 9]!, offset: offset + header, laterFragment };
}

const isExtension = (proto: number): boolean => proto === 0 || proto === 43 || proto === 60;

/** Extension headers are walked; behind a fragment header of a later fragment there are none. */
function ipv6Transport(skb: SkBuff, start: number): Transport | undefined {
  if (skb.len < start + 40) return undefined;
  const { view, u8 } = skb.memory;
  let proto = u8[skb.data + start + 6]!;
  let offset = start + 40;
  while ((isExtension(proto) || proto === NEXTHDR_FRAGMENT) && offset + 8 <= skb.len) {
    const at = skb.data + offset;
    const isFragment = proto === NEXTHDR_FRAGMENT;
    proto = u8[at]!;
    offset += isFragment ? 8 : (u8[at + 1]! + 1) * 8;
    if (isFragment && (view.getUint16(at + 2) & 0xfff8) !== 0) return { proto, offset, laterFragment: true };
  }
  return { proto, offset, laterFragment: false };
}

/** The innermost transport header: packets in packets are looked into. */
function transportOf(skb: SkBuff): Transport | undefined {
  let found: Transport | undefined = {
    proto: etherProtos.get(skb.protocol) ?? -1,
    offset: skb.networkOffset,
    laterFragment: false,
  };
  while (found !== undefined && !found.laterFragment && (found.proto === IPPROTO_IPIP || found.proto === IPPROTO_IPV6))
    found = (found.proto === IPPROTO_IPIP ? ipv4Transport : ipv6Transport)(skb, found.offset);
  return found?.proto === -1 ? undefined : found;
}

/**
 * Says where the transport header begins, where it can be found.
 *
 * @models include/linux/skbuff.h skb_probe_transport_header()
 */
export function skbProbeTransportHeader(skb: SkBuff): void {
  const transport = transportOf(skb);
  if (transport !== undefined) skb.transportHeader = skb.headroom + Math.min(transport.offset, skb.len);
}

/**
 * Offset from data, or 0 for what is not understood.
 *
 * @models net/core/flow_dissector.c skb_get_poff() @differs of tunnels it knows IP in IP alone
 */
export function skbGetPoff(skb: SkBuff): number {
  if (skb.protocol === ETH_P_ARP) return skb.networkOffset;
  const transport = transportOf(skb);
  if (transport === undefined) return 0;
  const { proto, offset, laterFragment } = transport;
  if (laterFragment) return offset;
  if (proto !== IPPROTO_TCP) return offset + (headerLengths.get(proto) ?? 0);
  if (offset + 13 > skb.len) return offset;
  return offset + Math.max(20, (skb.memory.u8[skb.data + offset + 12]! >> 4) * 4);
}
