// tbf in virtual time: when each packet leaves, by the formulas of its buckets; which find no place; how often the queue was
// asked in vain.
import { expect } from 'chai';
import * as P from '../../../../../lib/uapi/linux/pkt_sched.js';
import { RTM_DELQDISC, RTM_NEWQDISC, TCA } from '../../../../../lib/uapi/linux/rtnetlink.js';
import { attr, kind } from '../bed.js';
import { rateOf, tbf } from '../shaping.js';
import { Bucket, Buckets, lasting, TICK } from './rates.js';
import { type Arrival, dice, LEAST, ROOT, Traffic } from './traffic.js';

const PACKETS = 600;
/** Packets that a qdisc of several queues gives at a time. */
const BATCH = 9;
const { TCA_TBF } = P;

interface Sent {
  readonly number: number;
  readonly length: number;
}

/** A queue of `limit` bytes before buckets, as events: when packets leave, and what is counted. */
class Expected {
  readonly left: Arrival[] = [];
  drops = 0;
  overlimits = 0;
  backlog = 0;
  readonly waiting: Sent[] = [];
  #next = Infinity;

  readonly #buckets: Buckets;
  readonly #limit: number;
  readonly #greatest: number;

  constructor(buckets: Buckets, limit: number, greatest: number) {
    this.#buckets = buckets;
    this.#limit = limit;
    this.#greatest = greatest;
  }

  /** Whoever comes by lets out all that may go, in batches; the queue is asked again after one that ends before it is full. */
  #run(now: number): void {
    for (let place = 0; this.waiting.length > 0; place = (place + 1) % BATCH) {
      const first = this.waiting[0]!;
      const wait = this.#buckets.ask(now, first.length);
      this.#next = now + wait;
      if (wait > 0) {
        this.overlimits++;
        if (place === 0) return;
        place = -1;
        continue;
      }
      this.waiting.shift();
      this.backlog -= first.length;
      this.left.push({ ...first, at: now });
    }
    this.#next = Infinity;
  }

  /** Time goes by until `now`. */
  until(now: number): void {
    while (this.#next <= now && this.waiting.length > 0) this.#run(this.#next);
  }

  send(now: number, packet: Sent): boolean {
    const fits = packet.length <= this.#greatest && this.backlog + packet.length <= this.#limit;
    if (fits) {
      this.waiting.push(packet);
      this.backlog += packet.length;
    } else this.drops++;
    this.#run(now);
    return fits;
  }
}

