// net/core/neighbour.c, the requests: RTM_NEWNEIGH, RTM_DELNEIGH, RTM_GETNEIGH and its dump.
import { findAttr } from '../../../codec/nla.js';
import { NL_VALIDATE_DEPRECATED_STRICT, NL_VALIDATE_LIBERAL, parse, PolicyError } from '../../../codec/parse.js';
import { EAFNOSUPPORT, EEXIST, EINVAL, ENODEV, ENOENT } from '../../../uapi/asm-generic/errno.js';
import * as N from '../../../uapi/linux/neighbour.js';
import {
  NLM_F_CREATE,
  NLM_F_DUMP_FILTERED,
  NLM_F_EXCL,
  NLM_F_MULTI,
  NLM_F_REPLACE,
  NLMSG_HDRLEN,
} from '../../../uapi/linux/netlink.js';
import { RTN_UNICAST } from '../../../uapi/linux/route.js';
import * as T from '../../../uapi/linux/rtnetlink.js';
import { AF_INET, AF_INET6, AF_UNSPEC } from '../../../uapi/linux/socket.js';
import { Errno, errno, ModelGap, refuse } from '../../errno.js';
import type { Machine } from '../../machine.js';
import { ndiscAllowAdd } from '../ipv6/ndisc.js';
import { MessageWriter } from '../netlink/message.js';
import { devGetByIndex } from './dev/table.js';
import type { Neighbour } from './neighbour.js';
import { create, fill, lookup, neighbours, nothingYet, notify, remove } from './neighbour.js';
import { update } from './neighbour_state.js';
import type { NetDevice } from './net_device.js';
import type { Net } from './net_namespace.js';
import type { DumpEntry, RtnlRequest } from './rtnetlink.js';

const ATTRS = NLMSG_HDRLEN + N.ndmsg.size;

/** Bytes of an address of a family that has neighbours. @models net/core/neighbour.c neigh_find_table() */
function keyLength({ machine }: Net, family: number): number | undefined {
  if (family === AF_INET) return 4;
  return family === AF_INET6 && machine.config.ipv6 ? 16 : undefined;
}

/** The policy of a kernel. @differs it is compiled in */
export const ndaOf = (machine: Machine) => (machine.has('neigh-ext-validated') ? N.NDA : N.NDA_6_1);

const parseNeigh = ({ msg, extack, machine }: RtnlRequest, mode: number) => {
  if (msg.length < ATTRS) refuse(extack, EINVAL, 'Invalid header length');
  return { ndm: N.ndmsg.get(msg, NLMSG_HDRLEN), tb: parse(ndaOf(machine), msg, ATTRS, msg.length, mode, extack) };
};

type Parsed = ReturnType<typeof parseNeigh>;

/** What a request names: device, key, and the entry where there is one. */
interface Named {
  readonly dev: NetDevice | undefined;
  readonly dst: Uint8Array;
  readonly proxy: boolean;
  readonly found: Neighbour | undefined;
}

/** What of a request names an entry. */
interface Naming {
  readonly ndm: Parsed['ndm'];
  readonly tb: { readonly DST?: Uint8Array | undefined; readonly LLADDR?: Uint8Array | undefined };
}

function nameIn(request: RtnlRequest, { ndm, tb }: Naming): Named {
  const { net, extack } = request;
  if (tb.DST === undefined) refuse(extack, EINVAL, 'Network address not specified');
  const dev = ndm.ndm_ifindex === 0 ? undefined : devGetByIndex(net, ndm.ndm_ifindex);
  if (ndm.ndm_ifindex !== 0 && dev === undefined) throw errno(ENODEV);
  if (request.type === T.RTM_NEWNEIGH && dev !== undefined && tb.LLADDR !== undefined && tb.LLADDR.length < dev.addrLen)
    refuse(extack, EINVAL, 'Invalid link address');
  const length = keyLength(net, ndm.ndm_family);
  if (length === undefined) throw errno(EAFNOSUPPORT);
  if (tb.DST.length < length) refuse(extack, EINVAL, 'Invalid network address');
  const dst = tb.DST.slice(0, length);
  const proxy = (ndm.ndm_flags & N.NTF_PROXY) !== 0;
  return { dev, dst, proxy, found: lookup(net, dev, ndm.ndm_family, dst, proxy) };
}

function addProxy(net: Net, { ndm, tb }: Parsed, { dev, dst, found }: Named): void {
  if (found !== undefined) {
    found.flags = ndm.ndm_flags;
    if (tb.PROTOCOL !== undefined) found.protocol = tb.PROTOCOL;
    return;
  }
  const entry = { family: ndm.ndm_family, dev, dst, type: RTN_UNICAST, state: N.NUD_NONE };
  neighbours(net).push({
    ...entry,
    lladdr: new Uint8Array(0),
    flags: ndm.ndm_flags,
    protocol: tb.PROTOCOL ?? 0,
    ...{ updated: 0, confirmed: 0, used: 0 },
    ...nothingYet(),
  });
}

