// net/core/neighbour.c, states: what packets, time and requests make of a neighbour, and how a packet goes out to one. Where
// the link address is not known packets wait, and since nobody is asked nobody answers: after as long as the kernel would
// ask they are dropped.
import type { Extack } from '../../../codec/extack.js';
import { EINVAL } from '../../../uapi/asm-generic/errno.js';
import { ETH_ALEN, ETH_HLEN } from '../../../uapi/linux/if_ether.js';
import * as N from '../../../uapi/linux/neighbour.js';
import * as T from '../../../uapi/linux/rtnetlink.js';
import { NSEC_PER_MSEC, NSEC_PER_SEC } from '../../clock.js';
import { refuse } from '../../errno.js';
import { truesizeOf } from '../netlink/af_netlink/queue.js';
import { traceDrop } from './dev/trace.js';
import { devQueueXmit } from './dev/xmit.js';
import { BASE_REACHABLE_MS, type Neighbour, notify, purge, stopTimer, UNCONFIRMED } from './neighbour.js';
import type { SkBuff } from './skbuff/sk_buff.js';

/** States in which the link address is taken for right. */
const CONNECTED = N.NUD_PERMANENT | N.NUD_NOARP | N.NUD_REACHABLE;

/** Sysctls of neighbours, as they are by default. */
const DELAY_PROBE_TIME = 5 * NSEC_PER_SEC;
const RETRANS_TIME = NSEC_PER_SEC;
const UCAST_PROBES = 3;
const MCAST_PROBES = 3;
const QUEUE_LEN_BYTES = 212_992;

const now = (one: Neighbour): number => one.dev!.net.machine.clock.now();

function startTimer(one: Neighbour, delay: number): void {
  stopTimer(one);
  one.timer = one.dev!.net.machine.work.schedule(delay, 'neigh_timer_handler', () => {
    one.timer = undefined;
    timerHandler(one);
  });
}

/** Half to one and a half times the base time. */
function reachableTime(one: Neighbour): number {
  const { entropy } = one.dev!.net.machine;
  return (BASE_REACHABLE_MS / 2 + (entropy.u32() % BASE_REACHABLE_MS)) * NSEC_PER_MSEC;
}

function setTimedState(one: Neighbour, state: number, delay: number): void {
  one.state = state;
  one.updated = now(one);
  startTimer(one, delay);
}

/** Nobody has answered. @models net/core/neighbour.c neigh_invalidate() */
function invalidate(one: Neighbour): void {
  one.updated = now(one);
  for (let skb = one.waiting.shift(); skb !== undefined; skb = one.waiting.shift()) drop(skb, 'NEIGH_FAILED');
  one.waitingBytes = 0;
}

function drop(skb: SkBuff, reason: string): void {
  traceDrop(skb, reason);
  skb.pool.free(skb);
}

/** The end of being reachable: packets were sent a moment ago, or none were. True: listeners hear of it. */
function reachableEnds(one: Neighbour): boolean {
  if (now(one) <= one.used + DELAY_PROBE_TIME) {
    setTimedState(one, N.NUD_DELAY, DELAY_PROBE_TIME);
    return false;
  }
  one.state = N.NUD_STALE;
  one.updated = now(one);
  return true;
}

/** Somebody else has confirmed the address meanwhile, or it is asked for. */
function delayEnds(one: Neighbour): void {
  if (now(one) <= one.confirmed + DELAY_PROBE_TIME) {
    setTimedState(one, N.NUD_REACHABLE, reachableTime(one));
    return;
  }
  one.probes = 0;
  setTimedState(one, N.NUD_PROBE, RETRANS_TIME);
  probe(one);
}

/** One more question, or the end of asking. True: it failed. */
function asksAgain(one: Neighbour): boolean {
  const most = UCAST_PROBES + ((one.state & N.NUD_PROBE) !== 0 ? 0 : MCAST_PROBES);
  if (one.probes >= most) {
    one.state = N.NUD_FAILED;
    invalidate(one);
    return true;
  }
  startTimer(one, RETRANS_TIME);
  probe(one);
  return false;
}

