// net/sched/cls_api.c, the part extensions: the actions of a filter, which every kind of classifier takes and shows in the
// same way. A filter without actions has none of this. Actions that came as an old-style policer are shown as one.
import type { Nla } from '../../../../codec/nla.js';
import { EAGAIN } from '../../../../uapi/asm-generic/errno.js';
import { NLM_F_CREATE } from '../../../../uapi/linux/netlink.js';
import { TC_ACT_OK } from '../../../../uapi/linux/pkt_cls.js';
import { TCA } from '../../../../uapi/linux/rtnetlink.js';
import { errnoOf, ModelGap } from '../../../errno.js';
import type { Holder } from '../../../events.js';
import type { SkBuff } from '../../core/skbuff/sk_buff.js';
import type { MessageWriter } from '../../netlink/message.js';
import { TCA_ACT_FLAGS_BIND, TCA_ACT_FLAGS_POLICE, TCA_ACT_FLAGS_REPLACE, type TcAction } from '../act_api/action.js';
import { tcfActionExec } from '../act_api/exec.js';
import { tcfActionCopyStats, tcfActionDump } from '../act_api/dump.js';
import { tcfIdrRelease } from '../act_api/idr.js';
import { type ActionRequest, tcfActionInit, tcfPoliceInit } from '../act_api/init.js';
import type { TcRequest } from '../sch_api/request.js';
import type { ClassifyResult } from './classify.js';
import type { TcfProto } from './proto.js';

/** struct tcf_exts: the actions of one filter, which it holds. */
export class TcfExts implements Holder {
  readonly label: string;
  actions: readonly TcAction[] = [];
  /** The one action is a policer, given in the old way. */
  oldCompat = false;

  constructor(label: string) {
    this.label = label;
  }
}

/** The attribute numbers a classifier has for its actions. */
export interface ExtsAttributes {
  readonly action: number;
  readonly police: number;
}

/** What a classifier was given for actions. */
export interface ExtsGiven {
  readonly action: Nla | undefined;
  readonly police: Nla | undefined;
  /** Its own TCA_CLS_FLAGS_SKIP_*, where the kind compares them with those of the actions. */
  readonly filterFlags?: number;
}

function requestFor(t: TcRequest, tp: TcfProto, holder: Holder, flags: number): ActionRequest {
  const { net, task, extack } = t.request;
  const replace = t.wants(NLM_F_CREATE) ? 0 : TCA_ACT_FLAGS_REPLACE;
  const est = t.tca[TCA.RATE.type];
  return { net, task, extack, est, tp, holder, flags: flags | replace | TCA_ACT_FLAGS_BIND };
}

/** The skip flags of a filter as those of an action have them. */
const skipFlags = (filterFlags = 0): number => (filterFlags & 3) << 1;

/** Linux repeats a request that takes an index it is just taking (EAGAIN), without end. */
function initActions(request: ActionRequest, table: Nla, filterFlags: number): TcAction[] {
  try {
    return tcfActionInit(request, table, filterFlags).map((result) => result.action);
  } catch (refusal) {
    if (errnoOf(refusal) === EAGAIN) throw new ModelGap('a filter that takes an action index twice');
    throw refusal;
  }
}

/**
 * The actions of a filter to be; an old-style policer wins over a table. Undefined when nothing was given. What it
 * returns is to be destroyed.
 *
 * @models net/sched/cls_api.c tcf_exts_validate_ex()
 */
export function tcfExtsValidate(t: TcRequest, tp: TcfProto, given: ExtsGiven): TcfExts | undefined {
  const { action, police } = given;
  if (police === undefined && action === undefined) return undefined;
  const exts = new TcfExts(`actions of a filter of ${tp.label}`);
  if (police !== undefined) {
    exts.actions = [tcfPoliceInit(requestFor(t, tp, exts, TCA_ACT_FLAGS_POLICE), police)];
    exts.oldCompat = true;
  } else {
    exts.actions = initActions(requestFor(t, tp, exts, 0), action!, skipFlags(given.filterFlags));
  }
  return exts;
}

/** The verdict of the actions on a packet; TC_ACT_OK without any. @models include/net/pkt_cls.h tcf_exts_exec() */
export const tcfExtsExec = (skb: SkBuff, exts: TcfExts | undefined, res: ClassifyResult): number =>
  exts === undefined ? TC_ACT_OK : tcfActionExec(skb, exts.actions, res);

/** Lets go of the actions. @models net/sched/cls_api.c tcf_exts_destroy() */
export function tcfExtsDestroy(exts: TcfExts | undefined): void {
  if (exts === undefined) return;
  for (const action of exts.actions) tcfIdrRelease(action, true, exts);
  exts.actions = [];
}

/** Appends the actions, within the options. @models net/sched/cls_api.c tcf_exts_dump() */
export function tcfExtsDump(skb: MessageWriter, exts: TcfExts | undefined, types: ExtsAttributes): void {
  const first = exts?.actions[0];
  if (exts === undefined || first === undefined) return;
  const nest = skb.nest(exts.oldCompat ? types.police : types.action);
  if (exts.oldCompat) first.table.ops.dump(first, skb, 0);
  else tcfActionDump(skb, exts.actions, 0, false);
  skb.nestEnd(nest);
}

/** Appends the actions in short, within the options. @models net/sched/cls_api.c tcf_exts_terse_dump() */
export function tcfExtsTerseDump(skb: MessageWriter, exts: TcfExts | undefined, types: ExtsAttributes): void {
  if (exts === undefined || exts.actions.length === 0) return;
  const nest = skb.nest(types.action);
  tcfActionDump(skb, exts.actions, 0, true);
  skb.nestEnd(nest);
}

/** Appends counters, behind the options. @models net/sched/cls_api.c tcf_exts_dump_stats() */
export function tcfExtsDumpStats(skb: MessageWriter, exts: TcfExts | undefined): void {
  const first = exts?.actions[0];
  if (first !== undefined) tcfActionCopyStats(skb, first, true);
}
