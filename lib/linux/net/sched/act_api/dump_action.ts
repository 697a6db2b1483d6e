// net/sched/act_api.c tc_dump_action(): RTM_GETACTION as a dump of all actions of a kind. A datagram holds one message
// with at most 32 actions, or as many as fit. Every action that is shown counts as asked for its hardware counters.
import { attrs } from '../../../../codec/attrs.js';
import { NL_VALIDATE_LIBERAL, parse, parseNested } from '../../../../codec/parse.js';
import { Bytes } from '../../../../codec/bytes.js';
import { type Nla, nlaAlign } from '../../../../codec/nla.js';
import { WriterFull } from '../../../../codec/writer.js';
import { EINVAL } from '../../../../uapi/asm-generic/errno.js';
import { NLM_F_MULTI, NLMSG_HDRLEN } from '../../../../uapi/linux/netlink.js';
import { TCA_ACT, TCA_ACT_MAX_PRIO } from '../../../../uapi/linux/pkt_cls.js';
import {
  TCA_ACT_FLAG_LARGE_DUMP_ON,
  TCA_ACT_FLAG_TERSE_DUMP,
  TCA_ROOT,
  tcamsg,
} from '../../../../uapi/linux/rtnetlink.js';
import { errnoOf, ModelGap, refuse } from '../../../errno.js';
import type { DumpEntry, RtnlRequest } from '../../core/rtnetlink.js';
import type { MessageWriter } from '../../netlink/message.js';
import { type ActionTable, jiffies, type TcAction } from './action.js';
import { tcLookupAction } from './ctl_action.js';
import { tcfActionDump1, tcfActionDumpTerse } from './dump.js';

const actionTab = attrs('TCA_ACT_TAB', {}, TCA_ACT_MAX_PRIO);
const MSEC_PER_SEC = 1000;

/** What a dump is to show. */
interface Wanted {
  /** TCA_ACT_FLAG_* */
  readonly flags: number;
  /** Only actions used within so many milliseconds; 0 = all. */
  readonly msecs: number;
}

/**
 * The kind that is asked for; nobody is told why there is none. The table is read up to the next multiple of four bytes.
 *
 * @models net/sched/act_api.c find_dump_kind()
 */
function findDumpKind(tab: Nla | undefined): Nla | undefined {
  if (tab === undefined) return undefined;
  const room = Bytes.zeroed(nlaAlign(tab.len));
  room.u8.set(tab.bytes());
  const first = parse(actionTab, room, 0, room.length, NL_VALIDATE_LIBERAL, undefined).$nla[1];
  if (first === undefined) return undefined;
  try {
    return parseNested(TCA_ACT, first, NL_VALIDATE_LIBERAL, undefined).$nla[TCA_ACT.KIND.type];
  } catch (refusal) {
    errnoOf(refusal);
    return undefined;
  }
}

/** Asks hardware for counters; there is none, which is an answer. @models net/sched/act_api.c tcf_action_update_hw_stats() */
function updateHwStats(action: TcAction): void {
  const { machine, ops } = action.table;
  if (machine.has('tc-action-asks-hardware') && ops.offloadable?.(action) === true) action.usedHwStatsValid = true;
}

/** Walks the actions of a table over several datagrams, by number. */
class Walker {
  readonly #table: ActionTable;
  readonly #wanted: Wanted;
  /** All actions in order, as of a version of the table. */
  #actions: TcAction[] = [];
  #version = -1;
  /** Actions left behind. */
  #done = 0;
  /** The last message showed something. */
  more = true;

  constructor(table: ActionTable, wanted: Wanted) {
    this.#table = table;
    this.#wanted = wanted;
  }

  /** Writes one message; nothing when no action is left, or when the next is too large for any. */
  write(skb: MessageWriter, request: RtnlRequest): void {
    const { type, seq, portid } = request;
    const start = skb.begin(type, NLM_F_MULTI, seq, portid, tcamsg.size);
    const countAt = skb.reserveAttr(TCA_ROOT.COUNT.type, 4);
    const tab = skb.nest(TCA_ROOT.TAB.type);
    const shown = this.#writeActions(skb);
    this.more = shown > 0;
    if (!this.more) {
      skb.trim(start);
      return;
    }
    skb.nestEnd(tab);
    if (this.#large) skb.buffer.view.setUint32(countAt, shown, true);
    skb.end(start);
  }

  get #large(): boolean {
    return (this.#wanted.flags & TCA_ACT_FLAG_LARGE_DUMP_ON) !== 0;
  }

  /** @models net/sched/act_api.c tcf_dump_walker() */
  #writeActions(skb: MessageWriter): number {
    const actions = this.#all();
    const oldest = this.#oldest();
    let shown = 0;
    let at = Math.min(this.#done, actions.length);
    for (; at < actions.length; at++) {
      const action = actions[at]!;
      if (action.lastuse < oldest) continue;
      if (!this.#writeAction(skb, action, shown)) break;
      shown++;
      if (this.#large || shown < TCA_ACT_MAX_PRIO) continue;
      at++;
      break;
    }
    this.#done = at;
    return shown;
  }

  #all(): readonly TcAction[] {
    const { version } = this.#table;
    if (version !== this.#version) this.#actions = [...this.#table.inOrder()];
    this.#version = version;
    return this.#actions;
  }

  /** The tick before which use is too long ago. */
  #oldest(): number {
    const { machine } = this.#table;
    if (this.#wanted.msecs === 0) return 0;
    return jiffies(machine) - Math.ceil((this.#wanted.msecs * machine.config.HZ) / MSEC_PER_SEC);
  }

  /** Appends one action as position `at`; false when there is no room. */
  #writeAction(skb: MessageWriter, action: TcAction, at: number): boolean {
    updateHwStats(action);
    const before = skb.length;
    try {
      const nest = skb.nest(at);
      if ((this.#wanted.flags & TCA_ACT_FLAG_TERSE_DUMP) !== 0) tcfActionDumpTerse(skb, action, true);
      else tcfActionDump1(skb, action, 0);
      skb.nestEnd(nest);
      return true;
    } catch (thrown) {
      if (!(thrown instanceof WriterFull)) throw thrown;
      skb.trim(before);
      return false;
    }
  }
}

const full = new WriterFull('one message a datagram');

/** RTM_GETACTION, dump. @models net/sched/act_api.c tc_dump_action() */
export function* tcDumpAction(request: RtnlRequest): Iterable<DumpEntry> {
  const { msg, extack, machine, net } = request;
  if (!machine.has('tc-action-idr')) throw new ModelGap(`actions of ${machine.version}`);
  const start = NLMSG_HDRLEN + tcamsg.size;
  if (msg.length < start) refuse(extack, EINVAL, 'Invalid header length');
  const tb = parse(TCA_ROOT, msg, start, msg.length, NL_VALIDATE_LIBERAL, extack);
  const table = tcLookupAction(net, findDumpKind(tb.TAB));
  if (table === undefined) return;
  const walker = new Walker(table, { flags: tb.FLAGS?.value ?? 0, msecs: tb.TIME_DELTA ?? 0 });
  const entry: DumpEntry = (skb) => {
    if (skb.length > 0) throw full;
    walker.write(skb, request);
  };
  while (walker.more) yield entry;
}
