// include/net/codel.h, include/net/codel_impl.h: controlled delay. A queue whose packets have waited longer than a target for a
// whole interval loses packets (or has them marked), the sooner the longer it lasts. Times are u32 in units of 1024 ns.
import { ETH_P_IP, ETH_P_IPV6 } from '../../../uapi/linux/if_ether.js';
import * as L from '../core/skbuff/layout.js';
import type { SkBuff } from '../core/skbuff/sk_buff.js';
import { qdiscPktLen } from './qdisc_run.js';

/** struct codel_skb_cb */
const ENQUEUE_TIME = L.SKB_CB + L.QDISC_CB_DATA;

/** Bits of the reciprocal square root that are kept, and the rest of 32. */
const SHIFT = 16;

/** The time of the clock. @models include/net/codel.h codel_get_time() */
export const codelTimeOf = (ns: number): number => Math.floor(ns / 1024) >>> 0;

const after = (a: number, b: number): boolean => ((a - b) | 0) > 0;
const before = (a: number, b: number): boolean => ((a - b) | 0) < 0;

/** @models include/net/codel_qdisc.h codel_set_enqueue_time() */
export const codelSetEnqueueTime = (skb: SkBuff, now: number): void => {
  skb.set32(ENQUEUE_TIME, now);
};

/** struct codel_params */
export interface CodelParams {
  readonly target: number;
  readonly interval: number;
  readonly ecn: boolean;
  /** Mark above this delay; undefined: never. */
  readonly ceThreshold: number | undefined;
  readonly ceSelector: number;
  readonly ceMask: number;
  /** A backlog that is no queue. */
  readonly mtu: number;
}

/** struct codel_vars */
export class CodelVars {
  count = 0;
  lastcount = 0;
  dropping = false;
  recInvSqrt = 0;
  firstAboveTime = 0;
  dropNext = 0;
  ldelay = 0;
}

/** struct codel_stats */
export class CodelStats {
  maxpacket = 0;
  dropCount = 0;
  dropLen = 0;
  ecnMark = 0;
  ceMark = 0;
}

/** The queue that is controlled. */
export interface CodelQueue {
  readonly params: CodelParams;
  readonly stats: CodelStats;
  /** Bytes that wait in all queues together. */
  readonly backlog: number;
  /** Takes the next packet out; counts it as gone. */
  take(): SkBuff | undefined;
  drop(skb: SkBuff): void;
}

/** One step towards 1/sqrt(count). @models include/net/codel_impl.h codel_Newton_step() */
function newtonStep(vars: CodelVars): void {
  const invsqrt = BigInt((vars.recInvSqrt << SHIFT) >>> 0);
  const squared = (invsqrt * invsqrt) >> 32n;
  const val = BigInt.asUintN(64, (3n << 32n) - BigInt(vars.count) * squared) >> 2n;
  vars.recInvSqrt = Number((BigInt.asUintN(64, val * invsqrt) >> BigInt(31 + SHIFT)) & 0xffffn);
}

/** When the next packet is dropped. @models include/net/codel_impl.h codel_control_law() */
const controlLaw = (time: number, interval: number, recInvSqrt: number): number =>
  (time + Number((BigInt(interval) * BigInt((recInvSqrt << SHIFT) >>> 0)) >> 32n)) >>> 0;

/** @models include/net/codel_impl.h codel_should_drop() */
function shouldDrop(skb: SkBuff | undefined, vars: CodelVars, queue: CodelQueue, now: number): boolean {
  if (skb === undefined) {
    vars.firstAboveTime = 0;
    return false;
  }
  const { params, stats } = queue;
  vars.ldelay = (now - skb.get32(ENQUEUE_TIME)) >>> 0;
  stats.maxpacket = Math.max(stats.maxpacket, qdiscPktLen(skb));
  if (before(vars.ldelay, params.target) || queue.backlog <= params.mtu) {
    vars.firstAboveTime = 0;
    return false;
  }
  if (vars.firstAboveTime !== 0) return after(now, vars.firstAboveTime);
  vars.firstAboveTime = (now + params.interval) >>> 0;
  return false;
}

/** Sets CE in an IPv4 header, and its checksum right. @models include/net/inet_ecn.h IP_ECN_set_ce() */
function ip4SetCe(skb: SkBuff, at: number): boolean {
  const { u8, view } = skb.memory;
  const ecn = (u8[at + 1]! + 1) & 3;
  if ((ecn & 2) === 0) return ecn === 0;
  const sum = view.getUint16(at + 10, false) + 0xfffb + ecn;
  const folded = (sum & 0xffff) + (sum >>> 16);
  view.setUint16(at + 10, folded >= 0xffff ? folded + 1 : folded, false);
  u8[at + 1]! |= 3;
  return true;
}

