// net/sched/act_api.c, the part dump: how one action, a list of them and a whole RTM_*ACTION message look.
import { nlaAlign, NLA_HDRLEN } from '../../../../codec/nla.js';
import { TCA_ACT, TCA_ACT_HW_STATS_ANY, tcf_t } from '../../../../uapi/linux/pkt_cls.js';
import { NLMSG_HDRLEN } from '../../../../uapi/linux/netlink.js';
import { TCA, TCA_ROOT, tcamsg } from '../../../../uapi/linux/rtnetlink.js';
import { GnetDump, type StatsAttributes } from '../../core/gen_stats.js';
import type { RtnlRequest } from '../../core/rtnetlink.js';
import { MessageWriter, NLMSG_GOODSIZE } from '../../netlink/message.js';
import { jiffies, type TcAction } from './action.js';

/** Ticks of a second as user programs count them. */
const USER_HZ = 100;
/** Bytes of a struct skb_shared_info, which every buffer ends in. */
const SHARED_INFO = 320;

const actionStats: StatsAttributes = { stats2: TCA_ACT.STATS.type, stats: 0, xstats: 0, pad: TCA_ACT.PAD.type };
const compatStats: StatsAttributes = {
  stats2: 0,
  stats: TCA.STATS.type,
  xstats: TCA.XSTATS.type,
  pad: TCA.PAD.type,
};

/**
 * Counters: as blocks within the action, or (`compat`, for policers of the old kind alone) as the old struct beside it.
 *
 * @models net/sched/act_api.c tcf_action_copy_stats()
 */
export function tcfActionCopyStats(skb: MessageWriter, action: TcAction, compat: boolean): void {
  if (compat && !action.oldCompat) return;
  const padded = action.table.padded;
  const d = new GnetDump(skb, compat ? compatStats : actionStats, padded);
  d.copyBasic(action.bstats);
  d.copyBasicHw(action.bstatsHw);
  d.copyRateEst(action.rateEst);
  d.copyQueue(action.qstats);
  d.finish();
}

/**
 * Kind, counters and cookie; a dump of actions shows the index as well.
 *
 * @models net/sched/act_api.c tcf_action_dump_terse()
 */
export function tcfActionDumpTerse(skb: MessageWriter, action: TcAction, fromAct: boolean): void {
  skb.put(TCA_ACT.KIND, action.table.ops.kind);
  tcfActionCopyStats(skb, action, false);
  if (fromAct) skb.put(TCA_ACT.INDEX, action.index);
  if (action.cookie !== undefined) skb.putRaw(TCA_ACT.COOKIE.type, action.cookie);
}

function putBits(skb: MessageWriter, type: number, value: number, selector: number): void {
  const at = skb.reserveAttr(type, 8);
  skb.buffer.view.setUint32(at, value, true);
  skb.buffer.view.setUint32(at + 4, selector, true);
}

/**
 * Everything about one action; counts are shown less `ref` references.
 *
 * @models net/sched/act_api.c tcf_action_dump_1()
 */
export function tcfActionDump1(skb: MessageWriter, action: TcAction, ref: number): void {
  tcfActionDumpTerse(skb, action, false);
  if (action.hwStats !== TCA_ACT_HW_STATS_ANY)
    putBits(skb, TCA_ACT.HW_STATS.type, action.hwStats, TCA_ACT_HW_STATS_ANY);
  if (action.usedHwStatsValid) putBits(skb, TCA_ACT.USED_HW_STATS.type, 0, TCA_ACT_HW_STATS_ANY);
  const { value, selector } = action.userFlags;
  if (value !== 0) putBits(skb, TCA_ACT.FLAGS.type, value, selector);
  skb.put(TCA_ACT.IN_HW_COUNT, 0);
  const nest = skb.nest(TCA_ACT.OPTIONS.type);
  action.table.ops.dump(action, skb, ref);
  skb.nestEnd(nest);
}

/** A list of actions, numbered from 1. @models net/sched/act_api.c tcf_action_dump() */
export function tcfActionDump(skb: MessageWriter, actions: readonly TcAction[], ref: number, terse: boolean): void {
  for (const [i, action] of actions.entries()) {
    const nest = skb.nest(i + 1);
    if (terse) tcfActionDumpTerse(skb, action, false);
    else tcfActionDump1(skb, action, ref);
    skb.nestEnd(nest);
  }
}

/**
 * Appends `attribute` with 64-bit members, after an empty `pad` where the machine wants them aligned.
 *
 * @models include/net/netlink.h nla_put_64bit()
 */
export function putAligned(skb: MessageWriter, padded: boolean, type: number, pad: number, payload: Uint8Array): void {
  if (padded && skb.length % 8 === 0) skb.reserveAttr(pad, 0);
  skb.putRaw(type, payload);
}

/** The times of an action in user ticks, as the attributes of its kind. @models include/net/act_api.h tcf_tm_dump() */
export function tcfTmDump(skb: MessageWriter, action: TcAction, type: number, pad: number): void {
  const { machine, padded } = action.table;
  const now = jiffies(machine);
  const ticks = (since: number): bigint => BigInt(Math.floor(((now - since) * USER_HZ) / machine.config.HZ));
  const tm = {
    install: ticks(action.install),
    lastuse: ticks(action.lastuse),
    expires: 0n,
    firstuse: action.firstuse === 0 ? 0n : ticks(action.firstuse),
  };
  putAligned(skb, padded, type, pad, tcf_t.bytes(tm));
}

const attrSize = (payload: number): number => NLA_HDRLEN + nlaAlign(payload);

/** Bytes an action is reckoned with beside its options: every attribute there may be. */
function sharedAttrsSize({ cookie }: TcAction): number {
  const basic = 2 * attrSize(16);
  const rest = attrSize(8) + attrSize(16) + attrSize(20) + attrSize(0) + attrSize(32);
  const bits = 3 * attrSize(8) + attrSize(4);
  return (
    attrSize(0) +
    attrSize(16) +
    (cookie === undefined ? 0 : attrSize(cookie.length)) +
    bits +
    attrSize(0) +
    basic +
    rest
  );
}

/** Room of the buffer for a message about `actions`: memory comes in powers of two. */
function roomFor(actions: readonly TcAction[]): number {
  let size = NLMSG_HDRLEN + tcamsg.size + attrSize(0);
  for (const action of actions) size += sharedAttrsSize(action) + (action.table.ops.fillSize?.(action) ?? 0);
  let room = NLMSG_GOODSIZE + SHARED_INFO;
  while (room - SHARED_INFO < size) room *= 2;
  return room - SHARED_INFO;
}

/** What a message says beside its actions. */
export interface ActionEvent {
  readonly type: number;
  readonly flags: number;
  /** References of the request, which are not shown. */
  readonly ref: number;
  /** Repeats the warning of the request. */
  readonly warn: boolean;
}

/**
 * One RTM_*ACTION message. Throws WriterFull when it has no room.
 *
 * @models net/sched/act_api.c tca_get_fill()
 */
export function tcaGetFill(request: RtnlRequest, actions: readonly TcAction[], event: ActionEvent): Uint8Array {
  const skb = new MessageWriter(roomFor(actions));
  const start = skb.begin(event.type, event.flags, request.seq, request.portid, tcamsg.size);
  const { msg } = request.extack;
  if (event.warn && msg !== undefined && request.machine.has('tc-ext-warn-msg')) skb.put(TCA_ROOT.EXT_WARN_MSG, msg);
  const tab = skb.nest(TCA_ROOT.TAB.type);
  tcfActionDump(skb, actions, event.ref, false);
  skb.nestEnd(tab);
  skb.end(start);
  return skb.take();
}
