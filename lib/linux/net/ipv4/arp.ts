// net/ipv4/arp.c, what changes of a device mean for its IPv4 neighbours. Called by the notifier chain; nothing is
// resolved, and a device that goes down takes its neighbours along in fib_frontend.ts.
import { IFF_NOARP } from '../../../uapi/linux/if.js';
import { AF_INET } from '../../../uapi/linux/socket.js';
import type { NetdevEvent } from '../core/dev/notifier.js';
import { neighChangeaddr } from '../core/neighbour.js';
import type { NetDevice } from '../core/net_device.js';

/** @models net/ipv4/arp.c arp_netdev_event() */
export function arpNetdevEvent(dev: NetDevice, event: NetdevEvent, flagsChanged: number): void {
  if (event === 'CHANGEADDR' || (event === 'CHANGE' && flagsChanged & IFF_NOARP)) neighChangeaddr(dev, AF_INET);
}
