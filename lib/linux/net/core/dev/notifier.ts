// net/core/dev.c call_netdevice_notifiers(): who hears of a change of a device, in the order in which the subsystems
// registered at boot: rtnetlink, then IPv4, then IPv6, then those that registered themselves.
import { arpNetdevEvent } from '../../ipv4/arp.js';
import { inetdevEvent } from '../../ipv4/devinet/event.js';
import { fibNetdevEvent } from '../../ipv4/fib_frontend.js';
import { addrconfNotify } from '../../ipv6/addrconf/notify.js';
import { ndiscNetdevEvent } from '../../ipv6/ndisc.js';
import type { NetDevice } from '../net_device.js';
import { type Net, netGeneric } from '../net_namespace.js';
import { rtnetlinkEvent } from '../rtnl_link/notify.js';

/** NETDEV_* of include/linux/netdevice.h, those that somebody listens to. */
export type NetdevEvent =
  | 'UP'
  | 'DOWN'
  | 'CHANGE'
  | 'REGISTER'
  | 'UNREGISTER'
  | 'CHANGEMTU'
  | 'CHANGEADDR'
  | 'CHANGENAME'
  | 'CHANGE_TX_QUEUE_LEN';

type Listener = (dev: NetDevice, event: NetdevEvent) => void;

/** Those that registered, in order. */
const netdevChain = netGeneric((): Listener[] => []);

/** Lets a part of the kernel that comes up later hear of devices. @models net/core/dev.c register_netdevice_notifier() */
export function registerNetdeviceNotifier(net: Net, listener: Listener): void {
  netdevChain(net).push(listener);
}

/** `flagsChanged` are those that made a CHANGE. @models net/core/dev.c call_netdevice_notifiers() */
export function callNetdeviceNotifiers(dev: NetDevice, event: NetdevEvent, flagsChanged = 0): void {
  rtnetlinkEvent(dev, event);
  arpNetdevEvent(dev, event, flagsChanged);
  inetdevEvent(dev, event);
  fibNetdevEvent(dev, event);
  addrconfNotify(dev, event, flagsChanged);
  ndiscNetdevEvent(dev, event, flagsChanged);
  for (const listener of netdevChain(dev.net)) listener(dev, event);
}
