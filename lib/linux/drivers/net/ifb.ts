// drivers/net/ifb.c: the intermediate functional block, a place to queue what came in.
import { IFF_MULTICAST, IFF_NOARP } from '../../../uapi/linux/if.js';
import { GSO_LEGACY_MAX_SIZE, TSO_MAX_SIZE } from '../../net/core/net_device.js';
import type { RtnlLinkOps } from '../../net/core/rtnl_link/ops.js';
import { etherSetup, ethHwAddrRandom, ethValidateAddr, validateAddress } from '../../net/ethernet/eth.js';

const TX_Q_LIMIT = 32;

/** @models drivers/net/ifb.c ifb_link_ops */
export const ifbLinkOps: RtnlLinkOps = {
  kind: 'ifb',
  setup: (dev) => {
    etherSetup(dev);
    dev.txQueueLen = TX_Q_LIMIT;
    dev.flags = (dev.flags | IFF_NOARP) & ~IFF_MULTICAST;
    dev.minMtu = 0;
    dev.maxMtu = 0;
    dev.tsoMaxSize = dev.net.machine.has('virtual-big-tso') ? TSO_MAX_SIZE : GSO_LEGACY_MAX_SIZE;
    dev.ops = { validateAddr: ethValidateAddr };
    ethHwAddrRandom(dev);
  },
  validate: validateAddress,
};
