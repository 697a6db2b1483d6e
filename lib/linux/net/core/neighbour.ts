// net/core/neighbour.c, the table: neighbours that users enter or packets are sent to, and proxies. Nothing is resolved here: a
// machine sends no packet of its own, so no neighbour is ever learned. What becomes of their state is in neighbour_state.ts,
// requests are in neighbour_rtnl.ts.
import { ARPHRD_ETHER } from '../../../uapi/linux/if_arp.js';
import { IFF_LOOPBACK, IFF_NOARP, IFF_POINTOPOINT } from '../../../uapi/linux/if.js';
import * as N from '../../../uapi/linux/neighbour.js';
import { NLMSG_HDRLEN } from '../../../uapi/linux/netlink.js';
import { RTN_BROADCAST, RTN_MULTICAST, RTN_UNICAST } from '../../../uapi/linux/route.js';
import * as T from '../../../uapi/linux/rtnetlink.js';
import { AF_INET } from '../../../uapi/linux/socket.js';
import { NSEC_PER_MSEC, NSEC_PER_SEC, type Work } from '../../clock.js';
import { inetAddrType } from '../ipv4/fib_lookup.js';
import { MessageWriter } from '../netlink/message.js';
import type { NetDevice } from './net_device.js';
import type { Net } from './net_namespace.js';
import { netGeneric } from './net_namespace.js';
import { SkbQueue } from './skbuff/queue.js';

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
  used: number;
  /** What becomes of its state by itself. */
  timer: Work | undefined;
  /** Requests that nobody answered. */
  probes: number;
  /** Packets that wait for the link address, and how many bytes they hold. */
  readonly waiting: SkbQueue;
  waitingBytes: number;
  /** The link header is kept, so that packets are not noted any more. */
  cached: boolean;
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
    skb.put(N.NDA.PROBES, one.probes);
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

export const BASE_REACHABLE_MS = 30_000;
/** How long ago an address counts as confirmed of which nobody has said so. */
export const UNCONFIRMED = 2 * BASE_REACHABLE_MS * NSEC_PER_MSEC;

/** What an entry begins with. @models net/core/neighbour.c neigh_alloc() */
export const nothingYet = (): Pick<Neighbour, 'timer' | 'probes' | 'waiting' | 'waitingBytes' | 'cached'> => ({
  ...{ timer: undefined, probes: 0, waiting: new SkbQueue(), waitingBytes: 0, cached: false },
});

const anyAddress = new Uint8Array(4);

/** What the address of a neighbour is. */
function typeOf(net: Net, dst: Uint8Array): number {
  if (dst.length !== 4) return dst[0] === 0xff ? RTN_MULTICAST : RTN_UNICAST;
  return inetAddrType(net, new DataView(dst.buffer, dst.byteOffset).getUint32(0));
}

/** The link address of a group: arp_mc_map() and ndisc_mc_map(). */
function groupAddress(dev: NetDevice, dst: Uint8Array): Uint8Array {
  if (dev.type !== ARPHRD_ETHER) return dev.broadcast;
  return dst.length === 4
    ? Uint8Array.of(1, 0, 0x5e, dst[1]! & 0x7f, dst[2]!, dst[3]!)
    : Uint8Array.of(0x33, 0x33, dst[12]!, dst[13]!, dst[14]!, dst[15]!);
}

/** The link address that needs no asking. */
function knownAddress(dev: NetDevice, dst: Uint8Array, type: number): Uint8Array | undefined {
  if (type === RTN_MULTICAST) return groupAddress(dev, dst);
  if ((dev.flags & (IFF_NOARP | IFF_LOOPBACK)) !== 0) return dev.address;
  return type === RTN_BROADCAST || (dev.flags & IFF_POINTOPOINT) !== 0 ? dev.broadcast : undefined;
}

/**
 * The neighbour, made where there is none: on the loopback all are one, and where nothing is resolved the link address is
 * known at once.
 *
 * @models net/ipv4/arp.c arp_constructor()
 * @differs makes neighbours of IPv6, too
 */
export function create(dev: NetDevice, family: number, wanted: Uint8Array, flags: number): Neighbour {
  const loopback = (dev.flags & IFF_LOOPBACK) !== 0;
  const dst = family === AF_INET && loopback ? anyAddress : wanted;
  const there = neighbours(dev.net).find(
    (one) => one.dev === dev && (one.flags & N.NTF_PROXY) === 0 && sameKey(one, family, dst),
  );
  if (there !== undefined) return there;
  const type = typeOf(dev.net, dst);
  const known = knownAddress(dev, dst, type);
  const state = known === undefined ? N.NUD_NONE : N.NUD_NOARP;
  const entry = { family, dev, dst, type, lladdr: known ?? new Uint8Array(dev.addrLen), state };
  const now = dev.net.machine.clock.now();
  const times = { updated: now, confirmed: now - UNCONFIRMED, used: now };
  const made: Neighbour = { ...entry, flags, protocol: 0, ...times, ...nothingYet() };
  neighbours(dev.net).push(made);
  return made;
}

/** No packet waits any more. @differs __skb_queue_purge() of the queue of struct neighbour */
export function purge(one: Neighbour): void {
  one.waiting.purge();
  one.waitingBytes = 0;
}

/** @models net/core/neighbour.c neigh_del_timer() */
export function stopTimer(one: Neighbour): void {
  one.timer?.cancel();
  one.timer = undefined;
}

/** Takes an entry out of the table, with its timer and the packets that wait. @models net/core/neighbour.c neigh_remove_one() */
export function remove(net: Net, one: Neighbour): void {
  stopTimer(one);
  purge(one);
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
