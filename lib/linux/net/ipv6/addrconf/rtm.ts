// net/ipv6/addrconf.c, the requests: RTM_NEWADDR, RTM_DELADDR and RTM_GETADDR for IPv6.
import { NL_VALIDATE_DEPRECATED_STRICT, NL_VALIDATE_LIBERAL, parse } from '../../../../codec/parse.js';
import { EACCES, EADDRNOTAVAIL, EEXIST, EINVAL, ENODEV, ENXIO } from '../../../../uapi/asm-generic/errno.js';
import * as A from '../../../../uapi/linux/if_addr.js';
import { IFF_LOOPBACK } from '../../../../uapi/linux/if.js';
import { DEVCONF_DISABLE_IPV6 } from '../../../../uapi/linux/ipv6.js';
import {
  NLM_F_DUMP_FILTERED,
  NLM_F_EXCL,
  NLM_F_MULTI,
  NLM_F_REPLACE,
  NLMSG_HDRLEN,
} from '../../../../uapi/linux/netlink.js';
import { RTM_GETMULTICAST, RTM_NEWADDR } from '../../../../uapi/linux/rtnetlink.js';
import { errno, refuse } from '../../../errno.js';
import { devGetByIndex } from '../../core/dev/table.js';
import type { NetDevice } from '../../core/net_device.js';
import type { DumpEntry, RtnlRequest } from '../../core/rtnetlink.js';
import { stampNow } from '../../ipv4/devinet/ifaddr.js';
import type { FillArgs } from '../../ipv4/devinet/notify.js';
import { textsOf } from '../../ipv4/devinet/rtm.js';
import { dumpAnswers } from '../../netlink/af_netlink/dump.js';
import { MessageWriter } from '../../netlink/message.js';
import * as In6 from '../in6.js';
import { fib6Del } from '../ip6_fib.js';
import { inet6FillIfmcaddr, ipv6McUpIfUp } from '../mcast.js';
import { addrconfDadStart } from './dad.js';
import * as I from './ifaddr.js';
import type { Inet6Dev, Inet6Ifaddr } from './inet6_dev.js';
import { IPV6_MIN_MTU } from './inet6_dev.js';
import { inet6FillIfaddr } from './message.js';
import { addrconfAddMroute, inet6Comes } from './notify.js';
import { addrconfVerify } from './verify.js';

const ATTRS = NLMSG_HDRLEN + A.ifaddrmsg.size;

const parseWith = ({ msg, extack }: RtnlRequest, mode: number) => parse(A.IFA6, msg, ATTRS, msg.length, mode, extack);
type Table = ReturnType<typeof parseWith>;

function parseAddr(request: RtnlRequest) {
  if (request.msg.length < ATTRS) refuse(request.extack, EINVAL, 'Invalid header length');
  return { ifm: A.ifaddrmsg.get(request.msg, NLMSG_HDRLEN), tb: parseWith(request, NL_VALIDATE_LIBERAL) };
}

/** @models net/ipv6/addrconf.c extract_addr() */
function extractAddr({ ADDRESS, LOCAL }: Table): { readonly pfx: Uint8Array; readonly peer: Uint8Array | undefined } {
  const given = LOCAL ?? ADDRESS;
  if (given === undefined) throw errno(EINVAL);
  const pfx = given.slice(0, 16);
  const other = ADDRESS?.slice(0, 16);
  const differs = LOCAL !== undefined && other !== undefined && !In6.ipv6AddrEqual(other, pfx);
  // A peer of all zeros is none.
  return { pfx, peer: differs && !In6.ipv6AddrAny(other) ? other : undefined };
}

const TAKEN =
  A.IFA_F_NODAD |
  A.IFA_F_HOMEADDRESS |
  A.IFA_F_MANAGETEMPADDR |
  A.IFA_F_NOPREFIXROUTE |
  A.IFA_F_MCAUTOJOIN |
  A.IFA_F_OPTIMISTIC;

/** The flags a request asks for, with what its lifetimes make of them. */
function flagsOf(asked: number, valid: number, preferred: number): number {
  let flags = asked & TAKEN & ~A.IFA_F_OPTIMISTIC;
  if (valid === I.FOREVER) flags |= A.IFA_F_PERMANENT;
  if (preferred === 0) flags |= A.IFA_F_DEPRECATED;
  return flags;
}

