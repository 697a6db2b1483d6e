// net/core/gen_estimator.c: the moving average of the rate of a pair of counters (TCA_RATE). The kernel samples by a
// timer; here the samples that are due are taken when somebody looks, so whoever changes the counters of an estimated
// object looks first.
import type { Nla } from '../../../codec/nla.js';
import { EINVAL } from '../../../uapi/asm-generic/errno.js';
import { gnet_estimator } from '../../../uapi/linux/gen_stats.js';
import { NSEC_PER_SEC } from '../../clock.js';
import { errno } from '../../errno.js';
import type { Machine } from '../../machine.js';
import type { BasicStats, RateSample } from './gen_stats.js';

const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);

/** A running estimator. */
export class NetRateEstimator implements RateSample {
  readonly #machine: Machine;
  readonly #stats: BasicStats;
  readonly #ewmaLog: bigint;
  /** 2^10 over the quarter seconds between samples, as a shift. */
  readonly #scale: bigint;
  /** Nanoseconds between samples. */
  readonly #period: number;
  #next: number;
  #last: BasicStats;
  /** In 1/256 of a byte and of a packet a second. */
  #avbps = 0n;
  #avpps = 0n;

  /** `interval`: log2 of seconds, −2 to 3. */
  constructor(machine: Machine, stats: BasicStats, interval: number, ewmaLog: number) {
    this.#machine = machine;
    this.#stats = stats;
    this.#ewmaLog = BigInt(ewmaLog);
    this.#scale = BigInt(8 - interval);
    const { HZ } = machine.config;
    this.#period = (Math.floor(HZ / 4) << (interval + 2)) * (NSEC_PER_SEC / HZ);
    this.#next = machine.clock.now() + this.#period;
    this.#last = { ...stats };
  }

  /** Starts with the averages of `old`. */
  inherit(old: NetRateEstimator): void {
    old.#catchUp();
    this.#avbps = old.#avbps;
    this.#avpps = old.#avpps;
  }

  get bps(): number {
    this.#catchUp();
    return Number(this.#avbps >> 8n);
  }

  get pps(): number {
    this.#catchUp();
    return Number(this.#avpps >> 8n);
  }

  /** Takes every sample that is due. */
  #catchUp(): void {
    const stats = this.#stats;
    for (const now = this.#machine.clock.now(); this.#next <= now; this.#next += this.#period) {
      const idle = this.#last.bytes === stats.bytes && this.#last.packets === stats.packets;
      if (idle && this.#avbps === 0n && this.#avpps === 0n)
        this.#next += Math.floor((now - this.#next) / this.#period) * this.#period;
      else this.#sample(stats);
    }
  }

  /** @models net/core/gen_estimator.c est_timer() */
  #sample(stats: BasicStats): void {
    this.#avbps = this.#average(this.#avbps, stats.bytes - this.#last.bytes);
    this.#avpps = this.#average(this.#avpps, stats.packets - this.#last.packets);
    this.#last = { ...stats };
  }

  #average(average: bigint, counted: number): bigint {
    const rate = u64(BigInt(counted) << this.#scale);
    return u64(average + (rate >> this.#ewmaLog) - (average >> this.#ewmaLog));
  }
}

/**
 * An estimator of `stats` from the tc_estimator in `opt`, going on from what `old` estimated. Refuses (EINVAL) a short
 * attribute and values out of range.
 *
 * @models net/core/gen_estimator.c gen_new_estimator()
 */
export function genNewEstimator(
  machine: Machine,
  stats: BasicStats,
  old: NetRateEstimator | undefined,
  opt: Nla,
): NetRateEstimator {
  if (opt.len < gnet_estimator.size) throw errno(EINVAL);
  const { interval, ewma_log } = gnet_estimator.get(opt.msg, opt.start);
  if (interval < -2 || interval > 3) throw errno(EINVAL);
  if (ewma_log === 0 || ewma_log >= 31) throw errno(EINVAL);
  const estimator = new NetRateEstimator(machine, stats, interval, ewma_log);
  if (old !== undefined) estimator.inherit(old);
  return estimator;
}
