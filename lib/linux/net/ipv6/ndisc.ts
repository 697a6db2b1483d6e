// net/ipv6/ndisc.c, what changes of a device mean for its IPv6 neighbours. Called by the notifier chain; nothing is
// resolved, and a device that goes down takes its neighbours along in fib_frontend.ts.
import type { Extack } from '../../../codec/extack.js';
import { EINVAL } from '../../../uapi/asm-generic/errno.js';
import { IFF_NOARP } from '../../../uapi/linux/if.js';
import { DEVCONF_DISABLE_IPV6 } from '../../../uapi/linux/ipv6.js';
import { AF_INET6 } from '../../../uapi/linux/socket.js';
import { refuse } from '../../errno.js';
import type { NetdevEvent } from '../core/dev/notifier.js';
import { neighCarrierDown, neighChangeaddr } from '../core/neighbour.js';
import type { NetDevice } from '../core/net_device.js';

/** @models net/ipv6/ndisc.c ndisc_netdev_event() */
export function ndiscNetdevEvent(dev: NetDevice, event: NetdevEvent, flagsChanged: number): void {
  if (event === 'CHANGEADDR' || (event === 'CHANGE' && flagsChanged & IFF_NOARP)) neighChangeaddr(dev, AF_INET6);
  if (event === 'CHANGE' && !dev.carrier) neighCarrierDown(dev, AF_INET6);
}

/** Refuses neighbours where there is no IPv6. @models net/ipv6/ndisc.c ndisc_allow_add() */
export function ndiscAllowAdd(dev: NetDevice, extack: Extack): void {
  if (dev.inet6 === undefined || dev.inet6.conf[DEVCONF_DISABLE_IPV6] !== 0)
    refuse(extack, EINVAL, 'IPv6 is disabled on this device');
}
