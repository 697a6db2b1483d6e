// net/core/rtnetlink.c, neighbour messages of PF_BRIDGE: what `bridge fdb` asks for. A machine has no bridges and no ports
// of them, so all there is are the devices' own lists of addresses, with NTF_SELF.
import { attrs, type AttrSet } from '../../../codec/attrs.js';
import type { Nla } from '../../../codec/nla.js';
import {
  NL_VALIDATE_DEPRECATED_STRICT,
  NL_VALIDATE_LIBERAL,
  NL_VALIDATE_STRICT,
  NL_VALIDATE_UNSPEC,
  parse,
  PolicyError,
} from '../../../codec/parse.js';
import { EEXIST, EINVAL, ENODEV, ENOENT, EOPNOTSUPP } from '../../../uapi/asm-generic/errno.js';
import { ARPHRD_ETHER } from '../../../uapi/linux/if_arp.js';
import { ETH_ALEN } from '../../../uapi/linux/if_ether.js';
import * as N from '../../../uapi/linux/neighbour.js';
import { NLM_F_BULK, NLM_F_EXCL, NLM_F_MULTI, NLMSG_HDRLEN } from '../../../uapi/linux/netlink.js';
import * as T from '../../../uapi/linux/rtnetlink.js';
import { Errno, errno, refuse } from '../../errno.js';
import { MessageWriter } from '../netlink/message.js';
import { devMcAdd, devMcDel, devUcAdd, devUcDel } from './dev_addr_lists.js';
import { devGetByIndex } from './dev/table.js';
import type { NetDevice } from './net_device.js';
import type { Net } from './net_namespace.js';
import { ndaOf } from './neighbour_rtnl.js';
import type { DumpEntry, RtnlRequest } from './rtnetlink.js';
import { iflaOf } from './rtnl_link/request.js';

const AF_BRIDGE = 7;
const ATTRS = NLMSG_HDRLEN + N.ndmsg.size;
const VLAN_VID_MASK = 0x0fff;
/** Attributes by type alone: these requests have no policy. */
const unjudged = attrs('NDA', {}, N.NDA.$max);

type Header = ReturnType<typeof N.ndmsg.get>;

/** What is put into a message. */
interface Entry {
  readonly type: number;
  readonly flags: number;
  readonly seq: number;
  readonly portid: number;
  readonly state: number;
}

/** @models net/core/rtnetlink.c nlmsg_populate_fdb_fill() */
function fill(skb: MessageWriter, dev: NetDevice, addr: Uint8Array, entry: Entry): void {
  const start = skb.begin(entry.type, entry.flags, entry.seq, entry.portid, N.ndmsg.size);
  N.ndmsg.set(skb.buffer, start + NLMSG_HDRLEN, {
    ndm_family: AF_BRIDGE,
    ndm_pad1: 0,
    ndm_pad2: 0,
    ndm_ifindex: dev.ifindex,
    ndm_state: entry.state,
    ndm_flags: N.NTF_SELF,
    ndm_type: 0,
  });
  skb.putRaw(N.NDA.LLADDR.type, addr);
  skb.end(start);
}

/** @models net/core/rtnetlink.c rtnl_fdb_notify() */
function fdbNotify(type: number, dev: NetDevice, addr: Uint8Array, state: number): void {
  const skb = new MessageWriter();
  fill(skb, dev, addr, { type, flags: 0, seq: 0, portid: 0, state });
  dev.net.rtnl.notify(skb.take(), { group: T.RTNLGRP_NEIGH, portid: 0, echo: false });
}

/** @models net/core/rtnetlink.c fdb_vid_parse() */
function vidParse(nla: Nla | undefined, { extack }: RtnlRequest): number {
  if (nla === undefined) return 0;
  if (nla.len !== 2) refuse(extack, EINVAL, 'invalid vlan attribute size');
  const vid = nla.u16();
  if (vid === 0 || vid >= VLAN_VID_MASK) refuse(extack, EINVAL, 'invalid vlan id');
  return vid;
}

const isMulticast = (addr: Uint8Array): boolean => (addr[0]! & 1) !== 0;

