// What views and `transmit()` learn of a packet on its way. Nobody listening costs one comparison a step. A step is told while
// the packet is what it is then; whoever listens changes nothing.
// @differs tracepoints and drop reasons of the kernel tell of other moments
import type { BpfProg } from '../../../kernel/bpf/prog.js';
import type { TcAction } from '../../sched/act_api/action.js';
import type { TcfProto } from '../../sched/cls_api/proto.js';
import type { Qdisc } from '../../sched/sch_generic.js';
import type { ClassicProg } from '../filter/classic.js';
import type { NetDevice } from '../net_device.js';
import type { SkBuff } from '../skbuff/sk_buff.js';

/** One step of a packet's way. */
export type PacketStep =
  | { readonly type: 'receive'; readonly dev: NetDevice; readonly skb: SkBuff }
  | { readonly type: 'transmit'; readonly dev: NetDevice; readonly skb: SkBuff }
  | { readonly type: 'hook'; readonly hook: Hook; readonly skb: SkBuff }
  | { readonly type: 'tcx'; readonly skb: SkBuff; readonly prog: BpfProg; readonly verdict: number }
  | {
      readonly type: 'program';
      readonly skb: SkBuff;
      readonly prog: BpfProg | ClassicProg;
      readonly by: ProgramUser;
      readonly result: number;
    }
  | { readonly type: 'match'; readonly skb: SkBuff; readonly tp: TcfProto; readonly handle: number }
  | { readonly type: 'filter'; readonly tp: TcfProto; readonly verdict: number; readonly classid: number }
  | { readonly type: 'action'; readonly skb: SkBuff; readonly action: TcAction }
  /** What the last action said that was told of; with TC_ACT_CONSUMED the packet is not there any more. */
  | { readonly type: 'acted'; readonly skb: SkBuff; readonly verdict: number }
  | { readonly type: 'verdict'; readonly hook: Hook; readonly skb: SkBuff; readonly verdict: number }
  | { readonly type: 'enqueue' | 'dequeue'; readonly skb: SkBuff; readonly qdisc: Qdisc }
  | { readonly type: 'deliver'; readonly dev: NetDevice; readonly skb: SkBuff }
  | { readonly type: 'unhandled'; readonly dev: NetDevice; readonly skb: SkBuff }
  | { readonly type: 'drop'; readonly skb: SkBuff; readonly reason: string };

export type Hook = 'ingress' | 'egress';
/** Who runs a program. */
export type ProgramUser = 'filter' | 'action';

export type PacketTrace = (step: PacketStep) => void;

const traceOf = (skb: SkBuff): PacketTrace | undefined => skb.dev?.net.machine.softnet.trace;

/** A packet has come in by its device. */
export function traceReceived(skb: SkBuff): void {
  const trace = traceOf(skb);
  if (trace !== undefined) trace({ type: 'receive', dev: skb.dev!, skb });
}

/** The driver of its device is given a packet. */
export function traceTransmitted(skb: SkBuff): void {
  const trace = traceOf(skb);
  if (trace !== undefined) trace({ type: 'transmit', dev: skb.dev!, skb });
}

/** A packet has come to a hook where somebody waits. */
export function traceHook(skb: SkBuff, hook: Hook): void {
  const trace = traceOf(skb);
  if (trace !== undefined) trace({ type: 'hook', hook, skb });
}

/** What the hook says of a packet that is still there. */
export function traceHookVerdict(skb: SkBuff, hook: Hook, verdict: number): void {
  const trace = traceOf(skb);
  if (trace !== undefined) trace({ type: 'verdict', hook, skb, verdict });
}

/** A program at a hook has judged. */
export function traceVerdict(skb: SkBuff, type: 'tcx', prog: BpfProg, verdict: number): void {
  const trace = traceOf(skb);
  if (trace !== undefined) trace({ type, skb, prog, verdict });
}

/** A program of a filter or an action has run. */
export function traceProgram(skb: SkBuff, by: ProgramUser, prog: BpfProg | ClassicProg, result: number): void {
  const trace = traceOf(skb);
  if (trace !== undefined) trace({ type: 'program', skb, prog, by, result });
}

/** A filter is the packet's; its actions come next. */
export function traceMatch(skb: SkBuff, tp: TcfProto, handle: number): void {
  const trace = traceOf(skb);
  if (trace !== undefined) trace({ type: 'match', skb, tp, handle });
}

/** The filters of a tcf_proto have said something other than TC_ACT_UNSPEC; the packet may be gone. */
export function traceFilter(tp: TcfProto, verdict: number, classid: number): void {
  const { trace } = tp.chain.block.net.machine.softnet;
  if (trace !== undefined) trace({ type: 'filter', tp, verdict, classid });
}

/** A qdisc is given a packet. */
export function traceEnqueue(skb: SkBuff, qdisc: Qdisc): void {
  const trace = traceOf(skb);
  if (trace !== undefined) trace({ type: 'enqueue', skb, qdisc });
}

/** The qdisc of a device lets a packet go that it kept. */
export function traceDequeue(skb: SkBuff, qdisc: Qdisc): void {
  const trace = traceOf(skb);
  if (trace !== undefined) trace({ type: 'dequeue', skb, qdisc });
}

/** Somebody who wants the protocol takes the packet. */
export function traceDelivered(skb: SkBuff): void {
  const trace = traceOf(skb);
  if (trace !== undefined) trace({ type: 'deliver', dev: skb.dev!, skb });
}

/** No protocol wants the packet. */
export function traceUnhandled(skb: SkBuff): void {
  const trace = traceOf(skb);
  if (trace !== undefined) trace({ type: 'unhandled', dev: skb.dev!, skb });
}

/** The packet is dropped, and why. */
export function traceDrop(skb: SkBuff, reason: string): void {
  const trace = traceOf(skb);
  if (trace !== undefined) trace({ type: 'drop', skb, reason });
}
