// net/core/gen_stats.c: the statistics of qdiscs, classes and actions in a message. STATS2 holds
// one attribute a block; the old STATS struct repeats them for old programs. Byte counts stay below 2^53.
import * as G from '../../../uapi/linux/gen_stats.js';
import { tc_stats } from '../../../uapi/linux/pkt_sched.js';
import type { MessageWriter } from '../netlink/message.js';

export interface BasicStats {
  bytes: number;
  packets: number;
}

export interface QueueStats {
  qlen: number;
  backlog: number;
  drops: number;
  requeues: number;
  overlimits: number;
}

/** What an estimator estimates, a second. */
export interface RateSample {
  readonly bps: number;
  readonly pps: number;
}

/** @models net/core/gen_stats.c gnet_stats_basic_sync_init() */
export const noBasic = (): BasicStats => ({ bytes: 0, packets: 0 });
/** @differs the kernel clears the struct it dumps from */
export const noQueue = (): QueueStats => ({ qlen: 0, backlog: 0, drops: 0, requeues: 0, overlimits: 0 });

/** Where the blocks of one message go. */
export interface StatsAttributes {
  /** 0 = only the old struct. */
  readonly stats2: number;
  /** 0 = no old struct. */
  readonly stats: number;
  readonly xstats: number;
  readonly pad: number;
}

/**
 * Collects the statistics of one message: constructed where gnet_stats_start_copy_compat() is called, then one copy a
 * block in the kernel's order, then finish().
 */
export class GnetDump {
  readonly #skb: MessageWriter;
  readonly #to: StatsAttributes;
  readonly #padded: boolean;
  readonly #nest: number;
  #xstats: Uint8Array | undefined;
  #basic: BasicStats | undefined;
  #queue: QueueStats | undefined;
  #rate: RateSample | undefined;

  /** `padded`: the machine wants 64-bit values aligned (`config.padAttributes`). */
  constructor(skb: MessageWriter, to: StatsAttributes, padded: boolean) {
    this.#skb = skb;
    this.#to = to;
    this.#padded = padded;
    if (to.stats2 !== 0) this.#pad(to.pad);
    this.#nest = to.stats2 === 0 ? 0 : skb.nest(to.stats2);
  }

  /** An empty attribute, when the next payload would not lie at a multiple of eight. nla_align_64bit(). */
  #pad(type: number): void {
    if (this.#padded && this.#skb.length % 8 === 0) this.#skb.reserveAttr(type, 0);
  }

  #reserve(type: number, size: number): number {
    this.#pad(G.TCA_STATS.PAD.type);
    return this.#skb.reserveAttr(type, size);
  }

  /** @models net/core/gen_stats.c gnet_stats_copy_basic() */
  copyBasic(stats: BasicStats): void {
    this.#basic = stats;
    this.#putBasic(G.TCA_STATS.BASIC.type, stats);
  }

  /** What hardware counted of it. @models net/core/gen_stats.c gnet_stats_copy_basic_hw() */
  copyBasicHw(stats: BasicStats): void {
    this.#putBasic(G.TCA_STATS.BASIC_HW.type, stats);
  }

  #putBasic(type: number, stats: BasicStats): void {
    if (this.#to.stats2 === 0) return;
    const at = this.#reserve(type, G.gnet_stats_basic.size);
    const { view } = this.#skb.buffer;
    putU64(view, at, stats.bytes);
    view.setUint32(at + 8, stats.packets, true);
    if (stats.packets <= 0xffffffff) return;
    putU64(this.#skb.buffer.view, this.#reserve(G.TCA_STATS.PKT64.type, 8), stats.packets);
  }

  /** Nothing without an estimator. @models net/core/gen_stats.c gnet_stats_copy_rate_est() */
  copyRateEst(rate: RateSample | undefined): void {
    if (rate === undefined) return;
    this.#rate = rate;
    if (this.#to.stats2 === 0) return;
    const at = this.#reserve(G.TCA_STATS.RATE_EST.type, G.gnet_stats_rate_est.size);
    const { view } = this.#skb.buffer;
    view.setUint32(at, Math.min(rate.bps, 0xffffffff), true);
    view.setUint32(at + 4, rate.pps, true);
    if (rate.bps < 0xffffffff) return;
    const wide = this.#reserve(G.TCA_STATS.RATE_EST64.type, G.gnet_stats_rate_est64.size);
    putU64(this.#skb.buffer.view, wide, rate.bps);
    putU64(this.#skb.buffer.view, wide + 8, rate.pps);
  }

  /** @models net/core/gen_stats.c gnet_stats_copy_queue() */
  copyQueue(stats: QueueStats): void {
    this.#queue = stats;
    if (this.#to.stats2 === 0) return;
    const at = this.#reserve(G.TCA_STATS.QUEUE.type, G.gnet_stats_queue.size);
    G.gnet_stats_queue.set(this.#skb.buffer, at, stats);
  }

  /** Statistics of the kind itself. @models net/core/gen_stats.c gnet_stats_copy_app() */
  copyApp(xstats: Uint8Array): void {
    this.#xstats = xstats;
    const at = this.#reserve(G.TCA_STATS.APP.type, xstats.length);
    this.#skb.buffer.u8.set(xstats, at);
  }

  /** @models net/core/gen_stats.c gnet_stats_finish_copy() */
  finish(): void {
    if (this.#to.stats2 !== 0) this.#skb.nestEnd(this.#nest);
    if (this.#to.stats === 0) return;
    this.#pad(this.#to.pad);
    this.#putCompat(this.#skb.reserveAttr(this.#to.stats, tc_stats.size));
    if (this.#xstats === undefined) return;
    this.#pad(this.#to.pad);
    this.#skb.putRaw(this.#to.xstats, this.#xstats);
  }

  #putCompat(at: number): void {
    const { view } = this.#skb.buffer;
    const { offsetof } = tc_stats;
    putU64(view, at + offsetof.bytes, this.#basic?.bytes ?? 0);
    view.setUint32(at + offsetof.packets, this.#basic?.packets ?? 0, true);
    view.setUint32(at + offsetof.drops, this.#queue?.drops ?? 0, true);
    view.setUint32(at + offsetof.overlimits, this.#queue?.overlimits ?? 0, true);
    view.setUint32(at + offsetof.bps, Math.min(this.#rate?.bps ?? 0, 0xffffffff), true);
    view.setUint32(at + offsetof.pps, this.#rate?.pps ?? 0, true);
    view.setUint32(at + offsetof.qlen, this.#queue?.qlen ?? 0, true);
    view.setUint32(at + offsetof.backlog, this.#queue?.backlog ?? 0, true);
  }
}

/** A whole number below 2^53 as a u64. */
function putU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true);
  view.setUint32(at + 4, Math.floor(value / 0x100000000), true);
}