/** 01:80:c2:00:00:0X, which bridges keep to themselves. @models include/linux/etherdevice.h is_link_local_ether_addr() */
const isLinkLocal = (addr: Uint8Array): boolean =>
  [0x01, 0x80, 0xc2, 0, 0].every((byte, i) => addr[i] === byte) && (addr[5]! & 0xf0) === 0;

const isUnicastEntry = (addr: Uint8Array): boolean => !isMulticast(addr) || isLinkLocal(addr);

interface Asked {
  readonly ndm: Header;
  readonly dev: NetDevice;
  readonly nlas: readonly (Nla | undefined)[];
}

/** Header, attributes and device of a change. */
function parseChange(request: RtnlRequest, mode: number, set: AttrSet<object> = unjudged): Asked {
  const { msg, extack, net } = request;
  if (msg.length < ATTRS) refuse(extack, EINVAL, 'Invalid header length');
  const { $nla: nlas } = parse(set, msg, ATTRS, msg.length, mode, extack);
  const ndm = N.ndmsg.get(msg, NLMSG_HDRLEN);
  if (ndm.ndm_ifindex === 0) refuse(extack, EINVAL, 'invalid ifindex');
  const dev = devGetByIndex(net, ndm.ndm_ifindex);
  if (dev === undefined) refuse(extack, ENODEV, 'unknown ifindex');
  return { ndm, dev, nlas };
}

function addressIn({ nlas }: Asked, { extack }: RtnlRequest): Uint8Array {
  const nla = nlas[N.NDA.LLADDR.type];
  if (nla?.len !== ETH_ALEN) refuse(extack, EINVAL, 'invalid address');
  return nla.bytes().slice();
}

/** @models net/core/rtnetlink.c ndo_dflt_fdb_add() */
function dfltAdd({ ndm, dev, nlas }: Asked, addr: Uint8Array, vid: number, flags: number): void {
  if (ndm.ndm_state !== 0 && (ndm.ndm_state & N.NUD_PERMANENT) === 0) throw errno(EINVAL);
  if (nlas[N.NDA.FLAGS_EXT.type] !== undefined || vid !== 0) throw errno(EINVAL);
  try {
    if (isUnicastEntry(addr)) devUcAdd(dev, addr, 'exclusive');
    else devMcAdd(dev, addr, 'exclusive');
  } catch (refusal) {
    if (!(refusal instanceof Errno && refusal.errno === EEXIST) || flags & NLM_F_EXCL) throw refusal;
  }
}

/** @models net/core/rtnetlink.c rtnl_fdb_add() */
function fdbAdd(request: RtnlRequest): void {
  const asked = parseChange(request, NL_VALIDATE_LIBERAL);
  const { ndm, dev, nlas } = asked;
  const addr = addressIn(asked, request);
  if (dev.type !== ARPHRD_ETHER) refuse(request.extack, EINVAL, 'FDB add only supported for Ethernet devices');
  const vid = vidParse(nlas[N.NDA.VLAN.type], request);
  if ((ndm.ndm_flags & N.NTF_SELF) === 0) throw errno(EOPNOTSUPP);
  dfltAdd(asked, addr, vid, request.flags);
  fdbNotify(T.RTM_NEWNEIGH, dev, addr, ndm.ndm_state);
}

/** @models net/core/rtnetlink.c ndo_dflt_fdb_del() */
function dfltDel({ ndm, dev }: Asked, addr: Uint8Array): void {
  if ((ndm.ndm_state & N.NUD_PERMANENT) === 0) throw errno(EINVAL);
  const was = isUnicastEntry(addr) ? devUcDel(dev, addr) : devMcDel(dev, addr);
  if (!was) throw errno(ENOENT);
}

/** Whether the device judges what a bulk request asks for, of which no device here has anything. */
const byDevice = ({ machine }: RtnlRequest): boolean => machine.has('fdb-bulk-by-device');

const parseBulk = (request: RtnlRequest): Asked =>
  byDevice(request)
    ? parseChange(request, NL_VALIDATE_STRICT & ~NL_VALIDATE_UNSPEC)
    : parseChange(request, NL_VALIDATE_STRICT, N.NDA_BULK_6_1);

