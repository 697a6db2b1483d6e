// htb in virtual time: a class alone to the nanosecond, by the formulas of its two buckets; classes that lend and borrow by
// the rates and quanta that they were promised; packets of no class.
import { expect } from 'chai';
import * as P from '../../../../../lib/uapi/linux/pkt_sched.js';
import { RTM_NEWTCLASS } from '../../../../../lib/uapi/linux/rtnetlink.js';
import { attr } from '../bed.js';
import { htb, htbClass, rateOf, tbf } from '../shaping.js';
import { lasting, type Lasting, TICK } from './rates.js';
import { type Arrival, dice, LEAST, ROOT, Traffic } from './traffic.js';

const PACKETS = 600;
const SECOND = 1e9;
const HANDLE = ROOT.handle!;
/** A packet of the shares' comparison. */
const LENGTH = 1000;

/** A bucket that pays as long as it owes nothing, and may owe then. */
class Debt {
  readonly #depth: number;
  readonly #lasting: Lasting;
  tokens: number;

  constructor(depth: number, lasts: Lasting) {
    this.#depth = depth;
    this.#lasting = lasts;
    this.tokens = depth;
  }

  pay(passed: number, bytes: number): void {
    this.tokens = Math.min(this.tokens + passed, this.#depth) - this.#lasting(bytes);
  }
}

/** When the packets of one class leave, and how often it is stopped by its ceiling. */
function alone(rate: Debt, ceil: Debt, start: number, packets: readonly Arrival[]) {
  const left: Arrival[] = [];
  let [paid, free, overlimits, stopped] = [start, start, 0, false];
  for (const packet of packets) {
    if (packet.at > paid && paid - ceil.tokens <= packet.at) stopped = false;
    const at = Math.max(packet.at, free);
    const passed = at - paid;
    if (ceil.tokens + passed >= 0) stopped = false;
    rate.pay(passed, packet.length);
    ceil.pay(passed, packet.length);
    paid = at;
    left.push({ ...packet, at });
    free = at + Math.max(0, -rate.tokens, -ceil.tokens);
    if (ceil.tokens < 0 && !stopped) overlimits++;
    stopped = ceil.tokens < 0;
  }
  return { left, overlimits };
}

const ticks = (bytes: number, rate: number): number => Math.ceil((bytes * SECOND) / rate / TICK);

describe('net/sched/sch_htb: packets', () => {
  let traffic: Traffic;
  beforeEach(() => {
    traffic = new Traffic();
  });
  afterEach(() => {
    traffic.close();
  });

  interface Class {
    readonly rate: number;
    readonly ceil?: number;
    readonly burst?: number;
    readonly cburst?: number;
    readonly quantum?: number;
    readonly prio?: number;
    readonly parent?: number;
  }

  const add = (minor: number, { rate, ceil = rate, burst = 1600, cburst = 1600, ...more }: Class): void => {
    const { quantum = LENGTH, prio = 0, parent = 0 } = more;
    const [buffer, cbuffer] = [ticks(burst, rate), ticks(cburst, ceil)];
    const options = htbClass({ rate: rateOf(rate), ceil: rateOf(ceil), buffer, cbuffer, quantum, prio });
    traffic.request(RTM_NEWTCLASS, { handle: HANDLE | minor, parent: HANDLE | parent }, 'htb', options);
  };
  /** lends, borrows, giants, tokens and ctokens, and the counters of a class. */
  const stats = (minor: number) => ({
    ...traffic.classCounters(HANDLE | minor),
    ...P.tc_htb_xstats.get(traffic.classApp(HANDLE | minor), 0),
  });

  for (const [rate, ceil, burst, cburst] of [
    [125_000, 125_000, 3000, 3000],
    [125_000, 125_000, 1600, 9000],
    [100_000, 1_000_000, 20_000, 2000],
    [1_000_003, 1_500_007, 1600, 1600],
  ] as const)
    it(`lets a class send ${rate} bytes a second, below ${ceil}, bursts of ${burst} and ${cburst}`, () => {
      traffic.qdisc('htb', ROOT, htb({ defcls: 1 }));
      add(1, { rate, ceil, burst, cburst });
      const roll = dice(burst);
      const first = new Debt(ticks(burst, rate) * TICK, lasting(rate));
      const second = new Debt(ticks(cburst, ceil) * TICK, lasting(ceil));
      const start = traffic.now;
      const sent: Arrival[] = [];
      for (let number = 0; number < PACKETS; number++) {
        traffic.advance(roll(Math.ceil((1200 * SECOND) / rate)));
        const length = LEAST + roll(1490);
        sent.push({ number, length, at: traffic.now });
        expect(traffic.send(length)).to.equal(0);
      }
      traffic.advance(100 * SECOND);
      const { left, overlimits } = alone(first, second, start, sent);
      expect(traffic.arrivals).to.deep.equal(left);
      const bytes = sent.reduce((sum, { length }) => sum + length, 0);
      const rest = { bytes, packets: PACKETS, qlen: 0, backlog: 0, drops: 0, requeues: 0 };
      expect(traffic.counters()).to.deep.equal({ ...rest, overlimits });
      expect(stats(1)).to.include({ ...rest, overlimits, lends: PACKETS, borrows: 0, giants: 0 });
      expect(left.filter(({ at }, i) => at > sent[i]!.at).length, 'some wait').to.be.above(PACKETS / 10);
    });

  /** How many of the packets that wait in each class leave in `seconds`; `count` were there. */
  const shares = (minors: readonly number[], seconds: number, count: number): number[] => {
    for (let i = 0; i < count; i++) for (const minor of minors) traffic.send(LENGTH, { priority: HANDLE | minor });
    const before = minors.map((minor) => stats(minor).packets);
    traffic.advance(seconds * SECOND);
    return minors.map((minor, i) => stats(minor).packets - before[i]!);
  };
  const drain = (): void => {
    traffic.advance(1000 * SECOND);
    expect(traffic.counters()).to.include({ qlen: 0, backlog: 0 });
  };

  it('gives each its rate, and divides what is left by quanta', () => {
    traffic.qdisc('htb', ROOT, htb());
    add(9, { rate: 100_000 });
    add(1, { rate: 20_000, ceil: 100_000, parent: 9, quantum: 1000 });
    add(2, { rate: 40_000, ceil: 100_000, parent: 9, quantum: 3000 });
    const [first, second] = shares([1, 2], 5, 450);
    expect(first, '20 + 40 / 4 a second').to.be.closeTo(5 * 30, 4);
    expect(second, '40 + 40 * 3 / 4 a second').to.be.closeTo(5 * 70, 6);
    for (const minor of [1, 2]) {
      const { lends, borrows, packets } = stats(minor);
      expect(lends + borrows, `class ${minor}`).to.equal(packets);
      expect(lends).to.be.closeTo(5 * (minor === 1 ? 20 : 40), 5);
    }
    const { borrows: one } = stats(1);
    const { borrows: other } = stats(2);
    expect(stats(9)).to.include({ lends: one + other, borrows: 0, packets: stats(1).packets + stats(2).packets });
    drain();
  });

  it('gives what is left to the first priority', () => {
    traffic.qdisc('htb', ROOT, htb());
    add(9, { rate: 100_000 });
    add(1, { rate: 10_000, ceil: 100_000, parent: 9, prio: 3 });
    add(2, { rate: 10_000, ceil: 100_000, parent: 9, prio: 1 });
    const [first, second] = shares([1, 2], 5, 460);
    expect(first).to.be.closeTo(5 * 10, 3);
    expect(second).to.be.closeTo(5 * 90, 5);
    drain();
  });

  it('lets none above its ceiling, and what it leaves to the other', () => {
    traffic.qdisc('htb', ROOT, htb());
    add(9, { rate: 100_000 });
    add(1, { rate: 10_000, ceil: 30_000, parent: 9 });
    add(2, { rate: 10_000, ceil: 100_000, parent: 9 });
    const [first, second] = shares([1, 2], 5, 400);
    expect(first).to.be.closeTo(5 * 30, 3);
    expect(second).to.be.closeTo(5 * 70, 5);
    drain();
  });

  it('lends over two levels, each below its own ceiling', () => {
    traffic.qdisc('htb', ROOT, htb());
    add(9, { rate: 120_000 });
    add(8, { rate: 40_000, ceil: 60_000, parent: 9 });
    add(1, { rate: 10_000, ceil: 120_000, parent: 8 });
    add(2, { rate: 10_000, ceil: 120_000, parent: 8 });
    add(3, { rate: 10_000, ceil: 120_000, parent: 9 });
    const [first, second, third] = shares([1, 2, 3], 5, 400);
    expect(first! + second!, 'the ceiling of 1:8').to.be.closeTo(5 * 60, 6);
    expect(first).to.be.closeTo(second!, 4);
    expect(third).to.be.closeTo(5 * 60, 6);
    const { lends, borrows } = stats(8);
    expect(stats(1).borrows + stats(2).borrows, 'all go by 1:8').to.equal(lends + borrows);
    expect(stats(9).lends).to.equal(borrows + stats(3).borrows);
    drain();
  });

  it('takes turns of a quantum within a priority, and priorities one after the other', () => {
    traffic.qdisc('tbf', ROOT, tbf({ rate: rateOf(1000), limit: 0 }, attr(P.TCA_TBF.BURST.type, 1000)));
    const inner = 0x20000;
    traffic.qdisc('htb', { parent: 0x10001, handle: inner }, htb());
    for (const [minor, quantum, prio] of [
      [1, 1500, 1],
      [2, 3000, 1],
      [3, 1000, 0],
    ] as const) {
      const options = htbClass({ rate: rateOf(1e9), ceil: rateOf(1e9), buffer: 1e9, cbuffer: 1e9, quantum, prio });
      traffic.request(RTM_NEWTCLASS, { handle: inner | minor, parent: inner }, 'htb', options);
    }
    traffic.send(1000, { priority: inner | 3 });
    traffic.send(1000, { priority: inner | 3 });
    for (const minor of [1, 2, 3]) for (let i = 0; i < 4; i++) traffic.send(1000, { priority: inner | minor });
    traffic.advance(100 * SECOND);
    // What class 3 has comes first. The others go on until they owe; a quantum then, and the next: 1:1 has -1000 + 1500 left,
    // 1:2 has -1000 + 3000, 1:1 has 500 - 1000 + 1500, 1:2 pays three packets out of 2000.
    const order = traffic.take().map((number) => (number < 2 ? 3 : Math.floor((number - 2) / 4) + 1));
    expect(order.slice(0, 6)).to.deep.equal([3, 3, 3, 3, 3, 3]);
    expect(order.slice(6)).to.deep.equal([1, 2, 1, 2, 2, 2, 1, 1]);
  });

  it('sends packets of no class at once, and keeps so many of them as it was told', () => {
    traffic.qdisc('tbf', ROOT, tbf({ rate: rateOf(1000), limit: 0 }, attr(P.TCA_TBF.BURST.type, 1000)));
    const inner = 0x20000;
    traffic.qdisc('htb', { parent: 0x10001, handle: inner }, htb({}, attr(P.TCA_HTB.DIRECT_QLEN.type, 3)));
    const results = Array.from({ length: 8 }, () => traffic.send(800, { priority: inner }));
    expect(results).to.deep.equal([0, 0, 0, 0, 0, 1, 1, 1]);
    expect(traffic.counters(inner)).to.include({ drops: 3, qlen: 4, backlog: 3200, packets: 2 });
    expect(traffic.counters()).to.include({ drops: 3, qlen: 4, backlog: 3200, packets: 1 });
    traffic.advance(100 * SECOND);
    expect(traffic.take()).to.deep.equal([0, 1, 2, 3, 4]);
  });

  it('drops what the leaf of a class has no place for, and counts it at both', () => {
    traffic.qdisc('htb', ROOT, htb({ defcls: 1 }));
    add(1, { rate: 1000, burst: 100, cburst: 100 });
    traffic.qdisc('pfifo', { parent: HANDLE | 1, handle: 0x20000 }, attr(2, 2));
    const results = Array.from({ length: 5 }, () => traffic.send(500));
    expect(results).to.deep.equal([0, 0, 0, 1, 1]);
    const waiting = { drops: 2, qlen: 2, backlog: 1000 };
    expect(traffic.counters()).to.include({ ...waiting, packets: 1, overlimits: 1 });
    expect(stats(1)).to.include({ ...waiting, packets: 1, overlimits: 1 });
    expect(traffic.counters(0x20000)).to.include(waiting);
    drain();
  });
});