/** States that last without a packet, and the one that ends by itself. */
const settable: readonly number[] = [
  ...[N.NUD_NONE, N.NUD_INCOMPLETE, N.NUD_REACHABLE, N.NUD_STALE, N.NUD_FAILED, N.NUD_NOARP, N.NUD_PERMANENT],
];

function checkModelled({ ndm, tb }: Parsed): void {
  if (!settable.includes(ndm.ndm_state)) throw new ModelGap('a neighbour that is about to be resolved');
  if (ndm.ndm_flags & N.NTF_USE || (tb.FLAGS_EXT ?? 0) !== 0)
    throw new ModelGap('neighbours that the kernel resolves or manages');
}

/** @models net/core/neighbour.c neigh_add() */
function neighAdd(request: RtnlRequest): void {
  const { net, extack, flags, portid } = request;
  const parsed = parseNeigh(request, NL_VALIDATE_LIBERAL);
  const { ndm, tb } = parsed;
  const named = nameIn(request, parsed);
  const { dev, dst, proxy } = named;
  let { found } = named;
  if (proxy) {
    addProxy(net, parsed, named);
    return;
  }
  if (dev === undefined) refuse(extack, EINVAL, 'Device not specified');
  if (ndm.ndm_family === AF_INET6) ndiscAllowAdd(dev, extack);
  if (found === undefined && (flags & NLM_F_CREATE) === 0) throw errno(ENOENT);
  if (found !== undefined && flags & NLM_F_EXCL) throw errno(EEXIST);
  checkModelled(parsed);
  const override = found === undefined || (flags & NLM_F_REPLACE) !== 0;
  found ??= create(dev, ndm.ndm_family, dst, ndm.ndm_flags & N.NTF_EXT_LEARNED);
  if (tb.PROTOCOL !== undefined && tb.PROTOCOL !== 0) found.protocol = tb.PROTOCOL;
  const lladdr = tb.LLADDR?.slice(0, dev.addrLen);
  update(found, { state: ndm.ndm_state, lladdr, flags: ndm.ndm_flags, override }, portid, extack);
}

/** No attribute of a deletion is looked at but its key. @models net/core/neighbour.c neigh_delete() */
function neighDelete(request: RtnlRequest): void {
  const { net, msg } = request;
  if (msg.length < ATTRS) throw errno(EINVAL);
  const DST = findAttr(msg, ATTRS, N.NDA.DST.type)?.bytes();
  const ndm = N.ndmsg.get(msg, NLMSG_HDRLEN);
  const { dev, proxy, found } = nameIn(request, { ndm, tb: { DST } });
  if (!proxy && dev === undefined) throw errno(EINVAL);
  if (found === undefined || found.dev !== dev) throw errno(ENOENT);
  if (!proxy) {
    const failed = { state: N.NUD_FAILED, lladdr: undefined, flags: 0, override: true };
    update(found, failed, request.portid);
  }
  remove(net, found);
  if (!proxy) notify(net, found, T.RTM_DELNEIGH);
}

/** @models net/core/neighbour.c neigh_valid_get_req() */
function checkGet({ msg, extack, machine }: RtnlRequest): void {
  if (msg.length < ATTRS) refuse(extack, EINVAL, 'Invalid header for neighbor get request');
  const { ndm_pad1, ndm_pad2, ndm_state, ndm_type, ndm_flags, ndm_ifindex } = N.ndmsg.get(msg, NLMSG_HDRLEN);
  if (ndm_pad1 !== 0 || ndm_pad2 !== 0 || ndm_state !== 0 || ndm_type !== 0)
    refuse(extack, EINVAL, 'Invalid values in header for neighbor get request');
  if (ndm_flags & ~N.NTF_PROXY) refuse(extack, EINVAL, 'Invalid flags in header for neighbor get request');
  if (machine.has('neigh-get-early') && (ndm_flags & N.NTF_PROXY) === 0 && ndm_ifindex === 0)
    refuse(extack, EINVAL, 'No device specified');
}

/** The key a request asks for, and its length's family. @models net/core/neighbour.c neigh_valid_get_req() */
function validGet(request: RtnlRequest): Parsed & { readonly dst: Uint8Array | undefined } {
  checkGet(request);
  const { extack, machine } = request;
  const parsed = parseNeigh(request, NL_VALIDATE_DEPRECATED_STRICT);
  const { ndm, tb } = parsed;
  const length = keyLength(request.net, ndm.ndm_family);
  if (length === undefined) refuse(extack, EAFNOSUPPORT, 'Unsupported family in header for neighbor get request');
  if (tb.DST === undefined && machine.has('neigh-get-early')) {
    extack.missType = N.NDA.DST.type;
    throw errno(EINVAL);
  }
  for (const [type, nla] of tb.$nla.entries()) {
    if (nla === undefined) continue;
    if (type !== N.NDA.DST.type) refuse(extack, EINVAL, 'Unsupported attribute in neighbor get request');
    if (nla.len !== length) refuse(extack, EINVAL, 'Invalid network address in neighbor get request');
  }
  return { ...parsed, dst: tb.DST };
}

