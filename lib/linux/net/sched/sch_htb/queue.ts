// net/sched/sch_htb.c, the part packets: into the leaf that priority or filters say, the default class, or the direct queue;
// out by rows from the leaves up, and within a row by turns of a quantum each.
import { TC_ACT_QUEUED, TC_ACT_SHOT, TC_ACT_STOLEN, TC_ACT_TRAP } from '../../../../uapi/linux/pkt_cls.js';
import * as P from '../../../../uapi/linux/pkt_sched.js';
import { NSEC_PER_SEC } from '../../../clock.js';
import { NET_XMIT_SUCCESS } from '../../core/dev/xmit.js';
import type { SkBuff } from '../../core/skbuff/sk_buff.js';
import { tcfClassify } from '../cls_api/classify.js';
import * as Q from '../qdisc_run.js';
import type { Qdisc } from '../sch_generic.js';
import { HTB_CAN_SEND, type HtbClass, htbPriv, type HtbSched } from './class.js';
import type { HtbFeed } from './feed.js';
import { activate, chargeClass, deactivate, doEvents } from './mode.js';

/** Where a packet goes that goes to no class. */
const DIRECT = 'direct';
/** A filter drops it, or has taken it. */
const DROPPED = 'dropped';
const TAKEN = 'taken';
type Destination = HtbClass | typeof DIRECT | typeof DROPPED | typeof TAKEN;

/** A packet that neither priority nor filter gives a leaf. */
function byDefault(sch: Qdisc, q: HtbSched): Destination {
  const cl = q.classes.find(P.TC_H_MAKE(P.TC_H_MAJ(sch.handle), q.defcls));
  return cl?.level === 0 ? cl : DIRECT;
}

/** @models net/sched/sch_htb.c htb_classify() */
function classify(sch: Qdisc, q: HtbSched, skb: SkBuff): Destination {
  const { priority } = skb;
  if (priority === sch.handle) return DIRECT;
  let cl = q.classes.find(priority);
  if (cl?.level === 0) return cl;
  let block = cl === undefined ? q.block : cl.block;
  for (let hops = 0; block !== undefined; block = cl.block) {
    const verdict = tcfClassify(skb, block, false);
    if (verdict < 0) break;
    if (verdict === TC_ACT_QUEUED || verdict === TC_ACT_STOLEN || verdict === TC_ACT_TRAP) return TAKEN;
    if (verdict === TC_ACT_SHOT) return DROPPED;
    const { result } = block;
    if (result.cl === 0 && result.classid === sch.handle) return DIRECT;
    cl = q.classes.find(result.cl === 0 ? result.classid : result.cl);
    if (cl === undefined) break;
    if (cl.level === 0) return cl;
    if (++hops > P.TC_HTB_MAXDEPTH) return DROPPED;
  }
  return byDefault(sch, q);
}

function enqueueDirect(sch: Qdisc, q: HtbSched, skb: SkBuff): number {
  if (q.directQueue.length >= q.directQlen) return Q.qdiscDrop(skb, sch);
  q.directQueue.push(skb);
  q.directPkts++;
  return NET_XMIT_SUCCESS;
}

function enqueueLeaf(sch: Qdisc, q: HtbSched, cl: HtbClass, skb: SkBuff): number {
  const result = Q.qdiscEnqueue(skb, cl.leaf!);
  if (result === NET_XMIT_SUCCESS) activate(q, cl);
  else if ((result & Q.NET_XMIT_STOLEN) === 0) {
    sch.qstats.drops++;
    cl.drops++;
  }
  return result;
}

/** @models net/sched/sch_htb.c htb_enqueue() */
export function enqueue(sch: Qdisc, skb: SkBuff): number {
  const q = htbPriv(sch);
  const length = Q.qdiscPktLen(skb);
  const to = classify(sch, q, skb);
  if (to === DROPPED || to === TAKEN) {
    if (to === DROPPED) sch.qstats.drops++;
    skb.pool.free(skb);
    return to === DROPPED ? Q.NET_XMIT_BYPASS : Q.NET_XMIT_STOLEN;
  }
  const result = to === DIRECT ? enqueueDirect(sch, q, skb) : enqueueLeaf(sch, q, to, skb);
  if (result !== NET_XMIT_SUCCESS) return result;
  sch.qstats.backlog += length;
  sch.qstats.qlen++;
  return NET_XMIT_SUCCESS;
}

/** Feeds from a row down to the one that is looked at. */
const path: HtbFeed[] = [];

