// net/sched/act_police.c: the policer, an action with one verdict for packets within a rate and another for those beyond.
// Filters may give it in an old way of their own (TCA_*_POLICE).
import { Bytes } from '../../../codec/bytes.js';
import type { Extack } from '../../../codec/extack.js';
import type { Nla } from '../../../codec/nla.js';
import { NL_VALIDATE_LIBERAL, parseNested } from '../../../codec/parse.js';
import { EINVAL, ENOMEM, EOPNOTSUPP } from '../../../uapi/asm-generic/errno.js';
import * as P from '../../../uapi/linux/pkt_cls.js';
import { TCA_POLICE, tc_police } from '../../../uapi/linux/pkt_cls.js';
import { tc_ratespec } from '../../../uapi/linux/pkt_sched.js';
import { errno, ModelGap, refuse } from '../../errno.js';
import { genNewEstimator } from '../core/gen_estimator.js';
import type { SkBuff } from '../core/skbuff/sk_buff.js';
import type { MessageWriter } from '../netlink/message.js';
import { type ActionInit, type ActionResult, TcAction, type TcActionOps } from './act_api/action.js';
import { putAligned, tcfTmDump } from './act_api/dump.js';
import { tcfActionUpdateBstats, tcfLastuseUpdate } from './act_api/exec.js';
import { tcfInitAction } from './act_api/idr.js';
import * as R from './psched_ratecfg.js';
import { qdiscPktLen } from './qdisc_run.js';
import { qdiscGetRtab } from './sch_api/rtab.js';

/** The struct of old programs ends before the counts. */
const COMPAT_SIZE = tc_police.offsetof.refcnt;
const NO_MTU = 0xffffffff;
const RATE_32_BITS = 1n << 32n;
/** PSCHED_SHIFT: nanoseconds of a scheduler tick, as a power of two. */
const PSCHED_SHIFT = 6n;

/** struct tcf_police_params */
interface Params {
  readonly result: number;
  readonly mtu: number;
  /** Scheduler ticks. */
  readonly burst: number;
  readonly ewmaRate: number;
  readonly rate: R.PschedRatecfg | undefined;
  readonly peak: R.PschedRatecfg | undefined;
  /** Packets a second, and ticks of their burst. */
  readonly packets: { readonly rate: bigint; readonly burst: bigint } | undefined;
  /** The same for packets, ns. */
  readonly limits: Limits;
}

/** Depths of the buckets, and what one packet takes out of the last, ns. */
interface Limits {
  readonly burst: number;
  readonly peakBurst: number;
  readonly packetBurst: number;
  readonly packetTime: number;
}

/** struct tcf_police */
class Police extends TcAction {
  params: Params | undefined;
  /** What was in the buckets at `checkpoint`, ns. */
  tokens = 0;
  peakTokens = 0;
  packetTokens = 0;
  checkpoint = 0;
}

function parseOptions({ options }: ActionInit) {
  if (options === undefined) throw errno(EINVAL);
  const tb = parseNested(TCA_POLICE, options, NL_VALIDATE_LIBERAL, undefined);
  const tbf = tb.$nla[TCA_POLICE.TBF.type];
  if (tbf === undefined) throw errno(EINVAL);
  if (tbf.len !== tc_police.size && tbf.len !== COMPAT_SIZE) throw errno(EINVAL);
  const whole = Bytes.zeroed(tc_police.size);
  whole.u8.set(tbf.bytes());
  return { tb, tbf, parm: tc_police.get(whole, 0) };
}
type Options = ReturnType<typeof parseOptions>;

/** The two rates of a policer. */
interface Rates {
  readonly rate: R.PschedRatecfg | undefined;
  readonly peak: R.PschedRatecfg | undefined;
}

/** The rate at offset `at` of the request; undefined for 0. Refuses (ENOMEM) one whose table makes no sense. */
function rateAt({ net }: ActionInit, { msg }: Nla, at: number, table: Nla | undefined, rate64 = 0n) {
  if (tc_ratespec.get(msg, at).rate === 0) return undefined;
  const config = R.pschedRatecfgPrecompute(net.machine, msg, at, rate64);
  if (!qdiscGetRtab(msg, at, table, undefined)) throw errno(ENOMEM);
  return config;
}

function ratesOf(init: ActionInit, { tb, tbf }: Options): Rates {
  const { rate: rateAtTbf, peakrate } = tc_police.offsetof;
  const rate = rateAt(init, tbf, tbf.start + rateAtTbf, tb.$nla[TCA_POLICE.RATE.type], tb.RATE64);
  if (rate === undefined) return { rate, peak: undefined };
  const table = tb.$nla[TCA_POLICE.PEAKRATE.type];
  return { rate, peak: rateAt(init, tbf, tbf.start + peakrate, table, tb.PEAKRATE64) };
}

