// net/ipv4/devinet.c, the requests: RTM_NEWADDR, RTM_DELADDR and the dump of RTM_GETADDR for IPv4.
import type { Extack } from '../../../../codec/extack.js';
import { NL_VALIDATE_DEPRECATED_STRICT, NL_VALIDATE_LIBERAL, parse } from '../../../../codec/parse.js';
import { EADDRNOTAVAIL, EEXIST, EINVAL, ENOBUFS, ENODEV } from '../../../../uapi/asm-generic/errno.js';
import { IFA, IFA_F_MCAUTOJOIN, ifaddrmsg } from '../../../../uapi/linux/if_addr.js';
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
import { nlaIs } from '../../../lib/nlattr.js';
import { dumpAnswers } from '../../netlink/af_netlink/dump.js';
import { fibModifyPrefixMetric } from '../fib_frontend.js';
import * as I from './ifaddr.js';
import { inetFillIfmcaddr } from '../igmp.js';
import type { InDevice, InIfaddr } from './in_device.js';
import type { FillArgs } from './notify.js';
import { inetFillIfaddr, rtmsgIfa } from './notify.js';

type Header = ReturnType<typeof ifaddrmsg.get>;
interface Parsed {
  readonly ifm: Header;
  readonly tb: ReturnType<typeof parseWith>;
}

const ATTRS = NLMSG_HDRLEN + ifaddrmsg.size;
const FOREVER = 0xffffffff;

const parseWith = ({ msg, extack }: RtnlRequest, mode: number) => parse(IFA, msg, ATTRS, msg.length, mode, extack);

/** Where the text of a refused change goes, for IPv6, too. @differs older kernels have no text in these places */
export const textsOf = ({ machine, extack }: RtnlRequest): Extack | undefined =>
  machine.has('inet-addr-texts') ? extack : undefined;

/** Header and attributes. @models include/net/netlink.h nlmsg_parse_deprecated() */
function parseAddr(request: RtnlRequest): Parsed {
  if (request.msg.length < ATTRS) refuse(request.extack, EINVAL, 'Invalid header length');
  const tb = parseWith(request, NL_VALIDATE_LIBERAL);
  return { ifm: ifaddrmsg.get(request.msg, NLMSG_HDRLEN), tb };
}

/** An address attribute in host order; 0 without the attribute. */
function addressIn({ tb }: Parsed, key: 'LOCAL' | 'ADDRESS' | 'BROADCAST'): number {
  const nla = tb.$nla[IFA[key].type];
  return nla === undefined ? 0 : nla.msg.view.getUint32(nla.start);
}

/** @models include/linux/inetdevice.h inet_make_mask() */
export const inetMakeMask = (length: number): number => (length === 0 ? 0 : (-1 << (32 - length)) | 0);

/** @models net/ipv4/devinet.c inet_validate_rtm() */
function validate(
  { ifm, tb }: Parsed,
  extack: Extack | undefined,
): { readonly valid: number; readonly preferred: number } {
  if (ifm.ifa_prefixlen > 32) refuse(extack, EINVAL, 'ipv4: Invalid prefix length');
  if (tb.LOCAL === undefined) refuse(extack, EINVAL, 'ipv4: Local address is not supplied');
  if (tb.CACHEINFO === undefined) return { valid: FOREVER, preferred: FOREVER };
  const { ifa_valid: valid, ifa_prefered: preferred } = tb.CACHEINFO;
  if (valid === 0 || preferred > valid) refuse(extack, EINVAL, 'ipv4: address lifetime invalid');
  return { valid, preferred };
}

/** @models net/ipv4/devinet.c inet_rtm_to_ifa() */
function toIfa(request: RtnlRequest, parsed: Parsed): InIfaddr {
  const { ifm, tb } = parsed;
  const dev = devGetByIndex(request.net, ifm.ifa_index | 0);
  if (dev === undefined) refuse(textsOf(request), ENODEV, 'ipv4: Device not found');
  if (dev.inDevice === undefined) throw errno(ENOBUFS);
  return {
    inDev: dev.inDevice,
    local: addressIn(parsed, 'LOCAL'),
    address: addressIn(parsed, tb.ADDRESS === undefined ? 'LOCAL' : 'ADDRESS'),
    broadcast: addressIn(parsed, 'BROADCAST'),
    mask: inetMakeMask(ifm.ifa_prefixlen),
    prefixlen: ifm.ifa_prefixlen,
    scope: ifm.ifa_scope,
    flags: tb.FLAGS ?? ifm.ifa_flags,
    label: tb.LABEL ?? dev.name,
    rtPriority: tb.RT_PRIORITY ?? 0,
    proto: tb.PROTO ?? 0,
    validLft: FOREVER,
    preferredLft: FOREVER,
    cstamp: undefined,
    tstamp: 0,
  };
}

const isMulticast = (address: number): boolean => address >>> 28 === 0xe;

/** Changes metric, protocol and lifetimes of an address that is there. */
function change(existing: InIfaddr, wanted: InIfaddr, request: RtnlRequest): void {
  if (request.flags & NLM_F_EXCL || (request.flags & NLM_F_REPLACE) === 0)
    refuse(textsOf(request), EEXIST, 'ipv4: Address already assigned');
  if (existing.rtPriority !== wanted.rtPriority) {
    fibModifyPrefixMetric(existing, wanted.rtPriority);
    existing.rtPriority = wanted.rtPriority;
  }
  existing.proto = wanted.proto;
}

