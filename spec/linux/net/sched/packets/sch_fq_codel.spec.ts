// fq_codel below a tbf that lets packets out one by one: the turns of its flows, what goes when there is too much, and when
// controlled delay drops and marks, by its law: the n-th interval is 1/sqrt(n) of the first, which the kernel comes near to by
// a step of Newton's for each n.
import { expect } from 'chai';
import * as P from '../../../../../lib/uapi/linux/pkt_sched.js';
import { TCA_MATCHALL } from '../../../../../lib/uapi/linux/pkt_cls.js';
import { RTM_NEWTFILTER, TCA } from '../../../../../lib/uapi/linux/rtnetlink.js';
import { attr, nest, PROTO_ALL } from '../bed.js';
import { rateOf, tbf } from '../shaping.js';
import { dice, LEAST, ROOT, Traffic } from './traffic.js';

const { TCA_FQ_CODEL } = P;
const INNER = 0x20000;
const HANDLE = ROOT.handle!;
const MILLISECOND = 1e6;
const SECOND = 1e9;
const LENGTH = 1000;
/** A second of delay is nothing. */
const PATIENT = attr(TCA_FQ_CODEL.TARGET.type, 2_000_000_000);

/** What waits in a flow, as number and length, and what it may still send. */
interface Flow {
  readonly packets: [number: number, length: number][];
  deficit: number;
}

