// The tbf qdisc: refusals (all without text), its buckets as ticks, its child and the limit that follows it.
import { expect } from 'chai';
import type { Bytes } from '../../../../lib/codec/bytes.js';
import * as E from '../../../../lib/uapi/asm-generic/errno.js';
import { NLM_F_ECHO } from '../../../../lib/uapi/linux/netlink.js';
import * as P from '../../../../lib/uapi/linux/pkt_sched.js';
import * as R from '../../../../lib/uapi/linux/rtnetlink.js';
import { ADD, attr, Bed, type Fields, kind, nest } from './bed.js';
import { openTc, optionsIn, rateOf, tbf, u64 } from './shaping.js';

const root: Fields = { parent: P.TC_H_ROOT, handle: 0x10000 };
const { TCA_TBF } = P;

describe('net/sched/sch_tbf', () => {
  let bed: Bed;
  beforeEach(() => {
    bed = new Bed();
  });
  const get = (fields: Fields = root): Bytes =>
    bed.client.request(R.RTM_GETQDISC, NLM_F_ECHO | 4, bed.body(fields, []))[0]!;
  const parms = () => P.tc_tbf_qopt.get(optionsIn(get()).get(TCA_TBF.PARMS.type)!, 0);
  const limitOf = (parent: number): number =>
    openTc(get({ parent })).tca.get(R.TCA.OPTIONS.type)!.view.getUint32(0, true);

  const refused: readonly [string, number, Uint8Array[]][] = [
    ['no options', E.EINVAL, []],
    ['options without PARMS', E.EINVAL, [nest(R.TCA.OPTIONS.type)]],
    ['short PARMS', E.ERANGE, [nest(R.TCA.OPTIONS.type, attr(TCA_TBF.PARMS.type, new Uint8Array(35)))]],
    ['a long rate table', E.ERANGE, [tbf({}, attr(TCA_TBF.RTAB.type, new Uint8Array(1025)))]],
    ['a rate of zero', E.EINVAL, [tbf({ rate: rateOf(0) })]],
    ['a bucket that holds no byte', E.EINVAL, [tbf({ buffer: 0 })]],
    ['a burst of zero', E.EINVAL, [tbf({}, attr(TCA_TBF.BURST.type, 0))]],
    ['a peak that is no higher', E.EINVAL, [tbf({ peakrate: rateOf(125000), mtu: 15000 })]],
    ['a peak bucket that holds no byte', E.EINVAL, [tbf({ peakrate: rateOf(250000), mtu: 0 })]],
    ['a peak burst of zero', E.EINVAL, [tbf({ peakrate: rateOf(250000), mtu: 9999 }, attr(TCA_TBF.PBURST.type, 0))]],
  ];
  for (const [what, errno, options] of refused)
    it(`refuses ${what} and leaves nothing behind`, () => {
      const before = bed.objects();
      const answer = bed.tc(R.RTM_NEWQDISC, ADD, root, kind('tbf'), ...options);
      expect([answer.errno, answer.text]).to.deep.equal([errno, undefined]);
      expect(bed.objects()).to.deep.equal(before);
      expect(bed.qdisc('tbf', root, ADD, tbf()).errno).to.equal(0);
      const good = parms();
      expect(bed.tc(R.RTM_NEWQDISC, 0, root, kind('tbf'), ...options).errno).to.equal(options.length === 0 ? 0 : errno);
      expect(parms(), 'after a refused change').to.deep.equal(good);
    });

  it('keeps times in ticks, and computes them from bursts in bytes', () => {
    bed.qdisc('tbf', root, ADD, tbf({ mtu: 77 }));
    expect(parms()).to.include({ limit: 3000, buffer: 1000000, mtu: 77 });
    const bursts = [attr(TCA_TBF.BURST.type, 1600), attr(TCA_TBF.PBURST.type, 500)];
    bed.qdisc('tbf', root, 0, tbf({ peakrate: rateOf(250000) }, ...bursts));
    expect(parms().buffer).to.be.closeTo((1600 * 1e9) / 125000 / 64, 1);
    expect(parms().mtu).to.be.closeTo((500 * 1e9) / 250000 / 64, 1);
  });

  it('shows rates of more than 32 bits on their own', () => {
    const rates = [attr(TCA_TBF.RATE64.type, u64(1n << 33n)), attr(TCA_TBF.PRATE64.type, u64(1n << 34n))];
    bed.qdisc('tbf', root, ADD, tbf({ peakrate: rateOf(1), mtu: 1000 }, ...rates));
    const options = optionsIn(get());
    expect(options.get(TCA_TBF.RATE64.type)!.view.getBigUint64(0, true)).to.equal(1n << 33n);
    expect(options.get(TCA_TBF.PRATE64.type)!.view.getBigUint64(0, true)).to.equal(1n << 34n);
    expect(P.tc_ratespec.get(options.get(TCA_TBF.PARMS.type)!, 0).rate).to.equal(0xffffffff);
  });

  it('counts cells where the link layer is ATM', () => {
    bed.qdisc('tbf', root, ADD, tbf({ rate: rateOf(125000, { linklayer: 2 }) }, attr(TCA_TBF.BURST.type, 100)));
    expect(parms().buffer).to.be.closeTo((3 * 53 * 1e9) / 125000 / 64, 1);
  });

  it('hands its limit to a child that is a fifo, and makes a bfifo when it has none', () => {
    bed.qdisc('tbf', root, ADD, tbf({ limit: 0 }));
    bed.qdisc('tbf', root, 0, tbf({ limit: 4000 }));
    expect(bed.dump(R.RTM_GETQDISC, {}), 'the bfifo is invisible').to.have.length(2);
    expect(bed.dump(R.RTM_GETQDISC, {}, nest(R.TCA.DUMP_INVISIBLE.type))).to.include('NEWQDISC bfifo 0:0 refs 1');
    expect(bed.qdisc('pfifo', { parent: 0x10001, handle: 0x20000 }).errno).to.equal(0);
    expect(limitOf(0x10001)).to.equal(1000);
    bed.qdisc('tbf', root, 0, tbf({ limit: 9 }));
    expect(limitOf(0x10001)).to.equal(9);
  });

  it('has one class that answers to every id, takes no filters, and nothing under it once its child is deleted', () => {
    bed.qdisc('tbf', root, ADD, tbf());
    const exists = bed.tc(R.RTM_NEWTCLASS, ADD, { handle: 0x10077 });
    expect(exists.errno).to.equal(E.EEXIST);
    expect(bed.tc(R.RTM_DELTCLASS, 0, { handle: 0x10077 }).errno).to.equal(E.EOPNOTSUPP);
    expect(bed.dump(R.RTM_GETTCLASS, {})[0]).to.equal('NEWTCLASS tbf 1:1 refs 0');
    expect(bed.filter({ parent: 0x10000 }).text).to.equal("Class doesn't support blocks");
    bed.qdisc('pfifo', { parent: 0x10005, handle: 0x20000 });
    expect(bed.tc(R.RTM_DELQDISC, 0, { parent: 0x10006 }).events).to.deep.equal(['DELQDISC pfifo 2:0 refs 1']);
    expect(bed.tc(R.RTM_DELQDISC, 0, { parent: 0x10006 }).errno).to.equal(E.ENOENT);
  });
});
