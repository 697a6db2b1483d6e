// net/sched/sch_api.c, the part rate tables: 256 transmission times by cell, which old programs send with every rate.
// The kernel computes times itself now; of a table it only learns the link layer, when the rate does not name one.
import type { Bytes } from '../../../../codec/bytes.js';
import type { Extack } from '../../../../codec/extack.js';
import type { Nla } from '../../../../codec/nla.js';
import * as P from '../../../../uapi/linux/pkt_sched.js';

const CELL = 48;
/** Above this (bytes a second) tables are too coarse to tell. */
const DETECTABLE_RATE = 12_500_000;

const roundUp = (value: number): number => Math.ceil(value / CELL) * CELL;

/** Whether the table was made for cells of ATM. @models net/sched/sch_api.c __detect_linklayer() */
function detectLinklayer(rate: number, mpu: number, cellLog: number, table: Nla): number {
  const at = (cell: number): number => table.msg.view.getUint32(table.start + cell * 4, true);
  if (rate > DETECTABLE_RATE || at(0) === 0) return P.TC_LINKLAYER_ETHERNET;
  const low = roundUp(mpu);
  const cellLow = low >> cellLog;
  const cellHigh = (roundUp(low + 1) >> cellLog) - 1;
  const stepped = cellHigh > cellLow && cellHigh < 256 && at(cellLow) === at(cellHigh);
  return stepped ? P.TC_LINKLAYER_ATM : P.TC_LINKLAYER_ETHERNET;
}

/**
 * Judges `table` for the tc_ratespec at offset `at` of `msg`, and writes the link layer there when it was left open: the
 * request itself is changed, as its echo shows. Returns whether the table is usable.
 *
 * @models net/sched/sch_api.c qdisc_get_rtab()
 */
export function qdiscGetRtab(msg: Bytes, at: number, table: Nla | undefined, extack: Extack | undefined): boolean {
  const { rate, cell_log, linklayer, mpu } = P.tc_ratespec.get(msg, at);
  if (table?.len !== P.TC_RTAB_SIZE || rate === 0 || cell_log === 0 || cell_log >= 32) {
    if (extack !== undefined) extack.msg = 'Invalid rate table parameters for searching';
    return false;
  }
  if (linklayer === P.TC_LINKLAYER_UNAWARE)
    msg.view.setUint8(at + P.tc_ratespec.offsetof.linklayer, detectLinklayer(rate, mpu, cell_log, table));
  return true;
}
