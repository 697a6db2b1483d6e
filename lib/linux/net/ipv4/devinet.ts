// net/ipv4/devinet.c, as far as links show it: the IPv4 half of a device comes and goes with its MTU, and its sysctls
// are in IFLA_AF_SPEC. Addresses are not modelled.
import type { Extack } from '../../../codec/extack.js';
import type { Nla } from '../../../codec/nla.js';
import { attrsIn } from '../../../codec/nla.js';
import { NL_VALIDATE_LIBERAL, parseNested } from '../../../codec/parse.js';
import { EAFNOSUPPORT, EINVAL } from '../../../uapi/asm-generic/errno.js';
import { ETH_MIN_MTU } from '../../../uapi/linux/if_ether.js';
import { IFLA_INET } from '../../../uapi/linux/if_link.js';
import { IFF_LOOPBACK } from '../../../uapi/linux/if.js';
import * as IP from '../../../uapi/linux/ip.js';
import { errno } from '../../errno.js';
import type { NetdevEvent } from '../core/dev/notifier.js';
import type { NetDevice } from '../core/net_device.js';
import type { MessageWriter } from '../netlink/message.js';

/** struct in_device: the sysctls, entry i holding index i + 1. */
export interface InDevice {
  readonly conf: Int32Array;
}

const defaults: readonly (readonly [number, number])[] = [
  [IP.IPV4_DEVCONF_ACCEPT_REDIRECTS, 1],
  [IP.IPV4_DEVCONF_SECURE_REDIRECTS, 1],
  [IP.IPV4_DEVCONF_SEND_REDIRECTS, 1],
  [IP.IPV4_DEVCONF_SHARED_MEDIA, 1],
  [IP.IPV4_DEVCONF_ACCEPT_SOURCE_ROUTE, 1],
  [IP.IPV4_DEVCONF_IGMPV2_UNSOLICITED_REPORT_INTERVAL, 10000],
  [IP.IPV4_DEVCONF_IGMPV3_UNSOLICITED_REPORT_INTERVAL, 1000],
  [IP.IPV4_DEVCONF_ARP_EVICT_NOCARRIER, 1],
];

/** @models net/ipv4/devinet.c inetdev_init() */
function inetdevInit(): InDevice {
  const conf = new Int32Array(IP.IPV4_DEVCONF_MAX);
  for (const [index, value] of defaults) conf[index - 1] = value;
  return { conf };
}

/** @models net/ipv4/devinet.c inetdev_event() */
export function inetdevEvent(dev: NetDevice, event: NetdevEvent): void {
  const validMtu = dev.mtu >= ETH_MIN_MTU;
  if (event === 'REGISTER') {
    dev.inDevice = inetdevInit();
    if (dev.flags & IFF_LOOPBACK)
      for (const index of [IP.IPV4_DEVCONF_NOXFRM, IP.IPV4_DEVCONF_NOPOLICY]) dev.inDevice.conf[index - 1] = 1;
  } else if (event === 'CHANGEMTU' && validMtu) {
    dev.inDevice ??= inetdevInit();
  } else if (event === 'CHANGEMTU' || event === 'UNREGISTER') {
    dev.inDevice = undefined;
  }
}

/** Bytes inet adds to a link message inside AF_INET. @models net/ipv4/devinet.c inet_get_link_af_size() */
export const inetLinkAfSize = (): number => 4 + 4 * IP.IPV4_DEVCONF_MAX;

/**
 * Appends the content of AF_INET; false when there is none.
 *
 * @models net/ipv4/devinet.c inet_fill_link_af()
 */
export function inetFillLinkAf(skb: MessageWriter, dev: NetDevice): boolean {
  if (dev.inDevice === undefined) return false;
  const { conf } = dev.inDevice;
  const at = skb.reserveAttr(IFLA_INET.CONF.type, 4 * conf.length);
  const { view } = skb.buffer;
  for (let i = 0; i < conf.length; i++) view.setInt32(at + 4 * i, conf[i]!, true);
  return true;
}

function confOf(nla: Nla, extack: Extack | undefined): readonly Nla[] {
  const tb = parseNested(IFLA_INET, nla, NL_VALIDATE_LIBERAL, extack);
  return tb.CONF === undefined ? [] : attrsIn(tb.CONF);
}

/** @models net/ipv4/devinet.c inet_validate_link_af() */
export function inetValidateLinkAf(dev: NetDevice, nla: Nla, extack: Extack): void {
  if (dev.inDevice === undefined) throw errno(EAFNOSUPPORT);
  for (const entry of confOf(nla, extack))
    if (entry.len < 4 || entry.type < 1 || entry.type > IP.IPV4_DEVCONF_MAX) throw errno(EINVAL);
}

/** @models net/ipv4/devinet.c inet_set_link_af() */
export function inetSetLinkAf(dev: NetDevice, nla: Nla): void {
  if (dev.inDevice === undefined) throw errno(EAFNOSUPPORT);
  for (const entry of confOf(nla, undefined)) dev.inDevice.conf[entry.type - 1] = entry.u32();
}
