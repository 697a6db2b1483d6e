// The class of queueing disciplines that have exactly one (tbf, red): it answers to every id, is shown as 1, and holds the
// child. Each of them has the same functions in Linux, under names of its own.
import { TC_H_MAKE } from '../../../uapi/linux/pkt_sched.js';
import { tcmsg } from '../../../uapi/linux/rtnetlink.js';
import type { Holder } from '../../events.js';
import type { MessageWriter } from '../netlink/message.js';
import * as S from './sch_generic.js';

/** What such a qdisc keeps in `priv`: its child, which it holds (noop is nobody's). */
export interface HasChild {
  child: S.Qdisc;
}

const privOf = (sch: S.Qdisc): HasChild => sch.priv as HasChild;

/** @models net/sched/sch_tbf.c tbf_graft() */
function graft(sch: S.Qdisc, _cl: S.ClassRef, child: S.Qdisc | undefined, request: Holder): S.Qdisc {
  const priv = privOf(sch);
  const old = priv.child;
  priv.child = S.qdiscReplace(sch, child ?? S.pktSched(sch.dev.net).noop, old, request);
  return old;
}

/** @models net/sched/sch_tbf.c tbf_dump_class() */
function dump(sch: S.Qdisc, _cl: S.ClassRef, skb: MessageWriter, tcm: number): void {
  const { view } = skb.buffer;
  view.setUint32(tcm + tcmsg.offsetof.tcm_handle, TC_H_MAKE(sch.handle, 1), true);
  view.setUint32(tcm + tcmsg.offsetof.tcm_info, privOf(sch).child.handle, true);
}

export const onlyChildClassOps: NonNullable<S.QdiscOps['classOps']> = {
  graft,
  leaf: (sch) => privOf(sch).child,
  find: () => 1,
  walk: () => [1],
  dump,
};
