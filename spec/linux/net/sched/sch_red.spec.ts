// The red qdisc: what it refuses and in which order, flags of both kinds, blocks, its child, the probability that adapts,
// and packets dropped early.
import { expect } from 'chai';
import type { StructValue } from '../../../../lib/codec/struct.js';
import * as E from '../../../../lib/uapi/asm-generic/errno.js';
import { NLM_F_ECHO } from '../../../../lib/uapi/linux/netlink.js';
import * as P from '../../../../lib/uapi/linux/pkt_sched.js';
import * as R from '../../../../lib/uapi/linux/rtnetlink.js';
import { ADD, type Answer, attr, Bed, type Fields, kind, nest } from './bed.js';
import { Traffic } from './packets/traffic.js';
import { optionsIn, rateOf, tbf } from './shaping.js';

const { TCA_RED } = P;
const root: Fields = { parent: P.TC_H_ROOT, handle: 0x10000 };
const BASE = { limit: 100000, qth_min: 10000, qth_max: 30000, Wlog: 3, Plog: 10, Scell_log: 13 };
type Parms = Partial<StructValue<typeof P.tc_red_qopt.members>>;

const table = attr(TCA_RED.STAB.type, new Uint8Array(P.RED_STAB_SIZE));
const parms = (more: Parms = {}): Uint8Array => attr(TCA_RED.PARMS.type, P.tc_red_qopt.bytes({ ...BASE, ...more }));
const flags = (value: number, selector: number): Uint8Array =>
  attr(TCA_RED.FLAGS.type, new Uint8Array(Uint32Array.of(value, selector).buffer));
const options = (given: Parms = {}, ...more: Uint8Array[]): Uint8Array =>
  nest(R.TCA.OPTIONS.type, parms(given), table, ...more);
const block = (which: 'EARLY_DROP_BLOCK' | 'MARK_BLOCK', index: number): Uint8Array => attr(TCA_RED[which].type, index);

describe('net/sched/sch_red', () => {
  let bed: Bed;
  beforeEach(() => {
    bed = new Bed({ version: 'v6.1' });
  });
  const red = (nlFlags: number, ...more: Uint8Array[]): Answer => bed.qdisc('red', root, nlFlags, ...more);
  const shown = () => {
    const all = optionsIn(bed.client.request(R.RTM_GETQDISC, NLM_F_ECHO | 4, bed.body(root, []))[0]!);
    const u32 = (type: number): number | undefined => all.get(type)?.view.getUint32(0, true);
    return {
      types: [...all.keys()],
      parms: P.tc_red_qopt.get(all.get(TCA_RED.PARMS.type)!, 0),
      maxP: u32(TCA_RED.MAX_P.type),
      flags: u32(TCA_RED.FLAGS.type),
    };
  };

  const both = 'sch_red: flags should be passed either through qopt, or through a dedicated attribute';
  const refused: readonly [string, Uint8Array[], string | undefined][] = [
    ['no options', [], undefined],
    ['no parameters', [nest(R.TCA.OPTIONS.type, table)], undefined],
    ['no table', [nest(R.TCA.OPTIONS.type, parms())], undefined],
    ['thresholds in disorder', [options({ qth_min: 30001 })], undefined],
    ['an average that finds no room', [options({ Wlog: 18 })], undefined],
    ['a cell that is too large', [options({ Scell_log: 32 })], undefined],
    ['flags twice', [options({ flags: 1 }, flags(1, 1))], both],
    ['no drop without marks', [options({}, flags(8, 8))], 'sch_red: nodrop mode is only meaningful with ECN'],
    ['a block without a number', [options({}, block('MARK_BLOCK', 0))], 'Block number may not be zero'],
    [
      'a second block without a number',
      [options({}, block('EARLY_DROP_BLOCK', 7), block('MARK_BLOCK', 0))],
      'Block number may not be zero',
    ],
  ];
  for (const [what, given, text] of refused)
    it(`refuses ${what}, and leaves nothing behind`, () => {
      const before = bed.objects();
      const answer = red(ADD, ...given);
      expect([answer.errno, answer.text]).to.deep.equal([E.EINVAL, text]);
      expect(bed.objects()).to.deep.equal(before);
    });

  it('refuses a table that shifts too far', () => {
    const far = attr(TCA_RED.STAB.type, new Uint8Array(P.RED_STAB_SIZE).fill(32));
    expect(red(ADD, nest(R.TCA.OPTIONS.type, parms(), far)).errno).to.equal(E.EINVAL);
  });

  it('shows the probability that Plog means, and the bits that mean nothing', () => {
    expect(red(ADD, options({ flags: 0xf9 })).errno).to.equal(0);
    const { types, parms: seen, maxP, flags: all } = shown();
    expect(types).to.deep.equal([TCA_RED.PARMS.type, TCA_RED.MAX_P.type, TCA_RED.FLAGS.type]);
    expect(seen).to.include({ ...BASE, flags: 0xf9 });
    expect([maxP, all]).to.deep.equal([(0x3fffff * 20000) % 2 ** 32, 1]);
  });

  it('changes the flags that are selected, and keeps its blocks', () => {
    const blocks = [block('EARLY_DROP_BLOCK', 7), block('MARK_BLOCK', 7)];
    expect(red(ADD, options({ flags: P.TC_RED_ECN }, ...blocks)).errno).to.equal(0);
    expect(red(0, options({}, flags(8, 8), ...blocks)).errno).to.equal(0);
    expect(shown().flags).to.equal(9);
    expect(red(0, options({}, flags(0, 1))).errno).to.equal(E.EINVAL);
    expect(red(0, options({}, block('MARK_BLOCK', 8))).text).to.equal('Change of blocks is not supported');
    expect(shown().types.slice(3)).to.deep.equal([TCA_RED.MARK_BLOCK.type, TCA_RED.EARLY_DROP_BLOCK.type]);
    expect(bed.tc(R.RTM_DELQDISC, 0, root).errno).to.equal(0);
  });

  it('has one class, whose child a new limit replaces', () => {
    red(ADD, options());
    expect(bed.qdisc('pfifo', { parent: 0x10001, handle: 0x20000 }).errno).to.equal(0);
    expect(bed.dump(R.RTM_GETTCLASS, {})[0]).to.equal('NEWTCLASS red 1:1 refs 131072');
    expect(red(0, options({ limit: 0 })).errno).to.equal(0);
    expect(bed.dump(R.RTM_GETTCLASS, {})[0]).to.equal('NEWTCLASS red 1:1 refs 131072');
    expect(red(0, options()).errno).to.equal(0);
    expect(bed.dump(R.RTM_GETTCLASS, {})[0]).to.equal('NEWTCLASS red 1:1 refs 0');
    expect(bed.tc(R.RTM_NEWTCLASS, ADD, { handle: 0x10002 }, kind('red'), options()).errno).to.equal(E.EEXIST);
  });

  it('lowers the probability of an idle queue every half second, when it is to adapt', () => {
    red(ADD, options({ flags: P.TC_RED_ADAPTATIVE }, attr(TCA_RED.MAX_P.type, 100_000_000)));
    bed.machine.advance(499_000_000);
    expect(shown().maxP).to.equal(100_000_000);
    bed.machine.advance(2_000_000);
    expect(shown().maxP).to.equal(90_000_000);
    bed.machine.advance(100_000_000_000);
    expect(shown().maxP).to.be.within(38_000_000, 42_949_673);
    expect(bed.tc(R.RTM_DELQDISC, 0, root).errno).to.equal(0);
  });

  it('has no flags as attributes in 4.1', () => {
    bed = new Bed({ version: 'v4.1' });
    expect(red(ADD, options({}, flags(16, 16))).errno).to.equal(0);
    expect(shown().types).to.deep.equal([TCA_RED.PARMS.type, TCA_RED.MAX_P.type]);
  });
});