/** No device deletes in bulk. @models net/core/rtnetlink.c rtnl_fdb_del() */
function fdbDel(request: RtnlRequest): void {
  const bulk = (request.flags & NLM_F_BULK) !== 0 && request.machine.has('netlink-bulk-del');
  const asked = bulk ? parseBulk(request) : parseChange(request, NL_VALIDATE_LIBERAL);
  const { ndm, dev, nlas } = asked;
  const addr = bulk ? undefined : addressIn(asked, request);
  if (!bulk || !byDevice(request)) vidParse(nlas[N.NDA.VLAN.type], request);
  if (dev.type !== ARPHRD_ETHER) refuse(request.extack, EINVAL, 'FDB delete only supported for Ethernet devices');
  if ((ndm.ndm_flags & N.NTF_SELF) === 0 || addr === undefined) throw errno(EOPNOTSUPP);
  dfltDel(asked, addr);
  fdbNotify(T.RTM_DELNEIGH, dev, addr, ndm.ndm_state);
}

/** What a dump is limited to; 0 = not. */
interface Limits {
  readonly bridge: number;
  readonly port: number;
}

function indexIn(nla: Nla, name: string, { extack }: RtnlRequest): number {
  if (nla.len !== 4) refuse(extack, EINVAL, `Invalid ${name} attribute in fdb dump request`);
  return nla.u32() | 0;
}

/** @models net/core/rtnetlink.c valid_fdb_dump_strict() */
function strictLimits(request: RtnlRequest): Limits {
  const { msg, extack } = request;
  if (msg.length < ATTRS) refuse(extack, EINVAL, 'Invalid header for fdb dump request');
  const ndm = N.ndmsg.get(msg, NLMSG_HDRLEN);
  if (ndm.ndm_pad1 !== 0 || ndm.ndm_pad2 !== 0 || ndm.ndm_state !== 0 || ndm.ndm_flags !== 0 || ndm.ndm_type !== 0)
    refuse(extack, EINVAL, 'Invalid values in header for fdb dump request');
  const { $nla } = parse(unjudged, msg, ATTRS, msg.length, NL_VALIDATE_DEPRECATED_STRICT, extack);
  const limits = { bridge: 0, port: ndm.ndm_ifindex };
  for (const [type, nla] of $nla.entries()) {
    if (nla === undefined) continue;
    if (type === N.NDA.IFINDEX.type) limits.port = indexIn(nla, 'IFINDEX', request);
    else if (type === N.NDA.MASTER.type) limits.bridge = indexIn(nla, 'MASTER', request);
    else refuse(extack, EINVAL, 'Unsupported attribute in fdb dump request');
  }
  return limits;
}

/** A ndmsg, alone or with one number, limits nothing; all else is an ifinfomsg. */
const NDMSG_LENGTHS: readonly number[] = [N.ndmsg.size, N.ndmsg.size + 8];

/** @models net/core/rtnetlink.c valid_fdb_dump_legacy() */
function legacyLimits({ msg, extack, machine }: RtnlRequest): Limits {
  if (NDMSG_LENGTHS.includes(msg.length - NLMSG_HDRLEN)) return { bridge: 0, port: 0 };
  const start = NLMSG_HDRLEN + T.ifinfomsg.size;
  if (msg.length < start) refuse(extack, EINVAL, 'Invalid header length');
  try {
    const { MASTER } = parse(iflaOf(machine), msg, start, msg.length, NL_VALIDATE_LIBERAL, extack);
    return { bridge: (MASTER ?? 0) | 0, port: T.ifinfomsg.get(msg, NLMSG_HDRLEN).ifi_index };
  } catch (refusal) {
    throw refusal instanceof PolicyError ? errno(EINVAL) : refusal;
  }
}

