// drivers/net/ifb.c: the intermediate functional block, a place to queue what came in.
import { ETH_FLAG_TXVLAN } from '../../../uapi/linux/ethtool.js';
import { IFF_MULTICAST, IFF_NOARP } from '../../../uapi/linux/if.js';
import { Tasklet } from '../../net/core/dev/backlog.js';
import { netifReceiveSkb } from '../../net/core/dev/receive.js';
import { RX_BYTES, RX_DROPPED, RX_PACKETS, TX_BYTES, TX_DROPPED, TX_PACKETS } from '../../net/core/dev/stats.js';
import { devGetByIndex } from '../../net/core/dev/table.js';
import { traceDrop } from '../../net/core/dev/trace.js';
import { devQueueXmit, NETDEV_TX_OK } from '../../net/core/dev/xmit.js';
import { skbPostpullRcsum } from '../../net/core/skbuff/checksum.js';
import { SkbQueue } from '../../net/core/skbuff/queue.js';
import type { SkBuff } from '../../net/core/skbuff/sk_buff.js';
import { GSO_LEGACY_MAX_SIZE, type NetDevice, TSO_MAX_SIZE } from '../../net/core/net_device.js';
import type { RtnlLinkOps } from '../../net/core/rtnl_link/ops.js';
import { etherSetup, ethHwAddrRandom, ethValidateAddr, validateAddress } from '../../net/ethernet/eth.js';

const TX_Q_LIMIT = 32;

/** Sends a packet on its way again, as if it had not been here. @models drivers/net/ifb.c ifb_ri_tasklet() */
function reinject(skb: SkBuff, dev: NetDevice): void {
  skb.resetRedirect();
  skb.tcSkipClassify = true;
  dev.stats[TX_PACKETS]!++;
  dev.stats[TX_BYTES]! += skb.len;
  const origin = devGetByIndex(dev.net, skb.skbIif);
  if (origin === undefined) {
    dev.stats[TX_DROPPED]!++;
    skb.pool.free(skb);
    return;
  }
  skb.dev = origin;
  skb.skbIif = dev.ifindex;
  if (!skb.fromIngress) {
    devQueueXmit(skb);
    return;
  }
  const { data, macLen } = skb;
  skb.pull(macLen);
  skbPostpullRcsum(skb, data, macLen);
  netifReceiveSkb(skb);
}

/** Packets wait for a tasklet, those of one device together. @models drivers/net/ifb.c ifb_xmit() */
function ifbXmit(): (skb: SkBuff, dev: NetDevice) => number {
  const waiting = new SkbQueue();
  const tasklet = new Tasklet(() => {
    for (let skb = waiting.shift(); skb !== undefined; skb = waiting.shift()) reinject(skb, skb.dev!);
  });
  return (skb, dev) => {
    dev.stats[RX_PACKETS]!++;
    dev.stats[RX_BYTES]! += skb.len;
    if (!skb.redirected || skb.skbIif === 0) {
      dev.stats[RX_DROPPED]!++;
      traceDrop(skb, 'NOT_SPECIFIED');
      skb.pool.free(skb);
      return NETDEV_TX_OK;
    }
    waiting.push(skb);
    dev.net.machine.softnet.backlog.schedule(tasklet);
    return NETDEV_TX_OK;
  };
}

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
    dev.ops = {
      validateAddr: ethValidateAddr,
      startXmit: ifbXmit(),
      vlanOffload: true,
      offloads: { rxcsum: false, gro: true, flags: ETH_FLAG_TXVLAN },
    };
    ethHwAddrRandom(dev);
  },
  validate: validateAddress,
};
