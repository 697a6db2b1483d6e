// net/sched/sch_ingress.c: the two disciplines that queue nothing and only carry filters. ingress has one block for what
// comes in; clsact has a second one for what goes out. Their blocks may be shared by index.
import type { Extack } from '../../../codec/extack.js';
import type { Nla } from '../../../codec/nla.js';
import { EOPNOTSUPP } from '../../../uapi/asm-generic/errno.js';
import {
  TC_H_CLSACT,
  TC_H_INGRESS,
  TC_H_MIN,
  TC_H_MIN_EGRESS,
  TC_H_MIN_INGRESS,
} from '../../../uapi/linux/pkt_sched.js';
import { TCA } from '../../../uapi/linux/rtnetlink.js';
import { errno } from '../../errno.js';
import type { MessageWriter } from '../netlink/message.js';
import { type TcfBlock, tcfBlockGet, tcfBlockPut } from './cls_api/block.js';
import { type ClassRef, type Qdisc, type QdiscClassOps, type QdiscOps, TCQ_F_INGRESS } from './sch_generic.js';

/** One direction: the block, and the index it is shared under (0 = not shared). */
interface Side {
  block: TcfBlock | undefined;
  index: number;
}

interface IngressSchedData {
  readonly ingress: Side;
  readonly egress: Side;
}

/** Made at first use: block indexes are set before init(). */
function privOf(sch: Qdisc): IngressSchedData {
  return (sch.priv ??= {
    ingress: { block: undefined, index: 0 },
    egress: { block: undefined, index: 0 },
  }) as IngressSchedData;
}

/** @models net/sched/sch_ingress.c ingress_init() */
function ingressInit(sch: Qdisc, _opt: Nla | undefined, extack?: Extack): void {
  if (sch.parent !== TC_H_INGRESS) throw errno(EOPNOTSUPP);
  const { ingress } = privOf(sch);
  ingress.block = tcfBlockGet(sch, ingress.index, extack);
  sch.dev.miniqIngress = { qdisc: sch, block: ingress.block };
}

/** @models net/sched/sch_ingress.c clsact_init() */
function clsactInit(sch: Qdisc, _opt: Nla | undefined, extack?: Extack): void {
  if (sch.parent !== TC_H_CLSACT) throw errno(EOPNOTSUPP);
  const { ingress, egress } = privOf(sch);
  ingress.block = tcfBlockGet(sch, ingress.index, extack);
  egress.block = tcfBlockGet(sch, egress.index, extack);
  sch.dev.miniqIngress = { qdisc: sch, block: ingress.block };
  sch.dev.miniqEgress = { qdisc: sch, block: egress.block };
}

/** @models net/sched/sch_ingress.c clsact_destroy() */
function destroy(sch: Qdisc): void {
  const { dev } = sch;
  if (dev.miniqIngress?.qdisc === sch) dev.miniqIngress = undefined;
  if (dev.miniqEgress?.qdisc === sch) dev.miniqEgress = undefined;
  const { ingress, egress } = privOf(sch);
  if (ingress.block !== undefined) tcfBlockPut(ingress.block, sch);
  if (egress.block !== undefined) tcfBlockPut(egress.block, sch);
}

/** @models net/sched/sch_ingress.c ingress_dump() */
function dump(_sch: Qdisc, skb: MessageWriter): void {
  skb.nestEnd(skb.nest(TCA.OPTIONS.type));
}

/** @models net/sched/sch_ingress.c clsact_find() */
function clsactFind(_sch: Qdisc, classid: number): ClassRef {
  const minor = TC_H_MIN(classid);
  return minor === TC_H_MIN_INGRESS || minor === TC_H_MIN_EGRESS ? minor : 0;
}

/** @models net/sched/sch_ingress.c clsact_tcf_block() */
function clsactBlock(sch: Qdisc, cl: ClassRef): TcfBlock | undefined {
  if (cl === TC_H_MIN_INGRESS) return privOf(sch).ingress.block;
  if (cl === TC_H_MIN_EGRESS) return privOf(sch).egress.block;
  return undefined;
}

const ingressFind = (_sch: Qdisc, classid: number): ClassRef => TC_H_MIN(classid) + 1;

const ingressClassOps: QdiscClassOps = {
  leaf: () => undefined,
  find: ingressFind,
  walk: () => [],
  tcfBlock: (sch) => privOf(sch).ingress.block,
  bindTcf: (sch, _parent, classid) => ingressFind(sch, classid),
};

const clsactClassOps: QdiscClassOps = {
  leaf: () => undefined,
  find: clsactFind,
  walk: () => [],
  tcfBlock: clsactBlock,
  bindTcf: (sch, _parent, classid) => clsactFind(sch, classid),
};

function ingressBlockSet(sch: Qdisc, index: number): void {
  privOf(sch).ingress.index = index;
}

function egressBlockSet(sch: Qdisc, index: number): void {
  privOf(sch).egress.index = index;
}

export const ingressQdiscOps: QdiscOps = {
  id: 'ingress',
  staticFlags: TCQ_F_INGRESS,
  classOps: ingressClassOps,
  init: ingressInit,
  destroy,
  dump,
  ingressBlockSet,
  ingressBlockGet: (sch) => privOf(sch).ingress.index,
};

export const clsactQdiscOps: QdiscOps = {
  ...ingressQdiscOps,
  id: 'clsact',
  classOps: clsactClassOps,
  init: clsactInit,
  egressBlockSet,
  egressBlockGet: (sch) => privOf(sch).egress.index,
};
