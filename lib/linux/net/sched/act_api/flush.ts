// net/sched/act_api.c tca_action_flush(): RTM_DELACTION with NLM_F_ROOT, which deletes all actions of a kind up to the
// first that a filter holds.
import type { Nla } from '../../../../codec/nla.js';
import { NL_VALIDATE_LIBERAL, parseNested } from '../../../../codec/parse.js';
import { EINVAL, EPERM } from '../../../../uapi/asm-generic/errno.js';
import { NLM_F_ROOT } from '../../../../uapi/linux/netlink.js';
import { TCA_ACT } from '../../../../uapi/linux/pkt_cls.js';
import { RTM_DELACTION, TCA, TCA_ROOT, tcamsg } from '../../../../uapi/linux/rtnetlink.js';
import { errno, refuse } from '../../../errno.js';
import type { RtnlRequest } from '../../core/rtnetlink.js';
import { MessageWriter } from '../../netlink/message.js';
import type { ActionTable } from './action.js';
import { sendAction, tcLookupAction } from './ctl_action.js';
import { tcfIdrReleaseUnsafe } from './idr.js';

/**
 * Drops the table's reference to each action, and returns to how many. Refuses (EPERM) when the first is held by a
 * filter; one that comes later ends the walk with a warning.
 *
 * @models net/sched/act_api.c tcf_del_walker()
 */
function delWalker(request: RtnlRequest, table: ActionTable): number {
  let count = 0;
  for (const action of table.inOrder()) {
    if (action.bindcnt > 0) {
      if (count === 0) throw errno(EPERM);
      request.extack.msg = 'Unable to flush all TC actions';
      break;
    }
    tcfIdrReleaseUnsafe(action);
    count++;
  }
  return count;
}

function message(request: RtnlRequest, kind: string, count: number): Uint8Array {
  const skb = new MessageWriter();
  const start = skb.begin(RTM_DELACTION, NLM_F_ROOT, request.seq, request.portid, tcamsg.size);
  const tab = skb.nest(TCA_ROOT.TAB.type);
  const nest = skb.nest(0);
  skb.put(TCA_ACT.KIND, kind);
  skb.put(TCA.FCNT, count);
  skb.nestEnd(nest);
  skb.nestEnd(tab);
  skb.end(start);
  return skb.take();
}

/** Deletes all actions of the kind in `nla`. @models net/sched/act_api.c tca_action_flush() */
export function flushActions(request: RtnlRequest, nla: Nla): void {
  const { net, extack } = request;
  const tb = parseNested(TCA_ACT, nla, NL_VALIDATE_LIBERAL, extack);
  const table = tcLookupAction(net, tb.$nla[TCA_ACT.KIND.type]);
  if (table === undefined) refuse(extack, EINVAL, 'Cannot flush unknown TC action');
  const count = delWalker(request, table);
  if (count > 0) sendAction(request, message(request, table.ops.kind, count));
}
