// net/core/neighbour.c, the table: neighbours that users enter, and proxies. Nothing is resolved here: a machine sends no
// packet of its own, so no neighbour is ever learned, and one that was reachable gets stale. Requests are in
// neighbour_rtnl.ts.
import type { Extack } from '../../../codec/extack.js';
import { EINVAL } from '../../../uapi/asm-generic/errno.js';
import { IFF_LOOPBACK, IFF_NOARP } from '../../../uapi/linux/if.js';
import * as N from '../../../uapi/linux/neighbour.js';
import { NLMSG_HDRLEN } from '../../../uapi/linux/netlink.js';
import { RTN_BROADCAST, RTN_MULTICAST, RTN_UNICAST } from '../../../uapi/linux/route.js';
import * as T from '../../../uapi/linux/rtnetlink.js';
import { AF_INET } from '../../../uapi/linux/socket.js';
import { NSEC_PER_MSEC, NSEC_PER_SEC, type Work } from '../../clock.js';
import { refuse } from '../../errno.js';
import { inetAddrType } from '../ipv4/fib_lookup.js';
import { MessageWriter } from '../netlink/message.js';
import type { NetDevice } from './net_device.js';
import type { Net } from './net_namespace.js';
import { netGeneric } from './net_namespace.js';

/** struct neighbour, and struct pneigh_entry with NTF_PROXY in `flags`. */
export interface Neighbour {
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

export const neighbours = netGeneric((): Neighbour[] => []);

interface Message {
  readonly type: number;
  readonly flags: number;
  readonly seq: number;
  readonly portid: number;
  /** Whether a request holds the entry, which the message counts. */
  readonly held: boolean;
}

/** @models net/core/neighbour.c neigh_fill_info() */
export function fill(skb: MessageWriter, one: Neighbour, { type, flags, seq, portid, held }: Message): void {
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
export function notify(net: Net, one: Neighbour, type: number, portid = 0): void {
  if (!net.rtnl.hasListeners(T.RTNLGRP_NEIGH)) return;
  const skb = new MessageWriter();
  fill(skb, one, { type, flags: 0, seq: 0, portid, held: type === T.RTM_NEWNEIGH });
  net.rtnl.notify(skb.take(), { group: T.RTNLGRP_NEIGH, portid: 0, echo: false });
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
  return found !== undefined && (found.state & N.NUD_VALID) !== 0 ? found.lladdr : undefined;
}

const isProxy = ({ flags }: Neighbour): boolean => (flags & N.NTF_PROXY) !== 0;

/** A proxy of no device stands for all. @models net/core/neighbour.c neigh_lookup() and pneigh_lookup() */
export function lookup(net: Net, dev: NetDevice | undefined, family: number, dst: Uint8Array, proxy: boolean) {
  const fits = (one: Neighbour): boolean => one.dev === dev || (proxy && one.dev === undefined);
  return neighbours(net).find((one) => isProxy(one) === proxy && fits(one) && sameKey(one, family, dst));
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
export function create(dev: NetDevice, family: number, wanted: Uint8Array, flags: number): Neighbour {
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
export function update(one: Neighbour, wanted: Update, portid: number, extack?: Extack): void {
  // A state without a link address forgets that the flag changed.
  let changed = takeFlag(one, wanted.flags, N.NTF_EXT_LEARNED) && (wanted.state & N.NUD_VALID) !== 0;
  try {
    changed = setState(one, wanted, extack) || changed;
  } finally {
    if (changed) notify(one.dev!.net, one, T.RTM_NEWNEIGH, portid);
  }
}

/** Takes an entry out of the table, and its timer along. @models net/core/neighbour.c neigh_remove_one() */
export function remove(net: Net, one: Neighbour): void {
  stopTimer(one);
  const list = neighbours(net);
  list.splice(list.indexOf(one), 1);
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
