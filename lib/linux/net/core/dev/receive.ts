// net/core/dev.c, the part of a packet that comes in: whoever listens sees it, filters judge it, and the protocol that it is
// for takes it. What a driver hands over waits in the backlog of the CPU until the softirq runs (backlog.ts).
import type { NetDevice } from '../net_device.js';
import { skbVlanUntag } from '../skbuff/vlan_untag.js';
import { ethTypeVlan } from '../skbuff/vlan.js';
import { PACKET_OTHERHOST, type SkBuff } from '../skbuff/sk_buff.js';
import { RX_DROPPED } from './stats.js';
import { AGAIN, DROPPED, GOES_ON, type HookResult, schHandleIngress } from './tc_hook.js';
import { allTypes, typesOf, wants, type PacketType } from './tap.js';
import { traceDelivered, traceReceived, traceUnhandled } from './trace.js';

export const NET_RX_SUCCESS = 0;
export const NET_RX_DROP = 1;

/** VLAN_VID_MASK */
const VID_MASK = 0x0fff;

/** The packet for one more handler: a clone, because others come after it. */
function deliver(skb: SkBuff, handler: PacketType, origDev: NetDevice): void {
  const clone = skb.pool.clone(skb);
  if (clone !== undefined) handler.receive(clone, clone.dev!, origDev);
}

/** Whoever listens to everything. False when nobody does. */
function deliverToAll(skb: SkBuff, origDev: NetDevice): boolean {
  let listened = false;
  for (const handler of allTypes(origDev.net)) {
    if (!wants(handler, skb.dev!)) continue;
    deliver(skb, handler, origDev);
    listened = true;
  }
  return listened;
}

/** The last of those who want the protocol gets the packet itself, and its word counts. Undefined when nobody does. */
function deliverByProtocol(skb: SkBuff, origDev: NetDevice): number | undefined {
  const handlers = typesOf(origDev.net, skb.protocol);
  let last: PacketType | undefined;
  for (const handler of handlers) {
    if (!wants(handler, skb.dev!) && !wants(handler, origDev)) continue;
    if (last !== undefined) deliver(skb, last, origDev);
    last = handler;
  }
  if (last === undefined) return undefined;
  traceDelivered(skb);
  return last.receive(skb, skb.dev!, origDev) === NET_RX_DROP ? NET_RX_DROP : NET_RX_SUCCESS;
}

/**
 * A tag that no VLAN device has taken: the packet is for somebody else. A priority tag is dropped, and what it hid is
 * looked at. False when the packet is gone.
 */
function forgetTag(skb: SkBuff): boolean {
  while (skb.vlanTagPresent) {
    if ((skb.vlanTci & VID_MASK) !== 0) {
      skb.pktType = PACKET_OTHERHOST;
      skb.clearVlanTag();
    } else if (ethTypeVlan(skb.protocol)) {
      skb.clearVlanTag();
      if (!skbVlanUntag(skb)) return false;
    } else skb.clearVlanTag();
  }
  return true;
}

/** Goes on, and is not lost when no protocol wants it: somebody has listened, and no hook or tag came between. */
const HEARD = 4;
/** Goes on, and somebody has listened; a hook or a tag came after that. */
const TOLD = 5;

/** Whether a packet stops at the hook: before 6.18 it does so for filters alone. */
function hooked({ tcxIngress, miniqIngress, net }: NetDevice): boolean {
  if (tcxIngress !== undefined) return true;
  if (miniqIngress === undefined) return false;
  return miniqIngress.block.hasFilters || net.machine.has('tc-hook-without-filters');
}

/** Up to the hooks, and again when a program gave the packet to another device. */
function upToHooks(skb: SkBuff, origDev: NetDevice): HookResult | typeof HEARD | typeof TOLD {
  for (let told = false; ;) {
    skb.skbIif = skb.dev!.ifindex;
    if (ethTypeVlan(skb.protocol) && !skbVlanUntag(skb)) return DROPPED;
    if (skb.tcSkipClassify) {
      skb.tcSkipClassify = false;
      return told ? TOLD : GOES_ON;
    }
    const listened = deliverToAll(skb, origDev);
    told ||= listened;
    if (!hooked(skb.dev!)) return listened && !skb.vlanTagPresent ? HEARD : told ? TOLD : GOES_ON;
    const result = schHandleIngress(skb);
    if (result !== AGAIN) return result === GOES_ON && told ? TOLD : result;
  }
}

/**
 * A packet that has arrived at its device, from there on. NET_RX_SUCCESS or NET_RX_DROP; the packet is gone either way.
 *
 * @models net/core/dev.c __netif_receive_skb_core()
 */
export function netifReceiveSkb(skb: SkBuff): number {
  const origDev = skb.dev!;
  traceReceived(skb);
  skb.resetNetworkHeader();
  if (!skb.transportHeaderWasSet) skb.resetTransportHeader();
  skb.resetMacLen();
  const result = upToHooks(skb, origDev);
  if (result !== GOES_ON && result !== HEARD && result !== TOLD)
    return result === DROPPED ? NET_RX_DROP : NET_RX_SUCCESS;
  skb.resetRedirect();
  // What a damaged tag ends has been received by those who listened.
  if (!forgetTag(skb)) return result === TOLD ? NET_RX_SUCCESS : NET_RX_DROP;
  const taken = deliverByProtocol(skb, origDev);
  if (taken !== undefined) return taken;
  traceUnhandled(skb);
  if (result !== HEARD) skb.dev!.stats[RX_DROPPED]!++;
  skb.pool.free(skb);
  return result === HEARD ? NET_RX_SUCCESS : NET_RX_DROP;
}
