// The matchall classifier: one filter a tcf_proto, announced without its options, and lost by a dump it does not fit.
// Measured on 6.1 (spec/vectors/sched); what 6.18 does otherwise was read, and is nothing of this.
import { expect } from 'chai';
import * as E from '../../../../lib/uapi/asm-generic/errno.js';
import * as P from '../../../../lib/uapi/linux/pkt_cls.js';
import { RTM_DELTFILTER, RTM_GETTFILTER, RTM_NEWTFILTER, TCA } from '../../../../lib/uapi/linux/rtnetlink.js';
import { ADD, type Answer, attr, Bed, CREATE, type Fields, INGRESS, kind, nest, PROTO_ALL } from './bed.js';

const { TCA_MATCHALL } = P;
/** Where TCA_OPTIONS starts in an answer: behind KIND (of 9 bytes) and CHAIN. */
const OPTIONS_AT = 60;

describe('net/sched/cls_matchall', () => {
  let bed: Bed;
  const all = { parent: INGRESS, prio: 1, protocol: PROTO_ALL };
  const options = (...inside: Uint8Array[]): Uint8Array => nest(TCA.OPTIONS.type, ...inside);
  const add = (fields: Fields = {}, flags = ADD, ...inside: Uint8Array[]): Answer =>
    bed.tc(RTM_NEWTFILTER, flags, { ...all, ...fields }, kind('matchall'), options(...inside));
  const classid = attr(TCA_MATCHALL.CLASSID.type, 0x10001);

  beforeEach(() => {
    bed = new Bed();
    expect(bed.qdisc('clsact').errno).to.equal(0);
    bed.settle();
  });

  it('gives handle 1, or the one that is asked for', () => {
    expect(add().errno).to.equal(0);
    expect(add({ prio: 2, handle: 0xffffffff }).errno).to.equal(0);
    const handles = bed.filters().map((line) => line.replace(/^.* handle /, ''));
    expect(handles).to.deep.equal(['0', '1', '0', 'ffffffff', 'DONE 0']);
  });

  it('is announced in header form, and shows its options to who asks', () => {
    const { events } = add({}, ADD, classid);
    expect(events).to.deep.equal(['NEWCHAIN ffff:0 chain 0', 'NEWTFILTER ffff:fff2 chain 0 prio 1 handle 0']);
    const reply = bed.client.request(RTM_GETTFILTER, 0, bed.body({ ...all, handle: 1 }, []))[0]!;
    const flags = attr(TCA_MATCHALL.FLAGS.type, P.TCA_CLS_FLAGS_NOT_IN_HW);
    const counters = attr(TCA_MATCHALL.PCNT.type, new Uint8Array(8));
    expect(reply.u8.slice(OPTIONS_AT)).to.deep.equal(options(classid, flags, counters));
  });

  it('refuses a second filter and every change', () => {
    expect(add().errno).to.equal(0);
    expect(add({ handle: 1 }, CREATE).errno).to.equal(E.EEXIST);
    expect(add({ handle: 2 }, CREATE).errno).to.equal(E.EEXIST);
    expect(bed.tc(RTM_NEWTFILTER, CREATE, { ...all, handle: 2 }, kind('matchall')).errno).to.equal(E.EINVAL);
  });

  it('refuses options, flags, actions and offload in this order, and leaves nothing behind', () => {
    const before = bed.objects();
    const skip = (flags: number): Uint8Array => attr(TCA_MATCHALL.FLAGS.type, flags);
    const actions = nest(TCA_MATCHALL.ACT.type, nest(1, attr(1, 'nosuch')));
    expect(bed.tc(RTM_NEWTFILTER, ADD, all, kind('matchall')).errno).to.equal(E.EINVAL);
    expect(add({}, ADD, attr(TCA_MATCHALL.CLASSID.type, Uint8Array.of(1))).errno).to.equal(E.ERANGE);
    expect(add({}, ADD, skip(3), actions).errno).to.equal(E.EINVAL);
    expect(add({}, ADD, skip(P.TCA_CLS_FLAGS_SKIP_SW), actions).errno).to.equal(E.ENOENT);
    expect(add({}, ADD, skip(P.TCA_CLS_FLAGS_SKIP_SW)).errno).to.equal(E.EOPNOTSUPP);
    bed.settle();
    expect(bed.objects()).to.deep.equal(before);
  });

  it('goes with its tcf_proto and frees every object after a grace period', () => {
    const before = bed.objects();
    expect(add({}, ADD, classid).errno).to.equal(0);
    const { events } = bed.tc(RTM_DELTFILTER, 0, { ...all, handle: 1 });
    expect(events).to.deep.equal(['DELTFILTER ffff:fff2 chain 0 prio 1 handle 1', 'DELCHAIN ffff:0 chain 0']);
    bed.settle();
    expect(bed.objects()).to.deep.equal(before);
  });

  it('is lost by dumps it does not fit: a terse one, for which there is no room at all, and the end of a chunk', () => {
    for (let prio = 1; prio <= 40; prio++) expect(add({ prio }, ADD, classid).errno).to.equal(0);
    const terse = attr(TCA.DUMP_FLAGS.type, Uint8Array.of(1, 0, 0, 0, 1, 0, 0, 0));
    const headers = bed.dump(RTM_GETTFILTER, { parent: INGRESS }, terse);
    expect(headers).to.have.length(41);
    expect(headers.at(-1)).to.equal('DONE 0');
    expect(headers.every((line) => !line.endsWith('handle 1'))).to.equal(true);
    const whole = bed.dump(RTM_GETTFILTER, { parent: INGRESS });
    expect(whole.filter((line) => line.endsWith('handle 0'))).to.have.length(40);
    expect(whole.filter((line) => line.endsWith('handle 1'))).to.have.length.within(38, 40);
  });

  it('does not exist in 4.1', () => {
    const old = new Bed({ version: 'v4.1' });
    expect(old.qdisc('ingress').errno).to.equal(0);
    const fields = { ...all, parent: 0xffff0000 };
    expect(old.tc(RTM_NEWTFILTER, ADD, fields, kind('matchall'), options()).errno).to.equal(E.ENOENT);
  });
});
