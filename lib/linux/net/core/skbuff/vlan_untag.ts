// net/core/skbuff.c skb_vlan_untag(): a VLAN tag at the start of a packet that came in goes beside it.
import { ETH_ALEN } from '../../../../uapi/linux/if_ether.js';
import { skbPostpullRcsum } from './checksum.js';
import { skbCow } from './head.js';
import type { SkBuff } from './sk_buff.js';
import { VLAN_HLEN, vlanSetEncapProto } from './vlan.js';

/** Bytes of the header behind the addresses. */
const ETH_TLEN = 2;

/** The addresses move to where the tag was. @models net/core/skbuff.c skb_reorder_vlan_header() */
function reorderHeader(skb: SkBuff): boolean {
  if (skbCow(skb, skb.headroom) < 0) return false;
  const mac = skb.head + skb.macHeader;
  const macLen = skb.data - mac;
  if (macLen > VLAN_HLEN + ETH_TLEN) {
    skb.memory.u8.copyWithin(mac + VLAN_HLEN, mac, mac + Math.max(macLen - VLAN_HLEN - ETH_TLEN, 2 * ETH_ALEN));
  }
  skb.macHeader += VLAN_HLEN;
  return true;
}

/**
 * Does nothing when there is a tag beside the packet already. False: the packet was too short for a tag, and is freed.
 *
 * @models net/core/skbuff.c skb_vlan_untag()
 */
export function skbVlanUntag(skb: SkBuff): boolean {
  if (skb.vlanTagPresent) return true;
  if (skb.len < VLAN_HLEN + 2) {
    skb.pool.free(skb);
    return false;
  }
  const tag = skb.data;
  skb.putVlanTag(skb.protocol, skb.memory.view.getUint16(tag));
  skb.pull(VLAN_HLEN);
  skbPostpullRcsum(skb, tag, VLAN_HLEN);
  vlanSetEncapProto(skb, tag);
  if (!reorderHeader(skb)) {
    skb.pool.free(skb);
    return false;
  }
  skb.resetNetworkHeader();
  if (!skb.transportHeaderWasSet) skb.resetTransportHeader();
  skb.resetMacLen();
  return true;
}
