// net/sched/act_api.c, the part indexes: finding, making and letting go of the actions of a kind, and the course that
// every init function takes: find the index or take it, create or be allowed to replace, check the verdict, configure.
// Whatever refuses on the way puts everything back.
import { EAGAIN, EEXIST, EINVAL } from '../../../../uapi/asm-generic/errno.js';
import {
  TC_ACT_EXT_CMP,
  TC_ACT_EXT_OPCODE,
  TC_ACT_EXT_OPCODE_MAX,
  TC_ACT_EXT_VAL_MASK,
  TC_ACT_GOTO_CHAIN,
  TC_ACT_UNSPEC,
  TC_ACT_VALUE_MAX,
} from '../../../../uapi/linux/pkt_cls.js';
import { errno, refuse } from '../../../errno.js';
import type { Holder } from '../../../events.js';
import { genNewEstimator } from '../../core/gen_estimator.js';
import { chainGetByAct, chainPutByAct, type TcfChain } from '../cls_api/chain.js';
import {
  type ActionInit,
  type ActionResult,
  type ActionTable,
  type NewAction,
  TCA_ACT_FLAGS_BIND,
  TCA_ACT_FLAGS_REPLACE,
  type TcAction,
  tcLookupActionN,
} from './action.js';

const UINT_MAX = 0xffffffff;

const binds = (init: ActionInit): boolean => (init.flags & TCA_ACT_FLAGS_BIND) !== 0;

/**
 * Drops the reference of `holder`, and with `bind` a filter's claim.
 *
 * @models net/sched/act_api.c tcf_idr_release()
 */
export function tcfIdrRelease(action: TcAction, bind: boolean, holder: Holder): void {
  if (bind) action.bindcnt--;
  action.release(holder);
}

/**
 * The action of `index`, which the holder of `init` now holds; or the index of a new one (0 asks for the lowest free),
 * which is taken. Refuses (EAGAIN) an index that is being taken.
 *
 * @models net/sched/act_api.c tcf_idr_check_alloc()
 */
function tcfIdrCheckAlloc(init: ActionInit, { actions }: ActionTable, index: number): TcAction | number {
  if (index === 0) return actions.alloc(undefined, UINT_MAX) ?? UINT_MAX;
  const action = actions.get(index);
  if (action === undefined) {
    if (!actions.insert(index, undefined)) throw errno(EAGAIN);
    return index;
  }
  if (binds(init)) action.bindcnt++;
  return action.hold(init.holder);
}

/**
 * Refuses verdicts that make no sense, and jumps to chains where there are none. Returns the chain of a jump, which
 * `action` holds.
 *
 * @models net/sched/act_api.c tcf_action_check_ctrlact()
 */
function checkCtrlact(init: ActionInit, action: TcAction, verdict: number): TcfChain | undefined {
  const { extack, tp } = init;
  const opcode = TC_ACT_EXT_OPCODE(verdict);
  const known = opcode === 0 ? verdict <= TC_ACT_VALUE_MAX : opcode <= TC_ACT_EXT_OPCODE_MAX;
  if (!known && verdict !== TC_ACT_UNSPEC) refuse(extack, EINVAL, 'invalid control action');
  if (!TC_ACT_EXT_CMP(verdict, TC_ACT_GOTO_CHAIN)) return undefined;
  if (tp === undefined) refuse(extack, EINVAL, "can't goto NULL proto/chain");
  return chainGetByAct(tp.chain.block, verdict & TC_ACT_EXT_VAL_MASK, action);
}

/** @models net/sched/act_api.c tcf_action_set_ctrlact() */
function setCtrlact(action: TcAction, verdict: number, chain: TcfChain | undefined): void {
  const old = action.gotoChain;
  action.action = verdict;
  action.gotoChain = chain;
  if (old !== undefined) chainPutByAct(old, action);
}

/** What a kind adds to the common course. */
export interface ActionMaking<A extends TcAction> {
  readonly index: number;
  /** TC_ACT_* */
  readonly verdict: number;
  /** Refuses before anything is made; not asked about an action that a filter merely takes. */
  readonly check?: (exists: boolean) => void;
  readonly make: (fresh: NewAction) => A;
  /** The kind sets up an estimator itself. */
  readonly ownEstimator?: boolean;
  /** Takes the parameters over. Refuses before it changes anything. */
  readonly configure: (action: A, created: boolean) => void;
}