function setEstimator({ est }: ActionInit, { tb }: Options, police: Police): void {
  if (est !== undefined) police.rateEst = genNewEstimator(police.table.machine, police.bstats, police.rateEst, est);
  else if (tb.AVRATE !== undefined && police.rateEst === undefined) throw errno(EINVAL);
}

function checkResult({ extack }: ActionInit, { tb }: Options, { rate }: Rates): void {
  if (P.TC_ACT_EXT_CMP(tb.RESULT ?? 0, P.TC_ACT_GOTO_CHAIN))
    refuse(extack, EINVAL, 'goto chain not allowed on fallback');
  if ((tb.PKTRATE64 === undefined) !== (tb.PKTBURST64 === undefined))
    refuse(extack, EINVAL, 'Both or neither packet-per-second burst and rate must be provided');
  if (tb.PKTRATE64 !== undefined && rate !== undefined)
    refuse(extack, EINVAL, 'packet-per-second and byte-per-second rate limits not allowed in same action');
}

/** Ticks as they come back from nanoseconds of 64 bits. */
const burstTicks = (ticks: bigint): bigint =>
  BigInt.asUintN(64, BigInt.asIntN(64, ticks << PSCHED_SHIFT) >> PSCHED_SHIFT);

/** The greatest packet of a rate that names none: what its table covers. */
function mtuOf({ parm, tbf }: Options, { rate }: Rates): number {
  if (parm.mtu !== 0) return parm.mtu;
  if (rate === undefined) return NO_MTU;
  const { cell_log } = tc_ratespec.get(tbf.msg, tbf.start + tc_police.offsetof.rate);
  return (255 << cell_log) >>> 0;
}

function limitsOf({ tb, parm }: Options, { peak }: Rates, mtu: number): Limits {
  const { PKTRATE64, PKTBURST64 } = tb;
  return {
    burst: Number(R.pschedTicksToNs(parm.burst)),
    peakBurst: peak === undefined ? 0 : Number(BigInt.asIntN(64, R.pschedL2tNs(peak, mtu))),
    packetBurst: PKTBURST64 === undefined ? 0 : Number(BigInt.asIntN(64, PKTBURST64 << PSCHED_SHIFT)),
    packetTime: PKTRATE64 === undefined ? 0 : R.pschedUnitNs(PKTRATE64),
  };
}

function paramsOf(options: Options, rates: Rates): Params {
  const { tb, parm } = options;
  const mtu = mtuOf(options, rates);
  return {
    ...rates,
    mtu,
    result: (tb.RESULT ?? P.TC_ACT_OK) | 0,
    burst: parm.burst,
    ewmaRate: tb.AVRATE ?? 0,
    packets: tb.PKTRATE64 === undefined ? undefined : { rate: tb.PKTRATE64, burst: burstTicks(tb.PKTBURST64!) },
    limits: limitsOf(options, rates, mtu),
  };
}

/** The buckets of bytes are full; that of packets is as it was. */
function fill(police: Police, { limits, peak }: Params): void {
  police.checkpoint = police.table.machine.clock.now();
  police.tokens = limits.burst;
  if (peak !== undefined) police.peakTokens = limits.peakBurst;
}

/** @models net/sched/act_police.c tcf_police_init() */
function init(request: ActionInit): ActionResult {
  const options = parseOptions(request);
  return tcfInitAction<Police>(request, 'police', {
    index: options.parm.index,
    verdict: options.parm.action,
    make: (fresh) => new Police(fresh),
    ownEstimator: true,
    configure: (police) => {
      const rates = ratesOf(request, options);
      setEstimator(request, options, police);
      checkResult(request, options, rates);
      police.params = paramsOf(options, rates);
      fill(police, police.params);
    },
  });
}

/** @models net/sched/act_police.c tcf_police_mtu_check() */
function fits(skb: SkBuff, mtu: number): boolean {
  if (skb.isGso) throw new ModelGap('policed segments of one large packet');
  return qdiscPktLen(skb) + (skb.atIngress ? skb.macLen : 0) <= mtu;
}

/** Takes a packet out of the buckets; false, and nothing is taken, when one has too little. */
function take(police: Police, { limits, rate, peak, packets }: Params, length: number): boolean {
  const now = police.table.machine.clock.now();
  const past = now - police.checkpoint;
  const gained = Math.min(past, limits.burst);
  const peakTokens =
    peak === undefined ? 0 : Math.min(gained + police.peakTokens, limits.peakBurst) - R.pschedPacketNs(peak, length);
  let tokens = gained;
  let packetTokens = 0;
  if (rate !== undefined) tokens = Math.min(gained + police.tokens, limits.burst) - R.pschedPacketNs(rate, length);
  else if (packets !== undefined)
    packetTokens =
      Math.min(Math.min(past, limits.packetBurst) + police.packetTokens, limits.packetBurst) - limits.packetTime;
  if (tokens < 0 || peakTokens < 0 || packetTokens < 0) return false;
  police.checkpoint = now;
  police.tokens = tokens;
  police.peakTokens = peakTokens;
  police.packetTokens = packetTokens;
  return true;
}

