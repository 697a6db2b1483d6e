// What views and `transmit()` learn of a packet on its way. Nobody listening costs one comparison a step.
import type { BpfProg } from '../../../kernel/bpf/prog.js';
import type { NetDevice } from '../net_device.js';
import type { SkBuff } from '../skbuff/sk_buff.js';

/** One step of a packet's way, told while the packet is what it is then. */
export type PacketStep =
  | { readonly type: 'receive'; readonly dev: NetDevice; readonly skb: SkBuff }
  | { readonly type: 'transmit'; readonly dev: NetDevice; readonly skb: SkBuff }
  | { readonly type: 'tcx'; readonly skb: SkBuff; readonly prog: BpfProg; readonly verdict: number }
  | { readonly type: 'unhandled'; readonly dev: NetDevice; readonly skb: SkBuff }
  | { readonly type: 'drop'; readonly skb: SkBuff; readonly reason: string };

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

/** A program at a hook has judged. */
export function traceVerdict(skb: SkBuff, type: 'tcx', prog: BpfProg, verdict: number): void {
  const trace = traceOf(skb);
  if (trace !== undefined) trace({ type, skb, prog, verdict });
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
