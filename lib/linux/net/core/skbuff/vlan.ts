// net/core/skbuff.c, include/linux/if_vlan.h: VLAN tags. One tag travels beside the packet (vlan_proto, vlan_tci); further
// ones are in it. The packet starts at its Ethernet header here.
import { EINVAL, ENOMEM } from '../../../../uapi/asm-generic/errno.js';
import { ETH_ALEN, ETH_HLEN } from '../../../../uapi/linux/if_ether.js';
import { skbPostpullRcsum, skbPostpushRcsum } from './checksum.js';
import { skbCow, skbEnsureWritable } from './head.js';
import type { SkBuff } from './sk_buff.js';

export const ETH_P_8021Q = 0x8100;
export const ETH_P_8021AD = 0x88a8;
const ETH_P_802_3 = 0x0001;
const ETH_P_802_2 = 0x0004;
const ETH_P_802_3_MIN = 0x0600;
export const VLAN_HLEN = 4;
const VLAN_ETH_HLEN = ETH_HLEN + VLAN_HLEN;
const ADDRESSES = 2 * ETH_ALEN;

/** @models include/linux/if_vlan.h eth_type_vlan() */
export const ethTypeVlan = (proto: number): boolean => proto === ETH_P_8021Q || proto === ETH_P_8021AD;

/** Whether the packet starts at its Ethernet header; the kernel warns and refuses when not. */
const atMacHeader = (skb: SkBuff): boolean => skb.headroom === skb.macHeader;

/** @models include/linux/if_vlan.h vlan_set_encap_proto() */
export function vlanSetEncapProto(skb: SkBuff, tag: number): void {
  const { view } = skb.memory;
  const proto = view.getUint16(tag + 2);
  if (proto >= ETH_P_802_3_MIN) skb.protocol = proto;
  else skb.protocol = view.getUint16(tag + VLAN_HLEN) === 0xffff ? ETH_P_802_3 : ETH_P_802_2;
}

/**
 * Takes the tag out of the packet and gives it, or a negative errno.
 *
 * @models net/core/skbuff.c __skb_vlan_pop()
 */
function vlanPopPayload(skb: SkBuff): number {
  if (!atMacHeader(skb)) return -EINVAL;
  const err = skbEnsureWritable(skb, VLAN_ETH_HLEN);
  if (err !== 0) return err;
  const tag = skb.data + ETH_HLEN;
  skbPostpullRcsum(skb, skb.data + ADDRESSES, VLAN_HLEN);
  const tci = skb.memory.view.getUint16(tag);
  vlanSetEncapProto(skb, tag);
  skb.memory.u8.copyWithin(skb.data + VLAN_HLEN, skb.data, skb.data + ADDRESSES);
  skb.pull(VLAN_HLEN);
  skb.macHeader += VLAN_HLEN;
  if (skb.networkOffset < ETH_HLEN) skb.networkHeader = skb.headroom + ETH_HLEN;
  skb.resetMacLen();
  return tci;
}

/**
 * Takes the outer tag off; the next one, if there is one, then travels beside the packet. 0 or a negative errno.
 *
 * @models net/core/skbuff.c skb_vlan_pop()
 */
export function skbVlanPop(skb: SkBuff): number {
  if (skb.vlanTagPresent) {
    skb.clearVlanTag();
  } else {
    if (!ethTypeVlan(skb.protocol)) return 0;
    const popped = vlanPopPayload(skb);
    if (popped < 0) return popped;
  }
  const proto = skb.protocol;
  if (!ethTypeVlan(proto)) return 0;
  const tci = vlanPopPayload(skb);
  if (tci < 0) return tci;
  skb.putVlanTag(proto, tci);
  return 0;
}

/** @models include/linux/if_vlan.h __vlan_insert_tag() */
export function vlanInsertTag(skb: SkBuff, proto: number, tci: number): number {
  if (skb.len < ETH_HLEN) return -EINVAL;
  if (skbCow(skb, VLAN_HLEN) !== 0) return -ENOMEM;
  skb.push(VLAN_HLEN);
  const { u8, view } = skb.memory;
  u8.copyWithin(skb.data, skb.data + VLAN_HLEN, skb.data + VLAN_HLEN + ADDRESSES);
  skb.macHeader -= VLAN_HLEN;
  view.setUint16(skb.data + ADDRESSES, proto);
  view.setUint16(skb.data + ETH_HLEN, tci);
  return 0;
}

/**
 * Puts a tag beside the packet; one that was there goes into it.
 *
 * @models net/core/skbuff.c skb_vlan_push()
 */
export function skbVlanPush(skb: SkBuff, proto: number, tci: number): number {
  if (skb.vlanTagPresent) {
    if (!atMacHeader(skb)) return -EINVAL;
    const err = vlanInsertTag(skb, skb.vlanProto, skb.vlanTci);
    if (err !== 0) return err;
    skb.protocol = skb.vlanProto;
    skb.networkHeader -= VLAN_HLEN;
    skb.resetMacLen();
    skbPostpushRcsum(skb, skb.data + ADDRESSES, VLAN_HLEN);
  }
  skb.putVlanTag(proto, tci);
  return 0;
}

/** How many tags are walked at most. */
export const VLAN_MAX_DEPTH = 8;

/**
 * What is behind all tags in the packet; 0 when it ends before that.
 *
 * @models include/linux/if_vlan.h vlan_get_protocol()
 */
export function vlanGetProtocol(skb: SkBuff): number {
  let type = skb.protocol;
  if (!ethTypeVlan(type)) return type;
  let depth = skb.macLen === 0 ? ETH_HLEN : skb.macLen - VLAN_HLEN;
  if (depth < 0) return 0;
  for (let left = VLAN_MAX_DEPTH; ethTypeVlan(type); left--) {
    if (left === 1 || depth + VLAN_HLEN > skb.len) return 0;
    type = skb.memory.view.getUint16(skb.data + depth + 2);
    depth += VLAN_HLEN;
  }
  return type;
}
