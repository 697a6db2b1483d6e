// drivers/net/loopback.c: the loopback device, which every namespace is born with, down.
import { ARPHRD_LOOPBACK } from '../../../uapi/linux/if_arp.js';
import { IFF_LOOPBACK } from '../../../uapi/linux/if.js';
import { registerNetdevice } from '../../net/core/dev/register.js';
import { NetDevice, TSO_MAX_SIZE } from '../../net/core/net_device.js';
import type { Net } from '../../net/core/net_namespace.js';
import { ethMacAddr } from '../../net/ethernet/eth.js';

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
  dev.ops = { setMacAddress: ethMacAddr };
  registerNetdevice(dev);
}
