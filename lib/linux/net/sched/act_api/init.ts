// net/sched/act_api.c, the part init: actions from a table of attributes. All kinds are found first, then the actions are
// made one by one; when one is refused, those before it go again. Filters and the action API both come here.
import type { Extack } from '../../../../codec/extack.js';
import type { Nla } from '../../../../codec/nla.js';
import { NL_VALIDATE_LIBERAL, parseNested } from '../../../../codec/parse.js';
import { EINVAL, ENOENT, EOPNOTSUPP } from '../../../../uapi/asm-generic/errno.js';
import {
  TCA_ACT,
  TCA_ACT_FLAGS_SKIP_HW,
  TCA_ACT_FLAGS_SKIP_SW,
  TCA_ACT_HW_STATS_ANY,
  TCA_ACT_MAX_PRIO,
  TCA_ACT_TAB,
} from '../../../../uapi/linux/pkt_cls.js';
import { errno, errnoOf, ModelGap, refuse } from '../../../errno.js';
import type { Holder } from '../../../events.js';
import { nlaStrscpy } from '../../../lib/nlattr.js';
import type { Net } from '../../core/net_namespace.js';
import {
  type ActionInit,
  type ActionResult,
  type ActionTable,
  TCA_ACT_FLAGS_BIND,
  TCA_ACT_FLAGS_POLICE,
  type TcAction,
  tcLookupActionN,
} from './action.js';
import { tcfIdrInsertMany, tcfIdrRelease } from './idr.js';

const IFNAMSIZ = 16;
const SKIP_FLAGS = TCA_ACT_FLAGS_SKIP_HW | TCA_ACT_FLAGS_SKIP_SW;

/** What a request for actions says beside its attributes. */
export type ActionRequest = Omit<ActionInit, 'options'>;

function kindOf(nla: Nla, extack: Extack): string {
  const kind = parseNested(TCA_ACT, nla, NL_VALIDATE_LIBERAL, extack).$nla[TCA_ACT.KIND.type];
  if (kind === undefined) refuse(extack, EINVAL, 'TC action kind must be specified');
  const name = nlaStrscpy(kind, IFNAMSIZ);
  if (name === undefined) refuse(extack, EINVAL, 'TC action name too long');
  return name;
}

/** A kind that the configuration promises and the model lacks is reported as well. */
function tableOf(net: Net, kind: string, extack: Extack): ActionTable {
  const { machine } = net;
  if (!machine.has('tc-action-idr')) throw new ModelGap(`actions of ${machine.version}`);
  const table = tcLookupActionN(net, kind);
  if (table !== undefined) return table;
  if (machine.config.actions?.includes(kind) === true) machine.gap(`action kind ${kind}`);
  refuse(extack, ENOENT, 'Failed to load TC action module');
}

/** The table of the kind that `nla` names. @models net/sched/act_api.c tc_action_load_ops() */
function tcActionLoadOps(request: ActionRequest, nla: Nla): ActionTable {
  const police = (request.flags & TCA_ACT_FLAGS_POLICE) !== 0;
  return tableOf(request.net, police ? 'police' : kindOf(nla, request.extack), request.extack);
}

/**
 * One action of `nla`. Cookie and kind of hardware counters are taken over even by an action that was there.
 *
 * @models net/sched/act_api.c tcf_action_init_1()
 */
function tcfActionInit1(request: ActionRequest, table: ActionTable, nla: Nla): ActionResult {
  if ((request.flags & TCA_ACT_FLAGS_POLICE) !== 0) return table.ops.init({ ...request, options: nla });
  const tb = parseNested(TCA_ACT, nla, NL_VALIDATE_LIBERAL, request.extack);
  const userFlags = tb.FLAGS?.value ?? 0;
  if ((userFlags & SKIP_FLAGS) === SKIP_FLAGS) throw errno(EINVAL);
  const result = table.ops.init({ ...request, options: tb.OPTIONS, flags: request.flags | userFlags });
  const { action } = result;
  if (tb.COOKIE !== undefined) action.cookie = tb.COOKIE.slice();
  action.hwStats = tb.HW_STATS?.value ?? TCA_ACT_HW_STATS_ANY;
  return result;
}

