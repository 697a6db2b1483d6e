// drivers/net/veth.c: pairs of Ethernet devices, each the other end of the other. The ends hold each other from
// creation to deletion, and go together.
import { ETH_FLAG_RXVLAN, ETH_FLAG_TXVLAN } from '../../../uapi/linux/ethtool.js';
import { EINVAL, ENOTCONN } from '../../../uapi/asm-generic/errno.js';
import { ETH_HLEN, ETH_MAX_MTU, ETH_MIN_MTU } from '../../../uapi/linux/if_ether.js';
import { IFF_UP } from '../../../uapi/linux/if.js';
import { VETH_INFO } from '../../../uapi/linux/veth.js';
import { errno } from '../../errno.js';
import type { Machine } from '../../machine.js';
import { devForwardSkb } from '../../net/core/dev/forward.js';
import { NET_RX_SUCCESS } from '../../net/core/dev/receive.js';
import { RX_BYTES, RX_PACKETS, TX_BYTES, TX_DROPPED, TX_PACKETS } from '../../net/core/dev/stats.js';
import { traceDrop } from '../../net/core/dev/trace.js';
import { NET_XMIT_DROP, NETDEV_TX_OK } from '../../net/core/dev/xmit.js';
import type { SkBuff } from '../../net/core/skbuff/sk_buff.js';
import { registerNetdevice, unregisterNetdevices, unregisterQueue } from '../../net/core/dev/register.js';
import { netifCarrierOff, netifCarrierOn } from '../../net/core/link_watch.js';
import type { NetDevice, NetDeviceOps } from '../../net/core/net_device.js';
import { TSO_MAX_SIZE } from '../../net/core/net_device.js';
import { configureLink, createLink } from '../../net/core/rtnl_link/new.js';
import type { IflaTable, NewlinkParams, RtnlLinkOps } from '../../net/core/rtnl_link/ops.js';
import { etherSetup, ethHwAddrRandom, ethMacAddr, ethValidateAddr, validateAddress } from '../../net/ethernet/eth.js';

/** What one end sends the other end receives. @models drivers/net/veth.c veth_xmit() */
function startXmit(skb: SkBuff, dev: NetDevice): number {
  const { peer } = dev;
  const { len } = skb;
  if (peer === undefined || len < ETH_HLEN) {
    dev.stats[TX_DROPPED]!++;
    traceDrop(skb, 'NOT_SPECIFIED');
    skb.pool.free(skb);
    return NET_XMIT_DROP;
  }
  if (devForwardSkb(peer, skb) !== NET_RX_SUCCESS) {
    dev.stats[TX_DROPPED]!++;
    return NET_XMIT_DROP;
  }
  dev.stats[TX_PACKETS]!++;
  dev.stats[TX_BYTES]! += len;
  peer.stats[RX_PACKETS]!++;
  peer.stats[RX_BYTES]! += len;
  return NETDEV_TX_OK;
}

const vethNetdevOps: NetDeviceOps = {
  /** @models drivers/net/veth.c veth_open() */
  open: (dev) => {
    const { peer } = dev;
    if (peer === undefined) throw errno(ENOTCONN);
    if ((peer.flags & IFF_UP) === 0) return;
    netifCarrierOn(dev);
    netifCarrierOn(peer);
  },
  /** @models drivers/net/veth.c veth_close() */
  stop: (dev) => {
    netifCarrierOff(dev);
    if (dev.peer !== undefined) netifCarrierOff(dev.peer);
  },
  validateAddr: ethValidateAddr,
  setMacAddress: ethMacAddr,
  setsRxMode: true,
  getIflink: ({ peer }) => peer?.ifindex ?? 0,
  startXmit,
  vlanOffload: true,
  reportsLink: 'carrier',
  stampsSent: true,
  offloads: { rxcsum: true, gro: false, flags: ETH_FLAG_TXVLAN | ETH_FLAG_RXVLAN },
};

/** @models drivers/net/veth.c veth_setup() */
function setup(dev: NetDevice): void {
  etherSetup(dev);
  dev.maxMtu = ETH_MAX_MTU;
  dev.noQueue = true;
  dev.liveAddrChange = true;
  dev.tsoMaxSize = TSO_MAX_SIZE;
  dev.ops = vethNetdevOps;
}

/** @models drivers/net/veth.c veth_validate() */
function validate(tb: IflaTable): void {
  validateAddress(tb);
  if (tb.MTU !== undefined && (tb.MTU < ETH_MIN_MTU || tb.MTU > ETH_MAX_MTU)) throw errno(EINVAL);
}

/** @models drivers/net/veth.c veth_get_num_queues() */
const numQueues = (machine: Machine): number => (machine.has('veth-queues') ? machine.config.cpus : 1);

/** One queue in use unless the request gave a number. @models drivers/net/veth.c veth_init_queues() */
function initQueues(dev: NetDevice, tb: IflaTable): void {
  if (tb.NUM_TX_QUEUES === undefined) dev.realNumTxQueues = 1;
}

/** Makes, registers and announces the other end. */
function newPeer(dev: NetDevice, { net, tb, peer: given, extack }: NewlinkParams): NetDevice {
  const peer = createLink(net, given?.tb.IFNAME ?? 'veth%d', vethLinkOps, given?.tb ?? tb, extack);
  initQueues(peer, given?.tb ?? tb);
  if (given?.tb.ADDRESS === undefined) ethHwAddrRandom(peer);
  if (given !== undefined && dev.ifindex !== 0) peer.ifindex = given.ifm.ifi_index;
  try {
    registerNetdevice(peer);
  } catch (refusal) {
    peer.release(net);
    throw refusal;
  }
  netifCarrierOff(peer);
  try {
    configureLink(peer, given?.ifm);
  } catch (refusal) {
    unregisterNetdevices([peer]);
    throw refusal;
  }
  return peer;
}

/** Ties two ends together; each holds the other. */
function tie(dev: NetDevice, peer: NetDevice): void {
  dev.peer = peer.hold(dev);
  peer.peer = dev.hold(peer);
}

/**
 * The peer comes first and gets the lower index.
 *
 * @models drivers/net/veth.c veth_newlink()
 */
function newlink(dev: NetDevice, params: NewlinkParams): void {
  const { tb } = params;
  initQueues(dev, tb);
  const peer = newPeer(dev, params);
  if (tb.ADDRESS === undefined) ethHwAddrRandom(dev);
  dev.name = tb.IFNAME ?? 'veth%d';
  try {
    registerNetdevice(dev);
  } catch (refusal) {
    unregisterNetdevices([peer]);
    throw refusal;
  }
  netifCarrierOff(dev);
  tie(dev, peer);
}

/** @models drivers/net/veth.c veth_dellink() */
function dellink(dev: NetDevice, kill: NetDevice[]): void {
  const { peer } = dev;
  unregisterQueue(dev, kill);
  if (peer === undefined) return;
  dev.peer = undefined;
  peer.peer = undefined;
  peer.release(dev);
  dev.release(peer);
  unregisterQueue(peer, kill);
}

/** @models drivers/net/veth.c veth_link_ops */
export const vethLinkOps: RtnlLinkOps = {
  kind: 'veth',
  setup,
  infoData: VETH_INFO,
  peerType: VETH_INFO.PEER.type,
  validate,
  newlink,
  dellink,
  numTxQueues: numQueues,
  numRxQueues: numQueues,
};