describe('net/sched/sch_fq_codel: packets', () => {
  let traffic: Traffic;
  beforeEach(() => {
    traffic = new Traffic();
  });
  afterEach(() => {
    traffic.advance(1000 * SECOND);
    expect(traffic.counters(INNER)).to.include({ qlen: 0, backlog: 0 });
    expect(P.tc_fq_codel_xstats.get(traffic.app(INNER), 0).memory_usage).to.equal(0);
    traffic.close();
  });

  /** `rate` bytes a second leave, and `burst` at once. */
  const start = (rate: number, burst: number, ...options: Uint8Array[]): void => {
    traffic.qdisc('tbf', ROOT, tbf({ rate: rateOf(rate), limit: 0 }, attr(P.TCA_TBF.BURST.type, burst)));
    traffic.qdisc('fq_codel', { parent: 0x10001, handle: INNER }, nest(TCA.OPTIONS.type, ...options));
  };
  const own = () => P.tc_fq_codel_xstats.get(traffic.app(INNER), 0);
  const send = (flow: number, length: number): number => traffic.send(length, { priority: INNER | flow });

  for (const quantum of [300, 1514, 5000])
    it(`lets flows take turns of ${quantum} bytes, new ones before old ones`, () => {
      start(1000, 1514, PATIENT, attr(TCA_FQ_CODEL.QUANTUM.type, quantum));
      const roll = dice(quantum);
      // What leaves at once, and what the tbf holds in its hand.
      send(9, 1514);
      send(9, 1514);
      const flows = new Map<number, Flow>();
      for (let number = 2; number < 150; number++) {
        const flow = 1 + roll(6);
        const length = LEAST + roll(1400);
        if (!flows.has(flow)) flows.set(flow, { packets: [], deficit: quantum });
        flows.get(flow)!.packets.push([number, length]);
        expect(send(flow, length)).to.equal(0);
      }
      expect(own()).to.include({ new_flow_count: flows.size + 2, new_flows_len: flows.size + 1, old_flows_len: 0 });
      const expected = [0, 1];
      const fresh = [...flows.values()];
      const old: Flow[] = [];
      for (let list = fresh; list.length > 0; list = fresh.length > 0 ? fresh : old) {
        const flow = list.shift()!;
        if (flow.deficit <= 0) {
          flow.deficit += quantum;
          old.push(flow);
          continue;
        }
        const packet = flow.packets.shift();
        if (packet === undefined) {
          if (list === fresh && old.length > 0) old.push(flow);
          continue;
        }
        expected.push(packet[0]);
        flow.deficit -= packet[1];
        list.unshift(flow);
      }
      traffic.advance(1000 * SECOND);
      expect(traffic.take()).to.deep.equal(expected);
      expect(traffic.counters(INNER)).to.include({ packets: 150, drops: 0, overlimits: 0, requeues: 0 });
    });

  it('drops half of the fattest flow when there are too many packets', () => {
    start(1000, LENGTH, PATIENT, attr(TCA_FQ_CODEL.LIMIT.type, 12));
    send(1, LENGTH);
    for (let i = 0; i < 9; i++) expect(send(1, LENGTH)).to.equal(0);
    for (let i = 0; i < 3; i++) expect(send(2, 100)).to.equal(0);
    // One has left; twelve are there, of which one is in the hand of the tbf; the thirteenth is one too many.
    expect(traffic.counters(INNER)).to.include({ qlen: 12, backlog: 9300, drops: 0 });
    expect(send(2, 100), 'of the other flow').to.equal(0);
    const left = { qlen: 9, backlog: 9400 - 4 * LENGTH, drops: 4 };
    expect(traffic.counters(INNER)).to.include(left);
    expect(own()).to.include({ drop_overlimit: 4, drop_overmemory: 0 });
    expect(traffic.counters()).to.include({ qlen: 9, backlog: left.backlog });
    for (let i = 0; i < 3; i++) expect(send(1, LENGTH)).to.equal(0);
    expect(send(1, LENGTH), 'of the fattest').to.equal(2);
    expect(traffic.counters(INNER)).to.include({ qlen: 9, backlog: 9400 - 4 * LENGTH, drops: 8 });
    expect(traffic.counters()).to.include({ qlen: 9, backlog: 9400 - 4 * LENGTH });
  });

  it('drops no more than a batch at a time', () => {
    start(1000, LENGTH, PATIENT, attr(TCA_FQ_CODEL.LIMIT.type, 20), attr(TCA_FQ_CODEL.DROP_BATCH_SIZE.type, 3));
    for (let i = 0; i < 22; i++) send(1, LENGTH);
    expect(traffic.counters(INNER)).to.include({ drops: 3, qlen: 18 });
  });

  it('drops when packets take too much memory', () => {
    start(1000, LENGTH, PATIENT, attr(TCA_FQ_CODEL.MEMORY_LIMIT.type, 20_000));
    let sent = 0;
    while (traffic.counters(INNER).drops === 0) {
      expect(own().memory_usage).to.be.at.most(20_000);
      send(1, LENGTH);
      expect(++sent).to.be.below(100);
    }
    const { drop_overlimit, drop_overmemory, memory_usage } = own();
    const { drops } = traffic.counters(INNER);
    expect([drop_overlimit, drop_overmemory]).to.deep.equal([drops, drops]);
    expect(memory_usage).to.be.below(12_000);
  });

  it('drops by the law of controlled delay while packets wait too long', () => {
    start(100_000, LENGTH);
    const began = traffic.now;
    for (let i = 0; i < 400; i++) {
      traffic.send(LENGTH, { priority: INNER | 1 });
      traffic.advance(5 * MILLISECOND);
    }
    traffic.until(began + 2 * SECOND);
    // A packet is asked for as soon as the one before has left; a number that is missing was dropped then.
    const drops: number[] = [];
    for (const [i, { number, at }] of traffic.arrivals.entries())
      for (let lost = number + 1; lost < (traffic.arrivals[i + 1]?.number ?? 0); lost++) drops.push(at);
    expect(drops.length).to.be.above(50);
    // Packets wait too long, and more than one full frame does, from 40 ms on; 100 ms later the next that is asked for goes.
    expect(drops[0]! - began).to.equal(150 * MILLISECOND);
    let due = drops[0]!;
    let part = 1;
    for (let n = 1; n < drops.length; n++) {
      if (n > 1) part = (part * (3 - n * part * part)) / 2;
      due += 100 * MILLISECOND * part;
      expect(drops[n]! - due, `drop ${n}`).to.be.within(-MILLISECOND, 11 * MILLISECOND);
    }
    expect(part).to.be.closeTo(1 / Math.sqrt(drops.length - 1), 0.001);
    expect(traffic.counters(INNER).drops).to.be.within(drops.length, drops.length + 1);
    expect(own()).to.include({ drop_overlimit: 0, ecn_mark: 0, maxpacket: LENGTH });
  });

  it('drops none while the delay is short, or no more than a packet waits', () => {
    start(100_000, LENGTH);
    for (let i = 0; i < 100; i++) {
      traffic.send(LENGTH, { priority: INNER | 1 });
      traffic.advance(10 * MILLISECOND);
    }
    expect(traffic.take().length).to.equal(100);
    expect(traffic.counters(INNER)).to.include({ drops: 0, packets: 100 });
  });

  it('drops what a filter gives a flow that is not there, even when none waits', () => {
    start(100_000, LENGTH, attr(TCA_FQ_CODEL.FLOWS.type, 4));
    traffic.qdisc('fq_codel', { ifindex: 2, ...ROOT }, nest(TCA.OPTIONS.type, attr(TCA_FQ_CODEL.FLOWS.type, 4)));
    const options = nest(TCA.OPTIONS.type, attr(TCA_MATCHALL.CLASSID.type, HANDLE | 5));
    const at = { ifindex: 2, parent: HANDLE, prio: 1, protocol: PROTO_ALL };
    const lost = () => {
      traffic.machine.device('v1').transmit(new Uint8Array(60));
      return traffic.counters(HANDLE, 2).drops;
    };
    expect(lost(), 'without a filter').to.equal(0);
    traffic.request(RTM_NEWTFILTER, at, 'matchall', options);
    expect([lost(), lost()]).to.deep.equal([1, 2]);
  });

  describe('marks', () => {
    const ip = (tos: number): [at: number, value: number][] => [
      [12, 8],
      [13, 0],
      [14, 0x45],
      [15, tos],
      [24, 0x12],
      [25, 0x34],
    ];
    const arrived = (): number[] => {
      const seen: number[] = [];
      traffic.machine.device('v1').onReceive((frame) => {
        const sum = (frame[24]! << 8) | frame[25]!;
        // The sum of a header falls by what a byte in it gains.
        expect(sum, 'checksum').to.equal(0x1234 - ((frame[15]! & 3) === 3 ? 1 : 0));
        seen.push(frame[15]! & 3);
      });
      return seen;
    };

    it('what would be dropped, where the sender understands', () => {
      start(100_000, LENGTH);
      const seen = arrived();
      for (let i = 0; i < 200; i++) {
        traffic.send(LENGTH, { priority: INNER | 1 }, ip(2));
        traffic.advance(5 * MILLISECOND);
      }
      const marked = own().ecn_mark;
      expect(marked).to.be.above(10);
      expect(seen.filter((ecn) => ecn === 3).length).to.be.within(marked - 1, marked);
      expect(traffic.counters(INNER).drops).to.equal(0);
    });

    it('what waits longer than the threshold', () => {
      start(100_000, LENGTH, PATIENT, attr(TCA_FQ_CODEL.CE_THRESHOLD.type, 25_000));
      const seen = arrived();
      for (let i = 0; i < 10; i++) traffic.send(LENGTH, { priority: INNER | 1 }, ip(2));
      traffic.advance(SECOND);
      // The n-th is asked for when the one before it leaves, 10 ms after the one before that.
      expect(seen).to.deep.equal([2, 2, 2, 2, 3, 3, 3, 3, 3, 3]);
      expect(own()).to.include({ ce_mark: 6, ecn_mark: 0 });
    });
  });
});
