// net/core/rtnetlink.c rtnl_getlink() and rtnl_dump_ifinfo(): one link, or all of them by index.
import { EINVAL, ENODEV } from '../../../../uapi/asm-generic/errno.js';
import { nlaAlign } from '../../../../codec/nla.js';
import { NL_VALIDATE_LIBERAL, parse, parseNested, PolicyError } from '../../../../codec/parse.js';
import { IFLA, IFLA_INFO } from '../../../../uapi/linux/if_link.js';
import { NLM_F_DUMP_FILTERED, NLM_F_MULTI, NLMSG_HDRLEN } from '../../../../uapi/linux/netlink.js';
import { ifinfomsg, rtgenmsg, RTM_NEWLINK } from '../../../../uapi/linux/rtnetlink.js';
import { errno, refuse } from '../../../errno.js';
import { MessageWriter } from '../../netlink/message.js';
import { linkwatchSyncDev } from '../link_watch.js';
import type { NetDevice } from '../net_device.js';
import type { Net } from '../net_namespace.js';
import type { DumpEntry, RtnlRequest } from '../rtnetlink.js';
import { fillIfinfo } from './fill.js';
import { linkOpsOf } from './kinds.js';
import type { IflaTable, RtnlLinkOps } from './ops.js';
import * as R from './request.js';
import { ifNlmsgSize } from './size.js';

const getAttributes: ReadonlySet<number> = new Set(
  [IFLA.IFNAME, IFLA.ALT_IFNAME, IFLA.EXT_MASK, IFLA.TARGET_NETNSID].map(({ type }) => type),
);
const dumpAttributes: ReadonlySet<number> = new Set(
  [IFLA.EXT_MASK, IFLA.MASTER, IFLA.LINKINFO, IFLA.TARGET_NETNSID].map(({ type }) => type),
);

/** Refuses, for strict requests, an attribute that changes nothing. @models net/core/rtnetlink.c rtnl_valid_getlink_req() */
export function allowOnly(tb: IflaTable, allowed: ReadonlySet<number>, what: string, { extack }: RtnlRequest): void {
  if (tb.$nla.some((nla, type) => nla !== undefined && !allowed.has(type)))
    refuse(extack, EINVAL, `Unsupported attribute in ${what} request`);
}

/**
 * Refuses, for strict requests, a header that is not all zero but for family and index; `rest` must be zero as well.
 *
 * @models net/core/rtnetlink.c rtnl_valid_getlink_req()
 */
export function checkHeader(request: RtnlRequest, what: string, rest = 0): void {
  const { __ifi_pad, ifi_type, ifi_flags, ifi_change } = R.ifInfoOf(request);
  if (__ifi_pad !== 0 || ifi_type !== 0 || ifi_flags !== 0 || ifi_change !== 0 || rest !== 0)
    refuse(request.extack, EINVAL, `Invalid values in header for ${what} request`);
}

/** @models net/core/rtnetlink.c rtnl_valid_getlink_req() */
function parseGet(request: RtnlRequest): IflaTable {
  if (R.isShort(request)) refuse(request.extack, EINVAL, 'Invalid header for get link');
  if (!request.strict) return R.parseLink(request);
  checkHeader(request, 'get link');
  const tb = R.parseLinkStrictly(request);
  allowOnly(tb, getAttributes, 'get link', request);
  return tb;
}

/** @models net/core/rtnetlink.c rtnl_getlink() */
export function getlink(request: RtnlRequest): void {
  const { net, portid, seq } = request;
  const tb = parseGet(request);
  R.ensureNetnsById(tb, request.extack);
  R.refuseNetnsId(tb);
  const ifm = R.ifInfoOf(request);
  if (!R.namesDevice(ifm, tb)) throw errno(EINVAL);
  const dev = R.findDevice(net, ifm, tb);
  if (dev === undefined) throw errno(ENODEV);
  if (net.machine.has('rtnl-getlink-sync')) linkwatchSyncDev(dev);
  const skb = new MessageWriter(ifNlmsgSize(dev));
  fillIfinfo(skb, dev, { type: RTM_NEWLINK, portid, seq, flags: 0, change: 0, extMask: tb.EXT_MASK ?? 0 });
  net.rtnl.unicast(skb.take(), portid);
}

/** What a dump was asked to show. */
interface DumpFilter {
  readonly extMask: number;
  /** ifindex of the master; 0 = any. */
  readonly master: number;
  readonly kind: RtnlLinkOps | undefined;
}