describe('net/sched/sch_tbf: packets', () => {
  let traffic: Traffic;
  beforeEach(() => {
    traffic = new Traffic();
  });
  afterEach(() => {
    traffic.close();
  });

  /** Sends packets of up to `longest` bytes, up to `pause` ns apart, and compares every one. */
  const compare = (expected: Expected, longest: number, pause: number): void => {
    const roll = dice(pause);
    for (let number = 0; number < PACKETS; number++) {
      const now = traffic.now + roll(pause);
      expected.until(now);
      traffic.until(now);
      const length = LEAST + roll(longest - LEAST + 1);
      const took = expected.send(now, { number, length });
      expect(traffic.send(length), `packet ${number}`).to.equal(took ? 0 : 1);
    }
    const bytes = expected.left.reduce((sum, { length }) => sum + length, 0);
    const { drops, overlimits, backlog } = expected;
    const queue = { drops, overlimits, requeues: 0, backlog, qlen: expected.waiting.length };
    expect(traffic.counters(), 'while some wait').to.deep.equal({ ...queue, bytes, packets: expected.left.length });
    expected.until(Infinity);
    traffic.advance(3600e9);
    expect(traffic.arrivals).to.deep.equal(expected.left);
    expect(traffic.counters()).to.include({ drops, qlen: 0, backlog: 0, packets: expected.left.length });
    expect(expected.overlimits, 'some wait').to.be.above(PACKETS / 10);
  };

  for (const [rate, depth, limit] of [
    [125_000, 3000, 20_000],
    [1_000_003, 1600, 5000],
    [10_000, 1500, 100_000],
    [1_250_000_000, 4000, 6000],
  ] as const)
    it(`lets ${rate} bytes a second out, ${depth} at once, of a queue of ${limit}`, () => {
      const buffer = Math.ceil((depth * 1e9) / rate / TICK);
      traffic.qdisc('tbf', ROOT, tbf({ rate: rateOf(rate), limit, buffer }));
      const greatest = Math.floor((buffer * TICK * rate) / 1e9);
      const buckets = new Buckets(traffic.now, new Bucket(buffer * TICK, lasting(rate)));
      compare(new Expected(buckets, limit, greatest), 1514, Math.ceil((1000 * 1e9) / rate));
    });

  it('lets nothing out faster than the peak', () => {
    const [rate, peak, burst, pburst, limit] = [50_000, 200_000, 20_000, 1600, 30_000];
    const options = [attr(TCA_TBF.BURST.type, burst), attr(TCA_TBF.PBURST.type, pburst)];
    traffic.qdisc('tbf', ROOT, tbf({ rate: rateOf(rate), peakrate: rateOf(peak), limit }, ...options));
    const first = new Bucket(lasting(rate)(burst), lasting(rate));
    const second = new Bucket(lasting(peak)(pburst), lasting(peak));
    compare(new Expected(new Buckets(traffic.now, first, second), limit, pburst), 1514, 20_000_000);
  });

  it('drops what is longer than its bucket, and never lets it in', () => {
    traffic.qdisc('tbf', ROOT, tbf({ rate: rateOf(1000), limit: 1e6 }, attr(TCA_TBF.BURST.type, 200)));
    expect(traffic.send(201)).to.equal(1);
    expect(traffic.send(200)).to.equal(0);
    expect(traffic.take()).to.deep.equal([1]);
    expect(traffic.counters()).to.include({ drops: 1, overlimits: 0, bytes: 200, packets: 1 });
  });

  it('counts the losses of its child as its own', () => {
    traffic.qdisc('tbf', ROOT, tbf({ rate: rateOf(1000), limit: 1e6 }, attr(TCA_TBF.BURST.type, 200)));
    const fifo = attr(TCA.OPTIONS.type, P.tc_fifo_qopt.bytes({ limit: 2 }));
    traffic.qdisc('pfifo', { parent: 0x10001, handle: 0x20000 }, fifo);
    const results = Array.from({ length: 6 }, () => traffic.send(150));
    expect(results).to.deep.equal([0, 0, 0, 1, 1, 1]);
    const waiting = { qlen: 2, backlog: 300, drops: 3 };
    expect(traffic.counters()).to.include({ ...waiting, packets: 1, overlimits: 5 });
    expect(traffic.counters(0x20000)).to.include({ ...waiting, packets: 1, overlimits: 0 });
    traffic.advance(1e9);
    expect(traffic.counters()).to.include({ qlen: 0, backlog: 0, packets: 3 });
  });

  it('forgets what waits when it goes', () => {
    traffic.qdisc('tbf', ROOT, tbf({ rate: rateOf(1000), limit: 1e6 }, attr(TCA_TBF.BURST.type, 200)));
    for (let i = 0; i < 5; i++) traffic.send(100);
    expect(traffic.bed.tc(RTM_DELQDISC, 0, ROOT).errno).to.equal(0);
    traffic.advance(10e9);
    expect(traffic.take()).to.deep.equal([0, 1]);
  });

  it('is full again when it is changed', () => {
    const options = tbf({ rate: rateOf(1000), limit: 1e6 }, attr(TCA_TBF.BURST.type, 200));
    traffic.qdisc('tbf', ROOT, options);
    for (let i = 0; i < 5; i++) traffic.send(100);
    expect(traffic.take()).to.deep.equal([0, 1]);
    expect(traffic.bed.tc(RTM_NEWQDISC, 0, ROOT, kind('tbf'), options).errno).to.equal(0);
    traffic.send(100);
    expect(traffic.take()).to.deep.equal([2, 3]);
    traffic.advance(10e9);
    expect(traffic.take()).to.deep.equal([4, 5]);
  });
});
