// net/sched/sch_red.c: random early detection before one child, a bfifo unless another is grafted. It has a single class,
// which answers to every id, and no filters; blocks of filters may look at what it drops early and at what it marks.
import type { Extack } from '../../../codec/extack.js';
import type { Nla } from '../../../codec/nla.js';
import { NL_VALIDATE_LIBERAL, parseNested } from '../../../codec/parse.js';
import { EINVAL } from '../../../uapi/asm-generic/errno.js';
import * as A from '../../../uapi/linux/pkt_cls.js';
import * as P from '../../../uapi/linux/pkt_sched.js';
import { TCA_RED, TCA_RED_4_1 } from '../../../uapi/linux/pkt_sched.js';
import { TCA } from '../../../uapi/linux/rtnetlink.js';
import { NSEC_PER_SEC, type Work } from '../../clock.js';
import { errno, refuse } from '../../errno.js';
import type { Machine } from '../../machine.js';
import { NET_XMIT_CN, NET_XMIT_SUCCESS } from '../core/dev/xmit.js';
import { skbDoRedirect } from '../core/filter/do_redirect.js';
import type { GnetDump } from '../core/gen_stats.js';
import type { SkBuff } from '../core/skbuff/sk_buff.js';
import type { MessageWriter } from '../netlink/message.js';
import { type TcfBlock, tcfBlockGet, tcfBlockPut } from './cls_api/block.js';
import { tcfClassify } from './cls_api/classify.js';
import { inetEcnSetCe } from './codel.js';
import { type HasChild, onlyChildClassOps } from './only_child.js';
import * as Q from './qdisc_run.js';
import { qdiscPurgeQueue } from './qdisc_tree.js';
import * as R from './red.js';
import { fifoCreateDflt } from './sch_fifo.js';
import * as S from './sch_generic.js';

const SUPPORTED_FLAGS = P.TC_RED_HISTORIC_FLAGS | P.TC_RED_NODROP;
const ADAPT_EVERY = NSEC_PER_SEC / 2;

/** struct red_sched_data. */
interface RedSchedData extends HasChild {
  limit: number;
  flags: number;
  /** Bits of tc_red_qopt.flags that mean nothing, and are shown again. */
  userbits: number;
  /** Undefined until the options are accepted. */
  parms: R.RedParms | undefined;
  vars: R.RedVars;
  adapting: Work | undefined;
  earlyDrop: TcfBlock | undefined;
  mark: TcfBlock | undefined;
  readonly stats: { drops: number; marks: number; pdrop: number };
}

const privOf = (sch: S.Qdisc): RedSchedData => sch.priv as RedSchedData;
const hasFlags = (machine: Machine): boolean => machine.has('red-flags');

function parseOptions(sch: S.Qdisc, opt: Nla, extack: Extack | undefined) {
  const set = hasFlags(sch.dev.net.machine) ? TCA_RED : TCA_RED_4_1;
  return parseNested(set, opt, NL_VALIDATE_LIBERAL, extack);
}
type Options = ReturnType<typeof parseOptions>;

/** What a request says of the flags. @models include/net/red.h red_get_flags() */
function flagsOf(given: number, { FLAGS }: Options, extack: Extack | undefined) {
  if (given !== 0 && FLAGS !== undefined)
    refuse(extack, EINVAL, 'sch_red: flags should be passed either through qopt, or through a dedicated attribute');
  const old = { selector: P.TC_RED_HISTORIC_FLAGS, value: given & P.TC_RED_HISTORIC_FLAGS };
  return { ...(FLAGS ?? old), userbits: given & ~P.TC_RED_HISTORIC_FLAGS };
}

/** The child that a limit asks for. */
function childFor(sch: S.Qdisc, limit: number): S.Qdisc | undefined {
  if (limit === 0) return undefined;
  const child = fifoCreateDflt(sch, limit);
  S.qdiscHashAdd(child, true);
  return child;
}

/** @models include/net/red.h red_validate_flags() */
function checkFlags(flags: number, extack: Extack | undefined): void {
  if ((flags & P.TC_RED_NODROP) !== 0 && (flags & P.TC_RED_ECN) === 0)
    refuse(extack, EINVAL, 'sch_red: nodrop mode is only meaningful with ECN');
}

function hang(sch: S.Qdisc, child: S.Qdisc): void {
  const priv = privOf(sch);
  const old = priv.child;
  qdiscPurgeQueue(old);
  priv.child = child;
  S.qdiscPut(old, sch);
}

/** @models net/sched/sch_red.c red_adaptative_timer() */
function adaptLater(sch: S.Qdisc): void {
  const priv = privOf(sch);
  const { clock, work } = sch.dev.net.machine;
  priv.adapting = work.schedule(ADAPT_EVERY, 'red_adaptative_timer', () => {
    R.redAdapt(priv.parms!, priv.vars, clock.now());
    adaptLater(sch);
  });
}

