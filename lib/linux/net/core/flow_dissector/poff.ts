// net/core/flow_dissector.c skb_get_poff(): where the payload of a packet begins, behind its transport header: what classic
// programs ask for by SKF_AD_PAY_OFFSET. And where the transport header begins, for packets that nobody said it of.
import type { SkBuff } from '../skbuff/sk_buff.js';
import { skbFlowDissect } from './dissect.js';
import { FLOW_DIS_FIRST_FRAG, FLOW_DIS_IS_FRAGMENT, FlowDissector, KEY } from './dissector.js';
import { AT, FlowKey } from './flow_key.js';
import * as N from './protocols.js';

/** Of one machine: struct flow_keys_basic, and who fills it. */
export class PayloadOffset {
  readonly #keys = new FlowKey();
  readonly #dissector = new FlowDissector(KEY.CONTROL, KEY.BASIC);

  /** Offset of the transport header from data; -1 when the packet is not understood. @models include/linux/skbuff.h skb_flow_dissect_flow_keys_basic() */
  #transport(skb: SkBuff): number {
    return skbFlowDissect(skb, this.#dissector, this.#keys, 0) ? this.#keys.view.getUint32(AT.thoff) : -1;
  }

  /** Says where the transport header begins, where it can be found. @models include/linux/skbuff.h skb_probe_transport_header() */
  probeTransportHeader(skb: SkBuff): void {
    if (skb.transportHeaderWasSet) return;
    const offset = this.#transport(skb);
    if (offset >= 0) skb.transportHeader = skb.headroom + offset;
  }

  /** Offset from data, or 0 for what is not understood. @models net/core/flow_dissector.c skb_get_poff() */
  of(skb: SkBuff): number {
    const offset = this.#transport(skb);
    if (offset < 0) return 0;
    const { view, u8 } = this.#keys;
    const flags = view.getUint32(AT.flags) & (FLOW_DIS_IS_FRAGMENT | FLOW_DIS_FIRST_FRAG);
    return flags === FLOW_DIS_IS_FRAGMENT ? offset : offset + transportLength(skb, u8[AT.ipProto]!, offset);
  }
}

/** @models net/core/flow_dissector.c __skb_get_poff() */
function transportLength(skb: SkBuff, proto: number, offset: number): number {
  switch (proto) {
    case N.IPPROTO_TCP:
      return offset + 13 > skb.len ? 0 : Math.max(20, (skb.memory.u8[skb.data + offset + 12]! >> 4) * 4);
    case N.IPPROTO_UDP:
    case N.IPPROTO_UDPLITE:
    case N.IPPROTO_ICMP:
    case N.IPPROTO_ICMPV6:
    case N.IPPROTO_IGMP:
      return 8;
    case N.IPPROTO_DCCP:
    case N.IPPROTO_SCTP:
      return 12;
    default:
      return 0;
  }
}
