// net/sched/act_api.c tcf_action_exec(): the actions of a filter on a packet, one after the other, until a verdict other than
// TC_ACT_PIPE; a verdict may repeat an action, skip some, or name a chain.
import * as A from '../../../../uapi/linux/pkt_cls.js';
import { ModelGap } from '../../../errno.js';
import type { PacketTrace } from '../../core/dev/trace.js';
import type { SkBuff } from '../../core/skbuff/sk_buff.js';
import type { ClassifyResult } from '../cls_api/classify.js';
import { qdiscPktCount, qdiscPktLen } from '../qdisc_run.js';
import { jiffies, type TcAction } from './action.js';

/** How often one action may ask to be repeated, and how often actions may be skipped. */
const REPEAT_MAX = 32;
const JUMP_MAX = 32;
/** TCA_ACT_MAX_PRIO_MASK */
const JUMP_MASK = 0x1ff;
const SKIP_SW = 4;

/** The action has seen a packet. @models include/net/act_api.h tcf_lastuse_update() */
export function tcfLastuseUpdate(action: TcAction): void {
  const now = jiffies(action.table.machine);
  action.lastuse = now;
  if (action.firstuse === 0) action.firstuse = now;
}

/** @models include/net/act_api.h tcf_action_update_bstats() */
export function tcfActionUpdateBstats(action: TcAction, skb: SkBuff): void {
  action.bstats.bytes += qdiscPktLen(skb);
  action.bstats.packets += qdiscPktCount(skb);
}

/** One action once, before somebody who listens. */
function actTraced(trace: PacketTrace, skb: SkBuff, action: TcAction, res: ClassifyResult): number {
  trace({ type: 'action', skb, action });
  const verdict = action.table.ops.act!(action, skb, res);
  trace({ type: 'acted', skb, verdict });
  return verdict;
}

/** One action, as often as it asks for. Undefined: it asks too often. */
function runOne(skb: SkBuff, action: TcAction, res: ClassifyResult): number | undefined {
  const { ops, machine } = action.table;
  const { trace } = machine.softnet;
  if (ops.act === undefined) throw new ModelGap(`packets in ${action.label}`);
  for (let left = REPEAT_MAX; left > 0; left--) {
    const verdict = trace === undefined ? ops.act(action, skb, res) : actTraced(trace, skb, action, res);
    if (verdict !== A.TC_ACT_REPEAT) return verdict;
  }
  return undefined;
}

/** @models net/sched/act_api.c tcf_action_exec() */
export function tcfActionExec(skb: SkBuff, actions: readonly TcAction[], res: ClassifyResult): number {
  if (skb.tcSkipClassify) {
    skb.tcSkipClassify = false;
    return A.TC_ACT_OK;
  }
  let jumps = JUMP_MAX;
  let skip = 0;
  let verdict: number = A.TC_ACT_OK;
  for (let i = 0; i < actions.length; i++) {
    const action = actions[i]!;
    if (skip > 0) {
      skip--;
      continue;
    }
    if ((action.flags & SKIP_SW) !== 0) continue;
    const given = runOne(skb, action, res);
    if (given === undefined) return A.TC_ACT_OK;
    verdict = given;
    if (verdict >= 0 && A.TC_ACT_EXT_CMP(verdict, A.TC_ACT_JUMP)) {
      skip = verdict & JUMP_MASK;
      if (skip === 0 || skip > actions.length || --jumps <= 0) return A.TC_ACT_OK;
      i = -1;
      continue;
    }
    if (verdict >= 0 && A.TC_ACT_EXT_CMP(verdict, A.TC_ACT_GOTO_CHAIN)) {
      if (action.gotoChain === undefined) return A.TC_ACT_SHOT;
      res.gotoChain = action.gotoChain;
    }
    if (verdict !== A.TC_ACT_PIPE) break;
  }
  return verdict;
}
