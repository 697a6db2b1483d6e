// What `transmit()` and `receive()` say became of a frame. Plain data: everything but `frame` is as JSON shows it, and frames
// become hexadecimal digits there.
import { toHex } from '../../codec/bytes.js';
import * as A from '../../uapi/linux/pkt_cls.js';

/** Bytes of a frame that a step has changed. */
export type FrameChange =
  /** The same bytes elsewhere, or others in their place. */
  { readonly at: number; readonly before: string; readonly after: string };

/** The program that ran. */
export interface ProgramShown {
  readonly kind: 'ebpf' | 'classic';
  /** Of eBPF programs. */
  readonly id?: number;
  readonly name?: string;
  readonly tag?: string;
  /** Of classic programs, which have neither. */
  readonly insns?: number;
}

interface Step {
  /** Which packet: 0 is the one that was sent, others are copies of it, or waited in a queue before. */
  readonly packet: number;
  /** What the step, or what came since the one before, has done to the frame. */
  changed?: readonly FrameChange[];
}

export type PathStep = Step &
  (
    | { readonly step: 'receive' | 'transmit' | 'deliver' | 'unhandled'; readonly device: string }
    | { readonly step: 'hook'; readonly hook: 'ingress' | 'egress'; readonly device: string }
    | {
        readonly step: 'program';
        readonly by: 'tcx' | 'filter' | 'action';
        readonly program: ProgramShown;
        /** What it returned, 32 bits, signed. */
        readonly result: number;
      }
    | {
        readonly step: 'filter';
        readonly kind: string;
        readonly pref: number;
        readonly chain: number;
        readonly handle: string;
        /** Undefined: the packet goes on to the next filter. */
        verdict?: string;
        /** As `1:10`. */
        classid?: string;
      }
    | { readonly step: 'action'; readonly kind: string; readonly index: number; verdict?: string }
    | { readonly step: 'verdict'; readonly hook: 'ingress' | 'egress'; readonly verdict: string }
    | {
        /** Given to a qdisc; let go by the qdisc of the device. Nothing is let go where nothing had to wait. */
        readonly step: 'enqueue' | 'dequeue';
        readonly device: string;
        readonly qdisc: string;
        readonly handle: string;
        /** Nanoseconds since the machine booted. */
        readonly time: number;
      }
    | { readonly step: 'drop'; readonly reason: string }
  );

/** Where a packet is at the end. */
export interface Destination {
  readonly packet: number;
  /**
   * `sent`: it left by a device that leads nowhere. `received`: it came to the protocols of a device. `queued`: it waits.
   * `taken`: a filter or an action kept it (TC_ACT_STOLEN and the like). `dropped`.
   */
  readonly fate: 'sent' | 'received' | 'queued' | 'taken' | 'dropped';
  readonly device: string;
  /** Why it was dropped, as the kernel names it; the verdict that took it; the qdisc it waits in. */
  readonly why?: string;
  /** Of a packet that waits or has waited: who follows it when it goes on is told the same number. */
  readonly ticket?: number;
  /** The frame at the end, a tag beside it put back into it. */
  readonly frame: Uint8Array;
}

/** What moved while time went on, or something else was done. */
export interface PacketsFollowed {
  readonly path: readonly PathStep[];
  readonly destinations: readonly Destination[];
}

export interface PacketVerdict extends PacketsFollowed {
  readonly device: string;
  readonly direction: 'transmit' | 'receive';
  /** NET_XMIT_* or NET_RX_*, or a negative errno. */
  readonly result: number;
  /** The class that the last filter chose. */
  readonly classid?: string;
}

/** include/net/pkt_sched.h: somebody has taken the packet. */
const TC_ACT_CONSUMED = A.TC_ACT_VALUE_MAX + 1;

const verdictNames: Readonly<Record<number, string>> = {
  [A.TC_ACT_UNSPEC]: 'TC_ACT_UNSPEC',
  [A.TC_ACT_OK]: 'TC_ACT_OK',
  [A.TC_ACT_RECLASSIFY]: 'TC_ACT_RECLASSIFY',
  [A.TC_ACT_SHOT]: 'TC_ACT_SHOT',
  [A.TC_ACT_PIPE]: 'TC_ACT_PIPE',
  [A.TC_ACT_STOLEN]: 'TC_ACT_STOLEN',
  [A.TC_ACT_QUEUED]: 'TC_ACT_QUEUED',
  [A.TC_ACT_REPEAT]: 'TC_ACT_REPEAT',
  [A.TC_ACT_REDIRECT]: 'TC_ACT_REDIRECT',
  [A.TC_ACT_TRAP]: 'TC_ACT_TRAP',
  [TC_ACT_CONSUMED]: 'TC_ACT_CONSUMED',
};

/** A verdict by its name; what has none is a number. */
export function verdictName(verdict: number): string {
  const value = verdict & A.TC_ACT_EXT_VAL_MASK;
  if (verdict > 0 && A.TC_ACT_EXT_CMP(verdict, A.TC_ACT_JUMP)) return `TC_ACT_JUMP ${value}`;
  if (verdict > 0 && A.TC_ACT_EXT_CMP(verdict, A.TC_ACT_GOTO_CHAIN)) return `TC_ACT_GOTO_CHAIN ${value}`;
  return verdictNames[verdict] ?? String(verdict);
}

/** A class or the handle of a qdisc as tc writes it. */
export const handleText = (handle: number): string =>
  `${(handle >>> 16).toString(16)}:${(handle & 0xffff) === 0 ? '' : (handle & 0xffff).toString(16)}`;

/** For JSON.stringify(): frames as hexadecimal digits. */
export const verdictJson = (verdict: PacketVerdict): object => ({
  ...verdict,
  destinations: verdict.destinations.map((destination) => ({ ...destination, frame: toHex(destination.frame) })),
});
