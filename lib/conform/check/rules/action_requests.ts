// net/sched/act_api.c tc_ctl_action() and tc_dump_action(): what the bytes of RTM_*ACTION decide.
import { attrs } from '../../../codec/attrs.js';
import { NLM_F_ROOT, NLMSG_HDRLEN } from '../../../uapi/linux/netlink.js';
import { TCA_ACT, TCA_ACT_TAB } from '../../../uapi/linux/pkt_cls.js';
import { RTM_DELACTION, RTM_NEWACTION, TCA_ROOT, tcamsg } from '../../../uapi/linux/rtnetlink.js';
import type { Attributes } from '../attributes.js';
import { byPosition, liberally, silently, walk } from '../attributes.js';
import { C } from '../codes.js';
import type { Judge } from '../judge.js';
import { actionsOf, checkActions } from './actions.js';
import * as tc from './tc.js';

const { TAB } = TCA_ROOT;
const ATTRS = NLMSG_HDRLEN + tcamsg.size;

/** Top attributes of requests that are no dumps, which nobody judges. */
const rootAttrs = attrs('TCA_ROOT', { TAB: [TAB.type, TAB.kind] }, TCA_ROOT.$max);

/** An action named by kind and index. tcf_action_get_1() */
function checkNamed(run: Attributes): void {
  const { judge } = run;
  const { INDEX, KIND } = TCA_ACT;
  if (!run.has(INDEX.type))
    judge.deny(
      C.missingAttribute,
      'EINVAL',
      'Invalid TC action index value',
      run.whole,
      'TCA_ACT_INDEX is missing',
      run,
    );
  needKind(run, KIND.type, 'Specified TC action kind not found');
  judge.may('ENOENT: TC action with specified index not found');
}

function needKind(run: Attributes, type: number, msg: string): void {
  const { judge } = run;
  if (run.has(type)) judge.may(`EINVAL: ${msg}`);
  else judge.deny(C.missingAttribute, 'EINVAL', msg, run.whole, 'TCA_ACT_KIND is missing', run);
}

function flush(tab: Attributes): void {
  const { judge } = tab;
  judge.symbol = 'net/sched/act_api.c tca_action_flush()';
  if (!tab.has(1)) {
    const msg = 'Invalid netlink attributes while flushing TC action';
    judge.deny(C.missingAttribute, 'EINVAL', msg, tab.whole, 'the table names no kind at position 1', tab);
    return;
  }
  needKind(tab.nested(1, TCA_ACT, liberally), TCA_ACT.KIND.type, 'Cannot flush unknown TC action');
  judge.may('EPERM: filters hold actions');
}

function getOrDelete(judge: Judge, root: Attributes): void {
  const tab = root.nested(TAB.type, TCA_ACT_TAB, byPosition);
  if (judge.type === RTM_DELACTION && judge.wants(NLM_F_ROOT)) {
    flush(tab);
    return;
  }
  noteEmpty(tab);
  for (const run of actionsOf(tab)) checkNamed(run);
  if (judge.type === RTM_DELACTION) judge.may('EPERM: Failed to delete TC action');
}

/** Success, and nothing is done. */
function noteEmpty(tab: Attributes): void {
  if (tab.has(1) || tab.cause >= 0) return;
  tab.judge.note({
    code: C.actionGap,
    severity: 'ignored',
    at: tab.whole,
    text: 'there is no action at position 1: nothing is done',
    fix: 'number the actions from 1 on',
  });
}

export function ctlAction(judge: Judge): void {
  judge.symbol = 'net/sched/act_api.c tc_ctl_action()';
  if (!tc.hasHeader(judge, tcamsg.size, 'tcamsg')) return;
  tc.notePadding(judge, tcamsg.offsetof.tca__pad1, 3, 'tca__pad1');
  const root = walk(judge, rootAttrs, judge.start + ATTRS, judge.end, '', { ...liberally, open: true });
  if (!judge.has('action-rules')) {
    judge.may('EINVAL: the actions are refused');
    return;
  }
  if (!root.has(TAB.type)) {
    judge.deny(
      C.missingAttribute,
      'EINVAL',
      'Netlink action attributes missing',
      root.whole,
      'TCA_ACT_TAB is missing',
      root,
    );
    return;
  }
  if (judge.type === RTM_NEWACTION) checkActions(root, TAB.type, { binds: false });
  else getOrDelete(judge, root);
}

/** The kind whose actions are to be shown; without one the dump is empty. */
export function dumpAction(judge: Judge): void {
  judge.symbol = 'net/sched/act_api.c tc_dump_action()';
  if (!tc.hasHeader(judge, tcamsg.size, 'tcamsg')) return;
  const root = walk(judge, TCA_ROOT, judge.start + ATTRS, judge.end, '', liberally);
  const named = root.has(TAB.type) && judge.sink !== undefined;
  const tab = named ? root.nested(TAB.type, TCA_ACT_TAB, { ...silently, positions: true }) : undefined;
  if (tab?.has(1) !== true && judge.sink !== undefined && !judge.refused) {
    const text = 'no kind is named at position 1: the dump is empty';
    judge.note({ code: C.actionGap, severity: 'ignored', at: root.whole, text, fix: 'name a kind' });
  }
}
