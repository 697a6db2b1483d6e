// net/ipv6/addrconf.c, the IPv6 half of a device: its state, sysctls and counters, which IFLA_AF_SPEC shows and takes.
// notify.ts lets it come and go, ifaddr.ts keeps its addresses.
import type { Extack } from '../../../../codec/extack.js';
import type { Nla } from '../../../../codec/nla.js';
import { NL_VALIDATE_LIBERAL, parseNested } from '../../../../codec/parse.js';
import { EAFNOSUPPORT, EINVAL } from '../../../../uapi/asm-generic/errno.js';
import {
  IFLA_INET6,
  ifla_cacheinfo,
  IN6_ADDR_GEN_MODE_EUI64,
  IN6_ADDR_GEN_MODE_RANDOM,
  IN6_ADDR_GEN_MODE_STABLE_PRIVACY,
} from '../../../../uapi/linux/if_link.js';
import { IF_OPER_UNKNOWN, IF_OPER_UP, IFF_LOOPBACK, IFF_NOARP } from '../../../../uapi/linux/if.js';
import * as V6 from '../../../../uapi/linux/ipv6.js';
import { RTEXT_FILTER_SKIP_STATS } from '../../../../uapi/linux/rtnetlink.js';
import type { Work } from '../../../clock.js';
import { NSEC_PER_SEC } from '../../../clock.js';
import type { Fib6Info } from '../ip6_fib.js';
import type { Ifmcaddr6 } from '../mcast.js';
import { errno, refuse } from '../../../errno.js';
import type { Machine } from '../../../machine.js';
import type { NetDevice } from '../../core/net_device.js';
import type { MessageWriter } from '../../netlink/message.js';

/** struct inet6_ifaddr. */
export interface Inet6Ifaddr {
  readonly idev: Inet6Dev;
  readonly addr: Uint8Array;
  peer: Uint8Array | undefined;
  readonly prefixlen: number;
  /** IFA_F_* */
  flags: number;
  /** INET6_IFADDR_STATE_* */
  state: 'predad' | 'dad' | 'postdad' | 'dead';
  rtPriority: number;
  proto: number;
  /** Seconds; 0xffffffff = forever. */
  validLft: number;
  preferredLft: number;
  /** Hundredths of a second since boot: creation and last update. */
  readonly cstamp: number;
  tstamp: number;
  /** The host route; undefined once it is gone for good. */
  rt: Fib6Info | undefined;
  dadWork: Work | undefined;
  dadProbes: number;
}

/** struct inet6_dev. */
export interface Inet6Dev {
  readonly dev: NetDevice;
  /** Those that reach furthest first, the newest first of each reach. */
  readonly addrList: Inet6Ifaddr[];
  /** Groups it is in, the newest first; mcast.ts keeps them. */
  readonly mcList: Ifmcaddr6[];
  /** Sysctls by DEVCONF_*. */
  readonly conf: Int32Array;
  /** IF_READY and friends. */
  flags: number;
  /** Only the interface identifier, the last eight bytes, is ever set. */
  readonly token: Uint8Array;
  addrGenMode: number;
  /** When it was last configured, in hundredths of a second since boot. */
  readonly stamp: number;
  /** Milliseconds, random for each device. */
  readonly reachableTime: number;
}

export const IPV6_MIN_MTU = 1280;
const IPV6_MAXPLEN = 65535;
/** include/net/if_inet6.h */
export const IF_READY = 0x80000000;
/** IPSTATS_MIB_MAX and ICMP6_MIB_MAX: number of counters, itself the first of them (observed on 6.18). */
const IPSTATS_COUNTERS = 38;
const ICMP6_COUNTERS = 7;
/** Index of ADDR_GEN_MODE among the sysctls. */
const DEVCONF_ADDR_GEN_MODE = 47;

