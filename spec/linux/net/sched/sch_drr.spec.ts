// The drr qdisc: classes, their quanta and children, filters bound to them, what is refused and how, who takes turns.
import { expect } from 'chai';
import * as E from '../../../../lib/uapi/asm-generic/errno.js';
import { NLM_F_ECHO } from '../../../../lib/uapi/linux/netlink.js';
import { TCA_BPF } from '../../../../lib/uapi/linux/pkt_cls.js';
import * as P from '../../../../lib/uapi/linux/pkt_sched.js';
import * as R from '../../../../lib/uapi/linux/rtnetlink.js';
import { ADD, type Answer, attr, Bed, bpf, type Fields, kind, nest, ops } from './bed.js';
import { openTc, optionsIn, rateOf, tbf } from './shaping.js';
import { Traffic } from './packets/traffic.js';

const root: Fields = { parent: P.TC_H_ROOT, handle: 0x10000 };
const options = (quantum?: number): Uint8Array =>
  nest(R.TCA.OPTIONS.type, ...(quantum === undefined ? [] : [attr(P.TCA_DRR.QUANTUM.type, quantum)]));
const badEstimator = attr(R.TCA.RATE.type, P.tc_estimator.bytes({ interval: 4, ewma_log: 3 }));

describe('net/sched/sch_drr', () => {
  let bed: Bed;
  beforeEach(() => {
    bed = new Bed({ version: 'v6.1' });
    expect(bed.qdisc('drr', root).errno).to.equal(0);
  });
  const change = (minor: number, flags: number, ...more: Uint8Array[]): Answer =>
    bed.tc(R.RTM_NEWTCLASS, flags, { handle: 0x10000 | minor, parent: 0x10000 }, kind('drr'), ...more);
  const get = (minor: number) =>
    bed.client.request(R.RTM_GETTCLASS, NLM_F_ECHO | 4, bed.body({ handle: 0x10000 | minor }, []))[0]!;
  const quantum = (minor: number): number => optionsIn(get(minor)).get(P.TCA_DRR.QUANTUM.type)!.view.getUint32(0, true);
  const remove = (minor: number): Answer => bed.tc(R.RTM_DELTCLASS, 0, { handle: 0x10000 | minor });

  it('takes no options, and no change', () => {
    expect(bed.qdisc('drr', root, 0, options()).text).to.equal('Change operation not supported by specified qdisc');
    expect(bed.tc(R.RTM_DELQDISC, 0, root).errno).to.equal(0);
    expect(bed.qdisc('drr', root, ADD, attr(R.TCA.OPTIONS.type, 'whatever')).errno).to.equal(0);
  });

  const refused: readonly [string, Uint8Array[], string | undefined][] = [
    ['without options', [], 'DRR options are required for this operation'],
    ['with a quantum of none', [options(0)], 'Specified DRR quantum cannot be zero'],
    ['with an estimator there is not', [options(9), badEstimator], 'Failed to replace estimator'],
  ];
  for (const [what, given, text] of refused)
    it(`refuses a class ${what}, and leaves nothing behind`, () => {
      const before = bed.objects();
      const answer = change(1, ADD, ...given);
      expect([answer.errno, answer.text]).to.deep.equal([E.EINVAL, text]);
      expect(bed.objects()).to.deep.equal(before);
    });

  it('gives a class the greatest packet as its quantum unless told otherwise, and keeps any', () => {
    expect(change(1, ADD, options()).errno).to.equal(0);
    expect(change(2, ADD, options(3_000_000)).errno).to.equal(0);
    expect([quantum(1), quantum(2)]).to.deep.equal([1514, 3_000_000]);
    expect(change(2, 0, options(10)).errno).to.equal(0);
    expect(change(2, 0, options()).errno).to.equal(0);
    expect(quantum(2)).to.equal(10);
    expect(openTc(get(2)).tca.get(R.TCA.XSTATS.type)!.length).to.equal(P.tc_drr_stats.size);
    expect(openTc(get(2)).tcm.tcm_parent).to.equal(P.TC_H_ROOT);
  });

  it('keeps a class that a filter is bound to, and says so in kernels that do', () => {
    change(1, ADD, options());
    expect(bed.filter({ parent: 0x10001 }).text).to.equal('DRR classid must be zero');
    const bound = bpf(ops(), attr(TCA_BPF.CLASSID.type, 0x10001));
    expect(bed.filter({ parent: 0x10000 }, ADD, bound).errno).to.equal(0);
    expect([remove(1).errno, remove(1).text]).to.deep.equal([E.EBUSY, undefined]);
    expect(bed.tc(R.RTM_DELTFILTER, 0, { parent: 0x10000 }).errno).to.equal(0);
    bed.settle();
    expect(remove(1).errno).to.equal(0);
    const late = new Bed();
    late.qdisc('drr', root);
    late.tc(R.RTM_NEWTCLASS, ADD, { handle: 0x10001, parent: 0x10000 }, kind('drr'), options());
    late.filter({ parent: 0x10000 }, ADD, bound);
    expect(late.tc(R.RTM_DELTCLASS, 0, { handle: 0x10001 }).text).to.equal('DRR class is in use');
  });

  it('makes a class whose id nobody can ask for', () => {
    expect(bed.tc(R.RTM_NEWTCLASS, ADD, { parent: 0x10000 }, kind('drr'), options()).errno).to.equal(0);
    expect(bed.dump(R.RTM_GETTCLASS, {})).to.deep.equal(['NEWTCLASS drr 0:0 refs 0', 'DONE 0']);
    expect(bed.tc(R.RTM_DELQDISC, 0, root).errno).to.equal(0);
  });

  it('grafts children, and hangs an unlisted pfifo back', () => {
    change(3, ADD, options());
    const before = bed.objects();
    expect(bed.qdisc('pfifo', { parent: 0x10003, handle: 0x300000 }).errno).to.equal(0);
    expect(bed.dump(R.RTM_GETTCLASS, {})).to.deep.equal([`NEWTCLASS drr 1:3 refs 3145728`, 'DONE 0']);
    expect(bed.tc(R.RTM_DELQDISC, 0, { parent: 0x10003 }).errno).to.equal(0);
    expect(bed.objects()).to.deep.equal(before);
    expect(bed.dump(R.RTM_GETQDISC, {}, nest(R.TCA.DUMP_INVISIBLE.type)).join()).to.not.include('pfifo');
    expect(bed.tc(R.RTM_DELQDISC, 0, root).errno).to.equal(0);
  });
});