/** A filter and its actions must want the same of hardware. One that a filter made takes over what the filter wants. */
function checkFilterFlags(action: TcAction, filterFlags: number, extack: Extack): void {
  const skip = action.flags & SKIP_FLAGS;
  const own = (action.flags & TCA_ACT_FLAGS_BIND) !== 0;
  if (own && !action.table.machine.has('tc-action-inherits-flags')) return;
  const bad = own ? (skip & ~filterFlags) !== 0 : skip !== filterFlags;
  if (bad) refuse(extack, EINVAL, 'Mismatch between action and filter offload flags');
  action.flags |= filterFlags;
}

/** What offering an action to hardware that is not there comes to: an errno, or 0. */
function offerToHardware(action: TcAction, extack: Extack): number {
  const { ops } = action.table;
  if (ops.offloadable?.(action) !== true) return EOPNOTSUPP;
  try {
    ops.offloadSetup?.(action, extack);
  } catch (refusal) {
    extack.msg = 'act_api: Failed to setup tc actions for offload';
    return errnoOf(refusal);
  }
  return (action.flags & TCA_ACT_FLAGS_SKIP_SW) === 0 ? 0 : EINVAL;
}

/** @models net/sched/act_api.c tcf_action_offload_add() */
function offloadAdd(action: TcAction, extack: Extack): void {
  if ((action.flags & TCA_ACT_FLAGS_SKIP_HW) !== 0) return;
  const error = offerToHardware(action, extack);
  if (error !== 0 && (action.flags & TCA_ACT_FLAGS_SKIP_SW) !== 0) throw errno(error);
}

/** The holder of the reference that a result stands for. */
const holderOf = (request: ActionRequest, { action, created }: ActionResult): Holder =>
  created && (request.flags & TCA_ACT_FLAGS_BIND) === 0 ? action.table : request.holder;

/** Drops what a request got. @models net/sched/act_api.c tcf_action_destroy() */
function destroyResults(request: ActionRequest, results: readonly ActionResult[]): void {
  const bind = (request.flags & TCA_ACT_FLAGS_BIND) !== 0;
  for (const result of results) tcfIdrRelease(result.action, bind, holderOf(request, result));
}

function initAll(request: ActionRequest, nlas: readonly Nla[], filterFlags: number): ActionResult[] {
  const tables = nlas.map((nla) => tcActionLoadOps(request, nla));
  const results: ActionResult[] = [];
  try {
    for (const [i, nla] of nlas.entries()) {
      const result = tcfActionInit1(request, tables[i]!, nla);
      results.push(result);
      if ((request.flags & TCA_ACT_FLAGS_BIND) !== 0) checkFilterFlags(result.action, filterFlags, request.extack);
      else offloadAdd(result.action, request.extack);
    }
  } catch (refusal) {
    destroyResults(request, results);
    throw refusal;
  }
  tcfIdrInsertMany(results);
  return results;
}

/**
 * The actions in a table, up to the first position that is empty. `filterFlags` are the TCA_CLS_FLAGS_SKIP_* of the
 * filter that asks, as TCA_ACT_FLAGS_SKIP_*.
 *
 * @models net/sched/act_api.c tcf_action_init()
 */
export function tcfActionInit(request: ActionRequest, tab: Nla, filterFlags = 0): ActionResult[] {
  const { extack } = request;
  const { $nla } = parseNested(TCA_ACT_TAB, tab, NL_VALIDATE_LIBERAL, extack);
  if ($nla[TCA_ACT_MAX_PRIO + 1] !== undefined && request.net.machine.has('tc-too-many-actions'))
    refuse(extack, EINVAL, `Only ${TCA_ACT_MAX_PRIO} actions supported per filter`);
  return initAll(request, actionsIn($nla), filterFlags);
}

/** The attributes from position 1 up to the first that is missing. @differs the kernel's loops stop there */
export function actionsIn($nla: readonly (Nla | undefined)[]): Nla[] {
  const found: Nla[] = [];
  for (let i = 1; i <= TCA_ACT_MAX_PRIO && $nla[i] !== undefined; i++) found.push($nla[i]!);
  return found;
}

/** The policer of a filter, given in the old way. @differs a part of tcf_exts_validate_ex() */
export function tcfPoliceInit(request: ActionRequest, options: Nla): TcAction {
  const result = tcfActionInit1(request, tcActionLoadOps(request, options), options);
  result.action.oldCompat = true;
  tcfIdrInsertMany([result]);
  return result.action;
}