function toConfig(request: RtnlRequest): { readonly cfg: I.Ifa6Config; readonly ifindex: number } {
  const { ifm, tb } = parseAddr(request);
  const { pfx, peer } = extractAddr(tb);
  const { ifa_valid: validLft, ifa_prefered: preferredLft } = tb.CACHEINFO ?? {
    ifa_valid: I.FOREVER,
    ifa_prefered: I.FOREVER,
  };
  if (validLft === 0 || preferredLft > validLft) refuse(textsOf(request), EINVAL, 'ipv6: address lifetime invalid');
  const cfg = {
    ...{ pfx, peer, plen: ifm.ifa_prefixlen, validLft, preferredLft },
    flags: flagsOf(tb.FLAGS ?? ifm.ifa_flags, validLft, preferredLft),
    rtPriority: tb.RT_PRIORITY ?? 0,
    proto: tb.PROTO ?? 0,
  };
  return { cfg, ifindex: ifm.ifa_index | 0 };
}

/** @models net/ipv6/addrconf.c ipv6_find_idev() */
function findIdev(dev: NetDevice): Inet6Dev {
  if (dev.inet6 === undefined && dev.mtu < IPV6_MIN_MTU) throw errno(EINVAL);
  const idev = dev.inet6 ?? inet6Comes(dev);
  ipv6McUpIfUp(idev);
  return idev;
}

/** @models net/ipv6/addrconf.c inet6_addr_add() */
function addrAdd(idev: Inet6Dev, cfg: I.Ifa6Config, request: RtnlRequest): void {
  const { dev } = idev;
  const extack = textsOf(request);
  if (cfg.plen > 128) refuse(extack, EINVAL, 'ipv6: Invalid prefix length');
  if (cfg.flags & A.IFA_F_MANAGETEMPADDR && cfg.plen !== 64)
    refuse(extack, EINVAL, 'ipv6: address with "mngtmpaddr" flag must have a prefix length of 64');
  if (idev.conf[DEVCONF_DISABLE_IPV6] !== 0) refuse(extack, EACCES, 'ipv6: IPv6 is disabled on this device');
  if ((dev.flags & IFF_LOOPBACK) === 0) addrconfAddMroute(dev);
  if (cfg.flags & A.IFA_F_MCAUTOJOIN && !In6.ipv6AddrIsMulticast(cfg.pfx))
    refuse(extack, EINVAL, 'ipv6: Multicast auto join failed');
  const ifp = I.ipv6AddAddr(idev, cfg, extack);
  if ((cfg.flags & A.IFA_F_NOPREFIXROUTE) === 0) I.addrconfPrefixRoute(ifp, ifp.addr, ifp.prefixlen, I.expiryOf(ifp));
  if ((ifp.flags & (A.IFA_F_OPTIMISTIC | A.IFA_F_NODAD)) === 0) I.ipv6IfaNotify(0, ifp);
  addrconfDadStart(ifp);
}

const CHANGED =
  A.IFA_F_DEPRECATED |
  A.IFA_F_PERMANENT |
  A.IFA_F_NODAD |
  A.IFA_F_HOMEADDRESS |
  A.IFA_F_MANAGETEMPADDR |
  A.IFA_F_NOPREFIXROUTE;

/** Whether the prefix route was there. @models net/ipv6/addrconf.c modify_prefix_route() */
function modifyPrefixRoute(ifp: Inet6Ifaddr, prefix: Uint8Array): boolean {
  const { dev } = ifp.idev;
  const rt = I.addrconfGetPrefixRoute(dev, prefix, ifp.prefixlen);
  if (rt === undefined) return false;
  if (rt.metric !== (ifp.rtPriority || I.IP6_RT_PRIO_ADDRCONF)) {
    fib6Del(dev.net, rt);
    I.addrconfPrefixRoute(ifp, prefix, ifp.prefixlen, I.expiryOf(ifp));
  } else {
    rt.expires = I.expiryOf(ifp);
  }
  return true;
}

function restoreRoutes(ifp: Inet6Ifaddr, had: boolean): void {
  let there = had && modifyPrefixRoute(ifp, ifp.addr);
  if (!there) I.addrconfPrefixRoute(ifp, ifp.addr, ifp.prefixlen, I.expiryOf(ifp));
  if (ifp.peer === undefined) return;
  if (had) there = modifyPrefixRoute(ifp, ifp.peer);
  if (!there) I.addrconfPrefixRoute(ifp, ifp.peer, ifp.prefixlen, I.expiryOf(ifp));
}