describe('net/sched/sch_red: packets', () => {
  const INNER = 0x20000;
  let traffic: Traffic;
  beforeEach(() => {
    traffic = new Traffic({ version: 'v6.1' });
    traffic.qdisc(
      'tbf',
      { parent: P.TC_H_ROOT, handle: 0x10000 },
      tbf({ rate: rateOf(1000), limit: 0 }, attr(P.TCA_TBF.BURST.type, 1514)),
    );
  });
  /** The average is the length itself. */
  const inner = (given: Parms, ...more: Uint8Array[]): void => {
    const all = { Wlog: 0, qth_min: 2000, qth_max: 2000, ...given };
    traffic.qdisc('red', { parent: 0x10001, handle: INNER }, options(all, ...more));
    traffic.send(1514);
    traffic.take();
  };
  const stats = () => P.tc_red_xstats.get(traffic.app(INNER), 0);
  const send = (count: number): number[] => Array.from({ length: count }, () => traffic.send(500));

  it('drops what comes while the queue is too long', () => {
    inner({});
    expect(send(7)).to.deep.equal([0, 0, 0, 0, 2, 2, 2]);
    expect(stats()).to.deep.equal({ early: 3, pdrop: 0, other: 0, marked: 0 });
    expect(traffic.counters(INNER)).to.include({ qlen: 4, backlog: 2000, drops: 3, overlimits: 3 });
    traffic.advance(100e9);
    expect(traffic.take()).to.deep.equal([1, 2, 3, 4]);
    traffic.close();
  });

  it('lets in what cannot be marked, when it is not to drop, until the child is full', () => {
    inner({ limit: 3000 }, flags(9, 9));
    expect(send(7)).to.deep.equal([0, 0, 0, 0, 0, 0, 1]);
    expect(stats()).to.deep.equal({ early: 0, pdrop: 1, other: 0, marked: 0 });
    expect(traffic.counters(INNER)).to.include({ qlen: 6, drops: 1, overlimits: 3 });
    traffic.advance(100e9);
    traffic.close();
  });

  it('drops some between the thresholds, and the more the longer the queue', () => {
    inner({ limit: 1e6, qth_min: 1000, qth_max: 40000, Plog: 0 }, attr(TCA_RED.MAX_P.type, 0xffffffff));
    const results = send(100);
    const dropped = results.map((result, i) => (result === 0 ? -1 : i)).filter((i) => i >= 0);
    expect(dropped.length).to.be.within(10, 90);
    expect(stats().early).to.equal(dropped.length);
    traffic.advance(1000e9);
    expect(traffic.take().length).to.equal(100 - dropped.length);
    traffic.close();
  });
});