/** The packet says that there is congestion; false when its sender would not understand. @models include/net/inet_ecn.h INET_ECN_set_ce() */
export function inetEcnSetCe(skb: SkBuff): boolean {
  const at = skb.head + skb.networkHeader;
  const room = skb.head + skb.tail - at;
  const { protocol } = skb;
  if (protocol === ETH_P_IP && room >= 20) return ip4SetCe(skb, at);
  if (protocol !== ETH_P_IPV6 || room < 40) return false;
  const { u8 } = skb.memory;
  if ((u8[at + 1]! & 0x30) === 0) return false;
  u8[at + 1]! |= 0x30;
  return true;
}

/** Marks a packet, or drops it and takes the next. */
function dropOne(skb: SkBuff, queue: CodelQueue): SkBuff | undefined {
  queue.stats.dropLen += qdiscPktLen(skb);
  queue.drop(skb);
  queue.stats.dropCount++;
  return queue.take();
}

/** Drops what is due while the queue is too slow. */
function goOnDropping(first: SkBuff, vars: CodelVars, queue: CodelQueue, now: number): SkBuff | undefined {
  const { params, stats } = queue;
  let skb: SkBuff | undefined = first;
  while (vars.dropping && !before(now, vars.dropNext)) {
    vars.count = (vars.count + 1) >>> 0;
    newtonStep(vars);
    if (params.ecn && inetEcnSetCe(skb!)) {
      stats.ecnMark++;
      vars.dropNext = controlLaw(vars.dropNext, params.interval, vars.recInvSqrt);
      return skb;
    }
    skb = dropOne(skb!, queue);
    if (shouldDrop(skb, vars, queue, now)) vars.dropNext = controlLaw(vars.dropNext, params.interval, vars.recInvSqrt);
    else vars.dropping = false;
  }
  return skb;
}

/** The first packet that is dropped or marked since the queue was fast enough. */
function startDropping(first: SkBuff, vars: CodelVars, queue: CodelQueue, now: number): SkBuff | undefined {
  const { params, stats } = queue;
  let skb: SkBuff | undefined = first;
  if (params.ecn && inetEcnSetCe(skb)) stats.ecnMark++;
  else {
    skb = dropOne(skb, queue);
    shouldDrop(skb, vars, queue, now);
  }
  vars.dropping = true;
  const delta = (vars.count - vars.lastcount) >>> 0;
  if (delta > 1 && before((now - vars.dropNext) >>> 0, 16 * params.interval)) {
    vars.count = delta;
    newtonStep(vars);
  } else {
    vars.count = 1;
    vars.recInvSqrt = 0xffff;
  }
  vars.lastcount = vars.count;
  vars.dropNext = controlLaw(now, params.interval, vars.recInvSqrt);
  return skb;
}

/** Marks what has waited longer than the threshold. */
function markLate(skb: SkBuff, vars: CodelVars, { params, stats }: CodelQueue): void {
  if (params.ceThreshold === undefined || !after(vars.ldelay, params.ceThreshold)) return;
  if (params.ceMask !== 0) {
    const at = skb.head + skb.networkHeader;
    const { view, u8 } = skb.memory;
    const field =
      skb.protocol === ETH_P_IP ? u8[at + 1]! : skb.protocol === ETH_P_IPV6 ? (view.getUint16(at) >> 4) & 0xff : -1;
    if (field < 0 || (field & params.ceMask) !== params.ceSelector) return;
  }
  if (inetEcnSetCe(skb)) stats.ceMark++;
}

/** The next packet. @models include/net/codel_impl.h codel_dequeue() */
export function codelDequeue(vars: CodelVars, queue: CodelQueue, now: number): SkBuff | undefined {
  let skb = queue.take();
  if (skb === undefined) {
    vars.firstAboveTime = 0;
    vars.dropping = false;
    return undefined;
  }
  const drop = shouldDrop(skb, vars, queue, now);
  if (vars.dropping) {
    if (drop) skb = goOnDropping(skb, vars, queue, now);
    else vars.dropping = false;
  } else if (drop) skb = startDropping(skb, vars, queue, now);
  if (skb !== undefined) markLate(skb, vars, queue);
  return skb;
}
