// net/ipv6/addrconf.c addrconf_notify(): what IPv6 does when a device changes.
import * as V6 from '../../../../uapi/linux/ipv6.js';
import { IFF_LOOPBACK, IFF_UP } from '../../../../uapi/linux/if.js';
import type { NetdevEvent } from '../../core/dev/notifier.js';
import type { NetDevice } from '../../core/net_device.js';
import type { Inet6Dev } from './inet6_dev.js';
import { IF_READY, IPV6_MIN_MTU, ipv6AddDev, linkReady } from './inet6_dev.js';

/** The device is up: IPv6 starts to use it, unless disabled. */
function configure(dev: NetDevice, idev: Inet6Dev): void {
  if (idev.conf[V6.DEVCONF_DISABLE_IPV6] !== 0 || (dev.flags & IFF_UP) === 0 || !linkReady(dev)) return;
  idev.flags |= IF_READY;
  idev.conf[V6.DEVCONF_MTU6] = dev.mtu;
}

function changeMtu(dev: NetDevice): void {
  if (dev.mtu < IPV6_MIN_MTU) {
    if ((dev.flags & IFF_LOOPBACK) === 0) dev.inet6 = undefined;
    return;
  }
  dev.inet6 ??= ipv6AddDev(dev);
  dev.inet6.conf[V6.DEVCONF_MTU6] = dev.mtu;
}

/**
 * @models net/ipv6/addrconf.c addrconf_notify()
 * @differs no addresses are made and nothing is sent
 */
export function addrconfNotify(dev: NetDevice, event: NetdevEvent): void {
  if (!dev.net.machine.config.ipv6) return;
  const { inet6 } = dev;
  if (event === 'REGISTER' && dev.mtu >= IPV6_MIN_MTU) dev.inet6 = ipv6AddDev(dev);
  else if (event === 'CHANGEMTU') changeMtu(dev);
  else if (event === 'UNREGISTER') dev.inet6 = undefined;
  else if ((event === 'UP' || event === 'CHANGE') && inet6 !== undefined) configure(dev, inet6);
  else if (event === 'DOWN' && inet6 !== undefined) inet6.flags &= ~IF_READY;
}