/** @models net/ipv4/devinet.c inet_rtm_newaddr() */
export function inetRtmNewaddr(request: RtnlRequest): void {
  const parsed = parseAddr(request);
  const { valid, preferred } = validate(parsed, textsOf(request));
  // An address that is none is taken without a word.
  if (addressIn(parsed, 'LOCAL') === 0) return;
  const ifa = toIfa(request, parsed);
  const existing = I.findMatchingIfa(ifa);
  if (existing === undefined) {
    I.setIfaLifetime(ifa, valid, preferred);
    if (ifa.flags & IFA_F_MCAUTOJOIN && !isMulticast(ifa.address))
      refuse(textsOf(request), EINVAL, 'ipv4: Multicast auto join failed');
    I.inetInsertIfa(ifa, request, textsOf(request));
    return;
  }
  change(existing, ifa, request);
  I.setIfaLifetime(existing, valid, preferred);
  I.scheduleCheck(request.net);
  rtmsgIfa(RTM_NEWADDR, existing, request);
}

function isMeant(ifa: InIfaddr, parsed: Parsed): boolean {
  const { ifm, tb } = parsed;
  if (tb.LOCAL !== undefined && ifa.local !== addressIn(parsed, 'LOCAL')) return false;
  const label = tb.$nla[IFA.LABEL.type];
  if (label !== undefined && !nlaIs(label, ifa.label)) return false;
  if (tb.ADDRESS === undefined) return true;
  return ifm.ifa_prefixlen === ifa.prefixlen && I.inetIfaMatch(addressIn(parsed, 'ADDRESS'), ifa);
}

/** @models net/ipv4/devinet.c inet_rtm_deladdr() */
export function inetRtmDeladdr(request: RtnlRequest): void {
  const parsed = parseAddr(request);
  const inDev = devGetByIndex(request.net, parsed.ifm.ifa_index | 0)?.inDevice;
  if (inDev === undefined) refuse(textsOf(request), ENODEV, 'ipv4: Device not found');
  const ifa = inDev.ifaList.find((candidate) => isMeant(candidate, parsed));
  if (ifa === undefined) refuse(textsOf(request), EADDRNOTAVAIL, 'ipv4: Address not found');
  I.inetDelIfa(ifa, request);
}

/**
 * The device a strict dump is limited to.
 *
 * @models net/ipv4/devinet.c inet_valid_dump_ifaddr_req()
 */
function dumpIndex(request: RtnlRequest): number {
  const { msg, extack } = request;
  if (!request.strict) return 0;
  if (msg.length < ATTRS) refuse(extack, EINVAL, 'ipv4: Invalid header for address dump request');
  const { ifa_prefixlen, ifa_flags, ifa_scope, ifa_index } = ifaddrmsg.get(msg, NLMSG_HDRLEN);
  if (ifa_prefixlen !== 0 || ifa_flags !== 0 || ifa_scope !== 0)
    refuse(extack, EINVAL, 'ipv4: Invalid values in header for address dump request');
  if (ifa_index !== 0) dumpAnswers(request.sock, NLM_F_DUMP_FILTERED);
  const tb = parseWith(request, NL_VALIDATE_DEPRECATED_STRICT);
  const given = tb.$nla.findIndex((nla) => nla !== undefined);
  if (given === IFA.TARGET_NETNSID.type) refuse(extack, EINVAL, 'ipv4: Invalid target network namespace id');
  if (given >= 0) refuse(extack, EINVAL, 'ipv4: Unsupported attribute in dump request');
  return ifa_index | 0;
}

/** @models net/ipv4/devinet.c inet_dump_addr() */
function* dumpAddr(
  request: RtnlRequest,
  listOf: (inDev: InDevice | undefined, args: FillArgs) => Iterable<DumpEntry>,
): Iterable<DumpEntry> {
  const { net, seq, portid } = request;
  const ifindex = dumpIndex(request);
  const flags = NLM_F_MULTI | (ifindex === 0 ? 0 : NLM_F_DUMP_FILTERED);
  let devices: readonly NetDevice[] = net.devices.toSorted((a, b) => a.ifindex - b.ifindex);
  if (ifindex !== 0) {
    const dev = devGetByIndex(net, ifindex);
    if (dev === undefined) throw errno(ENODEV);
    devices = [dev];
  }
  for (const { inDevice } of devices) yield* listOf(inDevice, { type: RTM_NEWADDR, flags, seq, portid });
}

/** @models net/ipv4/devinet.c inet_dump_ifaddr() */
export const inetDumpIfaddr = (request: RtnlRequest): Iterable<DumpEntry> =>
  dumpAddr(request, function* (inDev, args) {
    for (let i = 0; i < (inDev?.ifaList.length ?? 0); i++) {
      const ifa = inDev!.ifaList[i]!;
      yield (skb) => {
        inetFillIfaddr(skb, ifa, args);
      };
    }
  });

/** @models net/ipv4/devinet.c inet_dump_ifmcaddr() */
export const inetDumpIfmcaddr = (request: RtnlRequest): Iterable<DumpEntry> =>
  dumpAddr(request, (inDev, args) =>
    (inDev?.mcList ?? []).map((im) => (skb) => {
      inetFillIfmcaddr(skb, im, { ...args, type: RTM_GETMULTICAST });
    }),
  );
