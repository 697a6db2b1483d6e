// The sfq qdisc: defaults, what options become, what is refused, slots as classes, turns, whom a full queue costs a packet,
// and a key that changes.
import { expect } from 'chai';
import type { StructValue } from '../../../../lib/codec/struct.js';
import * as E from '../../../../lib/uapi/asm-generic/errno.js';
import { NLM_F_ECHO } from '../../../../lib/uapi/linux/netlink.js';
import * as P from '../../../../lib/uapi/linux/pkt_sched.js';
import * as R from '../../../../lib/uapi/linux/rtnetlink.js';
import { ADD, type Answer, attr, Bed, type Fields, kind } from './bed.js';
import { Traffic } from './packets/traffic.js';
import { openTc, rateOf, tbf } from './shaping.js';

const { tc_sfq_qopt, tc_sfq_qopt_v1 } = P;
type Options = Partial<StructValue<typeof tc_sfq_qopt.members>>;
type More = Partial<StructValue<typeof tc_sfq_qopt_v1.members>>;

const root: Fields = { parent: P.TC_H_ROOT, handle: 0x10000 };
const options = (given: Options, more?: More): Uint8Array => {
  const v0 = tc_sfq_qopt.bytes(given);
  return attr(R.TCA.OPTIONS.type, more === undefined ? v0 : tc_sfq_qopt_v1.bytes({ v0, ...more }));
};

describe('net/sched/sch_sfq', () => {
  let bed: Bed;
  beforeEach(() => {
    bed = new Bed({ version: 'v6.1' });
  });
  const sfq = (flags: number, ...more: Uint8Array[]): Answer => bed.qdisc('sfq', root, flags, ...more);
  const shown = () => {
    const [answer] = bed.client.request(R.RTM_GETQDISC, NLM_F_ECHO | 4, bed.body(root, []));
    const bytes = openTc(answer!).tca.get(R.TCA.OPTIONS.type)!;
    return { ...tc_sfq_qopt.get(bytes, 0), more: tc_sfq_qopt_v1.get(bytes, 0) };
  };

  const refused: readonly [string, Uint8Array, string | undefined][] = [
    ['short options', attr(R.TCA.OPTIONS.type, new Uint8Array(tc_sfq_qopt.size - 1)), undefined],
    ['a divisor that is no power of two', options({ divisor: 3 }), undefined],
    ['a divisor that is too large', options({ divisor: 1 << 17 }), undefined],
    ['a negative quantum', options({ quantum: 0x80000000 }), 'sch_sfq: invalid quantum'],
    ['a negative period', options({ perturb_period: -1 }), 'sch_sfq: invalid perturb period'],
    ['a period no timer has', options({ perturb_period: 8589935 }), 'sch_sfq: invalid perturb period'],
    ['thresholds in disorder', options({}, { qth_min: 2, qth_max: 1 }), undefined],
    ['room for one packet', options({ limit: 1 }), 'sch_sfq: invalid limit'],
    ['one packet of one flow', options({ limit: 9, flows: 1 }, { depth: 1 }), 'sch_sfq: invalid limit'],
  ];
  for (const [what, given, text] of refused)
    it(`refuses ${what}, and leaves nothing behind`, () => {
      const before = bed.objects();
      const answer = sfq(ADD, given);
      expect([answer.errno, answer.text]).to.deep.equal([E.EINVAL, text]);
      expect(bed.objects()).to.deep.equal(before);
    });

  it('needs no options, and takes no others later', () => {
    expect(sfq(ADD).errno).to.equal(0);
    expect(shown()).to.deep.include({ quantum: 1514, perturb_period: 0, limit: 127, divisor: 1024, flows: 128 });
    expect(sfq(0, options({})).text).to.equal('Change operation not supported by specified qdisc');
    expect(bed.qdisc('pfifo', { parent: 0x10001, handle: 0x20000 }).text).to.equal('Specified class not found');
    expect(bed.tc(R.RTM_NEWTCLASS, ADD, { handle: 0x10001 }, kind('sfq')).errno).to.equal(E.EOPNOTSUPP);
  });

  it('bounds flows by hashes and by the limit, and the limit by what flows can hold', () => {
    sfq(ADD, options({ flows: 100, divisor: 16, limit: 1000 }, { depth: 5 }));
    expect(shown()).to.deep.include({ flows: 16, limit: 80, divisor: 16 });
    bed.tc(R.RTM_DELQDISC, 0, root);
    sfq(ADD, options({ flows: 100, limit: 10 }, { depth: 200, headdrop: 1, flags: 255 }));
    const { flows, limit, more } = shown();
    expect([flows, limit]).to.deep.equal([10, 10]);
    expect(more).to.include({ depth: 127, headdrop: 1, flags: 255, max_P: 0 });
  });

  it('shows thresholds without their binary places, and the probability', () => {
    sfq(ADD, options({}, { qth_min: 100, qth_max: 1000, Wlog: 3, Plog: 31, Scell_log: 9, limit: 7 }));
    const seen = { qth_min: 100, qth_max: 1000, Wlog: 3, Plog: 31, Scell_log: 9, max_P: 900, limit: 0 };
    expect(shown().more).to.include(seen);
  });
});