/** Whether the packet is within all limits. */
function conforms(police: Police, params: Params, skb: SkBuff): boolean {
  if (params.ewmaRate !== 0 && (police.rateEst === undefined || police.rateEst.bps >= params.ewmaRate)) return false;
  if (!fits(skb, params.mtu)) return false;
  if (params.rate === undefined && params.packets === undefined) return true;
  return take(police, params, qdiscPktLen(skb));
}

/** @models net/sched/act_police.c tcf_police_act() */
function act(police: Police, skb: SkBuff): number {
  const params = police.params!;
  const limited = params.rate !== undefined || params.packets !== undefined;
  tcfLastuseUpdate(police);
  tcfActionUpdateBstats(police, skb);
  const conforming = conforms(police, params, skb);
  const verdict = conforming ? params.result : police.action;
  if (!conforming) police.qstats.overlimits++;
  if (verdict === P.TC_ACT_SHOT && (limited || !conforming)) police.qstats.drops++;
  return verdict;
}

const shown = (rate: R.PschedRatecfg | undefined): Uint8Array =>
  rate === undefined ? tc_ratespec.bytes({}) : R.pschedRatecfgGetrate(rate);

function putU64(skb: MessageWriter, action: TcAction, type: number, value: bigint): void {
  const bytes = Bytes.zeroed(8);
  bytes.view.setBigUint64(0, value, true);
  putAligned(skb, action.table.padded, type, TCA_POLICE.PAD.type, bytes.u8);
}

function putWideRates(skb: MessageWriter, action: TcAction, { rate, peak, packets }: Params): void {
  if (rate !== undefined && rate.rateBytesPs >= RATE_32_BITS)
    putU64(skb, action, TCA_POLICE.RATE64.type, rate.rateBytesPs);
  if (peak !== undefined && peak.rateBytesPs >= RATE_32_BITS)
    putU64(skb, action, TCA_POLICE.PEAKRATE64.type, peak.rateBytesPs);
  if (packets === undefined) return;
  putU64(skb, action, TCA_POLICE.PKTRATE64.type, packets.rate);
  putU64(skb, action, TCA_POLICE.PKTBURST64.type, packets.burst);
}

/** @models net/sched/act_police.c tcf_police_dump() */
function dump(action: Police, skb: MessageWriter, ref: number): void {
  const { index, refcount, bindcnt, action: verdict } = action;
  const params = action.params!;
  const { burst, mtu, rate, peak, result, ewmaRate } = params;
  putWideRates(skb, action, params);
  const counts = { refcnt: refcount - ref, bindcnt, capab: 0 };
  const rates = { rate: shown(rate), peakrate: shown(peak) };
  skb.putRaw(TCA_POLICE.TBF.type, tc_police.bytes({ index, action: verdict, burst, mtu, ...rates, ...counts }));
  if (result !== 0) skb.put(TCA_POLICE.RESULT, result >>> 0);
  if (ewmaRate !== 0) skb.put(TCA_POLICE.AVRATE, ewmaRate);
  tcfTmDump(skb, action, TCA_POLICE.TM.type, TCA_POLICE.PAD.type);
}

/** Verdicts that hardware has a word for, beside jumps and chains. */
const plainVerdicts: readonly number[] = [P.TC_ACT_OK, P.TC_ACT_SHOT, P.TC_ACT_PIPE, P.TC_ACT_UNSPEC];

/** Refuses verdicts that hardware has no word for. @models net/sched/act_police.c tcf_police_act_to_flow_act() */
function checkFlowAct(verdict: number, extack: Extack): void {
  const opcode = P.TC_ACT_EXT_OPCODE(verdict);
  if (opcode === P.TC_ACT_GOTO_CHAIN || opcode === P.TC_ACT_JUMP || plainVerdicts.includes(verdict)) return;
  if (verdict === P.TC_ACT_RECLASSIFY)
    refuse(extack, EOPNOTSUPP, 'Offload not supported when conform/exceed action is "reclassify"');
  refuse(extack, EOPNOTSUPP, 'Unsupported conform/exceed action offload');
}

export const actPoliceOps: TcActionOps = {
  kind: 'police',
  init,
  act,
  dump,
  offloadable: () => true,
  offloadSetup: (action: Police, extack) => {
    checkFlowAct(action.action, extack);
    checkFlowAct(action.params!.result, extack);
  },
};
