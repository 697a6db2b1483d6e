// Frames from outside become packets, and packets frames. A packet made here is as a driver, or a packet socket without a
// protocol of its own, would make it.
import { ETH_HLEN } from '../../uapi/linux/if_ether.js';
import type { NetDevice } from '../net/core/net_device.js';
import type { SkBuff } from '../net/core/skbuff/sk_buff.js';
import { ethTypeVlan } from '../net/core/skbuff/vlan.js';

/** Room for headers that somebody puts in front. */
const HEADROOM = 64;
const VLAN_HLEN = 4;
/** Behind both addresses: the ethertype, or the tag. */
const TYPE_AT = 12;

/** The frame as a packet of the device, from its link header on; undefined when there is no memory. */
export function packetOf(dev: NetDevice, frame: Uint8Array): SkBuff | undefined {
  const { skbs } = dev.net.machine.softnet;
  const skb = skbs.alloc(HEADROOM + frame.length);
  if (skb === undefined) return undefined;
  skb.reserve(HEADROOM);
  const at = skb.put(frame.length);
  skbs.memory.u8.set(frame, at);
  skb.dev = dev;
  skb.resetMacHeader();
  return skb;
}

/** What the frame carries, and where that begins, behind all tags. */
export function setHeaders(skb: SkBuff, frame: Uint8Array): void {
  const typeAt = (at: number): number => (frame[at]! << 8) | frame[at + 1]!;
  let at = TYPE_AT;
  while (ethTypeVlan(typeAt(at)) && at + VLAN_HLEN + 2 <= frame.length) at += VLAN_HLEN;
  skb.protocol = typeAt(TYPE_AT);
  skb.networkHeader = skb.macHeader + ETH_HLEN + at - TYPE_AT;
}

/** The bytes of a packet from its link header on, with the tag that is kept beside it. */
export function frameOf(skb: SkBuff): Uint8Array {
  const { u8 } = skb.memory;
  const start = skb.macHeaderWasSet ? skb.head + skb.macHeader : skb.data;
  const bytes = u8.subarray(start, skb.head + skb.tail);
  if (!skb.vlanTagPresent || bytes.length < TYPE_AT) return bytes.slice();
  const frame = new Uint8Array(bytes.length + VLAN_HLEN);
  frame.set(bytes.subarray(0, TYPE_AT));
  frame.set([skb.vlanProto >> 8, skb.vlanProto & 0xff, skb.vlanTci >> 8, skb.vlanTci & 0xff], TYPE_AT);
  frame.set(bytes.subarray(TYPE_AT), TYPE_AT + VLAN_HLEN);
  return frame;
}
