// net/sched/sch_htb.c htb_change_class() and htb_delete(): classes come, change and go. A class that is changed keeps its
// place in the tree, whatever parent the request names.
import type { Extack } from '../../../../codec/extack.js';
import type { Nla } from '../../../../codec/nla.js';
import { NL_VALIDATE_LIBERAL, parseNested } from '../../../../codec/parse.js';
import { EBUSY, EINVAL } from '../../../../uapi/asm-generic/errno.js';
import * as P from '../../../../uapi/linux/pkt_sched.js';
import { TCA_HTB, TCA_HTB_4_1, tc_htb_opt } from '../../../../uapi/linux/pkt_sched.js';
import { TCA } from '../../../../uapi/linux/rtnetlink.js';
import { errno, refuse } from '../../../errno.js';
import type { Machine } from '../../../machine.js';
import { genNewEstimator } from '../../core/gen_estimator.js';
import { tcfBlockGet } from '../cls_api/block.js';
import { pschedRatecfgPrecompute, pschedTicksToNs } from '../psched_ratecfg.js';
import { qdiscGetRtab } from '../sch_api/rtab.js';
import { type ClassRef, pktSched, type Qdisc, qdiscHashAdd } from '../sch_generic.js';
import { HtbClass, type HtbParms, htbPriv } from './class.js';

const INT_MAX = 0x7fffffffn;
const LEAST_QUANTUM = 1000;
const GREATEST_QUANTUM = 200000;

/** The attributes in TCA_OPTIONS of a qdisc or a class. @differs the kernel writes this out twice */
export function parseHtb(machine: Machine, opt: Nla | undefined, extack: Extack | undefined) {
  if (opt === undefined) throw errno(EINVAL);
  return parseNested(machine.has('htb-offload') ? TCA_HTB : TCA_HTB_4_1, opt, NL_VALIDATE_LIBERAL, extack);
}

/** A request for a class. */
interface Change {
  readonly sch: Qdisc;
  readonly classid: number;
  readonly parent: HtbClass | undefined;
  readonly tca: readonly (Nla | undefined)[];
  readonly extack: Extack;
}

interface Options {
  readonly parms: HtbParms;
  /** As given: 0 = to be derived from the rate. */
  readonly quantum: number;
  readonly prio: number;
}

/** Old programs say the link layer by a table. */
function detectLinklayer(parms: Nla, at: number, table: Nla | undefined): void {
  const { linklayer } = P.tc_ratespec.get(parms.msg, at);
  if (linklayer === P.TC_LINKLAYER_UNAWARE) qdiscGetRtab(parms.msg, at, table, undefined);
}

/** What a request says; both rates must be given. */
function optionsOf({ sch, tca, extack }: Change): Options {
  const { machine } = sch.dev.net;
  const tb = parseHtb(machine, tca[TCA.OPTIONS.type], machine.has('htb-class-texts') ? extack : undefined);
  const nla = tb.$nla[TCA_HTB.PARMS.type];
  if (nla === undefined) throw errno(EINVAL);
  const { msg } = nla;
  const rateAt = nla.start + tc_htb_opt.offsetof.rate;
  const ceilAt = nla.start + tc_htb_opt.offsetof.ceil;
  if (P.tc_ratespec.get(msg, rateAt).rate === 0 || P.tc_ratespec.get(msg, ceilAt).rate === 0) throw errno(EINVAL);
  detectLinklayer(nla, rateAt, tb.$nla[TCA_HTB.RTAB.type]);
  detectLinklayer(nla, ceilAt, tb.$nla[TCA_HTB.CTAB.type]);
  const { buffer, cbuffer, quantum, prio } = tc_htb_opt.get(msg, nla.start);
  const parms = {
    rate: pschedRatecfgPrecompute(machine, msg, rateAt, tb.RATE64 ?? 0n),
    ceil: pschedRatecfgPrecompute(machine, msg, ceilAt, tb.CEIL64 ?? 0n),
    buffer: pschedTicksToNs(buffer),
    cbuffer: pschedTicksToNs(cbuffer),
  };
  return { parms, quantum, prio };
}

