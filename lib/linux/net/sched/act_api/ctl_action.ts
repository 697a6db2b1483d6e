// net/sched/act_api.c tc_ctl_action(): RTM_NEWACTION, RTM_DELACTION and RTM_GETACTION of given actions. The request holds
// what it works on; messages show counts without its references.
import { attrs } from '../../../../codec/attrs.js';
import type { Nla } from '../../../../codec/nla.js';
import { NL_VALIDATE_LIBERAL, parse, parseNested } from '../../../../codec/parse.js';
import { WriterFull } from '../../../../codec/writer.js';
import { EAGAIN, EINVAL, ENOENT, EPERM } from '../../../../uapi/asm-generic/errno.js';
import { NLM_F_ECHO, NLM_F_REPLACE, NLM_F_ROOT, NLMSG_HDRLEN } from '../../../../uapi/linux/netlink.js';
import { TCA_ACT, TCA_ACT_MAX_PRIO } from '../../../../uapi/linux/pkt_cls.js';
import {
  RTM_DELACTION,
  RTM_GETACTION,
  RTM_NEWACTION,
  RTNLGRP_TC,
  TCA_ROOT,
  tcamsg,
} from '../../../../uapi/linux/rtnetlink.js';
import { errno, errnoOf, ModelGap, refuse } from '../../../errno.js';
import type { Holder } from '../../../events.js';
import { nlaIs } from '../../../lib/nlattr.js';
import type { Net } from '../../core/net_namespace.js';
import type { RtnlRequest } from '../../core/rtnetlink.js';
import { notifyNeeded } from '../sch_api/fill.js';
import { type ActionTable, actionTables, TCA_ACT_FLAGS_REPLACE, type TcAction } from './action.js';
import { tcaGetFill } from './dump.js';
import { flushActions } from './flush.js';
import { tcfActionForget, tcfIdrReleaseUnsafe, tcfIdrSearch } from './idr.js';
import { actionsIn, tcfActionInit } from './init.js';

/** Top attributes of these requests, which nobody judges. */
const rootAttrs = attrs('TCA_ROOT', {}, TCA_ROOT.$max);
const actionTab = attrs('TCA_ACT_TAB', {}, TCA_ACT_MAX_PRIO);

/** Indexes that another action of the same request is just taking are tried again this often. */
const TRIES = 10;

/** One request as a holder of actions. */
class Requester implements Holder {
  readonly label: string;

  constructor({ type, portid }: RtnlRequest) {
    this.label = `request type ${type} of port ${portid}`;
  }
}

/** The table of the kind in `kind`. @models net/sched/act_api.c tc_lookup_action() */
export function tcLookupAction(net: Net, kind: Nla | undefined): ActionTable | undefined {
  if (kind !== undefined) for (const table of actionTables(net)) if (nlaIs(kind, table.ops.kind)) return table;
  return undefined;
}

/** The message, or a refusal with `text` when it does not fit. */
function fill(request: RtnlRequest, actions: readonly TcAction[], ref: number, text: string): Uint8Array {
  const { type } = request;
  const flags = type === RTM_NEWACTION ? request.flags : 0;
  try {
    return tcaGetFill(request, actions, { type, flags, ref, warn: type !== RTM_GETACTION });
  } catch (thrown) {
    if (thrown instanceof WriterFull) refuse(request.extack, EINVAL, text);
    throw thrown;
  }
}

/** To the group, and to a requester who asked for a copy. @differs the kernel calls rtnetlink_maybe_send() */
export function sendAction(request: RtnlRequest, data: Uint8Array): void {
  const echo = (request.flags & NLM_F_ECHO) !== 0;
  request.net.rtnl.notify(data, { group: RTNLGRP_TC, portid: request.portid, echo });
}

const FILL_ADD = 'Failed to fill netlink attributes while adding TC action';
const FILL_DEL = 'Failed to fill netlink TC action attributes';

/** Tells of new actions. @models net/sched/act_api.c tcf_add_notify() */
function addNotify(request: RtnlRequest, actions: readonly TcAction[]): void {
  if (notifyNeeded(request)) sendAction(request, fill(request, actions, 0, FILL_ADD));
}

function initWithRetries(request: RtnlRequest, tab: Nla, holder: Holder) {
  const { net, task, extack } = request;
  const flags = (request.flags & NLM_F_REPLACE) === 0 ? 0 : TCA_ACT_FLAGS_REPLACE;
  for (let tries = 1; ; tries++) {
    try {
      return tcfActionInit({ net, task, extack, est: undefined, tp: undefined, flags, holder }, tab);
    } catch (refusal) {
      if (errnoOf(refusal) !== EAGAIN) throw refusal;
      if (!request.machine.has('tc-action-eagain')) throw new ModelGap('an action index taken twice');
      if (tries === TRIES) throw refusal;
    }
  }
}

