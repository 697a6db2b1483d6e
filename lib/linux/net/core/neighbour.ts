// net/core/neighbour.c: neighbours that users enter, and proxies. Nothing is resolved here: a machine sends no packet of
// its own, so no neighbour is ever learned, and one that was reachable gets stale.
import { Extack } from '../../../codec/extack.js';
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
import { IFF_LOOPBACK, IFF_NOARP } from '../../../uapi/linux/if.js';
import { RTN_BROADCAST, RTN_MULTICAST, RTN_UNICAST } from '../../../uapi/linux/route.js';
import * as T from '../../../uapi/linux/rtnetlink.js';
import { AF_INET, AF_INET6, AF_UNSPEC } from '../../../uapi/linux/socket.js';
import { NSEC_PER_MSEC, NSEC_PER_SEC, type Work } from '../../clock.js';
import { Errno, errno, ModelGap, refuse } from '../../errno.js';
import { inetAddrType } from '../ipv4/fib_lookup.js';
import { ndiscAllowAdd } from '../ipv6/ndisc.js';
import { MessageWriter } from '../netlink/message.js';
import { devGetByIndex } from './dev/table.js';
import type { NetDevice } from './net_device.js';
import type { Net } from './net_namespace.js';
import { netGeneric } from './net_namespace.js';
import type { DumpEntry, RtnlRequest } from './rtnetlink.js';

/** struct neighbour, and struct pneigh_entry with NTF_PROXY in `flags`. */
interface Neighbour {
  readonly family: number;
  /** Proxies may be of any device. */
  readonly dev: NetDevice | undefined;
  readonly dst: Uint8Array;
  /** RTN_* of the address. */
  readonly type: number;
  lladdr: Uint8Array;
  /** NUD_* */
  state: number;
  flags: number;
  protocol: number;
  /** Clock, ns: the last change, when the link address was last known to be right, and the last packet. */
  updated: number;
  confirmed: number;
  readonly used: number;
  /** The end of being reachable. */
  timer: Work | undefined;
}

/** States in which the address is known. */
const NUD_VALID = N.NUD_PERMANENT | N.NUD_NOARP | N.NUD_REACHABLE | N.NUD_PROBE | N.NUD_STALE | N.NUD_DELAY;

const neighbours = netGeneric((): Neighbour[] => []);

const ATTRS = NLMSG_HDRLEN + N.ndmsg.size;
const keyLength: Readonly<Record<number, number>> = { [AF_INET]: 4, [AF_INET6]: 16 };

const parseNeigh = ({ msg, extack }: RtnlRequest, mode: number) => {
  if (msg.length < ATTRS) refuse(extack, EINVAL, 'Invalid header length');
  return { ndm: N.ndmsg.get(msg, NLMSG_HDRLEN), tb: parse(N.NDA, msg, ATTRS, msg.length, mode, extack) };
};

type Parsed = ReturnType<typeof parseNeigh>;

interface Message {
  readonly type: number;
  readonly flags: number;
  readonly seq: number;
  readonly portid: number;
  /** Whether a request holds the entry, which the message counts. */
  readonly held: boolean;
}

/** @models net/core/neighbour.c neigh_fill_info() */
function fill(skb: MessageWriter, one: Neighbour, { type, flags, seq, portid, held }: Message): void {
  const start = skb.begin(type, flags, seq, portid, N.ndmsg.size);
  N.ndmsg.set(skb.buffer, start + NLMSG_HDRLEN, {
    ndm_family: one.family,
    ...{ ndm_pad1: 0, ndm_pad2: 0 },
    ndm_ifindex: one.dev?.ifindex ?? 0,
    ndm_state: one.state,
    ndm_flags: one.flags,
    ndm_type: one.type,
  });
  skb.put(N.NDA.DST, one.dst);
  if ((one.flags & N.NTF_PROXY) === 0) {
    if (one.state & N.NUD_VALID) skb.put(N.NDA.LLADDR, one.lladdr);
    const { clock } = one.dev!.net.machine;
    const age = (since: number): number => Math.floor(((clock.now() - since) * 100) / NSEC_PER_SEC);
    skb.put(N.NDA.PROBES, 0);
    skb.put(N.NDA.CACHEINFO, {
      ndm_confirmed: age(one.confirmed),
      ndm_used: age(one.used),
      ndm_updated: age(one.updated),
      ndm_refcnt: Number(one.timer !== undefined) + Number(held),
    });
  }
  if (one.protocol !== 0) skb.put(N.NDA.PROTOCOL, one.protocol);
  skb.end(start);
}

