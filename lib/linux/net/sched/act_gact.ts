// net/sched/act_gact.c: the generic action, a verdict and nothing else; every so many packets, or by chance, another
// verdict.
import { NL_VALIDATE_LIBERAL, parseNested } from '../../../codec/parse.js';
import { EINVAL } from '../../../uapi/asm-generic/errno.js';
import { TC_ACT_EXT_CMP, TC_ACT_GOTO_CHAIN, TC_ACT_OK, TC_ACT_SHOT, TC_ACT_TRAP } from '../../../uapi/linux/pkt_cls.js';
import {
  MAX_RAND,
  PGACT_DETERM,
  PGACT_NETRAND,
  PGACT_NONE,
  tc_gact,
  tc_gact_p,
  TCA_GACT,
} from '../../../uapi/linux/tc_act/tc_gact.js';
import { errno, refuse } from '../../errno.js';
import type { SkBuff } from '../core/skbuff/sk_buff.js';
import type { MessageWriter } from '../netlink/message.js';
import { type ActionInit, type ActionResult, TcAction, type TcActionOps } from './act_api/action.js';
import { tcfActionUpdateBstats, tcfLastuseUpdate } from './act_api/exec.js';
import { tcfTmDump } from './act_api/dump.js';
import { tcfInitAction } from './act_api/idr.js';

/** struct tcf_gact */
class Gact extends TcAction {
  /** PGACT_*: when the other verdict is given. */
  ptype = PGACT_NONE;
  /** One packet in so many. */
  pval = 0;
  paction = 0;
  /** Packets it has counted for PGACT_DETERM. */
  packets = 0;
}

function parseOptions({ options, extack }: ActionInit) {
  if (options === undefined) throw errno(EINVAL);
  const tb = parseNested(TCA_GACT, options, NL_VALIDATE_LIBERAL, undefined);
  if (tb.PARMS === undefined) throw errno(EINVAL);
  if (tb.PROB !== undefined) {
    if (tb.PROB.ptype >= MAX_RAND) throw errno(EINVAL);
    if (TC_ACT_EXT_CMP(tb.PROB.paction, TC_ACT_GOTO_CHAIN))
      refuse(extack, EINVAL, 'goto chain not allowed on fallback');
  }
  return { parm: tb.PARMS, prob: tb.PROB };
}

/** @models net/sched/act_gact.c tcf_gact_init() */
function init(request: ActionInit): ActionResult {
  const { parm, prob } = parseOptions(request);
  return tcfInitAction<Gact>(request, 'gact', {
    index: parm.index,
    verdict: parm.action,
    make: (fresh) => new Gact(fresh),
    configure: (gact) => {
      if (prob === undefined) return;
      gact.paction = prob.paction;
      gact.pval = Math.max(1, prob.pval);
      gact.ptype = prob.ptype;
    },
  });
}

/** The verdict for this packet. */
function verdictOf(gact: Gact): number {
  switch (gact.ptype) {
    case PGACT_NETRAND:
      return gact.table.machine.entropy.u32() % gact.pval === 0 ? gact.paction : gact.action;
    case PGACT_DETERM:
      return ++gact.packets % gact.pval === 0 ? gact.paction : gact.action;
    default:
      return gact.action;
  }
}

/** @models net/sched/act_gact.c tcf_gact_act() */
function act(action: Gact, skb: SkBuff): number {
  const verdict = verdictOf(action);
  tcfActionUpdateBstats(action, skb);
  if (verdict === TC_ACT_SHOT) action.qstats.drops++;
  tcfLastuseUpdate(action);
  return verdict;
}

/** @models net/sched/act_gact.c tcf_gact_dump() */
function dump(action: Gact, skb: MessageWriter, ref: number): void {
  const { index, refcount, bindcnt, action: verdict, ptype, pval, paction } = action;
  skb.put(TCA_GACT.PARMS, { index, capab: 0, action: verdict, refcnt: refcount - ref, bindcnt });
  if (ptype !== PGACT_NONE) skb.put(TCA_GACT.PROB, { ptype, pval, paction });
  tcfTmDump(skb, action, TCA_GACT.TM.type, TCA_GACT.PAD.type);
}

/** Verdicts hardware has a word for. @models net/sched/act_gact.c tcf_gact_offload_act_setup() */
function offloadable({ action }: TcAction): boolean {
  return [TC_ACT_OK, TC_ACT_SHOT, TC_ACT_TRAP].includes(action) || TC_ACT_EXT_CMP(action, TC_ACT_GOTO_CHAIN);
}

export const actGactOps: TcActionOps = {
  kind: 'gact',
  init,
  act,
  dump,
  fillSize: (action: Gact) => 4 + tc_gact.size + (action.ptype === PGACT_NONE ? 0 : 4 + tc_gact_p.size),
  offloadable,
};
