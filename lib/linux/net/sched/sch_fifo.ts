// net/sched/sch_fifo.c: pfifo (limit in packets), bfifo (limit in bytes) and pfifo_head_drop.
import type { Nla } from '../../../codec/nla.js';
import { EINVAL } from '../../../uapi/asm-generic/errno.js';
import { tc_fifo_qopt } from '../../../uapi/linux/pkt_sched.js';
import { TCA } from '../../../uapi/linux/rtnetlink.js';
import { errno } from '../../errno.js';
import type { MessageWriter } from '../netlink/message.js';
import type { Qdisc, QdiscOps } from './sch_generic.js';

/** Link-layer header of Ethernet, bytes (dev->hard_header_len). */
const ETH_HLEN = 14;

function defaultLimit(sch: Qdisc): number {
  const { dev } = sch;
  return sch.ops.id === 'bfifo' ? dev.txQueueLen * (dev.mtu + ETH_HLEN) : dev.txQueueLen;
}

/** @models net/sched/sch_fifo.c __fifo_init() */
function init(sch: Qdisc, opt: Nla | undefined): void {
  if (opt !== undefined && opt.len < tc_fifo_qopt.size) throw errno(EINVAL);
  sch.priv = opt?.u32() ?? defaultLimit(sch);
}

/** @models net/sched/sch_fifo.c __fifo_dump() */
function dump(sch: Qdisc, skb: MessageWriter): void {
  skb.putU32(TCA.OPTIONS.type, sch.priv as number);
}

export const pfifoQdiscOps: QdiscOps = { id: 'pfifo', init, change: init, dump };
export const bfifoQdiscOps: QdiscOps = { id: 'bfifo', init, change: init, dump };
export const pfifoHeadDropQdiscOps: QdiscOps = { id: 'pfifo_head_drop', init, change: init, dump };