/** @models net/core/rtnetlink.c rtnl_valid_dump_ifinfo_req() */
function parseDump(request: RtnlRequest): IflaTable {
  const { msg, extack } = request;
  if (!request.strict) {
    const start = NLMSG_HDRLEN + nlaAlign(R.isShort(request) ? rtgenmsg.size : ifinfomsg.size);
    return parse(R.iflaOf(request.machine), msg, Math.min(start, msg.length), msg.length, NL_VALIDATE_LIBERAL, extack);
  }
  if (R.isShort(request)) refuse(extack, EINVAL, 'Invalid header for link dump');
  checkHeader(request, 'link dump');
  if (R.ifInfoOf(request).ifi_index !== 0)
    refuse(extack, EINVAL, 'Filter by device index not supported for link dumps');
  const tb = R.parseLinkStrictly(request);
  allowOnly(tb, dumpAttributes, 'link dump', request);
  return tb;
}

/** @models net/core/rtnetlink.c linkinfo_to_kind_ops() */
function kindOf(net: Net, tb: IflaTable): RtnlLinkOps | undefined {
  if (tb.LINKINFO === undefined) return undefined;
  try {
    const { KIND } = parseNested(IFLA_INFO, tb.LINKINFO, NL_VALIDATE_LIBERAL, undefined);
    return KIND === undefined ? undefined : linkOpsOf(net, KIND);
  } catch (thrown) {
    if (thrown instanceof PolicyError) return undefined;
    throw thrown;
  }
}

/** A request that is not strict is never refused for its attributes: it shows everything. */
function dumpFilter(request: RtnlRequest): DumpFilter {
  let tb: IflaTable;
  try {
    tb = parseDump(request);
  } catch (thrown) {
    if (request.strict || !(thrown instanceof PolicyError)) throw thrown;
    return { extMask: 0, master: 0, kind: undefined };
  }
  if (tb.TARGET_NETNSID !== undefined) refuse(request.extack, EINVAL, 'Invalid target network namespace id');
  return { extMask: tb.EXT_MASK ?? 0, master: (tb.MASTER ?? 0) | 0, kind: kindOf(request.net, tb) };
}

/**
 * No device has a master here: only the filter for "none" (-1) lets any pass.
 *
 * @models net/core/rtnetlink.c link_dump_filtered()
 */
function isFiltered(dev: NetDevice, { master, kind }: DumpFilter): boolean {
  if (master !== 0 && master !== -1) return true;
  return kind !== undefined && dev.linkOps !== kind;
}

/** Buckets of the table that dumps walked before 6.18. */
const NETDEV_HASHENTRIES = 256;

/** The devices in the order of dumps: by index, or by bucket and then newest first. */
function inDumpOrder(net: Net): NetDevice[] {
  if (net.machine.has('ifla-lockless-first')) return net.devices.toSorted((a, b) => a.ifindex - b.ifindex);
  const bucket = (dev: NetDevice): number => dev.ifindex % NETDEV_HASHENTRIES;
  return net.devices.toReversed().sort((a, b) => bucket(a) - bucket(b));
}

/** Walks the devices though they come and go meanwhile: goes on after the last one that was shown. */
function* walkDevices(net: Net): Iterable<NetDevice> {
  let list = inDumpOrder(net);
  let { devBaseSeq } = net;
  for (let i = 0; i < list.length; i++) {
    const dev = list[i]!;
    yield dev;
    if (net.devBaseSeq === devBaseSeq) continue;
    const shown = new Set(list.slice(0, i + 1));
    list = inDumpOrder(net);
    ({ devBaseSeq } = net);
    i = list.findLastIndex((candidate) => shown.has(candidate));
  }
}

/** @models net/core/rtnetlink.c rtnl_dump_ifinfo() */
export function* dumpLinks(request: RtnlRequest): Iterable<DumpEntry> {
  const { net, portid, seq } = request;
  const filter = dumpFilter(request);
  const filtered = filter.master !== 0 || filter.kind !== undefined;
  const flags = NLM_F_MULTI | (filtered ? NLM_F_DUMP_FILTERED : 0);
  const options = { type: RTM_NEWLINK, portid, seq, flags, change: 0, extMask: filter.extMask };
  for (const dev of walkDevices(net)) {
    if (isFiltered(dev, filter)) continue;
    yield (skb) => {
      if (dev.regState === 'registered') fillIfinfo(skb, dev, options);
    };
  }
}

/**
 * Least chunk: what the largest message may need, for requests with an extended mask.
 *
 * @models net/core/rtnetlink.c rtnl_calcit()
 */
export function linkDumpAlloc(request: RtnlRequest): number {
  const { msg, net } = request;
  if (R.isShort(request)) return 0;
  try {
    const tb = parse(
      R.iflaOf(request.machine),
      msg,
      NLMSG_HDRLEN + ifinfomsg.size,
      msg.length,
      NL_VALIDATE_LIBERAL,
      undefined,
    );
    return tb.EXT_MASK ? Math.max(0, ...net.devices.map(ifNlmsgSize)) : 0;
  } catch (thrown) {
    if (thrown instanceof PolicyError) return 0;
    throw thrown;
  }
}
