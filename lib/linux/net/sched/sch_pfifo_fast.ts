// net/sched/sch_generic.c, the part pfifo_fast: three bands by priority, the default discipline of devices that queue.
import { EINVAL, ENOMEM } from '../../../uapi/asm-generic/errno.js';
import { TC_PRIO_MAX, tc_prio_qopt } from '../../../uapi/linux/pkt_sched.js';
import { TCA } from '../../../uapi/linux/rtnetlink.js';
import { errno } from '../../errno.js';
import { NET_XMIT_SUCCESS } from '../core/dev/xmit.js';
import { SkbQueue } from '../core/skbuff/queue.js';
import type { SkBuff } from '../core/skbuff/sk_buff.js';
import type { MessageWriter } from '../netlink/message.js';
import { qdiscChildGave, qdiscDrop, qdiscPktLen } from './qdisc_run.js';
import { type Qdisc, type QdiscOps, schDefaultPrio2band, TCQ_F_CAN_BYPASS } from './sch_generic.js';

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

/** struct pfifo_fast_priv */
class Bands {
  readonly queues = Array.from({ length: PFIFO_FAST_BANDS }, () => new SkbQueue());
  /** Of each ring, packets. */
  length = 0;
}

function bandsOf(sch: Qdisc): Bands {
  const { priv } = sch;
  if (priv instanceof Bands) return priv;
  const bands = new Bands();
  sch.priv = bands;
  return bands;
}

/** Whether a band is full; before there were rings, all of them. */
function isFull(sch: Qdisc, { length }: Bands, band: SkbQueue): boolean {
  const { txQueueLen, net } = sch.dev;
  return net.machine.has('pfifo-fast-ring') ? band.length >= length : sch.qstats.qlen >= txQueueLen;
}

/** @models net/sched/sch_generic.c pfifo_fast_enqueue() */
function enqueue(sch: Qdisc, skb: SkBuff): number {
  const bands = bandsOf(sch);
  const band = bands.queues[schDefaultPrio2band[skb.priority & TC_PRIO_MAX]!]!;
  if (isFull(sch, bands, band)) return qdiscDrop(skb, sch);
  band.push(skb);
  sch.qstats.qlen++;
  sch.qstats.backlog += qdiscPktLen(skb);
  return NET_XMIT_SUCCESS;
}

/** @models net/sched/sch_generic.c pfifo_fast_dequeue() */
function dequeue(sch: Qdisc): SkBuff | undefined {
  if (sch.qstats.qlen === 0) return undefined;
  for (const band of bandsOf(sch).queues) {
    const skb = band.shift();
    if (skb !== undefined) return qdiscChildGave(sch, skb);
  }
  return undefined;
}

/** @models net/sched/sch_generic.c pfifo_fast_peek() */
const peek = (sch: Qdisc): SkBuff | undefined => bandsOf(sch).queues.find((band) => band.length !== 0)?.head;

/** @models net/sched/sch_generic.c pfifo_fast_reset() */
function reset(sch: Qdisc): void {
  for (const band of bandsOf(sch).queues) band.purge();
  sch.qstats.qlen = sch.qstats.backlog = 0;
}

/** Makes the rings anew; packets that have no room in them are lost, and still counted. @models net/sched/sch_generic.c pfifo_fast_change_tx_queue_len() */
function changeTxQueueLen(sch: Qdisc, length: number): void {
  if (!sch.dev.net.machine.has('pfifo-fast-ring')) return;
  if (length > RING_MAX) throw errno(ENOMEM);
  const bands = bandsOf(sch);
  bands.length = length;
  for (const band of bands.queues)
    while (band.length > length) {
      const skb = band.pop()!;
      skb.pool.free(skb);
    }
}

/** @models net/sched/sch_generic.c pfifo_fast_dump() */
function dump(_sch: Qdisc, skb: MessageWriter): void {
  skb.putRaw(TCA.OPTIONS.type, options);
}

export const pfifoFastOps: QdiscOps = {
  id: 'pfifo_fast',
  staticFlags: TCQ_F_CAN_BYPASS,
  init,
  changeTxQueueLen,
  dump,
  enqueue,
  dequeue,
  peek,
  reset,
};
