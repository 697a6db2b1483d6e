// police in virtual time: thousands of packets at random moments, each judged as the kernel's formulas judge it, and the
// counters that follow from the judgements.
import { expect } from 'chai';
import * as P from '../../../../../lib/uapi/linux/pkt_cls.js';
import { tc_ratespec } from '../../../../../lib/uapi/linux/pkt_sched.js';
import { NLM_F_REPLACE } from '../../../../../lib/uapi/linux/netlink.js';
import { RTM_NEWACTION, RTM_NEWTFILTER, TCA } from '../../../../../lib/uapi/linux/rtnetlink.js';
import {
  gnet_estimator,
  gnet_stats_basic,
  gnet_stats_queue,
  TCA_STATS,
} from '../../../../../lib/uapi/linux/gen_stats.js';
import { act, action, actionsOf, dumpActions, inside, tab, table } from '../actions.js';
import { attr, CLSACT, EGRESS, nest, PROTO_ALL } from '../bed.js';
import { Bucket, Buckets, lasting, packetLasting, TICK } from './rates.js';
import { dice, LEAST, Traffic } from './traffic.js';

const { TCA_POLICE, tc_police } = P;
const PACKETS = 1500;
const MICROSECOND = 1000;
type Spec = Parameters<typeof tc_ratespec.bytes>[0];

const spec = (fields: Spec): Uint8Array => tc_ratespec.bytes({ cell_log: 3, ...fields });
const rateTable = attr(TCA_POLICE.RATE.type, new Uint8Array(1024));
const peakTable = attr(TCA_POLICE.PEAKRATE.type, new Uint8Array(1024));
const u64 = (type: number, value: number): Uint8Array =>
  attr(type, new Uint8Array(BigUint64Array.of(BigInt(value)).buffer));
const parms = (fields: Parameters<typeof tc_police.bytes>[0]): Uint8Array =>
  attr(TCA_POLICE.TBF.type, tc_police.bytes({ action: P.TC_ACT_SHOT, ...fields }));

