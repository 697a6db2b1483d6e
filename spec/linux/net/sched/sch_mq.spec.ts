// The mq qdisc: where it may be, what it refuses as a root of several queues, what hangs under its classes.
import { expect } from 'chai';
import * as E from '../../../../lib/uapi/asm-generic/errno.js';
import { tc_sizespec, TC_H_ROOT, TCA_STAB } from '../../../../lib/uapi/linux/pkt_sched.js';
import * as R from '../../../../lib/uapi/linux/rtnetlink.js';
import { ADD, attr, Bed, type Fields, nest } from './bed.js';
import { htb, htbClass } from './shaping.js';

const root: Fields = { parent: TC_H_ROOT, handle: 0x10000 };
const stab = nest(R.TCA.STAB.type, attr(TCA_STAB.BASE.type, tc_sizespec.bytes({ overhead: 4 })));

describe('net/sched/sch_mq', () => {
  let bed: Bed;
  beforeEach(() => {
    bed = new Bed();
  });

  it('refuses a device with one queue, and places below the root', () => {
    const one = new Bed({ config: { ...bed.machine.config, cpus: 1 } });
    const before = one.objects();
    expect(one.qdisc('mq', root).errno).to.equal(E.EOPNOTSUPP);
    expect(one.objects()).to.deep.equal(before);
    bed.qdisc('mq', root);
    const full = bed.objects();
    expect(bed.qdisc('mq', { parent: 0x10001, handle: 0x20000 }).errno).to.equal(E.EOPNOTSUPP);
    expect(bed.objects()).to.deep.equal(full);
  });

  it('takes no estimator, neither new nor later', () => {
    const before = bed.objects();
    const rate = attr(R.TCA.RATE.type, Uint8Array.of(0, 2));
    const answer = bed.qdisc('mq', root, ADD, rate);
    expect([answer.errno, answer.text]).to.deep.equal([
      E.EOPNOTSUPP,
      'Cannot attach rate estimator to a multi-queue root qdisc',
    ]);
    expect(bed.objects()).to.deep.equal(before);
    bed.qdisc('mq', root);
    expect(bed.qdisc('mq', root, 0, rate).errno, 'a change ignores it').to.equal(0);
  });

  it('allows size tables under its classes, unlike others', () => {
    bed.qdisc('mq', root);
    expect(bed.qdisc('pfifo', { parent: 0x10001, handle: 0x20000 }, ADD, stab).errno).to.equal(0);
    const other = new Bed();
    other.qdisc('htb', root, ADD, htb());
    other.tc(R.RTM_NEWTCLASS, ADD, { handle: 0x10001 }, htbClass());
    const before = other.objects();
    expect(other.qdisc('pfifo', { parent: 0x10001, handle: 0x20000 }, ADD, stab).text).to.equal(
      'STAB not supported on a non root',
    );
    expect(other.objects()).to.deep.equal(before);
  });

  it('has no qdisc under a class once it is deleted', () => {
    bed.qdisc('mq', root);
    bed.qdisc('htb', { parent: 0x10001, handle: 0x20000 }, ADD, htb());
    expect(bed.tc(R.RTM_DELQDISC, 0, { parent: 0x10001 }).events).to.deep.equal(['DELQDISC htb 2:0 refs 1']);
    expect(bed.tc(R.RTM_DELQDISC, 0, { parent: 0x10001 }).text).to.equal('Cannot delete qdisc with handle of zero');
  });
});