/** Only Ethernet devices have lists to show, and no bridge has ports. @models net/core/rtnetlink.c rtnl_fdb_dump() */
function* fdbDump(request: RtnlRequest): Iterable<DumpEntry> {
  const { net, seq, portid } = request;
  const { bridge, port } = request.strict ? strictLimits(request) : legacyLimits(request);
  if (bridge !== 0 && devGetByIndex(net, bridge) === undefined) throw errno(ENODEV);
  if (bridge !== 0) return;
  const entry = { type: T.RTM_NEWNEIGH, flags: NLM_F_MULTI, seq, portid, state: N.NUD_PERMANENT };
  for (const dev of net.devices.toSorted((a, b) => a.ifindex - b.ifindex)) {
    if (dev.type !== ARPHRD_ETHER || (port !== 0 && dev.ifindex !== port)) continue;
    for (const { addr } of [...dev.uc, ...dev.mc])
      yield (skb) => {
        fill(skb, dev, addr, entry);
      };
  }
}

/** Header and attributes of a look-up. @models net/core/rtnetlink.c valid_fdb_get_strict() */
function validGet(request: RtnlRequest): { readonly ndm: Header; readonly bridge: number; readonly has: boolean } {
  const { msg, extack } = request;
  if (msg.length < ATTRS) refuse(extack, EINVAL, 'Invalid header for fdb get request');
  const ndm = N.ndmsg.get(msg, NLMSG_HDRLEN);
  if (ndm.ndm_pad1 !== 0 || ndm.ndm_pad2 !== 0 || ndm.ndm_state !== 0 || ndm.ndm_type !== 0)
    refuse(extack, EINVAL, 'Invalid values in header for fdb get request');
  if (ndm.ndm_flags & ~(N.NTF_MASTER | N.NTF_SELF))
    refuse(extack, EINVAL, 'Invalid flags in header for fdb get request');
  const tb = parse(ndaOf(request.machine), msg, ATTRS, msg.length, NL_VALIDATE_DEPRECATED_STRICT, extack);
  for (const [type, nla] of tb.$nla.entries()) {
    if (nla === undefined || type === N.NDA.MASTER.type || type === N.NDA.VNI.type) continue;
    if (type === N.NDA.VLAN.type) vidParse(nla, request);
    else if (type !== N.NDA.LLADDR.type) refuse(extack, EINVAL, 'Unsupported attribute in fdb get request');
    else if (nla.len !== ETH_ALEN) refuse(extack, EINVAL, 'Invalid address in fdb get request');
  }
  return { ndm, bridge: (tb.MASTER ?? 0) | 0, has: tb.LLADDR !== undefined };
}

/** No device looks entries up. @models net/core/rtnetlink.c rtnl_fdb_get() */
function fdbGet(request: RtnlRequest): void {
  const { net, extack } = request;
  const { ndm, bridge, has } = validGet(request);
  if (!has) refuse(extack, EINVAL, 'Missing lookup address for fdb get request');
  const port = ndm.ndm_ifindex;
  if (port !== 0 && devGetByIndex(net, port) === undefined) refuse(extack, ENODEV, 'Unknown device ifindex');
  if (bridge !== 0 && port !== 0) refuse(extack, EINVAL, 'Master and device are mutually exclusive');
  if (bridge !== 0 && devGetByIndex(net, bridge) === undefined) refuse(extack, EINVAL, 'Invalid master ifindex');
  if (port !== 0 && (ndm.ndm_flags === 0 || ndm.ndm_flags & N.NTF_MASTER))
    refuse(extack, EINVAL, 'Device is not a bridge port');
  if (bridge === 0 && port === 0) refuse(extack, ENODEV, 'No device specified');
  refuse(extack, EOPNOTSUPP, 'Fdb get operation not supported by device');
}

/** @models net/core/rtnetlink.c rtnetlink_init() */
export function fdbInit({ rtnl }: Net): void {
  rtnl.register(AF_BRIDGE, T.RTM_NEWNEIGH, { doit: fdbAdd });
  rtnl.register(AF_BRIDGE, T.RTM_DELNEIGH, { doit: fdbDel, bulkDel: true });
  rtnl.register(AF_BRIDGE, T.RTM_GETNEIGH, { doit: fdbGet, dumpit: fdbDump });
}
