// net/core/net_namespace.c: a network namespace holds the devices, the netlink sockets and the per-namespace state of
// every subsystem. A box has one.
import { Slab } from '../../../codec/slab.js';
import type { Machine } from '../../machine.js';
import type { NetlinkTable } from '../netlink/af_netlink/table.js';
import { netlinkTable } from '../netlink/af_netlink/table.js';
import type { NetDevice } from './net_device.js';
import { Rtnetlink } from './rtnetlink.js';

/** Size of the buffers that programs share, bytes: one that survives its neighbours keeps no more. */
const PROGRAMS = 4096;
/** Size of the buffers that answers share: one that is never received keeps no more. */
const REPLIES = 16_384;

export class Net {
  readonly label = 'init_net';
  readonly machine: Machine;
  /** In order of registration (dev_base_head). */
  readonly devices: NetDevice[] = [];
  /** Bumped at every change of the device list (dev_base_seq), for NLM_F_DUMP_INTR. */
  devBaseSeq = 1;
  /** Memory of the messages being handled, and of short answers that wait for their receiver. */
  readonly requests = new Slab();
  readonly replies = new Slab(REPLIES);
  /** Instructions of classic programs. */
  readonly programs = new Slab(PROGRAMS);
  /** The id it has given itself; -1 = none. */
  nsid = -1;
  readonly netlink: NetlinkTable = netlinkTable();
  readonly rtnl: Rtnetlink;

  constructor(machine: Machine) {
    this.machine = machine;
    this.rtnl = new Rtnetlink(this);
  }
}

/**
 * net_generic(): the state a subsystem keeps for a namespace, made by `make` at its first use.
 *
 * @models include/net/netns/generic.h net_generic()
 */
export function netGeneric<T>(make: (net: Net) => T): (net: Net) => T {
  const states = new WeakMap<Net, T>();
  return (net) => {
    let state = states.get(net);
    if (state === undefined) states.set(net, (state = make(net)));
    return state;
  };
}
