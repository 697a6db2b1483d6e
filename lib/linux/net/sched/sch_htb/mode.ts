// net/sched/sch_htb.c, the part modes: by its tokens a class may send, may borrow from its parent, or may neither; with
// packets it stands in a row, in the feed of its parent, or nowhere. Levels wait for the next change of a mode.
import { pschedPacketNs } from '../psched_ratecfg.js';
import { qdiscBstatsOf, qdiscPktLen } from '../qdisc_run.js';
import type { SkBuff } from '../../core/skbuff/sk_buff.js';
import { HTB_CAN_SEND, HTB_CANT_SEND, HTB_MAY_BORROW, type HtbClass, type HtbMode, type HtbSched } from './class.js';

/** How long tokens are gathered at most, ns. */
const MBUFFER = 60_000_000_000;

/** The lowest bit that is set. */
const lowest = (mask: number): number => 31 - Math.clz32(mask & -mask);

/** @models net/sched/sch_htb.c htb_activate_prios() */
function activatePrios(q: HtbSched, leaf: HtbClass): void {
  let cl = leaf;
  let mask = cl.activity;
  for (let { parent } = cl; cl.mode === HTB_MAY_BORROW && parent !== undefined && mask !== 0; { parent } = cl) {
    for (let left = mask; left !== 0; left &= left - 1) {
      const feed = parent.feeds[lowest(left)]!;
      if (!feed.empty) mask &= ~(left & -left);
      feed.add(cl);
    }
    parent.activity |= mask;
    cl = parent;
  }
  if (cl.mode !== HTB_CAN_SEND) return;
  const level = q.levels[cl.level]!;
  level.rowMask |= mask;
  for (let left = mask; left !== 0; left &= left - 1) level.rows[lowest(left)]!.add(cl);
}

/** The class leaves the feed of its parent at the priorities of `mask`; those whose feed is empty then. */
function leaveFeeds(parent: HtbClass, cl: HtbClass, mask: number): number {
  let emptied = 0;
  for (let left = mask; left !== 0; left &= left - 1) {
    const feed = parent.feeds[lowest(left)]!;
    if (feed.at === cl) {
      feed.lastId = cl.classid;
      feed.at = undefined;
    }
    feed.remove(cl);
    if (feed.empty) emptied |= left & -left;
  }
  return emptied;
}

/** @models net/sched/sch_htb.c htb_remove_class_from_row() */
function leaveRows(q: HtbSched, cl: HtbClass, mask: number): void {
  const level = q.levels[cl.level]!;
  for (let left = mask; left !== 0; left &= left - 1) {
    const row = level.rows[lowest(left)]!;
    if (row.at === cl) row.advance();
    row.remove(cl);
    if (row.empty) level.rowMask &= ~(left & -left);
  }
}

/** @models net/sched/sch_htb.c htb_deactivate_prios() */
function deactivatePrios(q: HtbSched, leaf: HtbClass): void {
  let cl = leaf;
  let mask = cl.activity;
  for (let { parent } = cl; cl.mode === HTB_MAY_BORROW && parent !== undefined && mask !== 0; { parent } = cl) {
    mask = leaveFeeds(parent, cl, mask);
    parent.activity &= ~mask;
    cl = parent;
  }
  if (cl.mode === HTB_CAN_SEND) leaveRows(q, cl, mask);
}

/** A leaf has its first packet. @models net/sched/sch_htb.c htb_activate() */
export function activate(q: HtbSched, cl: HtbClass): void {
  if (cl.activity !== 0) return;
  cl.activity = 1 << cl.prio;
  activatePrios(q, cl);
}

/** A leaf has no packet any more. @models net/sched/sch_htb.c htb_deactivate() */
export function deactivate(q: HtbSched, cl: HtbClass): void {
  if (cl.activity === 0) return;
  deactivatePrios(q, cl);
  cl.activity = 0;
}

/** How long until the mode that classMode() returned ends, ns. */
let delay = 0;

/** The mode `passed` ns after the last account. @models net/sched/sch_htb.c htb_class_mode() */
function classMode(cl: HtbClass, passed: number): HtbMode {
  delay = passed;
  if (cl.ctokens + passed < 0) {
    delay = -(cl.ctokens + passed);
    return HTB_CANT_SEND;
  }
  if (cl.tokens + passed >= 0) return HTB_CAN_SEND;
  delay = -(cl.tokens + passed);
  return HTB_MAY_BORROW;
}

/** @models net/sched/sch_htb.c htb_change_class_mode() */
function changeMode(q: HtbSched, cl: HtbClass, passed: number): void {
  const mode = classMode(cl, passed);
  if (mode === cl.mode) return;
  if (mode === HTB_CANT_SEND) {
    cl.overlimits++;
    q.overlimits++;
  }
  const active = cl.activity !== 0;
  if (active && cl.mode !== HTB_CANT_SEND) deactivatePrios(q, cl);
  cl.mode = mode;
  if (active && mode !== HTB_CANT_SEND) activatePrios(q, cl);
}

/** What is left of a bucket of `depth` after `passed` ns and a packet that takes `cost`. @models net/sched/sch_htb.c htb_accnt_tokens() */
const account = (tokens: number, passed: number, depth: number, cost: number): number => {
  const left = Math.min(tokens + passed, depth) - cost;
  return left <= -MBUFFER ? 1 - MBUFFER : left;
};

/** One class pays for a packet that goes by the tokens of `level`. */
function charge(q: HtbSched, cl: HtbClass, level: number, length: number): void {
  const passed = Math.min(q.now - cl.checkpoint, MBUFFER);
  if (cl.level >= level) {
    if (cl.level === level) cl.lends++;
    cl.tokens = account(cl.tokens, passed, cl.burst, pschedPacketNs(cl.parms.rate, length));
  } else {
    cl.borrows++;
    cl.tokens += passed;
  }
  cl.ctokens = account(cl.ctokens, passed, cl.cburst, pschedPacketNs(cl.parms.ceil, length));
  cl.checkpoint = q.now;
  const before = cl.mode;
  changeMode(q, cl, 0);
  if (before === cl.mode) return;
  const at = q.levels[cl.level]!;
  if (before !== HTB_CAN_SEND) at.noLongerWaits(cl);
  if (cl.mode !== HTB_CAN_SEND) at.wait(cl, q.now, delay);
}

/** A leaf and all above it pay for a packet. @models net/sched/sch_htb.c htb_charge_class() */
export function chargeClass(q: HtbSched, leaf: HtbClass, level: number, skb: SkBuff): void {
  const length = qdiscPktLen(skb);
  for (let cl: HtbClass | undefined = leaf; cl !== undefined; cl = cl.parent) {
    charge(q, cl, level, length);
    if (cl.level !== 0) qdiscBstatsOf(cl.bstats, skb);
  }
}

/** Makes the changes that are due at a level; the time of the next, 0 when there is none. @models net/sched/sch_htb.c htb_do_events() */
export function doEvents(q: HtbSched, at: number): number {
  const level = q.levels[at]!;
  for (;;) {
    const cl = level.waiting[0];
    if (cl === undefined) return 0;
    if (cl.changesAt > q.now) return cl.changesAt;
    level.waiting.shift();
    changeMode(q, cl, Math.min(q.now - cl.checkpoint, MBUFFER));
    if (cl.mode !== HTB_CAN_SEND) level.wait(cl, q.now, delay);
  }
}
