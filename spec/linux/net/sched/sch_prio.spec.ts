// The prio qdisc: bands and map, children that come and go with the bands, classes and filters.
import { expect } from 'chai';
import * as E from '../../../../lib/uapi/asm-generic/errno.js';
import * as P from '../../../../lib/uapi/linux/pkt_sched.js';
import { TCA_BPF } from '../../../../lib/uapi/linux/pkt_cls.js';
import * as R from '../../../../lib/uapi/linux/rtnetlink.js';
import { ADD, type Answer, attr, Bed, bpf, type Fields, nest, ops } from './bed.js';

const root: Fields = { parent: P.TC_H_ROOT, handle: 0x10000 };
const options = (bands: number, map = new Uint8Array(16)): Uint8Array =>
  attr(R.TCA.OPTIONS.type, P.tc_prio_qopt.bytes({ bands, priomap: map }));

describe('net/sched/sch_prio', () => {
  let bed: Bed;
  beforeEach(() => {
    bed = new Bed();
  });
  const prio = (bands: number, flags = ADD): Answer => bed.qdisc('prio', root, flags, options(bands));

  const refused: readonly [string, Uint8Array[]][] = [
    ['no options', []],
    ['short options', [attr(R.TCA.OPTIONS.type, new Uint8Array(19))]],
    ['one band', [options(1)]],
    ['seventeen bands', [options(17)]],
    ['a map to a band there is not', [options(3, Uint8Array.of(0, 3))]],
  ];
  for (const [what, given] of refused)
    it(`refuses ${what} and leaves nothing behind`, () => {
      const before = bed.objects();
      const answer = bed.qdisc('prio', root, ADD, ...given);
      expect([answer.errno, answer.text]).to.deep.equal([E.EINVAL, undefined]);
      expect(bed.objects()).to.deep.equal(before);
    });

  it('has an invisible pfifo in every band, and drops those of bands that go', () => {
    prio(3);
    const all = (): number =>
      bed.dump(R.RTM_GETQDISC, {}, nest(R.TCA.DUMP_INVISIBLE.type)).filter((text) => text.includes('pfifo 0:0')).length;
    expect(all()).to.equal(3);
    bed.qdisc('bfifo', { parent: 0x10003, handle: 0x20000 });
    expect(all()).to.equal(2);
    expect(prio(5, 0).errno).to.equal(0);
    expect(all()).to.equal(4);
    expect(prio(2, 0).errno).to.equal(0);
    expect(all()).to.equal(2);
    expect(bed.dump(R.RTM_GETQDISC, {}).join(), 'the user child of a band that is gone').to.not.include('bfifo');
    expect(bed.qdisc('bfifo', { parent: 0x10003, handle: 0x20000 }).text).to.equal('Specified class not found');
  });

  it('hangs a pfifo back into a band whose qdisc is deleted', () => {
    prio(2);
    const before = bed.objects();
    bed.qdisc('pfifo', { parent: 0x10001, handle: 0x20000 });
    expect(bed.dump(R.RTM_GETTCLASS, {}).slice(0, 2)).to.deep.equal([
      'NEWTCLASS prio 1:1 refs 131072',
      'NEWTCLASS prio 1:2 refs 0',
    ]);
    bed.tc(R.RTM_DELQDISC, 0, { parent: 0x10001 });
    expect(bed.objects()).to.deep.equal(before);
  });

  it('takes filters of its own, bound to bands', () => {
    prio(2);
    expect(bed.filter({ parent: 0x10000 }, ADD, bpf(ops(), attr(TCA_BPF.CLASSID.type, 0x10002))).errno).to.equal(0);
    expect(bed.filter({ parent: 0x10001 }).errno, 'not for a band').to.equal(E.EINVAL);
    expect(bed.tc(R.RTM_NEWTCLASS, ADD, { handle: 0x10009 }).errno).to.equal(E.EOPNOTSUPP);
    expect(bed.tc(R.RTM_DELQDISC, 0, { parent: P.TC_H_ROOT }).errno).to.equal(0);
  });
});