describe('net/sched/sch_sfq: packets', () => {
  const INNER = 0x20000;
  let traffic: Traffic;
  const inner = (given: Options, more?: More): void => {
    traffic = new Traffic({ version: 'v6.1' });
    traffic.qdisc(
      'tbf',
      { parent: P.TC_H_ROOT, handle: 0x10000 },
      tbf({ rate: rateOf(1000), limit: 0 }, attr(P.TCA_TBF.BURST.type, 1514)),
    );
    traffic.qdisc('sfq', { parent: 0x10001, handle: INNER }, options(given, more));
    // One leaves at once, and one is looked at: it is in no slot, but counts.
    for (let i = 0; i < 2; i++) traffic.send(1514, { priority: INNER | 900 });
    expect(traffic.take()).to.deep.equal([0]);
  };
  const send = (minor: number, length = 500): number => traffic.send(length, { priority: INNER | minor });
  /** Numbers of what arrives, the first that was sent here being 1. */
  const rest = (): number[] => {
    traffic.advance(1000e9);
    expect(traffic.counters(INNER)).to.include({ qlen: 0, backlog: 0 });
    const [held, ...numbers] = traffic.take();
    expect(held).to.equal(1);
    traffic.close();
    return numbers.map((number) => number - 1);
  };

  it('lets slots take turns of a quantum, and shows them as classes', () => {
    inner({ quantum: 1000 });
    for (const minor of [7, 7, 7, 7, 3, 3, 3]) send(minor);
    const classes = traffic.bed.dump(R.RTM_GETTCLASS, {}).filter((text) => text.includes('sfq'));
    expect(classes).to.deep.equal(['NEWTCLASS sfq 2:3 refs 0', 'NEWTCLASS sfq 2:7 refs 0']);
    expect(rest()).to.deep.equal([1, 2, 5, 6, 3, 4, 7]);
  });

  it('takes the last packet of the longest slot when there are too many', () => {
    inner({ limit: 6 });
    expect([1, 1, 1, 2, 2].map((minor) => send(minor))).to.deep.equal([0, 0, 0, 0, 0]);
    expect(send(2), 'as long as the other, and later').to.equal(2);
    expect(send(3), 'the other slot loses one').to.equal(0);
    expect(traffic.counters(INNER)).to.include({ qlen: 6, backlog: 4014, drops: 2 });
    expect(traffic.counters(), 'whom it is told').to.include({ qlen: 6, backlog: 4014 });
    expect(rest()).to.deep.equal([1, 2, 4, 5, 7]);
  });

  it('takes the first of the ring when every slot has one packet', () => {
    inner({ limit: 3 });
    for (const minor of [1, 2, 3]) send(minor);
    expect(rest()).to.deep.equal([2, 3]);
  });

  it('keeps slots to their depth, at the end or at the head', () => {
    inner({}, { depth: 2 });
    expect([1, 1, 1].map((minor) => send(minor))).to.deep.equal([0, 0, 1]);
    expect(rest()).to.deep.equal([1, 2]);
    inner({}, { depth: 2, headdrop: 1 });
    expect([1, 1, 1].map((minor) => send(minor))).to.deep.equal([0, 0, 2]);
    expect(rest()).to.deep.equal([2, 3]);
  });

  it('has as many slots as flows', () => {
    inner({ flows: 2, divisor: 64 });
    expect([1, 2, 3].map((minor) => send(minor))).to.deep.equal([0, 0, 1]);
    expect(traffic.counters(INNER).drops).to.equal(1);
    expect(rest()).to.deep.equal([1, 2]);
  });

  it('drops early in a slot that is too long', () => {
    inner({}, { qth_min: 1000, qth_max: 1000, Wlog: 0 });
    expect([1, 1, 1, 2].map((minor) => send(minor))).to.deep.equal([0, 0, 1, 0]);
    expect(traffic.counters(INNER)).to.include({ drops: 1, overlimits: 1 });
    expect(rest()).to.deep.equal([1, 2, 4]);
  });

  it('puts what waits by another key, and loses none of it', () => {
    inner({ perturb_period: 1 });
    for (let i = 0; i < 20; i++) traffic.send(500);
    traffic.advance(1.2e9);
    expect(traffic.counters(INNER)).to.include({ qlen: 21, drops: 0 });
    expect(rest().sort((a, b) => a - b)).to.deep.equal(Array.from({ length: 20 }, (_, i) => i + 1));
  });
});