/** @models net/sched/sch_red.c __red_change() */
function applyOptions(sch: S.Qdisc, tb: Options, extack: Extack | undefined): void {
  const priv = privOf(sch);
  const { machine } = sch.dev.net;
  const { PARMS: ctl, STAB: stab } = tb;
  if (ctl === undefined || stab === undefined) throw errno(EINVAL);
  const table = Uint8Array.from(stab.subarray(0, P.RED_STAB_SIZE));
  if (!R.redCheckParams(ctl, hasFlags(machine) ? table : undefined)) throw errno(EINVAL);
  const { selector, value, userbits } = flagsOf(ctl.flags, tb, extack);
  const flags = (priv.flags & ~selector) | value;
  const child = childFor(sch, ctl.limit);
  try {
    checkFlags(flags, extack);
  } catch (refusal) {
    if (child !== undefined) S.qdiscPut(child, sch);
    throw refusal;
  }
  Object.assign(priv, { flags, userbits, limit: ctl.limit, parms: R.redParms(ctl, table, tb.MAX_P ?? 0) });
  if (child !== undefined) hang(sch, child);
  priv.vars.average = 0;
  priv.vars.count = -1;
  priv.adapting?.cancel();
  priv.adapting = undefined;
  if ((ctl.flags & P.TC_RED_ADAPTATIVE) !== 0) adaptLater(sch);
  if (priv.child.qstats.qlen === 0) priv.vars.idleSince = machine.clock.now();
}

function blockIndex(index: number, extack: Extack | undefined): number {
  if (index === 0) refuse(extack, EINVAL, 'Block number may not be zero');
  return index;
}

/** @models net/sched/cls_api.c tcf_qevent_init() */
function qevent(sch: S.Qdisc, index: number | undefined, extack: Extack | undefined): TcfBlock | undefined {
  return index === undefined ? undefined : tcfBlockGet(sch, blockIndex(index, extack), extack);
}

/** @models net/sched/cls_api.c tcf_qevent_validate_change() */
function keepsBlock(block: TcfBlock | undefined, index: number | undefined, extack: Extack): void {
  if (index === undefined || blockIndex(index, extack) === block?.index) return;
  refuse(extack, EINVAL, 'Change of blocks is not supported');
}

/** @models net/sched/sch_red.c red_init() */
function init(sch: S.Qdisc, opt: Nla | undefined, extack: Extack | undefined): void {
  const priv: RedSchedData = {
    child: S.pktSched(sch.dev.net).noop,
    ...{ limit: 0, flags: 0, userbits: 0, parms: undefined, vars: R.redVars(), adapting: undefined },
    ...{ earlyDrop: undefined, mark: undefined, stats: { drops: 0, marks: 0, pdrop: 0 } },
  };
  sch.priv = priv;
  if (opt === undefined) throw errno(EINVAL);
  const tb = parseOptions(sch, opt, extack);
  applyOptions(sch, tb, extack);
  priv.earlyDrop = qevent(sch, tb.EARLY_DROP_BLOCK, extack);
  priv.mark = qevent(sch, tb.MARK_BLOCK, extack);
}

/** @models net/sched/sch_red.c red_change() */
function change(sch: S.Qdisc, opt: Nla, extack: Extack): void {
  const priv = privOf(sch);
  const tb = parseOptions(sch, opt, extack);
  keepsBlock(priv.earlyDrop, tb.EARLY_DROP_BLOCK, extack);
  keepsBlock(priv.mark, tb.MARK_BLOCK, extack);
  applyOptions(sch, tb, extack);
}

/** @models net/sched/sch_red.c red_destroy() */
function destroy(sch: S.Qdisc): void {
  const priv = sch.priv as RedSchedData | undefined;
  if (priv === undefined) return;
  if (priv.mark !== undefined) tcfBlockPut(priv.mark, sch);
  if (priv.earlyDrop !== undefined) tcfBlockPut(priv.earlyDrop, sch);
  priv.adapting?.cancel();
  S.qdiscPut(priv.child, sch);
}

/** @models net/sched/sch_red.c red_dump() */
function dump(sch: S.Qdisc, skb: MessageWriter): void {
  const { limit, flags, userbits, parms, mark, earlyDrop } = privOf(sch);
  const { qthMin, qthMax, Wlog, Plog, Scell_log, maxP } = parms!;
  const nest = skb.nest(TCA.OPTIONS.type);
  const opt = {
    limit,
    qth_min: qthMin >>> Wlog,
    qth_max: qthMax >>> Wlog,
    ...{ Wlog, Plog, Scell_log, flags: (flags & P.TC_RED_HISTORIC_FLAGS) | userbits },
  };
  skb.putRaw(TCA_RED.PARMS.type, P.tc_red_qopt.bytes(opt));
  skb.put(TCA_RED.MAX_P, maxP);
  if (hasFlags(sch.dev.net.machine)) skb.put(TCA_RED.FLAGS, { value: flags, selector: SUPPORTED_FLAGS });
  if (mark !== undefined) skb.put(TCA_RED.MARK_BLOCK, mark.index);
  if (earlyDrop !== undefined) skb.put(TCA_RED.EARLY_DROP_BLOCK, earlyDrop.index);
  skb.nestEnd(nest);
}

