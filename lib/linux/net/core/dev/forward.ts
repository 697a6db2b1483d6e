// net/core/dev.c dev_forward_skb() and relatives: a packet that goes out by one device comes in by another.
import { ETH_HLEN, ETH_ALEN } from '../../../../uapi/linux/if_ether.js';
import { IFF_UP } from '../../../../uapi/linux/if.js';
import { ethTypeTrans } from '../../ethernet/eth_type_trans.js';
import type { NetDevice } from '../net_device.js';
import { skbPostpullRcsum } from '../skbuff/checksum.js';
import type { SkBuff } from '../skbuff/sk_buff.js';
import { VLAN_HLEN } from '../skbuff/vlan.js';
import { netifRx } from './backlog.js';
import { NET_RX_DROP, NET_RX_SUCCESS } from './receive.js';
import { RX_DROPPED } from './stats.js';
import { traceDrop } from './trace.js';

/** @models include/linux/netdevice.h __is_skb_forwardable() */
function isForwardable(dev: NetDevice, skb: SkBuff, checkMtu: boolean): boolean {
  if ((dev.flags & IFF_UP) === 0) return false;
  return !checkMtu || skb.isGso || skb.len <= dev.mtu + ETH_HLEN + VLAN_HLEN;
}

/**
 * Makes the packet one that arrives at `dev`; NET_RX_DROP when the device cannot take it, and it is freed.
 *
 * @models include/linux/netdevice.h ____dev_forward_skb()
 */
function prepare(dev: NetDevice, skb: SkBuff, checkMtu: boolean): number {
  if (!isForwardable(dev, skb, checkMtu)) {
    dev.stats[RX_DROPPED]!++;
    traceDrop(skb, 'DEV_FORWARD');
    skb.pool.free(skb);
    return NET_RX_DROP;
  }
  skb.scrub();
  skb.priority = 0;
  skb.protocol = ethTypeTrans(skb, dev);
  skbPostpullRcsum(skb, skb.data - ETH_HLEN, 2 * ETH_ALEN + 2);
  return NET_RX_SUCCESS;
}

/** @models net/core/dev.c dev_forward_skb() */
export const devForwardSkb = (dev: NetDevice, skb: SkBuff): number =>
  prepare(dev, skb, true) === NET_RX_SUCCESS ? netifRx(skb) : NET_RX_DROP;

/** Without a look at the length. @models net/core/dev.c dev_forward_skb_nomtu() */
export const devForwardSkbNomtu = (dev: NetDevice, skb: SkBuff): number =>
  prepare(dev, skb, false) === NET_RX_SUCCESS ? netifRx(skb) : NET_RX_DROP;
