// net/ipv4/devinet.c, the IPv4 half of a device: it comes and goes with the MTU, its sysctls are in IFLA_AF_SPEC, its
// addresses in `ifaList`. ifaddr.ts adds and removes addresses; rtm.ts serves the requests.
import type { Extack } from '../../../../codec/extack.js';
import type { Nla } from '../../../../codec/nla.js';
import { attrsIn } from '../../../../codec/nla.js';
import { NL_VALIDATE_LIBERAL, parseNested } from '../../../../codec/parse.js';
import { EAFNOSUPPORT, EINVAL } from '../../../../uapi/asm-generic/errno.js';
import { IFLA_INET } from '../../../../uapi/linux/if_link.js';
import * as IP from '../../../../uapi/linux/ip.js';
import { errno } from '../../../errno.js';
import type { NetDevice } from '../../core/net_device.js';
import type { MessageWriter } from '../../netlink/message.js';
import type { IpMcList } from '../igmp.js';

/** struct in_device. */
export interface InDevice {
  readonly dev: NetDevice;
  /** The sysctls, entry i holding index i + 1. */
  readonly conf: Int32Array;
  /** Primaries by scope, widest first, each in order of arrival; then secondaries. */
  readonly ifaList: InIfaddr[];
  /** Groups it is in, the newest first. */
  readonly mcList: IpMcList[];
  /** Is being torn down: nothing is promoted, secondaries go one by one. */
  dead: boolean;
}

/** struct in_ifaddr. Addresses are unsigned numbers in host order; 0 = none. */
export interface InIfaddr {
  readonly inDev: InDevice;
  readonly local: number;
  /** The peer's, or the same as `local`. */
  readonly address: number;
  readonly mask: number;
  readonly prefixlen: number;
  readonly broadcast: number;
  readonly scope: number;
  /** IFA_F_* */
  flags: number;
  label: string;
  rtPriority: number;
  proto: number;
  /** Seconds; 0xffffffff = forever. */
  validLft: number;
  preferredLft: number;
  /** Hundredths of a second since boot: creation and last update; undefined before the first. */
  cstamp: number | undefined;
  tstamp: number;
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
export function inetdevInit(dev: NetDevice): InDevice {
  const conf = new Int32Array(IP.IPV4_DEVCONF_MAX);
  for (const [index, value] of defaults) conf[index - 1] = value;
  return { dev, conf, ifaList: [], mcList: [], dead: false };
}

/** One sysctl. @models include/linux/inetdevice.h ipv4_devconf_get() */
export const devconf = (inDev: InDevice, index: number): number => inDev.conf[index - 1]!;

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