function checkNew({ sch, classid, parent, extack }: Change): void {
  if (classid === 0 || P.TC_H_MAJ(classid ^ sch.handle) !== 0) throw errno(EINVAL);
  if (parent?.parent === undefined || parent.parent.level >= 2) return;
  if (!sch.dev.net.machine.has('htb-class-texts')) throw errno(EINVAL);
  refuse(extack, EINVAL, 'sch_htb: tree is too deep');
}

/** A new leaf; its parent becomes an inner class. */
function create(change: Change, { parms }: Options): HtbClass {
  checkNew(change);
  const { sch, classid, parent } = change;
  const cl = new HtbClass(sch, classid, parent, parms);
  try {
    cl.block = tcfBlockGet(sch, 0);
    setEstimator(change, cl);
  } catch (refusal) {
    cl.release(sch);
    throw refusal;
  }
  cl.leaf = cl.defaultLeaf(cl);
  if (parent?.level === 0) parent.toInner();
  htbPriv(sch).classes.insert(cl);
  if (parent !== undefined) parent.children++;
  if (cl.leaf !== pktSched(sch.dev.net).noop) qdiscHashAdd(cl.leaf, true);
  return cl;
}

function setEstimator({ sch, tca }: Change, cl: HtbClass): void {
  const rate = tca[TCA.RATE.type];
  if (rate !== undefined) cl.rateEst = genNewEstimator(sch.dev.net.machine, cl.bstats, cl.rateEst, rate);
}

/** What a leaf may send at once: as given, or so many times less than its rate. Warns of odd results. */
function setQuantum({ sch, extack }: Change, cl: HtbClass, given: number): void {
  if (given !== 0) {
    cl.quantum = given;
    return;
  }
  const { rate2quantum } = htbPriv(sch);
  const derived = cl.parms.rate.rateBytesPs / BigInt(rate2quantum);
  const quantum = Number(derived > INT_MAX ? INT_MAX : derived);
  cl.quantum = Math.min(Math.max(quantum, LEAST_QUANTUM), GREATEST_QUANTUM);
  if (cl.quantum === quantum || !sch.dev.net.machine.has('htb-class-texts')) return;
  const size = quantum < LEAST_QUANTUM ? 'small' : 'big';
  extack.msg = `sch_htb: quantum of class ${cl.classid.toString(16).toUpperCase()} is ${size}. Consider r2q change.`;
}

/**
 * Creates the class `classid`, or changes it (`ref`). A parent that does not exist means the root.
 *
 * @models net/sched/sch_htb.c htb_change_class()
 */
export function htbChangeClass(
  sch: Qdisc,
  classid: number,
  parentid: number,
  tca: readonly (Nla | undefined)[],
  ref: ClassRef,
  extack: Extack,
): ClassRef {
  const { classes } = htbPriv(sch);
  const change = { sch, classid, parent: classes.find(parentid), tca, extack };
  const options = optionsOf(change);
  const old = classes.find(ref);
  if (old !== undefined) setEstimator(change, old);
  const cl = old ?? create(change, options);
  cl.parms = options.parms;
  if (cl.level === 0) {
    setQuantum(change, cl, options.quantum);
    cl.prio = Math.min(options.prio, P.TC_HTB_NUMPRIO - 1);
  }
  classes.grow();
  return cl.classid;
}

/**
 * Takes a class out of the tree. Refuses (EBUSY) while it has children or a filter is bound to it.
 *
 * @models net/sched/sch_htb.c htb_delete()
 */
export function htbDelete(sch: Qdisc, ref: ClassRef, extack: Extack): void {
  const { classes, withFilters } = htbPriv(sch);
  const cl = classes.find(ref)!;
  if (cl.children > 0 || cl.refcount > 1) {
    if (sch.dev.net.machine.has('htb-class-texts')) extack.msg = 'HTB class in use';
    throw errno(EBUSY);
  }
  const last = cl.isLastChild;
  cl.idle();
  classes.remove(cl);
  withFilters.delete(ref);
  if (cl.parent !== undefined) cl.parent.children--;
  if (last) cl.parent!.toLeaf();
  cl.release(sch);
}
