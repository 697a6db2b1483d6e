// include/linux/netdevice.h struct net_device and struct netdev_queue: the state, without behaviour. dev/, the drivers,
// link_watch.ts and net/sched act on it.
import { ARPHRD_ETHER } from '../../../uapi/linux/if_arp.js';
import { ETH_ALEN, ETH_DATA_LEN } from '../../../uapi/linux/if_ether.js';
import { IF_LINK_MODE_DEFAULT, IF_OPER_UNKNOWN } from '../../../uapi/linux/if.js';
import type { Holder } from '../../events.js';
import type { MprogEntry } from '../../kernel/bpf/mprog.js';
import { KObject } from '../../object.js';
import type { InDevice } from '../ipv4/devinet/in_device.js';
import type { Inet6Dev } from '../ipv6/addrconf/inet6_dev.js';
import { QdiscHash } from '../sched/sch_api/qdisc_hash.js';
import type { Qdisc } from '../sched/sch_generic.js';
import type { MiniQdisc } from './dev/tc_hook.js';
import type { Net } from './net_namespace.js';
import type { RtnlLinkOps } from './rtnl_link/ops.js';
import type { SkBuff } from './skbuff/sk_buff.js';

/** A transmit queue, or the ingress queue: where a qdisc hangs. */
export class NetdevQueue implements Holder {
  readonly dev: NetDevice;
  readonly name: string;
  /** The qdisc that is grafted (`qdisc_sleeping`). */
  qdisc: Qdisc;
  /** The qdisc in use (`qdisc`): noop while the device is down or has no carrier. */
  active: Qdisc;

  constructor(dev: NetDevice, name: string, qdisc: Qdisc) {
    this.dev = dev;
    this.name = name;
    this.qdisc = this.active = qdisc;
  }

  get label(): string {
    return `${this.name} of ${this.dev.name}`;
  }
}

/** NETIF_F_RXCSUM, NETIF_F_GRO, and ETH_FLAG_* of tags. */
export interface Offloads {
  readonly rxcsum: boolean;
  readonly gro: boolean;
  readonly flags: number;
}

/** One link address that a device receives (struct netdev_hw_addr). */
export interface HwAddr {
  readonly addr: Uint8Array;
  refcount: number;
  /** Users have it, as one of those who use it. */
  globalUse: boolean;
}

/** What a driver does. Hooks refuse by throwing Errno; a hook that is missing is not supported. */
export interface NetDeviceOps {
  open?(dev: NetDevice): void;
  stop?(dev: NetDevice): void;
  /** Whether the address may be used; asked before the device comes up. */
  validateAddr?(dev: NetDevice): void;
  setMacAddress?(dev: NetDevice, address: Uint8Array): void;
  changeMtu?(dev: NetDevice, mtu: number): void;
  changeCarrier?(dev: NetDevice, on: boolean): void;
  /** Whether it follows changes of its lists of addresses (ndo_set_rx_mode). */
  readonly setsRxMode?: boolean;
  /** Takes a packet to send; it is the driver's from then on. */
  startXmit?(skb: SkBuff, dev: NetDevice): number;
  /** Whether tags may travel beside the packets it is given. */
  readonly vlanOffload?: boolean;
  /** What ethtool hears of the link: that it is always there while the device is up, or the carrier; absent: nothing. */
  readonly reportsLink?: 'always' | 'carrier';
  /** Whether ethtool hears that sent packets can be stamped. */
  readonly stampsSent?: boolean;
  /** What ethtool hears of offloads where kinds of devices differ: all of them segment and sum what they send. */
  readonly offloads?: Offloads;
  /** ifindex of the link beneath or opposite; without the hook the device's own. */
  getIflink?(dev: NetDevice): number;
}

/** Indices of NetDevice.stats: the members of struct rtnl_link_stats64 in order. */
export const LINK_STATS = 25;

/** Where an address came from (NET_ADDR_*). */
export type AddrAssignType = 'perm' | 'random' | 'set';

/** GSO_MAX_SIZE and friends of include/linux/netdevice.h and net/core: bytes and segments. */
export const GSO_LEGACY_MAX_SIZE = 65536;
export const GSO_MAX_SEGS = 65535;
export const GRO_MAX_SIZE = 8 * 65535;
export const TSO_MAX_SIZE = 8 * 65535;

