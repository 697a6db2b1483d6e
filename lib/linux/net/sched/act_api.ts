// net/sched/act_api.c and cls_api.c tcf_exts_validate(): the actions given with a filter. No action kind is modelled, so
// this is the way to the answers "no actions" and "no such kind", with the checks that come before. A kind that the
// configuration promises is reported as a gap.
import type { Extack } from '../../../codec/extack.js';
import { attrs } from '../../../codec/attrs.js';
import { NL_VALIDATE_LIBERAL, parseNested } from '../../../codec/parse.js';
import type { Nla } from '../../../codec/nla.js';
import { EINVAL, ENOENT } from '../../../uapi/asm-generic/errno.js';
import { TCA_ACT, TCA_ACT_MAX_PRIO } from '../../../uapi/linux/pkt_cls.js';
import { refuse } from '../../errno.js';
import { nlaStrscpy } from '../../lib/nlattr.js';
import type { Machine } from '../../machine.js';

/** A TCA_ACT_TAB: actions by position, one more than there may be. */
const actionTable = attrs('TCA_ACT_TAB', {}, TCA_ACT_MAX_PRIO + 1);
const IFNAMSIZ = 16;

/** @models net/sched/act_api.c tc_action_load_ops() */
function loadOps(machine: Machine, action: Nla, extack: Extack): never {
  const { KIND } = TCA_ACT;
  const kind = parseNested(TCA_ACT, action, NL_VALIDATE_LIBERAL, extack).$nla[KIND.type];
  if (kind === undefined) refuse(extack, EINVAL, 'TC action kind must be specified');
  const name = nlaStrscpy(kind, IFNAMSIZ);
  if (name === undefined) refuse(extack, EINVAL, 'TC action name too long');
  if (machine.config.actions?.includes(name) === true) machine.gap(`action kind ${name}`);
  refuse(extack, ENOENT, 'Failed to load TC action module');
}

/** @models net/sched/act_api.c tcf_action_init() */
function initActions(machine: Machine, table: Nla, extack: Extack): void {
  const { $nla } = parseNested(actionTable, table, NL_VALIDATE_LIBERAL, extack);
  if ($nla[TCA_ACT_MAX_PRIO + 1] !== undefined && machine.has('tc-too-many-actions'))
    refuse(extack, EINVAL, `Only ${TCA_ACT_MAX_PRIO} actions supported per filter`);
  const first = $nla[1];
  if (first !== undefined) loadOps(machine, first, extack);
}

/**
 * The actions of a filter: an old-style policer wins over a table. Refuses every kind; a table without a first entry
 * means no actions.
 *
 * @models net/sched/cls_api.c tcf_exts_validate_ex()
 */
export function tcfExtsValidate(
  machine: Machine,
  police: Nla | undefined,
  table: Nla | undefined,
  extack: Extack,
): void {
  if (police !== undefined) refuse(extack, ENOENT, 'Failed to load TC action module');
  if (table !== undefined) initActions(machine, table, extack);
}