const defaults: readonly (readonly [number, number])[] = [
  [V6.DEVCONF_HOPLIMIT, 64],
  [V6.DEVCONF_ACCEPT_RA, 1],
  [V6.DEVCONF_ACCEPT_REDIRECTS, 1],
  [V6.DEVCONF_AUTOCONF, 1],
  [V6.DEVCONF_DAD_TRANSMITS, 1],
  [V6.DEVCONF_RTR_SOLICITS, -1],
  [V6.DEVCONF_RTR_SOLICIT_INTERVAL, 4000],
  [V6.DEVCONF_RTR_SOLICIT_DELAY, 1000],
  [V6.DEVCONF_TEMP_VALID_LFT, 604800],
  [V6.DEVCONF_TEMP_PREFERED_LFT, 86400],
  [V6.DEVCONF_REGEN_MAX_RETRY, 3],
  [V6.DEVCONF_MAX_DESYNC_FACTOR, 600],
  [V6.DEVCONF_MAX_ADDRESSES, 16],
  [V6.DEVCONF_ACCEPT_RA_DEFRTR, 1],
  [V6.DEVCONF_ACCEPT_RA_PINFO, 1],
  [V6.DEVCONF_ACCEPT_RA_RTR_PREF, 1],
  [V6.DEVCONF_RTR_PROBE_INTERVAL, 60000],
  [V6.DEVCONF_ACCEPT_DAD, 1],
  [V6.DEVCONF_MLDV1_UNSOLICITED_REPORT_INTERVAL, 10000],
  [V6.DEVCONF_MLDV2_UNSOLICITED_REPORT_INTERVAL, 1000],
  [V6.DEVCONF_SUPPRESS_FRAG_NDISC, 1],
  [V6.DEVCONF_ACCEPT_RA_MTU, 1],
  [V6.DEVCONF_ACCEPT_RA_MIN_HOP_LIMIT, 1],
  [V6.DEVCONF_RTR_SOLICIT_MAX_INTERVAL, 3600000],
  [V6.DEVCONF_ENHANCED_DAD, 1],
  [V6.DEVCONF_RA_DEFRTR_METRIC, 1024],
  [V6.DEVCONF_IOAM6_ID, 0xffff],
  [V6.DEVCONF_IOAM6_ID_WIDE, -1],
  [V6.DEVCONF_NDISC_EVICT_NOCARRIER, 1],
];

/** neigh_rand_reach_time() of 30 s: between half and one and a half of it, in whole ticks. */
function randomReachableTime(machine: Machine): number {
  const { HZ } = machine.config;
  const base = 30 * HZ;
  return ((machine.entropy.u32() % base) + (base >> 1)) * (1000 / HZ);
}

/**
 * Whether packets pass: operational, and some queue takes them.
 *
 * @models net/ipv6/addrconf.c addrconf_link_ready()
 */
export function linkReady(dev: NetDevice): boolean {
  if (dev.operstate !== IF_OPER_UP && dev.operstate !== IF_OPER_UNKNOWN) return false;
  return dev.txQueues.some((queue) => queue.active.ops.id !== 'noop');
}

/** @models net/ipv6/addrconf.c ipv6_add_dev() */
export function ipv6AddDev(dev: NetDevice): Inet6Dev {
  const { machine } = dev.net;
  const conf = new Int32Array(V6.DEVCONF_MAX);
  for (const [index, value] of defaults) conf[index] = value;
  conf[V6.DEVCONF_MTU6] = dev.mtu;
  if (machine.config.disableIpv6) conf[V6.DEVCONF_DISABLE_IPV6] = 1;
  if (dev.flags & (IFF_NOARP | IFF_LOOPBACK)) conf[V6.DEVCONF_ACCEPT_DAD] = -1;
  if (dev.flags & IFF_LOOPBACK) conf[V6.DEVCONF_USE_TEMPADDR] = -1;
  return {
    dev,
    addrList: [],
    mcList: [],
    conf,
    flags: dev.running && linkReady(dev) ? IF_READY : 0,
    token: new Uint8Array(16),
    addrGenMode: IN6_ADDR_GEN_MODE_EUI64,
    stamp: Math.floor((machine.clock.now() * 100) / NSEC_PER_SEC),
    reachableTime: randomReachableTime(machine),
  };
}

/** Bytes IPv6 adds to a link message inside AF_INET6, at most. @models net/ipv6/addrconf.c inet6_get_link_af_size() */
export const inet6LinkAfSize = (): number =>
  8 + 20 + (4 + 4 * V6.DEVCONF_MAX) + (4 + 8 * IPSTATS_COUNTERS) + (4 + 8 * ICMP6_COUNTERS) + 20 + 8 + 8;

function putCounters(skb: MessageWriter, type: number, count: number): void {
  const at = skb.reserveAttr(type, 8 * count);
  skb.buffer.view.setUint32(at, count, true);
}

