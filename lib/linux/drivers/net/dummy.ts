// drivers/net/dummy.c: a device that drops what it is given.
import { IFF_MULTICAST, IFF_NOARP } from '../../../uapi/linux/if.js';
import { TX_BYTES, TX_PACKETS } from '../../net/core/dev/stats.js';
import { NETDEV_TX_OK } from '../../net/core/dev/xmit.js';
import { netifCarrierOff, netifCarrierOn } from '../../net/core/link_watch.js';
import { GSO_LEGACY_MAX_SIZE, type NetDevice, TSO_MAX_SIZE } from '../../net/core/net_device.js';
import type { RtnlLinkOps } from '../../net/core/rtnl_link/ops.js';
import type { SkBuff } from '../../net/core/skbuff/sk_buff.js';
import { etherSetup, ethHwAddrRandom, ethMacAddr, ethValidateAddr, validateAddress } from '../../net/ethernet/eth.js';

/** @models drivers/net/dummy.c dummy_xmit() */
function startXmit(skb: SkBuff, dev: NetDevice): number {
  dev.stats[TX_PACKETS]!++;
  dev.stats[TX_BYTES]! += skb.len;
  skb.pool.free(skb);
  return NETDEV_TX_OK;
}

/** @models drivers/net/dummy.c dummy_link_ops */
export const dummyLinkOps: RtnlLinkOps = {
  kind: 'dummy',
  setup: (dev) => {
    etherSetup(dev);
    dev.flags = (dev.flags | IFF_NOARP) & ~IFF_MULTICAST;
    dev.minMtu = 0;
    dev.maxMtu = 0;
    dev.noQueue = true;
    dev.liveAddrChange = true;
    dev.tsoMaxSize = dev.net.machine.has('virtual-big-tso') ? TSO_MAX_SIZE : GSO_LEGACY_MAX_SIZE;
    dev.ops = {
      startXmit,
      stampsSent: true,
      offloads: { rxcsum: false, gro: true, flags: 0 },
      validateAddr: ethValidateAddr,
      setMacAddress: ethMacAddr,
      setsRxMode: true,
      changeCarrier: (it, on) => {
        if (on) netifCarrierOn(it);
        else netifCarrierOff(it);
      },
    };
    ethHwAddrRandom(dev);
  },
  validate: validateAddress,
};