export class NetDevice extends KObject {
  readonly net: Net;
  name: string;
  /** Alternative names, in order of arrival. */
  readonly altNames: string[] = [];
  ifindex = 0;
  /** ARPHRD_* */
  type = ARPHRD_ETHER;
  /** IFF_* without the volatile ones that devGetFlags() adds. */
  flags = 0;
  /** IFF_PROMISC and IFF_ALLMULTI as users asked for them. */
  gflags = 0;
  promiscuity = 0;
  allmulti = 0;
  /** IFF_NO_QUEUE of priv_flags: wants noqueue as default qdisc. */
  noQueue = false;
  /** IFF_LIVE_ADDR_CHANGE of priv_flags: the address may change while up. */
  liveAddrChange = false;
  netnsImmutable = false;
  group = 0;
  ifalias: string | undefined;
  mtu = ETH_DATA_LEN;
  minMtu = 68;
  /** 0 = none. */
  maxMtu = ETH_DATA_LEN;
  txQueueLen = 1000;
  numTxQueues = 1;
  /** Transmit queues in use (real_num_tx_queues); undefined = all. */
  realNumTxQueues: number | undefined;
  numRxQueues = 1;
  gsoMaxSize = GSO_LEGACY_MAX_SIZE;
  gsoMaxSegs = GSO_MAX_SEGS;
  groMaxSize = GSO_LEGACY_MAX_SIZE;
  gsoIpv4MaxSize = GSO_LEGACY_MAX_SIZE;
  groIpv4MaxSize = GSO_LEGACY_MAX_SIZE;
  tsoMaxSize = GSO_LEGACY_MAX_SIZE;
  tsoMaxSegs = GSO_MAX_SEGS;
  addrLen = ETH_ALEN;
  address: Uint8Array = new Uint8Array(ETH_ALEN);
  broadcast: Uint8Array = new Uint8Array(ETH_ALEN);
  permAddress: Uint8Array = new Uint8Array(ETH_ALEN);
  addrAssignType: AddrAssignType = 'perm';
  /** Unicast and group addresses it receives beside its own, in order of arrival; dev_addr_lists.ts keeps them. */
  readonly uc: HwAddr[] = [];
  readonly mc: HwAddr[] = [];
  /** The list of unicast addresses is one of the users of promiscuous mode. */
  ucPromisc = false;

  regState: 'uninitialized' | 'registered' | 'unregistering' | 'unregistered' = 'uninitialized';
  /** __LINK_STATE_START: between the start of opening and the start of closing (netif_running()). */
  running = false;
  /** Not __LINK_STATE_NOCARRIER (netif_carrier_ok()). */
  carrier = true;
  dormant = false;
  testing = false;
  /** IF_OPER_*, as linkwatch left it. */
  operstate = IF_OPER_UNKNOWN;
  linkMode = IF_LINK_MODE_DEFAULT;
  carrierUpCount = 0;
  carrierDownCount = 0;
  /** __LINK_STATE_LINKWATCH_PENDING */
  linkwatchPending = false;

  ops: NetDeviceOps = {};
  linkOps: RtnlLinkOps | undefined;
  /** Made through rtnetlink and not yet announced. */
  linkInitializing = false;
  /** The other end of a pair. */
  peer: NetDevice | undefined;
  inDevice: InDevice | undefined;
  inet6: Inet6Dev | undefined;
  /** Counters in the order of struct rtnl_link_stats64, whole numbers. */
  readonly stats = new Float64Array(LINK_STATS);

  /** The root qdisc (`dev->qdisc`), set by net/sched at registration. */
  qdisc!: Qdisc;
  readonly txQueues: NetdevQueue[] = [];
  /** Made at the first clsact or ingress and kept from then on. */
  ingressQueue: NetdevQueue | undefined;
  /** The qdisc at the hooks, as packets see it; undefined = none. */
  miniqIngress: MiniQdisc | undefined;
  miniqEgress: MiniQdisc | undefined;
  /** Programs at the hooks of tcx; undefined = none. */
  tcxIngress: MprogEntry | undefined;
  tcxEgress: MprogEntry | undefined;
  /** Children of the root (`qdisc_hash`). net/sched keeps it. */
  readonly qdiscHash = new QdiscHash();

  constructor(net: Net, name: string, creator: Holder) {
    super(net.machine, creator);
    this.net = net;
    this.name = name;
  }

  get label(): string {
    return `net_device ${this.name}`;
  }

  /** rtnl_link_ops.kind; undefined for devices that were not made through rtnetlink (lo). */
  get linkKind(): string | undefined {
    return this.linkOps?.kind;
  }

  protected destroy(): void {}
}
