// net/sched/sch_generic.c and include/net/sch_generic.h, the part psched_ratecfg; include/net/pkt_sched.h, the part
// psched ticks: how qdiscs (and police) keep a rate, and times as users give them. Times are in nanoseconds inside and in
// ticks of 64 ns in messages; sums wrap at 64 bits, so they are bigint.
import type { Bytes } from '../../../codec/bytes.js';
import { TC_LINKLAYER_ATM, TC_LINKLAYER_MASK, tc_ratespec } from '../../../uapi/linux/pkt_sched.js';
import { NSEC_PER_SEC } from '../../clock.js';
import type { Machine } from '../../machine.js';
import type { NetDevice } from '../core/net_device.js';

const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);
const nsecPerSec = BigInt(NSEC_PER_SEC);

/** @models include/net/pkt_sched.h PSCHED_TICKS2NS() */
export const pschedTicksToNs = (ticks: number): bigint => BigInt(ticks) << 6n;
/** As the u32 of a message. @models include/net/pkt_sched.h PSCHED_NS2TICKS() */
export const pschedNsToTicks = (ns: bigint): number => Number(BigInt.asUintN(32, ns >> 6n));

/** Link-layer header of Ethernet, bytes (dev->hard_header_len). */
const ETH_HLEN = 14;

/** Greatest packet of a device, with its header. @models include/net/pkt_sched.h psched_mtu() */
export const pschedMtu = (dev: NetDevice): number => dev.mtu + ETH_HLEN;

/** struct psched_ratecfg. */
export interface PschedRatecfg {
  readonly rateBytesPs: bigint;
  /** time in ns = (bytes * mult) >> shift */
  readonly mult: bigint;
  readonly shift: bigint;
  /** The same as numbers, for packets: (bytes * factor) / divisor, rounded down. */
  readonly factor: number;
  readonly divisor: number;
  /** Bytes added to each packet. */
  readonly overhead: number;
  /** Least size a packet counts as. */
  readonly mpu: number;
  /** TC_LINKLAYER_* */
  readonly linklayer: number;
}

/** The greatest multiplier of 32 bits and its shift. */
function reciprocal(rate: bigint): { mult: bigint; shift: bigint } {
  if (rate === 0n) return { mult: 1n, shift: 0n };
  for (let shift = 0n, factor = nsecPerSec; ; shift++, factor <<= 1n) {
    const mult = BigInt.asUintN(32, factor / rate);
    if ((mult & 0x80000000n) !== 0n || (factor & 0x8000000000000000n) !== 0n) return { mult, shift };
  }
}

/**
 * The rate in the tc_ratespec at offset `at`, or `rate64` where that is greater.
 *
 * @models net/sched/sch_generic.c psched_ratecfg_precompute()
 */
export function pschedRatecfgPrecompute(machine: Machine, msg: Bytes, at: number, rate64: bigint): PschedRatecfg {
  const conf = tc_ratespec.get(msg, at);
  const rate = BigInt(conf.rate);
  const rateBytesPs = rate64 > rate ? rate64 : rate;
  const mpu = machine.has('psched-mpu') ? conf.mpu : 0;
  const linklayer = conf.linklayer & TC_LINKLAYER_MASK;
  const { mult, shift } = reciprocal(rateBytesPs);
  const numbers = { factor: Number(mult), divisor: 2 ** Number(shift) };
  return { rateBytesPs, mult, shift, ...numbers, overhead: conf.overhead, mpu, linklayer };
}

/** The tc_ratespec of a rate. @models include/net/sch_generic.h psched_ratecfg_getrate() */
export function pschedRatecfgGetrate({ rateBytesPs, overhead, mpu, linklayer }: PschedRatecfg): Uint8Array {
  const rate = rateBytesPs > 0xffffffffn ? 0xffffffff : Number(rateBytesPs);
  return tc_ratespec.bytes({ rate, overhead, mpu, linklayer });
}

/** How long `len` bytes take, ns. @models include/net/sch_generic.h psched_l2t_ns() */
export function pschedL2tNs(r: PschedRatecfg, len: number): bigint {
  const size = Math.max((len + r.overhead) >>> 0, r.mpu);
  const sent = r.linklayer === TC_LINKLAYER_ATM ? Math.ceil(size / 48) * 53 : size;
  return u64(BigInt(sent) * r.mult) >> r.shift;
}

/**
 * The same as a number, for packets.
 *
 * @models include/net/sch_generic.h psched_l2t_ns()
 * @differs a packet and a multiplier have less than 2^53 together, so that no BigInt is needed to be exact
 */
export function pschedPacketNs(r: PschedRatecfg, len: number): number {
  const size = Math.max(len + r.overhead, r.mpu);
  const sent = r.linklayer === TC_LINKLAYER_ATM ? Math.ceil(size / 48) * 53 : size;
  return Math.floor((sent * r.factor) / r.divisor);
}

/** How long one packet takes at `rate` packets a second, ns. @models include/net/sch_generic.h psched_pkt2t_ns() */
export function pschedUnitNs(rate: bigint): number {
  const { mult, shift } = reciprocal(rate);
  return Number(mult >> shift);
}

/** How many bytes go in `ns`. @models net/sched/sch_tbf.c psched_ns_t2l() */
export function pschedNsT2l(r: PschedRatecfg, ns: bigint): bigint {
  const sent = u64(ns * r.rateBytesPs) / nsecPerSec;
  const len = r.linklayer === TC_LINKLAYER_ATM ? (sent / 53n) * 48n : sent;
  const overhead = BigInt(r.overhead);
  return len > overhead ? len - overhead : 0n;
}