/** RTM_NEWACTION. @models net/sched/act_api.c tcf_action_add() */
function tcfActionAdd(request: RtnlRequest, tab: Nla): void {
  const holder = new Requester(request);
  const results = initWithRetries(request, tab, holder);
  try {
    addNotify(
      request,
      results.map(({ action }) => action),
    );
  } finally {
    for (const { action, created } of results) if (!created) action.release(holder);
  }
}

/** The action that `nla` names, held by `holder`. @models net/sched/act_api.c tcf_action_get_1() */
function tcfActionGet1(request: RtnlRequest, nla: Nla, holder: Holder): TcAction {
  const { net, extack } = request;
  const tb = parseNested(TCA_ACT, nla, NL_VALIDATE_LIBERAL, extack);
  if (tb.INDEX === undefined) refuse(extack, EINVAL, 'Invalid TC action index value');
  const table = tcLookupAction(net, tb.$nla[TCA_ACT.KIND.type]);
  if (table === undefined) refuse(extack, EINVAL, 'Specified TC action kind not found');
  const action = tcfIdrSearch(table, tb.INDEX, holder);
  if (action === undefined) refuse(extack, ENOENT, 'TC action with specified index not found');
  return action;
}

/**
 * Drops the reference of the request and that of the table. Refuses (EPERM) while filters hold the action.
 *
 * @models net/sched/act_api.c tcf_idr_delete_index()
 */
function deleteOne(action: TcAction, holder: Holder): void {
  action.release(holder);
  if (action.bindcnt > 0) throw errno(EPERM);
  if (!action.freed) tcfIdrReleaseUnsafe(action);
}

/**
 * Deletes actions in order, taking them off `actions`; a refusal leaves the rest.
 *
 * @models net/sched/act_api.c tcf_action_delete()
 */
function tcfActionDelete(request: RtnlRequest, actions: TcAction[], holder: Holder): void {
  try {
    while (actions.length > 0) deleteOne(actions.shift()!, holder);
  } catch (refusal) {
    request.extack.msg = 'Failed to delete TC action';
    if (request.machine.has('tc-action-del-forgets'))
      for (const action of actions.splice(0)) tcfActionForget(action, holder);
    throw refusal;
  }
}

/** The message is built before the deletion. @models net/sched/act_api.c tcf_del_notify() */
function delNotify(request: RtnlRequest, actions: TcAction[], holder: Holder): void {
  const data = notifyNeeded(request) ? fill(request, actions, 2, FILL_DEL) : undefined;
  tcfActionDelete(request, actions, holder);
  if (data !== undefined) sendAction(request, data);
}

/** RTM_GETACTION and RTM_DELACTION. @models net/sched/act_api.c tca_action_gd() */
function tcaActionGd(request: RtnlRequest, tab: Nla): void {
  const { extack } = request;
  const { $nla } = parseNested(actionTab, tab, NL_VALIDATE_LIBERAL, extack);
  if (request.type === RTM_DELACTION && (request.flags & NLM_F_ROOT) !== 0) {
    const first = $nla[1];
    if (first === undefined) refuse(extack, EINVAL, 'Invalid netlink attributes while flushing TC action');
    flushActions(request, first);
    return;
  }
  const holder = new Requester(request);
  const actions: TcAction[] = [];
  try {
    for (const nla of actionsIn($nla)) actions.push(tcfActionGet1(request, nla, holder));
    if (request.type === RTM_GETACTION) request.net.rtnl.unicast(fill(request, actions, 1, FILL_ADD), request.portid);
    else delNotify(request, actions, holder);
  } finally {
    for (const action of actions) action.release(holder);
  }
}

/** RTM_NEWACTION, RTM_DELACTION, RTM_GETACTION. @models net/sched/act_api.c tc_ctl_action() */
export function tcCtlAction(request: RtnlRequest): void {
  const { msg, extack, machine } = request;
  if (!machine.has('tc-action-idr')) throw new ModelGap(`actions of ${machine.version}`);
  const start = NLMSG_HDRLEN + tcamsg.size;
  if (msg.length < start) refuse(extack, EINVAL, 'Invalid header length');
  const tab = parse(rootAttrs, msg, start, msg.length, NL_VALIDATE_LIBERAL, extack).$nla[TCA_ROOT.TAB.type];
  if (tab === undefined) refuse(extack, EINVAL, 'Netlink action attributes missing');
  if (request.type === RTM_NEWACTION) tcfActionAdd(request, tab);
  else tcaActionGd(request, tab);
}
