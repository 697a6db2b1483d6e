// prio and the fifos below a tbf that lets packets out one by one: which goes first, which find no place, and what all of
// them count.
import { expect } from 'chai';
import * as P from '../../../../../lib/uapi/linux/pkt_sched.js';
import { RTM_NEWQDISC, TCA } from '../../../../../lib/uapi/linux/rtnetlink.js';
import { attr, kind } from '../bed.js';
import { rateOf, tbf } from '../shaping.js';
import { dice, LEAST, ROOT, Traffic } from './traffic.js';

const INNER = 0x20000;
const SECOND = 1e9;
const LENGTH = 500;
const PRIOMAP = [1, 2, 2, 2, 1, 2, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1];

const bands = (count: number, map: readonly number[] = PRIOMAP): Uint8Array =>
  attr(TCA.OPTIONS.type, P.tc_prio_qopt.bytes({ bands: count, priomap: Uint8Array.from(map) }));
const limit = (most: number): Uint8Array => attr(TCA.OPTIONS.type, P.tc_fifo_qopt.bytes({ limit: most }));

describe('net/sched/sch_prio: packets', () => {
  let traffic: Traffic;
  beforeEach(() => {
    traffic = new Traffic();
    traffic.qdisc('tbf', ROOT, tbf({ rate: rateOf(1000), limit: 0 }, attr(P.TCA_TBF.BURST.type, 1514)));
  });
  afterEach(() => {
    traffic.advance(10_000 * SECOND);
    expect(traffic.counters()).to.include({ qlen: 0, backlog: 0, requeues: 0 });
    traffic.close();
  });
  const inner = (name: string, options: Uint8Array): void => {
    traffic.qdisc(name, { parent: 0x10001, handle: INNER }, options);
  };

  it('lets the first band out before the others, and each in order', () => {
    inner('prio', bands(3));
    const roll = dice(7);
    // One leaves at once.
    for (let i = 0; i < 2; i++) traffic.send(1514);
    const waiting: number[][] = [[], [], []];
    const bytes = [0, 0, 0];
    for (let number = 2; number < 200; number++) {
      const length = LEAST + roll(1000);
      const direct = roll(4) === 0;
      const band = direct ? roll(3) : PRIOMAP[number % 16]!;
      traffic.send(length, { priority: direct ? INNER | (band + 1) : number % 16 });
      waiting[band]!.push(number);
      bytes[band]! += length;
    }
    for (const band of [0, 1, 2]) {
      const { qlen, backlog } = traffic.classCounters(INNER | (band + 1));
      const [held, heldBytes] = band === 1 ? [1, 1514] : [0, 0];
      expect([qlen, backlog], `band ${band}`).to.deep.equal([waiting[band]!.length + held, bytes[band]! + heldBytes]);
    }
    expect(traffic.counters(INNER).qlen).to.equal(199);
    traffic.advance(10_000 * SECOND);
    expect(traffic.take()).to.deep.equal([0, ...waiting[0]!, 1, ...waiting[1]!, ...waiting[2]!]);
  });

  it('takes priorities of others for none, and classes that are not there for the first of the map', () => {
    inner('prio', bands(3, [2, ...Array<number>(15).fill(0)]));
    const bandOf = (priority: number): number => {
      const before = [1, 2, 3].map((minor) => traffic.classCounters(INNER | minor).qlen);
      traffic.send(LENGTH, { priority });
      return [1, 2, 3].findIndex((minor, i) => traffic.classCounters(INNER | minor).qlen > before[i]!);
    };
    for (let i = 0; i < 4; i++) traffic.send(1514, { priority: 1 });
    expect([0x30001, INNER, INNER | 4, INNER | 2, 0, 17].map(bandOf)).to.deep.equal([2, 2, 2, 1, 2, 0]);
  });

  it('asks a band once that may not send yet', () => {
    inner('prio', bands(2, Array<number>(16).fill(0)));
    const child = tbf({ rate: rateOf(100), limit: 1e6 }, attr(P.TCA_TBF.BURST.type, 1514));
    traffic.qdisc('tbf', { parent: INNER | 1, handle: 0x30000 }, child);
    for (let i = 0; i < 3; i++) traffic.send(LENGTH);
    expect(traffic.take()).to.deep.equal([0, 1, 2]);
    expect(traffic.send(LENGTH)).to.equal(0);
    expect(traffic.counters(0x30000)).to.include({ overlimits: 1, qlen: 1 });
    expect(traffic.counters(), 'which has not seen it').to.include({ overlimits: 0, qlen: 1 });
  });

  it('counts what its bands have no place for', () => {
    inner('prio', bands(2, Array<number>(16).fill(0)));
    traffic.qdisc('pfifo', { parent: INNER | 1, handle: 0x30000 }, limit(3));
    const results = Array.from({ length: 8 }, () => traffic.send(1514));
    expect(results).to.deep.equal([0, 0, 0, 0, 1, 1, 1, 1]);
    const waiting = { qlen: 3, backlog: 3 * 1514, drops: 4, packets: 1, bytes: 1514 };
    for (const handle of [ROOT.handle!, INNER, 0x30000]) expect(traffic.counters(handle)).to.include(waiting);
  });

  it('drops what waits in bands that it loses', () => {
    inner('prio', bands(3));
    for (const minor of [1, 1, 1, 2, 2, 3, 3, 3]) traffic.send(1514, { priority: INNER | minor });
    expect(traffic.counters(INNER)).to.include({ qlen: 7, backlog: 7 * 1514 });
    const fewer = bands(2, Array<number>(16).fill(1));
    expect(traffic.bed.tc(RTM_NEWQDISC, 0, { handle: INNER, parent: 0x10001 }, kind('prio'), fewer).errno).to.equal(0);
    for (const handle of [ROOT.handle!, INNER])
      expect(traffic.counters(handle), `${handle}`).to.include({ qlen: 4, backlog: 4 * 1514 });
    traffic.advance(10_000 * SECOND);
    expect(traffic.take()).to.deep.equal([0, 1, 2, 3, 4]);
  });

  it('bfifo counts bytes', () => {
    inner('bfifo', limit(3000));
    traffic.send(1514);
    expect([1514, 1486, 1, 1514].map((length) => traffic.send(Math.max(length, LEAST)))).to.deep.equal([0, 0, 1, 1]);
    expect(traffic.counters(INNER)).to.include({ qlen: 2, backlog: 3000, drops: 2 });
  });

  it('pfifo_head_drop loses the oldest, says so, and counts it neither as sent nor as there', () => {
    inner('pfifo_head_drop', limit(3));
    traffic.send(1514);
    expect([100, 200, 300, 400, 500].map((length) => traffic.send(length))).to.deep.equal([0, 0, 0, 2, 2]);
    expect(traffic.counters(INNER)).to.include({ qlen: 3, backlog: 1200, drops: 2, packets: 1, bytes: 1514 });
    expect(traffic.counters()).to.include({ qlen: 3, backlog: 1200, drops: 2 });
    traffic.advance(10_000 * SECOND);
    expect(traffic.take()).to.deep.equal([0, 3, 4, 5]);
  });
});