/** The leaf whose turn it is. @models net/sched/sch_htb.c htb_lookup_leaf() */
function lookupLeaf(row: HtbFeed, prio: number): HtbClass | undefined {
  if (row.empty) return undefined;
  path.length = 0;
  path.push(row);
  for (;;) {
    const feed = path.at(-1)!;
    if (feed.at === undefined && feed.lastId !== 0) feed.at = feed.upper(feed.lastId);
    feed.lastId = 0;
    if (feed.at === undefined) {
      feed.at = feed.first;
      if (path.length === 1) continue;
      path.pop();
      path.at(-1)!.advance();
    } else if (feed.at.level === 0) return feed.at;
    else path.push(feed.at.feeds[prio]!);
  }
}

/** The feed whose turns a leaf takes part in, at a level. */
const turnsOf = (q: HtbSched, cl: HtbClass, prio: number, level: number): HtbFeed =>
  level === 0 ? q.levels[0]!.rows[prio]! : cl.parent!.feeds[prio]!;

/** A packet has left `cl`. */
function account(q: HtbSched, cl: HtbClass, skb: SkBuff, prio: number, level: number): void {
  Q.qdiscBstatsOf(cl.bstats, skb);
  cl.deficit[level]! -= Q.qdiscPktLen(skb);
  if (cl.deficit[level]! < 0) {
    cl.deficit[level]! += cl.quantum;
    turnsOf(q, cl, prio, level).advance();
  }
  if (cl.leaf!.qstats.qlen === 0) deactivate(q, cl);
  chargeClass(q, cl, level, skb);
}

/** @models net/sched/sch_htb.c htb_dequeue_tree() */
function dequeueTree(q: HtbSched, prio: number, level: number): SkBuff | undefined {
  const { rows } = q.levels[level]!;
  const row = rows[prio]!;
  let start = lookupLeaf(row, prio);
  for (let cl = start; cl !== undefined;) {
    if (cl.leaf!.qstats.qlen === 0) {
      deactivate(q, cl);
      if (row.empty) return undefined;
      const next = lookupLeaf(row, prio);
      if (cl === start) start = next;
      cl = next;
      continue;
    }
    const skb = cl.leaf!.ops.dequeue?.(cl.leaf!);
    if (skb !== undefined) {
      account(q, cl, skb, prio, level);
      return skb;
    }
    turnsOf(q, cl, prio, level).advance();
    cl = lookupLeaf(row, prio);
    if (cl === start) return undefined;
  }
  return undefined;
}

function dequeueLevel(q: HtbSched, at: number): SkBuff | undefined {
  for (let left = q.levels[at]!.rowMask; left !== 0; left &= left - 1) {
    const skb = dequeueTree(q, 31 - Math.clz32(left & -left), at);
    if (skb !== undefined) return skb;
  }
  return undefined;
}

function dequeueClasses(q: HtbSched): SkBuff | undefined {
  let nextEvent = q.now + 5 * NSEC_PER_SEC;
  for (let at = 0; at < P.TC_HTB_MAXDEPTH; at++) {
    const level = q.levels[at]!;
    if (q.now >= level.nearEvent) {
      const event = doEvents(q, at);
      level.nearEvent = event === 0 ? q.now + NSEC_PER_SEC : event;
    }
    nextEvent = Math.min(nextEvent, level.nearEvent);
    const skb = dequeueLevel(q, at);
    if (skb !== undefined) return skb;
  }
  q.watchdog.schedule(nextEvent);
  return undefined;
}

/** @models net/sched/sch_htb.c htb_dequeue() */
export function dequeue(sch: Qdisc): SkBuff | undefined {
  const q = htbPriv(sch);
  let skb = q.directQueue.shift();
  if (skb === undefined) {
    if (sch.qstats.qlen === 0) return undefined;
    q.now = sch.dev.net.machine.clock.now();
    skb = dequeueClasses(q);
  }
  return skb === undefined ? undefined : Q.qdiscChildGave(sch, skb);
}

/** @models net/sched/sch_htb.c htb_reset() */
export function reset(sch: Qdisc): void {
  const q = htbPriv(sch);
  for (const cl of q.classes.order) {
    if (cl.level !== 0) for (const feed of cl.feeds) feed.clear();
    else if (cl.leaf !== undefined) Q.qdiscReset(cl.leaf);
    cl.activity = 0;
    cl.mode = HTB_CAN_SEND;
  }
  q.watchdog.cancel();
  q.directQueue.purge();
  for (const level of q.levels) level.clear();
}
