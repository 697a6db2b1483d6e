// Frames that leave v0 in virtual time: each has a number, by which it is known when it arrives at v1, and the moment is
// noted. Counters are read as `tc -s` reads them.
import { expect } from 'chai';
import type { Machine, MachineOptions } from '../../../../../lib/linux/machine.js';
import { gnet_stats_basic, gnet_stats_queue, TCA_STATS } from '../../../../../lib/uapi/linux/gen_stats.js';
import { NLM_F_ECHO } from '../../../../../lib/uapi/linux/netlink.js';
import { TC_H_ROOT } from '../../../../../lib/uapi/linux/pkt_sched.js';
import * as R from '../../../../../lib/uapi/linux/rtnetlink.js';
import type { FrameOptions } from '../../../../../lib/linux/packets/port.js';
import { ADD, Bed, type Fields, kind, V0 } from '../bed.js';
import { attributes, openTc } from '../shaping.js';

const V1 = 2;
/** Where a frame has its number: behind a link header of a protocol nobody has. */
const NUMBER = 14;
export const LEAST = 18;
/** Where the qdisc under test is. */
export const ROOT: Fields = { parent: TC_H_ROOT, handle: 0x10000 };

export interface Arrival {
  readonly number: number;
  readonly length: number;
  /** ns of the machine's clock. */
  readonly at: number;
}

export interface Counters {
  readonly bytes: number;
  readonly packets: number;
  readonly qlen: number;
  readonly backlog: number;
  readonly drops: number;
  readonly requeues: number;
  readonly overlimits: number;
}

/** Numbers from 0 on below `below`, the same ones every time. */
export function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

export class Traffic {
  readonly bed: Bed;
  readonly machine: Machine;
  readonly arrivals: Arrival[] = [];
  #sent = 0;

  constructor(options: MachineOptions = {}) {
    this.bed = new Bed(options);
    this.machine = this.bed.machine;
    for (const ifi_index of [V0, V1]) {
      const body = R.ifinfomsg.bytes({ ifi_index, ifi_flags: 1, ifi_change: 1 });
      expect(this.bed.client.errnoOf(R.RTM_NEWLINK, 0, body)).to.equal(0);
    }
    this.bed.settle();
    this.machine.device('v1').onReceive((frame) => {
      const number = new DataView(frame.buffer, frame.byteOffset).getUint32(NUMBER);
      this.arrivals.push({ number, length: frame.length, at: this.now });
    });
  }

  get now(): number {
    return this.machine.clock.now();
  }

  /** A request that is accepted. */
  request(type: number, fields: Fields, name: string, ...more: Uint8Array[]): void {
    const { errno, text } = this.bed.tc(type, ADD, fields, kind(name), ...more);
    expect(errno, text).to.equal(0);
  }

  qdisc(name: string, fields: Fields = ROOT, ...options: Uint8Array[]): void {
    this.request(R.RTM_NEWQDISC, fields, name, ...options);
  }

  /** Sends frame number 0, 1, …; NET_XMIT_* or a negative errno. */
  send(
    length: number,
    options: FrameOptions = {},
    bytes: readonly (readonly [at: number, value: number])[] = [],
  ): number {
    const frame = new Uint8Array(length);
    frame.set([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xb5]);
    new DataView(frame.buffer).setUint32(NUMBER, this.#sent++);
    for (const [at, value] of bytes) frame[at] = value;
    return this.machine.device('v0').transmit(frame, options).result;
  }

  advance(ns: number): void {
    this.machine.advance(ns);
  }

  /** Moves time on to `ns`. */
  until(ns: number): void {
    this.machine.advance(ns - this.now);
  }

  /** Numbers of the frames that have arrived since the last call. */
  take(): number[] {
    return this.arrivals.splice(0).map(({ number }) => number);
  }

  #stats(type: number, fields: Fields) {
    const [answer] = this.bed.client.request(type, NLM_F_ECHO | 4, this.bed.body(fields, []));
    return attributes(openTc(answer!).tca.get(R.TCA.STATS2.type)!);
  }

  #counters(type: number, fields: Fields): Counters {
    const stats = this.#stats(type, fields);
    const { bytes, packets } = gnet_stats_basic.get(stats.get(TCA_STATS.BASIC.type)!, 0);
    const queue = gnet_stats_queue.get(stats.get(TCA_STATS.QUEUE.type)!, 0);
    return { bytes: Number(bytes), packets, ...queue };
  }

  /** Counters of a qdisc, by its handle. */
  counters(handle = ROOT.handle!, ifindex = V0): Counters {
    return this.#counters(R.RTM_GETQDISC, { ifindex, handle });
  }

  classCounters(handle: number): Counters {
    return this.#counters(R.RTM_GETTCLASS, { handle });
  }

  /** The block of statistics that only the kind has. */
  app(handle = ROOT.handle!) {
    return this.#stats(R.RTM_GETQDISC, { handle }).get(TCA_STATS.APP.type)!;
  }

  classApp(handle: number) {
    return this.#stats(R.RTM_GETTCLASS, { handle }).get(TCA_STATS.APP.type)!;
  }

  /** Nothing of a packet is left over. */
  close(): void {
    expect(this.machine.softnet.skbs.inUse, 'packets that are left').to.equal(0);
  }
}