/** @models net/ipv6/addrconf.c ipv6_store_devconf() */
function putConf(skb: MessageWriter, idev: Inet6Dev): void {
  const at = skb.reserveAttr(IFLA_INET6.CONF.type, 4 * V6.DEVCONF_MAX);
  const { view } = skb.buffer;
  for (let i = 0; i < V6.DEVCONF_MAX; i++) view.setInt32(at + 4 * i, idev.conf[i]!, true);
}

function putCacheinfo(skb: MessageWriter, idev: Inet6Dev): void {
  const at = skb.reserveAttr(IFLA_INET6.CACHEINFO.type, ifla_cacheinfo.size);
  const { view } = skb.buffer;
  const { offsetof } = ifla_cacheinfo;
  view.setUint32(at + offsetof.max_reasm_len, IPV6_MAXPLEN, true);
  view.setUint32(at + offsetof.tstamp, idev.stamp, true);
  view.setUint32(at + offsetof.reachable_time, idev.reachableTime, true);
  view.setUint32(at + offsetof.retrans_time, 1000, true);
}

/**
 * Appends the content of AF_INET6; false when there is none.
 *
 * @models net/ipv6/addrconf.c inet6_fill_link_af()
 */
export function inet6FillLinkAf(skb: MessageWriter, dev: NetDevice, extMask: number): boolean {
  const { inet6: idev } = dev;
  if (idev === undefined) return false;
  skb.putU32(IFLA_INET6.FLAGS.type, idev.flags);
  putCacheinfo(skb, idev);
  putConf(skb, idev);
  if ((extMask & RTEXT_FILTER_SKIP_STATS) === 0) {
    putCounters(skb, IFLA_INET6.STATS.type, IPSTATS_COUNTERS);
    putCounters(skb, IFLA_INET6.ICMP6STATS.type, ICMP6_COUNTERS);
  }
  skb.putRaw(IFLA_INET6.TOKEN.type, idev.token);
  skb.put(IFLA_INET6.ADDR_GEN_MODE, idev.addrGenMode);
  return true;
}

/** @models net/ipv6/addrconf.c inet6_validate_link_af() */
export function inet6ValidateLinkAf(dev: NetDevice, nla: Nla, extack: Extack): void {
  if (dev.inet6 === undefined) throw errno(EAFNOSUPPORT);
  const tb = parseNested(IFLA_INET6, nla, NL_VALIDATE_LIBERAL, extack);
  if (tb.TOKEN === undefined && tb.ADDR_GEN_MODE === undefined) throw errno(EINVAL);
  const mode = tb.ADDR_GEN_MODE ?? IN6_ADDR_GEN_MODE_EUI64;
  // Stable privacy needs a secret, and none is ever set here.
  if (mode > IN6_ADDR_GEN_MODE_RANDOM || mode === IN6_ADDR_GEN_MODE_STABLE_PRIVACY) throw errno(EINVAL);
}

/** @models net/ipv6/addrconf.c inet6_set_iftoken() */
function setToken(dev: NetDevice, idev: Inet6Dev, token: Uint8Array, extack: Extack): void {
  if (dev.flags & IFF_LOOPBACK) refuse(extack, EINVAL, 'ipv6: Device is loopback');
  if (dev.flags & IFF_NOARP) refuse(extack, EINVAL, 'ipv6: Device does not do neighbour discovery');
  if (idev.conf[V6.DEVCONF_ACCEPT_RA] === 0) refuse(extack, EINVAL, 'ipv6: Router advertisement is disabled on device');
  idev.token.set(token.subarray(8, 16), 8);
}

/** @models net/ipv6/addrconf.c inet6_set_link_af() */
export function inet6SetLinkAf(dev: NetDevice, nla: Nla, extack: Extack): void {
  const { inet6: idev } = dev;
  if (idev === undefined) throw errno(EAFNOSUPPORT);
  const tb = parseNested(IFLA_INET6, nla, NL_VALIDATE_LIBERAL, undefined);
  if (tb.TOKEN !== undefined) setToken(dev, idev, tb.TOKEN, extack);
  if (tb.ADDR_GEN_MODE === undefined) return;
  idev.addrGenMode = tb.ADDR_GEN_MODE;
  idev.conf[DEVCONF_ADDR_GEN_MODE] = tb.ADDR_GEN_MODE;
}