/** @models net/core/neighbour.c neigh_probe() @differs no question is sent */
function probe(one: Neighbour): void {
  one.probes++;
}

/** @models net/core/neighbour.c neigh_timer_handler() */
function timerHandler(one: Neighbour): void {
  let heard = true;
  if (one.state === N.NUD_REACHABLE) heard = reachableEnds(one);
  else if (one.state === N.NUD_DELAY) delayEnds(one);
  else heard = asksAgain(one);
  if (heard) notify(one.dev!.net, one, T.RTM_NEWNEIGH);
}

/** Waits at the end of the row, which has room for so many bytes. */
function enqueue(one: Neighbour, skb: SkBuff): void {
  const size = truesizeOf(skb.end);
  while (one.waitingBytes + size > QUEUE_LEN_BYTES) {
    const first = one.waiting.shift();
    if (first === undefined) break;
    one.waitingBytes -= truesizeOf(first.end);
    drop(first, 'NEIGH_QUEUEFULL');
  }
  one.waiting.push(skb);
  one.waitingBytes += size;
}

/** Whether the packet waits; else it may go. @models net/core/neighbour.c neigh_event_send() */
function eventSend(one: Neighbour, skb: SkBuff): boolean {
  one.used = now(one);
  if ((one.state & (CONNECTED | N.NUD_DELAY | N.NUD_PROBE)) !== 0) return false;
  if ((one.state & N.NUD_STALE) !== 0) {
    setTimedState(one, N.NUD_DELAY, DELAY_PROBE_TIME);
    return false;
  }
  if ((one.state & N.NUD_INCOMPLETE) === 0) {
    one.probes = UCAST_PROBES;
    setTimedState(one, N.NUD_INCOMPLETE, RETRANS_TIME);
    probe(one);
  }
  enqueue(one, skb);
  return true;
}

/**
 * Sends a packet that starts at its network header to a neighbour, by the device of the packet. NET_XMIT_* or a negative errno.
 *
 * @models net/core/neighbour.c neigh_resolve_output()
 */
export function neighOutput(one: Neighbour, skb: SkBuff): number {
  const cached = one.cached && (one.state & CONNECTED) !== 0;
  if (!cached && eventSend(one, skb)) return 0;
  one.cached = true;
  const { protocol } = skb;
  const at = skb.push(ETH_HLEN);
  const { u8, view } = skb.memory;
  u8.set(one.lladdr, at);
  u8.set(one.dev!.address, at + ETH_ALEN);
  view.setUint16(at + 2 * ETH_ALEN, protocol);
  return devQueueXmit(skb);
}

/** The link address is known now: packets that waited go, and what comes of them happens. */
function flushWaiting(one: Neighbour): void {
  if (one.waiting.length === 0) return;
  for (let skb = one.waiting.shift(); skb !== undefined; skb = one.waiting.shift()) neighOutput(one, skb);
  purge(one);
  one.dev!.net.machine.softnet.backlog.run();
}

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

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => a.every((byte, i) => byte === b[i]);

/** Whether the entry changed in a way that listeners hear of. */
function setState(one: Neighbour, { state, lladdr, flags, override }: Update, extack: Extack | undefined): boolean {
  const old = one.state;
  const known = (old & N.NUD_VALID) !== 0;
  if ((state & N.NUD_VALID) === 0) {
    stopTimer(one);
    one.state = state;
    const unanswered = (old & (N.NUD_INCOMPLETE | N.NUD_PROBE)) !== 0 && state === N.NUD_FAILED;
    if (unanswered) invalidate(one);
    return known || unanswered;
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
    if (state === N.NUD_REACHABLE) startTimer(one, reachableTime(one));
  }
  if (another !== undefined) {
    one.lladdr = another.slice();
    if ((state & CONNECTED) === 0) one.confirmed = now - UNCONFIRMED;
  }
  if (!known) flushWaiting(one);
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
