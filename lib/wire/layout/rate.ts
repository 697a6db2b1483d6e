// Rates of shapers and policers: the struct that says one, and the table of times that old kernels looked up.
import { array as arrayOf, u32, u8 } from '../../codec/scalar.js';
import { nameTable } from '../../codec/names.js';
import { struct } from '../../codec/struct.js';
import {
  TC_LINKLAYER_ATM,
  TC_LINKLAYER_ETHERNET,
  TC_LINKLAYER_UNAWARE,
  tc_ratespec,
} from '../../uapi/linux/pkt_sched.js';
import { array } from './level.js';
import { shown } from './values.js';

export const linkLayer = nameTable({ TC_LINKLAYER_UNAWARE, TC_LINKLAYER_ETHERNET, TC_LINKLAYER_ATM });

const units = ['', 'K', 'M', 'G', 'T'];

/** `125000 byte/s (1 Mbit/s)` */
export function byteRate(value: number | bigint): string {
  let bits = Number(value) * 8;
  let unit = 0;
  while (bits >= 1000 && unit < units.length - 1) {
    bits /= 1000;
    unit++;
  }
  return `${value} byte/s (${Number(bits.toFixed(3))} ${units[unit]!}bit/s)`;
}

/** struct tc_ratespec as a member of another struct. */
export const rate = struct('tc_ratespec', {
  ...tc_ratespec.members,
  linklayer: shown(u8, linkLayer),
  rate: shown(u32, byteRate),
});

/** A rate table: the time that a packet of each size class takes, in ticks of the packet scheduler. */
export const rateTable = array(u32);

/** Sixteen bands, one a priority. */
export const bytesOf = (count: number): ReturnType<typeof arrayOf<number>> => arrayOf(u8, count);