/** @models net/sched/sch_red.c red_dump_stats() */
function dumpStats(sch: S.Qdisc, d: GnetDump): void {
  const { drops, marks, pdrop } = privOf(sch).stats;
  d.copyApp(P.tc_red_xstats.bytes({ early: drops, pdrop, marked: marks }));
}

/** What the filters of a block do to a packet: undefined = leave it, else what becomes of it. @models net/sched/cls_api.c tcf_qevent_handle() */
function handled(block: TcfBlock | undefined, sch: S.Qdisc, skb: SkBuff): number | undefined {
  if (block === undefined) return undefined;
  const verdict = tcfClassify(skb, block, false);
  if (verdict === A.TC_ACT_REDIRECT) {
    skbDoRedirect(skb);
    return NET_XMIT_CN | Q.NET_XMIT_STOLEN;
  }
  const stolen = verdict === A.TC_ACT_STOLEN || verdict === A.TC_ACT_QUEUED || verdict === A.TC_ACT_TRAP;
  if (!stolen && verdict !== A.TC_ACT_SHOT) return undefined;
  if (!stolen) sch.qstats.drops++;
  skb.pool.free(skb);
  return NET_XMIT_CN | (stolen ? Q.NET_XMIT_STOLEN : Q.NET_XMIT_BYPASS);
}

function dropEarly(sch: S.Qdisc, skb: SkBuff): number {
  const priv = privOf(sch);
  priv.stats.drops++;
  const result = handled(priv.earlyDrop, sch, skb);
  if (result !== undefined) return result;
  Q.qdiscDrop(skb, sch, 'QDISC_CONGESTED');
  return NET_XMIT_CN;
}

/** The queue is too long for this packet: undefined when it may come in, marked or not. */
function congested(sch: S.Qdisc, skb: SkBuff, hard: boolean): number | undefined {
  const { flags, stats, mark } = privOf(sch);
  sch.qstats.overlimits++;
  if ((flags & P.TC_RED_ECN) === 0 || (hard && (flags & P.TC_RED_HARDDROP) !== 0)) return dropEarly(sch, skb);
  if (inetEcnSetCe(skb)) {
    stats.marks++;
    return handled(mark, sch, skb);
  }
  return (flags & P.TC_RED_NODROP) === 0 ? dropEarly(sch, skb) : undefined;
}

/** @models net/sched/sch_red.c red_enqueue() */
function enqueue(sch: S.Qdisc, skb: SkBuff): number {
  const { child, parms, vars, stats } = privOf(sch);
  const { machine } = sch.dev.net;
  vars.average = R.redAverage(parms!, vars, child.qstats.backlog, machine.clock.now());
  vars.idleSince = undefined;
  const action = R.redAction(machine, parms!, vars);
  if (action !== R.RED_DONT_MARK) {
    const result = congested(sch, skb, action === R.RED_HARD_MARK);
    if (result !== undefined) return result;
  }
  const length = Q.qdiscPktLen(skb);
  const result = Q.qdiscEnqueue(skb, child);
  if (result !== NET_XMIT_SUCCESS && (result & Q.NET_XMIT_STOLEN) === 0) stats.pdrop++;
  return Q.qdiscChildTook(sch, result, length);
}

/** @models net/sched/sch_red.c red_dequeue() */
function dequeue(sch: S.Qdisc): SkBuff | undefined {
  const { child, vars } = privOf(sch);
  const skb = Q.qdiscDequeuePeeked(child);
  if (skb !== undefined) return Q.qdiscChildGave(sch, skb);
  vars.idleSince ??= sch.dev.net.machine.clock.now();
  return undefined;
}

/** @models net/sched/sch_red.c red_reset() */
function reset(sch: S.Qdisc): void {
  const priv = privOf(sch);
  Q.qdiscReset(priv.child);
  priv.vars = { ...R.redVars(), random: priv.vars.random };
}

export const redQdiscOps: S.QdiscOps = {
  id: 'red',
  init,
  enqueue,
  dequeue,
  peek: (sch) => Q.qdiscPeek(privOf(sch).child),
  reset,
  change,
  destroy,
  dump,
  dumpStats,
  classOps: onlyChildClassOps,
};
