// net/sched/sch_generic.c, the part pfifo_fast: three bands by priority, the default discipline of devices that queue.
import { EINVAL, ENOMEM } from '../../../uapi/asm-generic/errno.js';
import { tc_prio_qopt } from '../../../uapi/linux/pkt_sched.js';
import { TCA } from '../../../uapi/linux/rtnetlink.js';
import { errno } from '../../errno.js';
import type { MessageWriter } from '../netlink/message.js';
import { type Qdisc, type QdiscOps, schDefaultPrio2band } from './sch_generic.js';

const PFIFO_FAST_BANDS = 3;
const options = tc_prio_qopt.bytes({ bands: PFIFO_FAST_BANDS, priomap: schDefaultPrio2band });

/** Greatest length of a ring of pointers: KMALLOC_MAX_SIZE of x86-64, 4 MiB, by the size of a pointer. */
const RING_MAX = (4 << 20) / 8;

/** Each band is a ring of the length of the device's queue. @models net/sched/sch_generic.c pfifo_fast_init() */
function init(sch: Qdisc): void {
  const { txQueueLen, net } = sch.dev;
  if (!net.machine.has('pfifo-fast-ring')) return;
  if (txQueueLen === 0) throw errno(EINVAL);
  changeTxQueueLen(sch, txQueueLen);
}

/** Makes the rings anew. @models net/sched/sch_generic.c pfifo_fast_change_tx_queue_len() */
function changeTxQueueLen(sch: Qdisc, length: number): void {
  if (length > RING_MAX && sch.dev.net.machine.has('pfifo-fast-ring')) throw errno(ENOMEM);
}

/** @models net/sched/sch_generic.c pfifo_fast_dump() */
function dump(_sch: Qdisc, skb: MessageWriter): void {
  skb.putRaw(TCA.OPTIONS.type, options);
}

export const pfifoFastOps: QdiscOps = { id: 'pfifo_fast', init, changeTxQueueLen, dump };
