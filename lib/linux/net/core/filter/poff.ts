// net/core/flow_dissector.c skb_get_poff(): where the payload of a packet begins, behind its transport header: what classic
// programs ask for by SKF_AD_PAY_OFFSET.
import type { SkBuff } from '../skbuff/sk_buff.js';

const ETH_P_IP = 0x0800;
const ETH_P_IPV6 = 0x86dd;
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

function ipv4Transport(skb: SkBuff): Transport | undefined {
  const { view, u8 } = skb.memory;
  const header = (u8[skb.data]! & 0xf) * 4;
  if (skb.len < 20 || header < 20) return undefined;
  const laterFragment = (view.getUint16(skb.data + 6) & IP_OFFSET) !== 0;
  return { proto: u8[skb.data + 9]!, offset: header, laterFragment };
}

/** Extension headers are walked; of later fragments nothing is known. */
function ipv6Transport(skb: SkBuff): Transport | undefined {
  if (skb.len < 40) return undefined;
  const { view, u8 } = skb.memory;
  let proto = u8[skb.data + 6]!;
  let offset = 40;
  let laterFragment = false;
  while ((proto === 0 || proto === 43 || proto === 60 || proto === NEXTHDR_FRAGMENT) && offset + 8 <= skb.len) {
    const at = skb.data + offset;
    const isFragment = proto === NEXTHDR_FRAGMENT;
    if (isFragment) laterFragment = (view.getUint16(at + 2) & 0xfff8) !== 0;
    proto = u8[at]!;
    offset += isFragment ? 8 : (u8[at + 1]! + 1) * 8;
    if (laterFragment) break;
  }
  return { proto, offset, laterFragment };
}

/** @models net/core/flow_dissector.c skb_get_poff() */
export function skbGetPoff(skb: SkBuff): number {
  const transport =
    skb.protocol === ETH_P_IP ? ipv4Transport(skb) : skb.protocol === ETH_P_IPV6 ? ipv6Transport(skb) : undefined;
  if (transport === undefined) return 0;
  const { proto, offset, laterFragment } = transport;
  if (laterFragment) return offset;
  if (proto !== IPPROTO_TCP) return offset + (headerLengths.get(proto) ?? 0);
  if (offset + 13 > skb.len) return offset;
  return offset + Math.max(20, (skb.memory.u8[skb.data + offset + 12]! >> 4) * 4);
}