describe('net/sched/sch_drr: packets', () => {
  it('sends by quanta in turns, drops what has no class, and counts both', () => {
    const traffic = new Traffic({ version: 'v6.1' });
    const second = 1e9;
    traffic.qdisc(
      'tbf',
      { parent: P.TC_H_ROOT, handle: 0x10000 },
      tbf({ rate: rateOf(1000), limit: 0 }, attr(P.TCA_TBF.BURST.type, 1514)),
    );
    traffic.qdisc('drr', { parent: 0x10001, handle: 0x20000 });
    for (const [minor, quantum] of [
      [1, 500],
      [2, 1000],
    ] as const)
      traffic.request(R.RTM_NEWTCLASS, { handle: 0x20000 | minor, parent: 0x20000 }, 'drr', options(quantum));
    expect(traffic.send(100), 'without a class').to.equal(0);
    expect(traffic.counters(0x20000)).to.include({ drops: 1, qlen: 0 });
    traffic.send(1514, { priority: 0x20001 });
    for (let i = 0; i < 12; i++) traffic.send(500, { priority: 0x20001 + (i % 2) });
    expect(traffic.counters(0x20000)).to.include({ qlen: 12, backlog: 6000 });
    expect(traffic.classCounters(0x20002)).to.include({ qlen: 6, backlog: 3000 });
    traffic.advance(100 * second);
    expect(traffic.take()).to.deep.equal([1, 2, 3, 5, 4, 7, 9, 6, 11, 13, 8, 10, 12]);
    expect(traffic.classCounters(0x20001)).to.include({ packets: 7, bytes: 1514 + 3000, qlen: 0 });
    traffic.send(500, { priority: 0x20002 });
    traffic.send(500, { priority: 0x20002 });
    expect(traffic.bed.tc(R.RTM_DELTCLASS, 0, { handle: 0x20002 }).errno).to.equal(0);
    expect(traffic.counters(0x20000).qlen).to.equal(0);
    traffic.close();
  });
});
