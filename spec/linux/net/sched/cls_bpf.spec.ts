// bpf filters: slots and handles, the order of refusals, when a program is let go.
// The bpf classifier with classic programs: handles, slots, options, refusals, dumps, by kernel version.
import { expect } from 'chai';
import * as E from '../../../../lib/uapi/asm-generic/errno.js';
import { TCA_BPF } from '../../../../lib/uapi/linux/pkt_cls.js';
import { RTM_DELTFILTER, RTM_GETTFILTER, RTM_NEWTFILTER, TCA } from '../../../../lib/uapi/linux/rtnetlink.js';
import { ADD, attr, Bed, bpf, CREATE, INGRESS, kind, nest, ops, PROTO_ALL } from './bed.js';

const OPTIONS = TCA.OPTIONS.type;
const fields = { parent: INGRESS, prio: 1, protocol: PROTO_ALL };
const header = 'NEWTFILTER ffff:fff2 chain 0 prio 1 handle 0';
const shown = (...handles: string[]): string[] => [
  header,
  ...handles.map((handle) => `NEWTFILTER ffff:fff2 chain 0 prio 1 handle ${handle}`),
  'DONE 0',
];

describe('net/sched/cls_bpf', () => {
  let bed: Bed;
  beforeEach(() => {
    bed = new Bed();
    expect(bed.qdisc('clsact').errno).to.equal(0);
  });

  it('shows the newest filter first', () => {
    for (let i = 0; i < 3; i++) expect(bed.filter().errno).to.equal(0);
    expect(bed.filters()).to.deep.equal(shown('3', '2', '1'));
  });

  it('keeps the slot and the handle on replace', () => {
    for (let i = 0; i < 3; i++) bed.filter();
    expect(bed.filter({ handle: 2 }, CREATE).errno).to.equal(0);
    expect(bed.filters()).to.deep.equal(shown('3', '2', '1'));
    expect(bed.filter({ handle: 3 }, CREATE).errno).to.equal(0);
    expect(bed.filter({ handle: 1 }, 0).errno).to.equal(0);
    expect(bed.filters()).to.deep.equal(shown('3', '2', '1'));
  });

  it('gives the lowest free handle, and any handle that is asked for', () => {
    for (const handle of [2, 0xffffffff, 0x80000000]) expect(bed.filter({ handle }).errno).to.equal(0);
    bed.filter();
    bed.filter();
    expect(bed.filters()).to.deep.equal(shown('3', '1', '80000000', 'ffffffff', '2'));
    expect(bed.tc(RTM_DELTFILTER, 0, { ...fields, handle: 1 }).errno).to.equal(0);
    bed.filter();
    expect(bed.filters()[1]).to.equal('NEWTFILTER ffff:fff2 chain 0 prio 1 handle 1');
  });

  it('counts handles on in 4.1, where a deleted one is not given again', () => {
    const old = new Bed({ version: 'v4.1' });
    expect(old.qdisc('ingress').errno).to.equal(0);
    const classid = attr(TCA_BPF.CLASSID.type, 1);
    const all = { parent: 0xffff0000, prio: 1, protocol: PROTO_ALL };
    for (let i = 0; i < 3; i++) expect(old.filter(all, ADD, bpf(ops(), classid)).errno).to.equal(0);
    expect(old.tc(RTM_DELTFILTER, 0, { ...all, handle: 2 }, kind('bpf')).errno).to.equal(0);
    expect(old.filter(all, ADD, bpf(ops(), classid)).errno).to.equal(0);
    const handles = old.filters(0xffff0000).map((line) => line.split(' ').pop());
    expect(handles).to.deep.equal(['0', '4', '3', '1', '0']);
    expect(old.filter(all, ADD).errno, 'a class is mandatory').to.equal(E.EINVAL);
  });

  const refused: readonly [string, number, Uint8Array | undefined][] = [
    ['no options', E.EINVAL, undefined],
    ['empty options', E.EINVAL, nest(OPTIONS)],
    ['a length alone', E.EINVAL, nest(OPTIONS, attr(TCA_BPF.OPS_LEN.type, Uint8Array.of(1, 0)))],
    ['instructions alone', E.EINVAL, nest(OPTIONS, attr(TCA_BPF.OPS.type, ops()))],
    ['a short length', E.ERANGE, nest(OPTIONS, attr(TCA_BPF.OPS_LEN.type, Uint8Array.of(1)))],
    ['instructions and an fd', E.EINVAL, bpf(ops(), attr(TCA_BPF.FD.type, 5))],
    ['an unknown flag', E.EINVAL, bpf(ops(), attr(TCA_BPF.FLAGS.type, 2))],
    ['both skips', E.EINVAL, bpf(ops(), attr(TCA_BPF.FLAGS_GEN.type, 3))],
    ['an output flag', E.EINVAL, bpf(ops(), attr(TCA_BPF.FLAGS_GEN.type, 8))],
    ['no software without hardware', E.EOPNOTSUPP, bpf(ops(), attr(TCA_BPF.FLAGS_GEN.type, 2))],
    ['a program that does not return', E.EINVAL, bpf(ops(0, 0, 0, 0, 0, 0, 0, 0))],
    ['half an instruction', E.EINVAL, nest(OPTIONS, attr(4, Uint8Array.of(1, 0)), attr(5, ops().subarray(0, 4)))],
    ['a closed fd', E.EBADF, nest(OPTIONS, attr(TCA_BPF.FD.type, 77))],
    ['a negative fd', E.EBADF, nest(OPTIONS, attr(TCA_BPF.FD.type, 0xffffffff))],
    ['an unknown action', E.ENOENT, bpf(ops(), nest(TCA_BPF.ACT.type, nest(1, attr(1, 'nosuch'))))],
    ['an empty policer', E.EINVAL, bpf(ops(), nest(TCA_BPF.POLICE.type))],
    ['an action without kind', E.EINVAL, bpf(ops(), nest(TCA_BPF.ACT.type, nest(1, attr(3, 1))))],
  ];
  for (const [title, errno, options] of refused) {
    it(`refuses ${title} and leaves nothing behind`, () => {
      const before = bed.objects();
      const answer = bed.tc(RTM_NEWTFILTER, ADD, fields, kind('bpf'), ...(options === undefined ? [] : [options]));
      expect(answer.errno).to.equal(errno);
      expect(answer.events).to.deep.equal(['NEWCHAIN ffff:0 chain 0', 'DELCHAIN ffff:0 chain 0']);
      expect(bed.objects()).to.deep.equal(before);
      expect(bed.filters()).to.deep.equal(['DONE 0']);
    });
    it(`keeps the old filter when a replacement has ${title}`, () => {
      bed.filter({ handle: 1 });
      const before = bed.objects();
      const attributes = options === undefined ? [] : [options];
      const answer = bed.tc(RTM_NEWTFILTER, 0, { ...fields, handle: 1 }, kind('bpf'), ...attributes);
      expect(answer.errno).to.equal(title.startsWith('no software') ? E.EINVAL : errno);
      expect(bed.objects()).to.deep.equal(before);
    });
  }

  it('refuses an fd of another file', () => {
    bed.client.task.files.set(5, bed.client.sock);
    expect(bed.filter({}, ADD, nest(OPTIONS, attr(TCA_BPF.FD.type, 5))).errno).to.equal(E.EINVAL);
  });

  it('lets the skip flags of a filter not change', () => {
    bed.filter({ handle: 1 });
    const skipHw = bpf(ops(), attr(TCA_BPF.FLAGS_GEN.type, 1));
    expect(bed.filter({ handle: 1 }, 0, skipHw).errno).to.equal(E.EINVAL);
    expect(bed.filter({ handle: 2 }, ADD, skipHw).errno).to.equal(0);
  });

  it('keeps a program until a grace period after its filter is gone', () => {
    const programs = (): number => bed.objects().filter((label) => label.startsWith('classic bpf')).length;
    bed.filter({ handle: 1 });
    bed.filter({ handle: 1 }, 0);
    expect(programs(), 'old and new').to.equal(2);
    bed.settle();
    expect(programs(), 'after the replacement').to.equal(1);
    bed.tc(RTM_DELTFILTER, 0, { ...fields, handle: 1 });
    expect(programs(), 'deleted').to.equal(1);
    bed.settle();
    expect(programs(), 'freed').to.equal(0);
  });

  it('answers for one filter by unicast', () => {
    bed.filter({ handle: 7 });
    const answer = bed.tc(RTM_GETTFILTER, 0, { ...fields, handle: 7 });
    expect(answer.replies).to.deep.equal(['NEWTFILTER ffff:fff2 chain 0 prio 1 handle 7']);
    expect(answer.events).to.deep.equal([]);
  });
});
