// include/linux/netdevice.h struct net_device and struct netdev_queue: the state, without behaviour. dev.ts, the drivers
// and net/sched act on it.
import type { Holder } from '../../events.js';
import { KObject } from '../../object.js';
import type { Qdisc } from '../sched/sch_generic.js';
import type { Net } from './net_namespace.js';

/** A transmit queue, or the ingress queue: where a qdisc hangs. */
export interface NetdevQueue {
  readonly dev: NetDevice;
  /** The qdisc that is grafted (`qdisc_sleeping`); it is active while the device is up. */
  qdisc: Qdisc;
}

/** What a driver does. Hooks refuse by throwing Errno. */
export interface NetDeviceOps {
  open?(dev: NetDevice): void;
  stop?(dev: NetDevice): void;
  setMacAddress?(dev: NetDevice, address: Uint8Array): void;
  changeMtu?(dev: NetDevice, mtu: number): void;
}

export class NetDevice extends KObject {
  readonly net: Net;
  name: string;
  ifindex = 0;
  /** ARPHRD_* */
  type = 1;
  /** IFF_* without the volatile ones that dev_get_flags() adds. */
  flags = 0;
  /** IFF_NO_QUEUE of priv_flags: wants noqueue as default qdisc. */
  noQueue = false;
  mtu = 1500;
  minMtu = 68;
  maxMtu = 1500;
  txQueueLen = 1000;
  numTxQueues = 1;
  numRxQueues = 1;
  address: Uint8Array = new Uint8Array(6);
  broadcast: Uint8Array = new Uint8Array(6).fill(0xff);
  ops: NetDeviceOps = {};
  /** rtnl_link_ops.kind, undefined for devices that were not made through rtnetlink (lo). */
  linkKind: string | undefined;
  /** ifindex of the link beneath or opposite (IFLA_LINK); undefined = none. */
  peer: NetDevice | undefined;

  /** The root qdisc (`dev->qdisc`), set by net/sched at registration. */
  qdisc!: Qdisc;
  readonly txQueues: NetdevQueue[] = [];
  /** Made at the first clsact or ingress and kept from then on. */
  ingressQueue: NetdevQueue | undefined;
  /** Every qdisc of the device that has a handle and is not the root (`qdisc_hash`), in order of hashing. */
  readonly qdiscHash: Qdisc[] = [];

  constructor(net: Net, name: string, creator: Holder) {
    super(net.machine, creator);
    this.net = net;
    this.name = name;
  }

  get label(): string {
    return `net_device ${this.name}`;
  }

  protected destroy(): void {}
}
