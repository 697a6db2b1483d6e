// drivers/net/loopback.c: the loopback device, which every namespace is born with, down.
import { ARPHRD_LOOPBACK } from '../../../uapi/linux/if_arp.js';
import { IFF_LOOPBACK } from '../../../uapi/linux/if.js';
import { netifRx } from '../../net/core/dev/backlog.js';
import { NET_RX_SUCCESS } from '../../net/core/dev/receive.js';
import { registerNetdevice } from '../../net/core/dev/register.js';
import { RX_BYTES, RX_PACKETS, TX_BYTES, TX_PACKETS } from '../../net/core/dev/stats.js';
import { NETDEV_TX_OK } from '../../net/core/dev/xmit.js';
import { NetDevice, TSO_MAX_SIZE } from '../../net/core/net_device.js';
import type { Net } from '../../net/core/net_namespace.js';
import type { SkBuff } from '../../net/core/skbuff/sk_buff.js';
import { ethTypeTrans } from '../../net/ethernet/eth_type_trans.js';
import { ethMacAddr } from '../../net/ethernet/eth.js';

/** What goes out comes in. @models drivers/net/loopback.c loopback_xmit() */
function startXmit(skb: SkBuff, dev: NetDevice): number {
  skb.clearTimestamp();
  skb.protocol = ethTypeTrans(skb, dev);
  const { len } = skb;
  if (netifRx(skb) !== NET_RX_SUCCESS) return NETDEV_TX_OK;
  dev.stats[TX_PACKETS]!++;
  dev.stats[TX_BYTES]! += len;
  dev.stats[RX_PACKETS]!++;
  dev.stats[RX_BYTES]! += len;
  return NETDEV_TX_OK;
}

/**
 * Makes `lo`, the first device of a namespace.
 *
 * @models drivers/net/loopback.c loopback_net_init()
 */
export function loopbackNetInit(net: Net): void {
  const dev = new NetDevice(net, 'lo', net);
  dev.type = ARPHRD_LOOPBACK;
  dev.flags = IFF_LOOPBACK;
  dev.mtu = 64 * 1024;
  dev.minMtu = 0;
  dev.maxMtu = 0;
  dev.noQueue = true;
  dev.liveAddrChange = true;
  dev.netnsImmutable = true;
  dev.tsoMaxSize = TSO_MAX_SIZE;
  const offloads = { rxcsum: true, gro: true, flags: 0 };
  dev.ops = { setMacAddress: ethMacAddr, startXmit, reportsLink: 'always', stampsSent: true, offloads };
  registerNetdevice(dev);
}
