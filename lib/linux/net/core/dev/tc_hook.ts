// net/core/dev.c sch_handle_ingress(), sch_handle_egress(): where filters of clsact and ingress see a packet, behind the
// programs of tcx. The verdict decides whether the packet goes on; a packet that does not go on is freed here, or was taken.
import { TC_H_MIN } from '../../../../uapi/linux/pkt_sched.js';
import * as A from '../../../../uapi/linux/pkt_cls.js';
import type { MprogEntry } from '../../../kernel/bpf/mprog.js';
import type { TcfBlock } from '../../sched/cls_api/block.js';
import { tcfClassify } from '../../sched/cls_api/classify.js';
import type { Qdisc } from '../../sched/sch_generic.js';
import { progRun } from '../filter/run.js';
import { skbDoRedirect } from '../filter/do_redirect.js';
import * as L from '../skbuff/layout.js';
import type { SkBuff } from '../skbuff/sk_buff.js';
import { traceHook, traceHookVerdict, traceVerdict } from './trace.js';

/** include/net/pkt_sched.h: somebody has taken the packet. */
export const TC_ACT_CONSUMED = A.TC_ACT_VALUE_MAX + 1;

/** struct mini_Qdisc: one direction of the qdisc at a hook, as packets see it. */
export interface MiniQdisc {
  readonly qdisc: Qdisc;
  readonly block: TcfBlock;
}

/** What becomes of a packet at a hook. */
export const GOES_ON = 0;
export const TAKEN = 1;
export const DROPPED = 2;
/** It came in by another device, and starts again there. */
export const AGAIN = 3;
export type HookResult = typeof GOES_ON | typeof TAKEN | typeof DROPPED | typeof AGAIN;

/**
 * The programs of tcx, one after the other until one decides: TC_ACT_UNSPEC when none does.
 *
 * @models net/core/dev.c tcx_run()
 */
function tcxRun(entry: MprogEntry, skb: SkBuff, needsMac: boolean): number {
  let verdict: number = A.TC_ACT_UNSPEC;
  if (needsMac) skb.push(skb.macLen);
  for (const { prog } of entry.items) {
    verdict = tcxAction(progRun(prog, skb));
    traceVerdict(skb, 'tcx', prog, verdict);
    if (verdict !== A.TC_ACT_UNSPEC) break;
  }
  if (needsMac) skb.pull(skb.macLen);
  return verdict;
}

/** @models include/net/tcx.h tcx_action_code() */
const tcxAction = (code: number): number =>
  code === A.TC_ACT_OK || code === A.TC_ACT_SHOT || code === A.TC_ACT_REDIRECT ? code : A.TC_ACT_UNSPEC;

/**
 * Without a filter in chain 0 the packet passes uncounted.
 *
 * @models net/core/dev.c tc_run()
 */
function tcRun(miniq: MiniQdisc | undefined, skb: SkBuff): number {
  if (miniq === undefined || !miniq.block.hasFilters) return A.TC_ACT_UNSPEC;
  const { qdisc, block } = miniq;
  qdisc.bstats.bytes += skb.get32(L.SKB_CB + L.QDISC_CB_PKT_LEN);
  qdisc.bstats.packets += skb.isGso ? skb.gsoSegs : 1;
  const verdict = tcfClassify(skb, block, false);
  if (verdict === A.TC_ACT_SHOT) qdisc.qstats.drops++;
  else if (verdict === A.TC_ACT_OK || verdict === A.TC_ACT_RECLASSIFY) skb.tcIndex = TC_H_MIN(block.result.classid);
  return verdict;
}

/** Frees what the verdict ends. */
function ended(skb: SkBuff, verdict: number): HookResult {
  switch (verdict) {
    case A.TC_ACT_SHOT:
      skb.pool.free(skb);
      return DROPPED;
    case A.TC_ACT_STOLEN:
    case A.TC_ACT_QUEUED:
    case A.TC_ACT_TRAP:
      skb.pool.free(skb);
      return TAKEN;
    case TC_ACT_CONSUMED:
      return TAKEN;
    default:
      return GOES_ON;
  }
}

/**
 * What goes out. The caller has set the length of the packet for the qdisc.
 *
 * @models net/core/dev.c sch_handle_egress()
 */
export function schHandleEgress(skb: SkBuff): HookResult {
  const { tcxEgress, miniqEgress } = skb.dev!;
  traceHook(skb, 'egress');
  let verdict = tcxEgress === undefined ? A.TC_ACT_UNSPEC : tcxRun(tcxEgress, skb, false);
  if (verdict === A.TC_ACT_UNSPEC) verdict = tcRun(miniqEgress, skb);
  if (verdict !== TC_ACT_CONSUMED) traceHookVerdict(skb, 'egress', verdict);
  if (verdict !== A.TC_ACT_REDIRECT) return ended(skb, verdict);
  skbDoRedirect(skb);
  return TAKEN;
}

/**
 * What comes in; the packet starts behind its link header, and programs see it with that.
 *
 * @models net/core/dev.c sch_handle_ingress()
 */
export function schHandleIngress(skb: SkBuff): HookResult {
  const { tcxIngress, miniqIngress } = skb.dev!;
  skb.set32(L.SKB_CB + L.QDISC_CB_PKT_LEN, skb.len);
  skb.atIngress = true;
  traceHook(skb, 'ingress');
  let verdict = tcxIngress === undefined ? A.TC_ACT_UNSPEC : tcxRun(tcxIngress, skb, true);
  if (verdict === A.TC_ACT_UNSPEC) verdict = tcRun(miniqIngress, skb);
  if (verdict !== TC_ACT_CONSUMED) traceHookVerdict(skb, 'ingress', verdict);
  if (verdict !== A.TC_ACT_REDIRECT) return ended(skb, verdict);
  skb.push(skb.macLen);
  if (!skbDoRedirect(skb)) return TAKEN;
  skb.pull(skb.macLen);
  return AGAIN;
}