/** @models net/ipv6/addrconf.c inet6_addr_modify() */
function addrModify(ifp: Inet6Ifaddr, cfg: I.Ifa6Config): void {
  if (cfg.flags & A.IFA_F_MANAGETEMPADDR && ifp.prefixlen !== 64) throw errno(EINVAL);
  const had = (ifp.flags & A.IFA_F_PERMANENT) !== 0 && (ifp.flags & A.IFA_F_NOPREFIXROUTE) === 0;
  ifp.flags = (ifp.flags & ~CHANGED) | cfg.flags;
  ifp.tstamp = stampNow(ifp.idev.dev.net.machine);
  ifp.validLft = cfg.validLft;
  ifp.preferredLft = cfg.preferredLft;
  ifp.proto = cfg.proto;
  if (cfg.rtPriority !== 0) ifp.rtPriority = cfg.rtPriority;
  if (cfg.peer !== undefined) ifp.peer = cfg.peer;
  if ((ifp.flags & A.IFA_F_TENTATIVE) === 0) I.ipv6IfaNotify(0, ifp);
  if ((cfg.flags & A.IFA_F_NOPREFIXROUTE) === 0) restoreRoutes(ifp, had);
  else if (had) I.cleanupPrefixRoute(ifp, I.checkCleanup(ifp));
}

const assigned = (idev: Inet6Dev | undefined, pfx: Uint8Array): Inet6Ifaddr | undefined =>
  idev?.addrList.find(({ addr }) => In6.ipv6AddrEqual(addr, pfx));

/** @models net/ipv6/addrconf.c inet6_rtm_newaddr() */
export function inet6RtmNewaddr(request: RtnlRequest): void {
  const { net, flags } = request;
  const extack = textsOf(request);
  const { cfg, ifindex } = toConfig(request);
  const dev = devGetByIndex(net, ifindex);
  if (dev === undefined) refuse(extack, ENODEV, 'ipv6: Unable to find the interface');
  const idev = findIdev(dev);
  const ifp = assigned(idev, cfg.pfx);
  if (ifp === undefined) {
    addrAdd(idev, cfg, request);
    addrconfVerify(net);
    return;
  }
  if (flags & NLM_F_EXCL || (flags & NLM_F_REPLACE) === 0) refuse(extack, EEXIST, 'ipv6: address already assigned');
  addrModify(ifp, cfg);
  addrconfVerify(net);
}

/** @models net/ipv6/addrconf.c inet6_rtm_deladdr() */
export function inet6RtmDeladdr(request: RtnlRequest): void {
  const { net } = request;
  const extack = textsOf(request);
  const { ifm, tb } = parseAddr(request);
  const { pfx } = extractAddr(tb);
  if (ifm.ifa_prefixlen > 128) refuse(extack, EINVAL, 'ipv6: Invalid prefix length');
  const dev = devGetByIndex(net, ifm.ifa_index | 0);
  if (dev === undefined) refuse(extack, ENODEV, 'ipv6: Unable to find the interface');
  if (dev.inet6 === undefined) refuse(extack, ENXIO, 'ipv6: IPv6 is disabled on this device');
  const ifp = assigned(dev.inet6, pfx);
  if (ifp?.prefixlen !== ifm.ifa_prefixlen) refuse(extack, EADDRNOTAVAIL, 'ipv6: address not found');
  I.ipv6DelAddr(ifp);
  addrconfVerify(net);
}

const inGet: readonly number[] = [A.IFA6.ADDRESS.type, A.IFA6.LOCAL.type, A.IFA6.TARGET_NETNSID.type];

/** @models net/ipv6/addrconf.c inet6_rtm_valid_getaddr_req() */
function parseGet(request: RtnlRequest): ReturnType<typeof parseAddr> {
  const { msg, extack, strict } = request;
  if (msg.length < ATTRS) refuse(extack, EINVAL, 'ipv6: Invalid header for get address request');
  if (!strict) return parseAddr(request);
  const ifm = A.ifaddrmsg.get(msg, NLMSG_HDRLEN);
  if (ifm.ifa_prefixlen !== 0 || ifm.ifa_flags !== 0 || ifm.ifa_scope !== 0)
    refuse(extack, EINVAL, 'ipv6: Invalid values in header for get address request');
  const tb = parseWith(request, NL_VALIDATE_DEPRECATED_STRICT);
  if (tb.$nla.some((nla, type) => nla !== undefined && !inGet.includes(type)))
    refuse(extack, EINVAL, 'ipv6: Unsupported attribute in get address request');
  return { ifm, tb };
}

