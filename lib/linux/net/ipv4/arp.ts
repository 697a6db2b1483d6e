// net/ipv4/arp.c: what changes of a device mean for its IPv4 neighbours, called by the notifier chain (a device that goes
// down takes its neighbours along in fib_frontend.ts); and where ARP packets end, since nobody in a box answers.
import { IFF_NOARP } from '../../../uapi/linux/if.js';
import { AF_INET } from '../../../uapi/linux/socket.js';
import { ETH_P_ARP } from '../../../uapi/linux/if_ether.js';
import type { NetdevEvent } from '../core/dev/notifier.js';
import { devAddPack } from '../core/dev/tap.js';
import { neighCarrierDown, neighChangeaddr } from '../core/neighbour.js';
import type { NetDevice } from '../core/net_device.js';
import type { Net } from '../core/net_namespace.js';

/** @models net/ipv4/arp.c arp_netdev_event() */
export function arpNetdevEvent(dev: NetDevice, event: NetdevEvent, flagsChanged: number): void {
  if (event === 'CHANGEADDR' || (event === 'CHANGE' && flagsChanged & IFF_NOARP)) neighChangeaddr(dev, AF_INET);
  if (event === 'CHANGE' && !dev.carrier) neighCarrierDown(dev, AF_INET);
}

/** @models net/ipv4/arp.c arp_init() */
export function arpInit(net: Net): void {
  devAddPack(net, {
    type: ETH_P_ARP,
    dev: undefined,
    receive: (skb) => {
      skb.pool.free(skb);
    },
  });
}
