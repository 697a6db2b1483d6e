// net/core/dev.c, the part of a packet that goes out: the hook, the queue it is put in or the driver it is given to. Returns
// are those of the kernel: NET_XMIT_*, or a negative errno; the packet is gone whatever they say.
import { ENETDOWN, ENOMEM } from '../../../../uapi/asm-generic/errno.js';
import { ETH_P_ALL, ETH_P_MPLS_MC, ETH_P_MPLS_UC } from '../../../../uapi/linux/if_ether.js';
import { IFF_UP } from '../../../../uapi/linux/if.js';
import { devXmitSkb } from '../../sched/qdisc_run.js';
import type { NetDevice, NetdevQueue } from '../net_device.js';
import * as L from '../skbuff/layout.js';
import { type SkBuff } from '../skbuff/sk_buff.js';
import { vlanInsertTag } from '../skbuff/vlan.js';
import { TX_DROPPED } from './stats.js';
import { allTypes, wants } from './tap.js';
import { DROPPED, GOES_ON, schHandleEgress } from './tc_hook.js';
import { traceDrop, traceTransmitted } from './trace.js';

export const NET_XMIT_SUCCESS = 0;
export const NET_XMIT_DROP = 1;
export const NET_XMIT_CN = 2;

/** What a driver says of a packet. */
export const NETDEV_TX_OK = 0;

const PACKET_OUTGOING = 4;

/**
 * Those who listen to everything see what goes out, its sender excepted.
 *
 * @models net/core/dev.c dev_queue_xmit_nit()
 */
function devQueueXmitNit(skb: SkBuff, dev: NetDevice): void {
  for (const handler of allTypes(dev.net)) {
    if (handler.type !== ETH_P_ALL || handler.ignoreOutgoing === true || !wants(handler, dev)) continue;
    if (handler.sends?.(skb) === true) continue;
    const clone = skb.pool.clone(skb);
    if (clone === undefined) return;
    clone.resetMacHeader();
    if (clone.networkHeader < clone.data - clone.head) clone.resetNetworkHeader();
    clone.transportHeader = clone.networkHeader;
    clone.pktType = PACKET_OUTGOING;
    handler.receive(clone, dev, dev);
  }
}

/** Whether the device sends the packet with its tag beside it; of MPLS no device of the model says so. */
function takesTag(skb: SkBuff, dev: NetDevice): boolean {
  if (dev.ops.vlanOffload !== true) return false;
  const isMpls = skb.protocol === ETH_P_MPLS_UC || skb.protocol === ETH_P_MPLS_MC;
  return !isMpls || !dev.net.machine.config.mplsGso;
}

/**
 * Writes a tag into the packet for a driver that cannot. False when there is no memory, and the packet is freed.
 *
 * @models net/core/dev.c validate_xmit_skb()
 */
export function validateXmitSkb(skb: SkBuff, dev: NetDevice): boolean {
  if (!skb.vlanTagPresent || takesTag(skb, dev)) return true;
  const { vlanProto, vlanTci } = skb;
  skb.clearVlanTag();
  if (vlanInsertTag(skb, vlanProto, vlanTci) === 0) {
    skb.protocol = vlanProto;
    return true;
  }
  skb.pool.free(skb);
  dev.stats[TX_DROPPED]!++;
  return false;
}

/** The driver gets the packet. NETDEV_TX_OK or NET_XMIT_DROP. @models net/core/dev.c dev_hard_start_xmit() */
export function devHardStartXmit(skb: SkBuff, dev: NetDevice): number {
  if (allTypes(dev.net).length !== 0) devQueueXmitNit(skb, dev);
  traceTransmitted(skb);
  return dev.ops.startXmit!(skb, dev);
}

/** Devices without a queue: the driver at once. */
function xmitUnqueued(skb: SkBuff, dev: NetDevice): number {
  const { softnet } = dev.net.machine;
  if ((dev.flags & IFF_UP) !== 0 && !softnet.recursionReached) {
    if (!validateXmitSkb(skb, dev)) return -ENOMEM;
    softnet.recursion++;
    const result = devHardStartXmit(skb, dev);
    softnet.recursion--;
    return result;
  }
  dev.stats[TX_DROPPED]!++;
  traceDrop(skb, (dev.flags & IFF_UP) === 0 ? 'DEV_READY' : 'RECURSION_LIMIT');
  skb.pool.free(skb);
  return -ENETDOWN;
}

/** A packet that was received by a queue, or that a program says so of, keeps to it; others go by their flow. @models net/core/dev.c skb_tx_hash() */
function txHash(skb: SkBuff, dev: NetDevice, used: number): number {
  if (skb.queueMapping !== 0) return (skb.queueMapping - 1) % used;
  return Math.floor((dev.net.machine.softnet.flowHash.of(skb) / 2 ** 32) * used);
}

/** @models net/core/dev.c netdev_core_pick_tx() */
function pickTx(skb: SkBuff, dev: NetDevice): NetdevQueue {
  const used = dev.realNumTxQueues ?? dev.numTxQueues;
  skb.queueMapping = used === 1 ? 0 : txHash(skb, dev, used);
  return dev.txQueues[skb.queueMapping]!;
}

/**
 * The driver at once, whatever hooks and queues there are; nobody who listens hears of it.
 *
 * @models net/core/dev.c __dev_direct_xmit()
 */
export function devDirectXmit(skb: SkBuff): number {
  const dev = skb.dev!;
  const { softnet } = dev.net.machine;
  if (!dev.running || !dev.carrier) {
    dev.stats[TX_DROPPED]!++;
    traceDrop(skb, 'NOT_SPECIFIED');
    skb.pool.free(skb);
    return NET_XMIT_DROP;
  }
  if (!validateXmitSkb(skb, dev)) return NET_XMIT_DROP;
  skb.queueMapping = softnet.cpu % (dev.realNumTxQueues ?? dev.numTxQueues);
  softnet.recursion++;
  traceTransmitted(skb);
  const result = dev.ops.startXmit!(skb, dev);
  softnet.recursion--;
  return result;
}

/**
 * Sends a packet that has its link header by its device.
 *
 * @models net/core/dev.c __dev_queue_xmit()
 */
export function devQueueXmit(skb: SkBuff): number {
  const dev = skb.dev!;
  skb.resetMacHeader();
  skb.set32(L.SKB_CB + L.QDISC_CB_PKT_LEN, skb.len);
  skb.atIngress = false;
  if (dev.tcxEgress !== undefined || dev.miniqEgress !== undefined) {
    const result = schHandleEgress(skb);
    if (result !== GOES_ON) return result === DROPPED ? NET_XMIT_DROP : NET_XMIT_SUCCESS;
  }
  const queue = pickTx(skb, dev);
  const { active } = queue;
  return active.ops.enqueue === undefined ? xmitUnqueued(skb, dev) : devXmitSkb(skb, active, dev);
}