describe('net/sched/act_police: packets', () => {
  let traffic: Traffic;
  beforeEach(() => {
    traffic = new Traffic();
    traffic.qdisc('clsact', { parent: CLSACT });
  });
  afterEach(() => {
    traffic.close();
  });

  const police = (...options: Uint8Array[]): void => {
    policeWith([], ...options);
  };
  /** `more`: attributes beside the options of the filter. */
  const policeWith = (more: readonly Uint8Array[], ...options: Uint8Array[]): void => {
    const acts = table(P.TCA_MATCHALL.ACT.type, action('police', options));
    const at = { parent: EGRESS, prio: 1, protocol: PROTO_ALL };
    traffic.request(RTM_NEWTFILTER, at, 'matchall', nest(TCA.OPTIONS.type, acts), ...more);
  };

  const counters = () => {
    const shown = inside(actionsOf(dumpActions(traffic.bed, 'police')[0]!)[0]!.get(P.TCA_ACT.STATS.type)!);
    const at = (type: number) => shown.get(type)!;
    const [basic, queue] = [at(TCA_STATS.BASIC.type), at(TCA_STATS.QUEUE.type)];
    const { bytes, packets } = gnet_stats_basic.get(basic.msg, basic.start);
    const { drops, overlimits } = gnet_stats_queue.get(queue.msg, queue.start);
    return { bytes: Number(bytes), packets, drops, overlimits };
  };

  /** Sends packets of up to `longest` bytes, up to `pause` ns apart; `conforms` says which get through. */
  const judge = (longest: number, pause: number, conforms: (now: number, length: number) => boolean): void => {
    const roll = dice(longest);
    const through: number[] = [];
    let bytes = 0;
    for (let number = 0; number < PACKETS; number++) {
      traffic.advance(roll(pause));
      const length = LEAST + roll(longest - LEAST + 1);
      bytes += length;
      if (conforms(traffic.now, length)) through.push(number);
      traffic.send(length);
    }
    expect(traffic.take()).to.deep.equal(through);
    const beyond = PACKETS - through.length;
    expect(counters()).to.deep.equal({ bytes, packets: PACKETS, drops: beyond, overlimits: beyond });
    expect(through.length, 'some conform').to.be.within(PACKETS / 20, PACKETS - PACKETS / 20);
  };

  for (const [rate, overhead, mpu] of [
    [125_000, 0, 0],
    [1_000_003, 24, 0],
    [77_777, 0, 200],
    [1_250_000_000, 4, 64],
  ] as const)
    it(`lets through what the bucket of ${rate} bytes a second holds (overhead ${overhead}, mpu ${mpu})`, () => {
      const burst = Math.ceil((3000 * 1e9) / rate / TICK);
      police(parms({ rate: spec({ rate, overhead, mpu }), burst, mtu: 9000 }), rateTable);
      const buckets = new Buckets(traffic.now, new Bucket(burst * TICK, lasting(rate, overhead, mpu)));
      const pause = Math.ceil((2 * 700 * 1e9) / rate);
      judge(1500, pause, (now, length) => buckets.ask(now, length) === 0);
    });

  it('lets through what both buckets hold', () => {
    const [rate, peak, mtu, burst] = [100_000, 300_000, 900, 500_000];
    const rates = { rate: spec({ rate }), peakrate: spec({ rate: peak }) };
    police(parms({ ...rates, burst, mtu }), rateTable, peakTable);
    const second = new Bucket(lasting(peak)(mtu), lasting(peak));
    const buckets = new Buckets(traffic.now, new Bucket(burst * TICK, lasting(rate)), second);
    judge(1200, 8000 * MICROSECOND, (now, length) => length <= mtu && buckets.ask(now, length) === 0);
  });

  it('counts packets instead of bytes, from an empty bucket on', () => {
    const [rate, burst] = [700, 40_000];
    police(parms({ burst: 0 }), u64(TCA_POLICE.PKTRATE64.type, rate), u64(TCA_POLICE.PKTBURST64.type, burst));
    const depth = burst * TICK;
    let [tokens, paid] = [0, traffic.now];
    judge(100, 2000 * MICROSECOND, (now) => {
      const left = Math.min(Math.min(now - paid, depth) + tokens, depth) - packetLasting(rate);
      if (left >= 0) [tokens, paid] = [left, now];
      return left >= 0;
    });
  });

  it('stops what is longer than the mtu, whatever the rate', () => {
    police(parms({ mtu: 300 }));
    judge(600, 10, (_, length) => length <= 300);
  });

  it('takes the greatest packet of the table for an mtu that is not given', () => {
    police(parms({ rate: spec({ rate: 1e9, cell_log: 1 }), burst: 1e6 }), rateTable);
    judge(1000, 1e6, (_, length) => length <= 255 * 2);
  });

  it('counts a loss among what conforms, too', () => {
    police(parms({ rate: spec({ rate: 1000 }), burst: 1e9, mtu: 9000 }), rateTable, attr(TCA_POLICE.RESULT.type, 2));
    for (let i = 0; i < 5; i++) traffic.send(100);
    expect(traffic.take()).to.deep.equal([]);
    expect(counters()).to.deep.equal({ bytes: 500, packets: 5, drops: 5, overlimits: 0 });
  });

  it('counts no loss when a packet that conforms is dropped by the mtu alone', () => {
    police(parms({ mtu: 100 }), attr(TCA_POLICE.RESULT.type, 2));
    traffic.send(100);
    traffic.send(101);
    expect(counters()).to.deep.equal({ bytes: 201, packets: 2, drops: 1, overlimits: 1 });
  });

  it('stops all while the average of a quarter second each is too high, and not after', () => {
    // A new quarter counts for half: 50, 75 and 87.5 % of 100,000 bytes a second, of which 80 % is too much.
    const quarters = attr(TCA.RATE.type, gnet_estimator.bytes({ interval: -2, ewma_log: 1 }));
    policeWith([quarters], parms({}), attr(TCA_POLICE.AVRATE.type, 80_000));
    const every = (count: number): number[] => {
      for (let i = 0; i < count; i++) {
        traffic.send(1000);
        traffic.advance(10_000 * MICROSECOND);
      }
      return traffic.take();
    };
    expect(every(100)).to.deep.equal(Array.from({ length: 75 }, (_, i) => i));
    expect(counters()).to.include({ overlimits: 25, drops: 25 });
    // 93.75 % after the hundredth; a quarter without packets halves it. A quarter is 62 of 250 jiffies: 1.24 s is the fifth.
    traffic.advance(230_000 * MICROSECOND);
    expect(every(1)).to.deep.equal([]);
    expect(every(1)).to.deep.equal([101]);
  });

  it('starts with full buckets again when it is changed', () => {
    const [rate, burst] = [1000, (500 * 1e6) / TICK];
    police(parms({ rate: spec({ rate }), burst, mtu: 9000 }), rateTable);
    for (let i = 0; i < 4; i++) traffic.send(200);
    expect(traffic.take()).to.deep.equal([0, 1]);
    const again = parms({ index: 1, rate: spec({ rate }), burst, mtu: 9000 });
    expect(act(traffic.bed, RTM_NEWACTION, NLM_F_REPLACE, tab(action('police', [again, rateTable]))).errno).to.equal(0);
    for (let i = 0; i < 4; i++) traffic.send(250);
    expect(traffic.take()).to.deep.equal([4, 5]);
  });
});