/** @models net/core/neighbour.c __neigh_notify() */
function notify(net: Net, one: Neighbour, type: number, portid = 0): void {
  if (!net.rtnl.hasListeners(T.RTNLGRP_NEIGH)) return;
  const skb = new MessageWriter();
  fill(skb, one, { type, flags: 0, seq: 0, portid, held: type === T.RTM_NEWNEIGH });
  net.rtnl.notify(skb.take(), { group: T.RTNLGRP_NEIGH, portid: 0, echo: false });
}

/** What a request names: device, key, and the entry where there is one. */
interface Named {
  readonly dev: NetDevice | undefined;
  readonly dst: Uint8Array;
  readonly proxy: boolean;
  readonly found: Neighbour | undefined;
}

const sameKey = (one: Neighbour, family: number, dst: Uint8Array): boolean =>
  one.family === family && one.dst.every((byte, i) => byte === dst[i]);

/**
 * The entry that packets to `dst` by `dev` would use, when its address is known.
 *
 * @models net/core/neighbour.c neigh_lookup()
 */
export function neighLookup(dev: NetDevice, family: number, dst: Uint8Array): Uint8Array | undefined {
  const found = neighbours(dev.net).find((one) => one.dev === dev && sameKey(one, family, dst));
  return found !== undefined && (found.state & NUD_VALID) !== 0 ? found.lladdr : undefined;
}

const isProxy = ({ flags }: Neighbour): boolean => (flags & N.NTF_PROXY) !== 0;

/** A proxy of no device stands for all. @models net/core/neighbour.c neigh_lookup() and pneigh_lookup() */
function lookup(net: Net, dev: NetDevice | undefined, family: number, dst: Uint8Array, proxy: boolean) {
  const fits = (one: Neighbour): boolean => one.dev === dev || (proxy && one.dev === undefined);
  return neighbours(net).find((one) => isProxy(one) === proxy && fits(one) && sameKey(one, family, dst));
}

function nameIn(request: RtnlRequest, { ndm, tb }: Parsed): Named {
  const { net, extack } = request;
  if (tb.DST === undefined) refuse(extack, EINVAL, 'Network address not specified');
  const dev = ndm.ndm_ifindex === 0 ? undefined : devGetByIndex(net, ndm.ndm_ifindex);
  if (ndm.ndm_ifindex !== 0 && dev === undefined) throw errno(ENODEV);
  if (request.type === T.RTM_NEWNEIGH && dev !== undefined && tb.LLADDR !== undefined && tb.LLADDR.length < dev.addrLen)
    refuse(extack, EINVAL, 'Invalid link address');
  const length = keyLength[ndm.ndm_family];
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
    ...{ updated: 0, confirmed: 0, used: 0, timer: undefined },
  });
}

const BASE_REACHABLE_MS = 30_000;
/** How long ago an address counts as confirmed of which nobody has said so. */
const UNCONFIRMED = 2 * BASE_REACHABLE_MS * NSEC_PER_MSEC;

const anyAddress = new Uint8Array(4);

/** What the address of a neighbour is. */
function typeOf(net: Net, dst: Uint8Array): number {
  if (dst.length !== 4) return dst[0] === 0xff ? RTN_MULTICAST : RTN_UNICAST;
  return inetAddrType(net, new DataView(dst.buffer, dst.byteOffset).getUint32(0));
}

