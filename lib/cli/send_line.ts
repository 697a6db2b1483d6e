// One line of `tcbox send --json`: what became of one frame, with the few fields that the table shows in front.
import { ModelGap } from '../linux/errno.js';
import type { Machine } from '../linux/machine.js';
import { verdictJson, type PacketVerdict } from '../linux/packets/verdict.js';
import { errnoName } from '../uapi/asm-generic/errno.js';

/** What is printed of a frame; docs are in the help of `tcbox send`. */
export interface SendLine {
  /** Counted from 1, in the order of sending. */
  frame?: number;
  readonly length: number;
  readonly device: string;
  readonly direction: 'transmit' | 'receive';
  readonly result: number;
  /** The errno of a result below zero. */
  readonly errno?: string;
  /** The class that the last filter chose. */
  readonly classid?: string;
  /** What the last filter said. */
  readonly action?: string;
  readonly path: PacketVerdict['path'];
  readonly destinations: readonly LineDestination[];
}

export interface LineDestination {
  readonly packet: number;
  readonly fate: string;
  readonly device: string;
  readonly why?: string;
  /** Of what waits or has waited. */
  readonly ticket?: number;
  /** The frame it comes from, where that was sent before. */
  of?: number;
  /** Hexadecimal digits. */
  frame?: string;
}

export function lineOf(verdict: PacketVerdict, length: number): SendLine {
  const filters = verdict.path.filter((step) => step.step === 'filter');
  const action = filters.findLast((step) => step.verdict !== undefined)?.verdict;
  const { result } = verdict;
  const { device, direction, path, classid, destinations } = verdictJson(verdict) as SendLine;
  return {
    length,
    device,
    direction,
    result,
    ...(result < 0 ? { errno: errnoName(-result) } : {}),
    ...(classid === undefined ? {} : { classid }),
    ...(action === undefined ? {} : { action }),
    path,
    destinations,
  };
}

/** Packets that left a queue later, when time had moved on. */
export interface LateLine {
  readonly late: true;
  readonly path: PacketVerdict['path'];
  readonly destinations: readonly LineDestination[];
}

/** A device that is not there, or something that is not modelled. */
export class SendError extends Error {}

function toldAs<T>(send: () => T): T {
  try {
    return send();
  } catch (error) {
    if (error instanceof ModelGap) throw new SendError(`not modelled: ${error.what}`);
    if (error instanceof RangeError) throw new SendError(error.message);
    throw error;
  }
}

/** Sends one frame into a machine. Throws a SendError. */
export function sendInto(machine: Machine, device: string, ingress: boolean, frame: Uint8Array): SendLine {
  return toldAs(() => {
    const port = machine.device(device);
    return lineOf(ingress ? port.receive(frame) : port.transmit(frame), frame.length);
  });
}

/** The same without following the frame; whether its result was 0. */
export function sendUntoldInto(machine: Machine, device: string, ingress: boolean, frame: Uint8Array): boolean {
  return toldAs(() => {
    const port = machine.device(device);
    return (ingress ? port.receiveAll([frame]) : port.transmitAll([frame])) === 1;
  });
}