/** @models net/core/neighbour.c neigh_get() */
function neighGet(request: RtnlRequest): void {
  const { net, extack, seq, portid } = request;
  const { ndm, dst } = validGet(request);
  const proxy = (ndm.ndm_flags & N.NTF_PROXY) !== 0;
  const dev = ndm.ndm_ifindex === 0 ? undefined : devGetByIndex(net, ndm.ndm_ifindex);
  if (ndm.ndm_ifindex !== 0 && dev === undefined) refuse(extack, ENODEV, 'Unknown device ifindex');
  if (dst === undefined) refuse(extack, EINVAL, 'Network address not specified');
  if (!proxy && dev === undefined) refuse(extack, EINVAL, 'No device specified');
  const found = lookup(net, dev, ndm.ndm_family, dst, proxy);
  if (found === undefined)
    refuse(extack, ENOENT, proxy ? 'Proxy neighbour entry not found' : 'Neighbour entry not found');
  const skb = new MessageWriter();
  fill(skb, found, { type: T.RTM_NEWNEIGH, flags: 0, seq, portid, held: true });
  net.rtnl.unicast(skb.take(), portid);
}

function checkDump({ msg, extack }: RtnlRequest): void {
  if (msg.length < ATTRS) refuse(extack, EINVAL, 'Invalid header for neighbor dump request');
  const ndm = N.ndmsg.get(msg, NLMSG_HDRLEN);
  if (ndm.ndm_pad1 !== 0 || ndm.ndm_pad2 !== 0 || ndm.ndm_ifindex !== 0 || ndm.ndm_state !== 0 || ndm.ndm_type !== 0)
    refuse(extack, EINVAL, 'Invalid values in header for neighbor dump request');
  if (ndm.ndm_flags & ~N.NTF_PROXY) refuse(extack, EINVAL, 'Invalid flags in header for neighbor dump request');
}

/**
 * The device a dump is limited to; only strict requests are refused.
 *
 * @models net/core/neighbour.c neigh_valid_dump_req()
 */
function dumpFilter(request: RtnlRequest): number {
  const { extack, strict } = request;
  if (strict) checkDump(request);
  try {
    const { tb } = parseNeigh(request, strict ? NL_VALIDATE_DEPRECATED_STRICT : NL_VALIDATE_LIBERAL);
    const known = [N.NDA.IFINDEX.type, N.NDA.MASTER.type];
    if (strict && tb.$nla.some((nla, type) => nla !== undefined && !known.includes(type)))
      refuse(extack, EINVAL, 'Unsupported attribute in neighbor dump request');
    return (tb.IFINDEX ?? 0) | 0;
  } catch (refusal) {
    if (strict || !(refusal instanceof Errno || refusal instanceof PolicyError)) throw refusal;
    return 0;
  }
}

/** @models net/core/neighbour.c neigh_dump_info() */
function* neighDump(request: RtnlRequest): Iterable<DumpEntry> {
  const { net, msg, seq, portid } = request;
  const family = msg.u8[NLMSG_HDRLEN]!;
  const ifindex = dumpFilter(request);
  const proxies = msg.length >= ATTRS && N.ndmsg.get(msg, NLMSG_HDRLEN).ndm_flags === N.NTF_PROXY;
  const flags = NLM_F_MULTI | (ifindex === 0 ? 0 : NLM_F_DUMP_FILTERED);
  for (const one of [...neighbours(net)]) {
    if (family !== AF_UNSPEC && one.family !== family) continue;
    if (((one.flags & N.NTF_PROXY) !== 0) !== proxies) continue;
    if (ifindex !== 0 && one.dev?.ifindex !== ifindex) continue;
    yield (skb) => {
      fill(skb, one, { type: T.RTM_NEWNEIGH, flags, seq, portid, held: false });
    };
  }
}

/** @models net/core/neighbour.c neigh_init() */
export function neighInit(net: Net): void {
  net.rtnl.register(AF_UNSPEC, T.RTM_NEWNEIGH, { doit: neighAdd });
  net.rtnl.register(AF_UNSPEC, T.RTM_DELNEIGH, { doit: neighDelete });
  net.rtnl.register(AF_UNSPEC, T.RTM_GETNEIGH, { doit: neighGet, dumpit: neighDump, joinDone: true });
}