/**
 * A new neighbour: on the loopback all are one, and where nothing is resolved the link address is known at once.
 *
 * @models net/ipv4/arp.c arp_constructor()
 * @differs no addresses of multicast groups
 */
function create(dev: NetDevice, family: number, wanted: Uint8Array, flags: number): Neighbour {
  const loopback = (dev.flags & IFF_LOOPBACK) !== 0;
  const dst = family === AF_INET && loopback ? anyAddress : wanted;
  const there = neighbours(dev.net).find(
    (one) => one.dev === dev && (one.flags & N.NTF_PROXY) === 0 && sameKey(one, family, dst),
  );
  if (there !== undefined) return there;
  const type = typeOf(dev.net, dst);
  const known =
    dev.flags & (IFF_NOARP | IFF_LOOPBACK) ? dev.address : type === RTN_BROADCAST ? dev.broadcast : undefined;
  const state = known === undefined ? N.NUD_NONE : N.NUD_NOARP;
  const entry = { family, dev, dst, type, lladdr: known ?? new Uint8Array(dev.addrLen), state };
  const now = dev.net.machine.clock.now();
  const times = { updated: now, confirmed: now - UNCONFIRMED, used: now };
  const made: Neighbour = { ...entry, flags, protocol: 0, ...times, timer: undefined };
  neighbours(dev.net).push(made);
  return made;
}

/** States in which the link address is taken for right. */
const CONNECTED = N.NUD_PERMANENT | N.NUD_NOARP | N.NUD_REACHABLE;

/** What neigh_add() wants of an entry. */
interface Update {
  readonly state: number;
  readonly lladdr: Uint8Array | undefined;
  /** NTF_* */
  readonly flags: number;
  /** Whether the entry may get another link address, and become or stop being a router. */
  readonly override: boolean;
}

/** Takes a flag over; whether that changed the entry. */
function takeFlag(one: Neighbour, flags: number, flag: number): boolean {
  const changed = ((one.flags ^ flags) & flag) !== 0;
  one.flags = (one.flags & ~flag) | (flags & flag);
  return changed;
}

/** Lets an entry get stale, half to one and a half times the base time from now. */
function startTimer(one: Neighbour): void {
  const { net } = one.dev!;
  const { work, entropy } = net.machine;
  const ms = BASE_REACHABLE_MS / 2 + (entropy.u32() % BASE_REACHABLE_MS);
  one.timer = work.schedule(ms * NSEC_PER_MSEC, 'neigh_timer_handler', () => {
    one.timer = undefined;
    one.state = N.NUD_STALE;
    one.updated = net.machine.clock.now();
    notify(net, one, T.RTM_NEWNEIGH);
  });
}

function stopTimer(one: Neighbour): void {
  one.timer?.cancel();
  one.timer = undefined;
}

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => a.every((byte, i) => byte === b[i]);

/** Whether the entry changed in a way that listeners hear of. */
function setState(one: Neighbour, { state, lladdr, flags, override }: Update, extack: Extack | undefined): boolean {
  const old = one.state;
  const known = (old & N.NUD_VALID) !== 0;
  if ((state & N.NUD_VALID) === 0) {
    stopTimer(one);
    one.state = state;
    return known || ((old & N.NUD_INCOMPLETE) !== 0 && state === N.NUD_FAILED);
  }
  if (lladdr === undefined && !known) refuse(extack, EINVAL, 'No link layer address given');
  const another = lladdr !== undefined && !(known && sameBytes(one.lladdr, lladdr)) ? lladdr : undefined;
  const now = one.dev!.net.machine.clock.now();
  if (state & CONNECTED) one.confirmed = now;
  if (known && another !== undefined && !override) return false;
  if (state !== old || another !== undefined) one.updated = now;
  if (state !== old) {
    stopTimer(one);
    one.state = state;
    if (state === N.NUD_REACHABLE) startTimer(one);
  }
  if (another !== undefined) {
    one.lladdr = another.slice();
    if ((state & CONNECTED) === 0) one.confirmed = now - UNCONFIRMED;
  }
  const routes = override && takeFlag(one, flags, N.NTF_ROUTER);
  return state !== old || another !== undefined || routes;
}

