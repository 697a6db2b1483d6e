// net/ipv4/devinet.c, what IPv4 does when a device changes: it gets and loses its IPv4 half, the loopback its address,
// labels follow the name.
import { IFA_F_PERMANENT } from '../../../../uapi/linux/if_addr.js';
import { ETH_MIN_MTU } from '../../../../uapi/linux/if_ether.js';
import { IFF_LOOPBACK, IFF_UP, IFNAMSIZ } from '../../../../uapi/linux/if.js';
import * as IP from '../../../../uapi/linux/ip.js';
import { RT_SCOPE_HOST } from '../../../../uapi/linux/route.js';
import { RTM_NEWADDR } from '../../../../uapi/linux/rtnetlink.js';
import { Errno } from '../../../errno.js';
import type { NetdevEvent } from '../../core/dev/notifier.js';
import type { NetDevice } from '../../core/net_device.js';
import { ipMcDestroyDev, ipMcDown, ipMcUp } from '../igmp.js';
import { inetDelIfa, inetInsertIfa, setIfaLifetime } from './ifaddr.js';
import type { InDevice, InIfaddr } from './in_device.js';
import { inetdevInit } from './in_device.js';
import { rtmsgIfa } from './notify.js';

const INADDR_LOOPBACK = 0x7f000001;
const FOREVER = 0xffffffff;

/** @models net/ipv4/devinet.c inetdev_destroy() */
function inetdevDestroy(inDev: InDevice): void {
  inDev.dead = true;
  ipMcDestroyDev(inDev);
  for (let ifa = inDev.ifaList[0]; ifa !== undefined; ifa = inDev.ifaList[0]) inetDelIfa(ifa);
  inDev.dev.inDevice = undefined;
}

/** A new address of `inDev` that is its own peer, for ever. @models net/ipv4/devinet.c inet_alloc_ifa() */
function loopbackAddress(inDev: InDevice): InIfaddr {
  return {
    inDev,
    local: INADDR_LOOPBACK,
    address: INADDR_LOOPBACK,
    mask: 0xff000000 | 0,
    prefixlen: 8,
    broadcast: 0,
    scope: RT_SCOPE_HOST,
    flags: IFA_F_PERMANENT,
    label: inDev.dev.name,
    rtPriority: 0,
    proto: 0,
    validLft: FOREVER,
    preferredLft: FOREVER,
    cstamp: undefined,
    tstamp: 0,
  };
}

/** The loopback comes up: 127.0.0.1/8, unless it is there already. */
function addLoopback(inDev: InDevice): void {
  const ifa = loopbackAddress(inDev);
  setIfaLifetime(ifa, FOREVER, FOREVER);
  try {
    inetInsertIfa(ifa);
  } catch (refusal) {
    if (!(refusal instanceof Errno)) throw refusal;
  }
}

/**
 * The first label becomes the name, the others keep what follows their colon.
 *
 * @models net/ipv4/devinet.c inetdev_changename()
 */
function changeName({ ifaList, dev }: InDevice): void {
  ifaList.forEach((ifa, i) => {
    const { label } = ifa;
    const colon = label.indexOf(':');
    const suffix = colon < 0 ? `:${i + 1}` : label.slice(colon);
    const room = IFNAMSIZ - 1 - suffix.length;
    ifa.label = i === 0 ? dev.name : dev.name.slice(0, room) + suffix;
    rtmsgIfa(RTM_NEWADDR, ifa);
  });
}

/** @models net/ipv4/devinet.c inetdev_event() for a device without an IPv4 half */
function give(dev: NetDevice, event: NetdevEvent): void {
  if (event === 'REGISTER') {
    dev.inDevice = inetdevInit(dev);
    if (dev.flags & IFF_LOOPBACK)
      for (const index of [IP.IPV4_DEVCONF_NOXFRM, IP.IPV4_DEVCONF_NOPOLICY]) dev.inDevice.conf[index - 1] = 1;
  } else if (event === 'CHANGEMTU' && dev.mtu >= ETH_MIN_MTU) {
    dev.inDevice = inetdevInit(dev);
    if (dev.flags & IFF_UP) ipMcUp(dev.inDevice);
  }
}

function up(inDevice: InDevice): void {
  const { dev } = inDevice;
  if (dev.mtu < ETH_MIN_MTU) return;
  if (dev.flags & IFF_LOOPBACK) addLoopback(inDevice);
  ipMcUp(inDevice);
}

/** @models net/ipv4/devinet.c inetdev_event() */
export function inetdevEvent(dev: NetDevice, event: NetdevEvent): void {
  const { inDevice } = dev;
  if (inDevice === undefined || event === 'REGISTER') give(dev, event);
  else if (event === 'UP') up(inDevice);
  else if (event === 'DOWN') ipMcDown(inDevice);
  else if (event === 'CHANGENAME') changeName(inDevice);
  else if (event === 'UNREGISTER' || (event === 'CHANGEMTU' && dev.mtu < ETH_MIN_MTU)) inetdevDestroy(inDevice);
}