/** @models net/ipv6/addrconf.c inet6_rtm_getaddr() */
export function inet6RtmGetaddr(request: RtnlRequest): void {
  const { net, portid, seq } = request;
  const { ifm, tb } = parseGet(request);
  if (tb.TARGET_NETNSID !== undefined) throw errno(EINVAL);
  const { pfx } = extractAddr(tb);
  const wanted = ifm.ifa_index === 0 ? undefined : devGetByIndex(net, ifm.ifa_index | 0);
  const devices = wanted === undefined ? net.devices : [wanted];
  const ifp = devices.map((dev) => assigned(dev.inet6, pfx)).find((found) => found !== undefined);
  if (ifp === undefined) throw errno(EADDRNOTAVAIL);
  const skb = new MessageWriter();
  inet6FillIfaddr(skb, ifp, { type: RTM_NEWADDR, flags: 0, seq, portid });
  net.rtnl.unicast(skb.take(), portid);
}

/** The device a strict dump is limited to. @models net/ipv6/addrconf.c inet6_valid_dump_ifaddr_req() */
function dumpIndex(request: RtnlRequest): number {
  const { msg, extack, strict } = request;
  if (!strict) return 0;
  if (msg.length < ATTRS) refuse(extack, EINVAL, 'ipv6: Invalid header for address dump request');
  const { ifa_prefixlen, ifa_flags, ifa_scope, ifa_index } = A.ifaddrmsg.get(msg, NLMSG_HDRLEN);
  if (ifa_prefixlen !== 0 || ifa_flags !== 0 || ifa_scope !== 0)
    refuse(extack, EINVAL, 'ipv6: Invalid values in header for address dump request');
  if (ifa_index !== 0) dumpAnswers(request.sock, NLM_F_DUMP_FILTERED);
  const tb = parseWith(request, NL_VALIDATE_DEPRECATED_STRICT);
  const given = tb.$nla.findIndex((nla) => nla !== undefined);
  if (given === A.IFA6.TARGET_NETNSID.type) refuse(extack, EINVAL, 'ipv6: Invalid target network namespace id');
  if (given >= 0) refuse(extack, EINVAL, 'ipv6: Unsupported attribute in dump request');
  return ifa_index | 0;
}

/** @models net/ipv6/addrconf.c inet6_dump_addr() */
function* dumpAddr(
  request: RtnlRequest,
  listOf: (idev: Inet6Dev | undefined, args: FillArgs) => DumpEntry[],
): Iterable<DumpEntry> {
  const { net, seq, portid } = request;
  const ifindex = dumpIndex(request);
  const flags = NLM_F_MULTI | (ifindex === 0 ? 0 : NLM_F_DUMP_FILTERED);
  if (ifindex !== 0 && devGetByIndex(net, ifindex) === undefined) throw errno(ENODEV);
  for (const { ifindex: index, inet6 } of net.devices.toSorted((a, b) => a.ifindex - b.ifindex)) {
    if (ifindex !== 0 && index !== ifindex) continue;
    yield* listOf(inet6, { type: RTM_NEWADDR, flags, seq, portid });
  }
}

/** @models net/ipv6/addrconf.c inet6_dump_ifaddr() */
export const inet6DumpIfaddr = (request: RtnlRequest): Iterable<DumpEntry> =>
  dumpAddr(request, (idev, args) =>
    (idev?.addrList ?? []).map((ifp) => (skb) => {
      inet6FillIfaddr(skb, ifp, args);
    }),
  );

/** @models net/ipv6/addrconf.c inet6_dump_ifmcaddr() */
export const inet6DumpIfmcaddr = (request: RtnlRequest): Iterable<DumpEntry> =>
  dumpAddr(request, (idev, args) =>
    (idev?.mcList ?? []).map((mc) => (skb) => {
      inet6FillIfmcaddr(skb, mc, { ...args, type: RTM_GETMULTICAST });
    }),
  );

/** No device has anycast addresses, as none forwards. @models net/ipv6/addrconf.c inet6_dump_ifacaddr() */
export const inet6DumpIfacaddr = (request: RtnlRequest): Iterable<DumpEntry> => dumpAddr(request, () => []);