/** @models net/core/neighbour.c __neigh_update() with NEIGH_UPDATE_F_ADMIN */
function update(one: Neighbour, wanted: Update, portid: number, extack?: Extack): void {
  // A state without a link address forgets that the flag changed.
  let changed = takeFlag(one, wanted.flags, N.NTF_EXT_LEARNED) && (wanted.state & N.NUD_VALID) !== 0;
  try {
    changed = setState(one, wanted, extack) || changed;
  } finally {
    if (changed) notify(one.dev!.net, one, T.RTM_NEWNEIGH, portid);
  }
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

function remove(net: Net, one: Neighbour): void {
  stopTimer(one);
  const list = neighbours(net);
  list.splice(list.indexOf(one), 1);
}

/** @models net/core/neighbour.c neigh_delete() */
function neighDelete(request: RtnlRequest): void {
  const { net } = request;
  const parsed = parseNeigh({ ...request, extack: new Extack() }, NL_VALIDATE_LIBERAL);
  const { dev, proxy, found } = nameIn(request, parsed);
  if (!proxy && dev === undefined) throw errno(EINVAL);
  if (found === undefined || found.dev !== dev) throw errno(ENOENT);
  if (!proxy) {
    const failed = { state: N.NUD_FAILED, lladdr: undefined, flags: 0, override: true };
    update(found, failed, request.portid);
  }
  remove(net, found);
  if (!proxy) notify(net, found, T.RTM_DELNEIGH);
}

/** Drops what was resolved over the device. @models net/core/neighbour.c neigh_flush_dev() */
function flushDev(dev: NetDevice, family: number, keep: number): void {
  for (const one of [...neighbours(dev.net)]) {
    if (one.dev !== dev || one.family !== family || (one.flags & N.NTF_PROXY) !== 0 || one.state & keep) continue;
    remove(dev.net, one);
    notify(dev.net, one, T.RTM_DELNEIGH);
  }
}

/** @models net/core/neighbour.c neigh_changeaddr() */
export function neighChangeaddr(dev: NetDevice, family: number): void {
  flushDev(dev, family, 0);
}

/** @models net/core/neighbour.c neigh_carrier_down() */
export function neighCarrierDown(dev: NetDevice, family: number): void {
  flushDev(dev, family, N.NUD_PERMANENT);
}

/** The device went down or away. @models net/core/neighbour.c neigh_ifdown() */
export function neighIfdown(dev: NetDevice): void {
  for (const one of [...neighbours(dev.net)]) {
    if (one.dev !== dev) continue;
    remove(dev.net, one);
    if ((one.flags & N.NTF_PROXY) === 0) notify(dev.net, one, T.RTM_DELNEIGH);
  }
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
  const length = keyLength[ndm.ndm_family];
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

const AF_BRIDGE = 7;

/** @models net/core/neighbour.c neigh_init() */
export function neighInit(net: Net): void {
  net.rtnl.register(AF_UNSPEC, T.RTM_NEWNEIGH, { doit: neighAdd });
  net.rtnl.register(AF_UNSPEC, T.RTM_DELNEIGH, { doit: neighDelete });
  net.rtnl.register(AF_UNSPEC, T.RTM_GETNEIGH, { doit: neighGet, dumpit: neighDump, joinDone: true });
  const gap = new ModelGap('forwarding databases of bridges');
  const forwarding = (): never => {
    throw gap;
  };
  const forwardingDump = function* (): Iterable<DumpEntry> {
    throw gap;
  };
  net.rtnl.register(AF_BRIDGE, T.RTM_NEWNEIGH, { doit: forwarding });
  net.rtnl.register(AF_BRIDGE, T.RTM_DELNEIGH, { doit: forwarding });
  net.rtnl.register(AF_BRIDGE, T.RTM_GETNEIGH, { doit: forwarding, dumpit: forwardingDump });
}
