// net/sched/act_api.c and include/net/act_api.h, the part actions: what an action is, its operations, and the table that
// holds the actions of one kind by index. Reference counts are visible: each holder stands for one increment of
// tcfa_refcnt. An action made by a request of its own is held by its table; one made by a filter only by filters, and
// goes with the last of them.
import type { Extack } from '../../../../codec/extack.js';
import type { Nla } from '../../../../codec/nla.js';
import type { Bitfield32 } from '../../../../codec/kind.js';
import { TCA_ACT_HW_STATS_ANY } from '../../../../uapi/linux/pkt_cls.js';
import { NSEC_PER_SEC } from '../../../clock.js';
import type { Holder } from '../../../events.js';
import type { Task } from '../../../kernel/task.js';
import { Idr } from '../../../lib/idr.js';
import type { Machine } from '../../../machine.js';
import { KObject } from '../../../object.js';
import type { NetRateEstimator } from '../../core/gen_estimator.js';
import { type BasicStats, noBasic, noQueue, type QueueStats } from '../../core/gen_stats.js';
import { type Net, netGeneric } from '../../core/net_namespace.js';
import type { SkBuff } from '../../core/skbuff/sk_buff.js';
import type { MessageWriter } from '../../netlink/message.js';
import { chainPutByAct, type TcfChain } from '../cls_api/chain.js';
import type { ClassifyResult } from '../cls_api/classify.js';
import type { TcfProto } from '../cls_api/proto.js';

/** The kernel's own flags beside those of users (TCA_ACT_FLAGS_USER_MASK). */
export const TCA_ACT_FLAGS_USER_MASK = 0xffff;
/** The old way to give a policer: its options alone. */
export const TCA_ACT_FLAGS_POLICE = 1 << 16;
/** A filter asks. */
export const TCA_ACT_FLAGS_BIND = 1 << 17;
export const TCA_ACT_FLAGS_REPLACE = 1 << 18;

/** What an init function is given. */
export interface ActionInit {
  readonly net: Net;
  readonly task: Task;
  readonly extack: Extack;
  /** TCA_ACT_OPTIONS, or the options of an old-style policer. */
  readonly options: Nla | undefined;
  /** TCA_RATE of the filter. */
  readonly est: Nla | undefined;
  /** Where the filter belongs; undefined for requests of the action API. */
  readonly tp: TcfProto | undefined;
  /** TCA_ACT_FLAGS_*: the user's and the kernel's. */
  readonly flags: number;
  /** Who gets the reference: the actions of a filter, or the request. */
  readonly holder: Holder;
}

/** What an init function made of it. */
export interface ActionResult {
  readonly action: TcAction;
  /** Created; otherwise it was there and `holder` has one more reference. */
  readonly created: boolean;
}

/** struct tc_action_ops: one kind of action. Refusals are thrown; then references are as before. */
export interface TcActionOps {
  readonly kind: string;
  init(init: ActionInit): ActionResult;
  /** What becomes of a packet: TC_ACT_*. The class or chain it goes to stands in `res`. */
  act?(action: TcAction, skb: SkBuff, res: ClassifyResult): number;
  /** Appends the options; counts are shown less `ref` references. */
  dump(action: TcAction, skb: MessageWriter, ref: number): void;
  /** Bytes the options of a message about it are reckoned with; 0 when missing. */
  fillSize?(action: TcAction): number;
  /** Whether hardware could be asked about it: offload_act_setup() for the action alone. Missing = never. */
  offloadable?(action: TcAction): boolean;
  /** What hardware is told about it; refuses when nothing can be. */
  offloadSetup?(action: TcAction, extack: Extack): void;
}

/** What tcfInitAction() knows of an action before it exists. */
export interface NewAction {
  readonly init: ActionInit;
  readonly table: ActionTable;
  readonly index: number;
}

/** struct tc_action. Its kind keeps more. */
export abstract class TcAction extends KObject {
  readonly table: ActionTable;
  readonly index: number;
  /** TCA_ACT_FLAGS_* it was made with. */
  flags: number;
  /** TC_ACT_*: what happens to packets afterwards. */
  action = 0;
  /** Filters that hold it. */
  bindcnt = 0;
  /** Held when `action` jumps to one. */
  gotoChain: TcfChain | undefined;
  cookie: Uint8Array | undefined;
  hwStats = TCA_ACT_HW_STATS_ANY;
  /** Hardware has been asked for its counters. */
  usedHwStatsValid = false;
  /** Given as an old-style policer. */
  oldCompat = false;
  rateEst: NetRateEstimator | undefined;
  readonly bstats: BasicStats = noBasic();
  readonly bstatsHw: BasicStats = noBasic();
  readonly qstats: QueueStats = noQueue();
  /** Jiffies; firstuse 0 = never used. */
  readonly install: number;
  lastuse: number;
  firstuse = 0;

  constructor({ init, table, index }: NewAction) {
    const bind = (init.flags & TCA_ACT_FLAGS_BIND) !== 0;
    super(init.net.machine, bind ? init.holder : table);
    this.table = table;
    this.index = index;
    this.flags = init.flags;
    this.bindcnt = bind ? 1 : 0;
    this.install = this.lastuse = jiffies(init.net.machine);
  }

  get label(): string {
    return `action ${this.table.ops.kind} index ${this.index}`;
  }

  get userFlags(): Bitfield32 {
    const flags = this.flags & TCA_ACT_FLAGS_USER_MASK;
    return { value: flags, selector: flags };
  }

  /** What the kind lets go of. */
  protected cleanup(): void {}

  /** @models net/sched/act_api.c tcf_action_cleanup() */
  protected destroy(): void {
    this.table.actions.remove(this.index);
    this.table.version++;
    this.cleanup();
    if (this.gotoChain !== undefined) chainPutByAct(this.gotoChain, this);
  }
}

/** struct tc_action_net: the actions of one kind in a namespace. Holds those that stand alone. */
export class ActionTable implements Holder {
  readonly machine: Machine;
  readonly ops: TcActionOps;
  /** Undefined while the action of an index is being made. */
  readonly actions = new Idr<TcAction | undefined>(1);
  /** Bumped whenever an action comes or goes. */
  version = 0;

  constructor(machine: Machine, ops: TcActionOps) {
    this.machine = machine;
    this.ops = ops;
  }

  /** Messages align 64-bit values. */
  get padded(): boolean {
    return this.machine.config.padAttributes;
  }

  get label(): string {
    return `index of ${this.ops.kind} actions`;
  }

  /** In order of index. */
  *inOrder(): Iterable<TcAction> {
    for (const index of this.actions.ids()) {
      const action = this.actions.get(index);
      if (action !== undefined) yield action;
    }
  }
}

/** Kinds by name, as tcf_register_action() was called. */
const actBase = netGeneric((): Map<string, ActionTable> => new Map());

/** Makes a kind known to a namespace. @models net/sched/act_api.c tcf_register_action() */
export function tcfRegisterAction(net: Net, ops: TcActionOps): void {
  actBase(net).set(ops.kind, new ActionTable(net.machine, ops));
}

/** The table of a kind. @models net/sched/act_api.c tc_lookup_action_n() */
export function tcLookupActionN(net: Net, kind: string): ActionTable | undefined {
  return actBase(net).get(kind);
}

/** Every kind that the namespace knows. @differs the kernel walks act_base in place */
export function actionTables(net: Net): Iterable<ActionTable> {
  return actBase(net).values();
}

/** Ticks of the timer since boot. @differs a variable of the kernel */
export function jiffies(machine: Machine): number {
  return Math.floor((machine.clock.now() * machine.config.HZ) / NSEC_PER_SEC);
}