/** The holder of a reference that `init` made. */
const holderOf = (init: ActionInit, action: TcAction, created: boolean): Holder =>
  created && !binds(init) ? action.table : init.holder;

function checkNew<A extends TcAction>({ actions }: ActionTable, index: number, making: ActionMaking<A>): void {
  try {
    making.check?.(false);
  } catch (refusal) {
    actions.remove(index);
    throw refusal;
  }
}

/** @models net/sched/act_api.c tcf_idr_create() */
function tcfIdrCreate<A extends TcAction>(
  init: ActionInit,
  table: ActionTable,
  index: number,
  making: ActionMaking<A>,
): TcAction {
  checkNew(table, index, making);
  const action = making.make({ init, table, index });
  if (init.est === undefined || making.ownEstimator === true) return action;
  try {
    action.rateEst = genNewEstimator(init.net.machine, action.bstats, undefined, init.est);
  } catch (refusal) {
    action.release(holderOf(init, action, true));
    throw refusal;
  }
  return action;
}

function checkReplace<A extends TcAction>(init: ActionInit, found: TcAction, making: ActionMaking<A>): void {
  try {
    making.check?.(true);
    if ((init.flags & TCA_ACT_FLAGS_REPLACE) === 0) throw errno(EEXIST);
  } catch (refusal) {
    tcfIdrRelease(found, binds(init), init.holder);
    throw refusal;
  }
}

function configure<A extends TcAction>(init: ActionInit, action: TcAction, created: boolean, making: ActionMaking<A>) {
  let chain: TcfChain | undefined;
  try {
    chain = checkCtrlact(init, action, making.verdict);
    making.configure(action as A, created);
  } catch (refusal) {
    if (chain !== undefined) chainPutByAct(chain, action);
    tcfIdrRelease(action, binds(init), holderOf(init, action, created));
    throw refusal;
  }
  setCtrlact(action, making.verdict, chain);
}

/**
 * The course of an init function from the index on. A new action is in its table but found by nobody until all actions
 * of the request are there (tcfIdrInsertMany()).
 *
 * @differs the kernel writes this out in the init function of each kind
 */
export function tcfInitAction<A extends TcAction>(
  init: ActionInit,
  kind: string,
  making: ActionMaking<A>,
): ActionResult {
  const table = tcLookupActionN(init.net, kind)!;
  const found = tcfIdrCheckAlloc(init, table, making.index);
  if (typeof found === 'number') {
    const action = tcfIdrCreate(init, table, found, making);
    configure(init, action, true, making);
    return { action, created: true };
  }
  if (!binds(init)) {
    checkReplace(init, found, making);
    configure(init, found, false, making);
  }
  return { action: found, created: false };
}

/** Holder of references that a refused RTM_DELACTION forgot. */
const lost: Holder = { label: 'nobody: forgotten by RTM_DELACTION' };

/** A refusal forgets the reference of `holder`, which is never dropped again for its sake. @differs a leak of 6.18 */
export function tcfActionForget(action: TcAction, holder: Holder): void {
  action.hold(lost).release(holder);
}

/**
 * Drops the reference that keeps an action which no filter holds: that of its table, or one that was forgotten.
 *
 * @models net/sched/act_api.c tcf_idr_release_unsafe()
 */
export function tcfIdrReleaseUnsafe(action: TcAction): void {
  const { holders, table } = action;
  const holder = [table, lost].find((candidate) => holders.includes(candidate));
  if (holder !== undefined) action.release(holder);
}

/** Lets everybody find what was created. @models net/sched/act_api.c tcf_idr_insert_many() */
export function tcfIdrInsertMany(results: readonly ActionResult[]): void {
  for (const { action, created } of results) {
    if (!created) continue;
    action.table.actions.set(action.index, action);
    action.table.version++;
  }
}

/** The action of an index, which `holder` now holds. @models net/sched/act_api.c tcf_idr_search() */
export function tcfIdrSearch(table: ActionTable, index: number, holder: Holder): TcAction | undefined {
  return table.actions.get(index)?.hold(holder);
}
