// Filters and actions that hold programs given by fd: the counts of a program's life as Linux 6.18 keeps them.
import { expect } from 'chai';
import * as B from '../../../../lib/uapi/linux/bpf.js';
import { NLM_F_REPLACE } from '../../../../lib/uapi/linux/netlink.js';
import { TCA_BPF } from '../../../../lib/uapi/linux/pkt_cls.js';
import * as R from '../../../../lib/uapi/linux/rtnetlink.js';
import * as E from '../../../../lib/uapi/asm-generic/errno.js';
import { attr, bpf, INGRESS, kind, nest, PROTO_ALL } from './bed.js';
import { BpfBed, returning, usingMaps } from '../../kernel/bpf/syscall/bed.js';

function bedWithClsact(): BpfBed {
  const bed = new BpfBed();
  expect(bed.qdisc('clsact').errno).to.equal(0);
  return bed;
}

const deleteFilter = (bed: BpfBed, handle = 1): number =>
  bed.tc(R.RTM_DELTFILTER, 0, { parent: INGRESS, prio: 1, protocol: PROTO_ALL, handle }, kind('bpf')).errno;

describe('a program in a filter', () => {
  it('lives as long as fd and filter, and its maps with it', () => {
    const bed = bedWithClsact();
    const map = bed.map(B.BPF_MAP_TYPE_HASH, 4, 4, 4, { map_name: 'counts' });
    const fd = bed.load(usingMaps(map), { prog_name: 'toy' });
    expect(bed.held()).to.deep.equal({
      'bpf map 1 counts': ['open file of bpf map 1 counts', 'bpf program 1 toy'],
      'bpf program 1 toy': ['open file of bpf program 1 toy'],
    });
    expect(bed.filterFd(fd).errno).to.equal(0);
    expect(bed.held()['bpf program 1 toy']).to.deep.equal(['open file of bpf program 1 toy', 'bpf filter 0x1']);
    bed.task.exit();
    expect(bed.held()).to.deep.equal({
      'bpf map 1 counts': ['bpf program 1 toy'],
      'bpf program 1 toy': ['bpf filter 0x1'],
    });
    expect(bed.ids()).to.deep.equal([1]);
    expect(deleteFilter(bed)).to.equal(0);
    expect(bed.ids(), 'before the grace period is over').to.deep.equal([1]);
    bed.settle();
    expect(bed.held()).to.deep.equal({});
    expect(bed.ids()).to.deep.equal([]);
  });

  it('is replaced after a grace period, and kept when a change is refused', () => {
    const bed = bedWithClsact();
    const [first, second] = [bed.load(returning(1)), bed.load(returning(2))];
    expect(bed.filterFd(first).errno).to.equal(0);
    const refused = bed.filterFd(second, { handle: 1 }, NLM_F_REPLACE, attr(TCA_BPF.FLAGS.type, 6));
    expect(refused.errno).to.equal(E.EINVAL);
    bed.task.exit();
    bed.settle();
    expect(bed.ids()).to.deep.equal([1]);
    const third = bed.load(returning(3));
    expect(bed.filterFd(third, { handle: 1 }, NLM_F_REPLACE).errno).to.equal(0);
    expect(bed.ids()).to.deep.equal([1, 3]);
    bed.settle();
    expect(bed.held()).to.deep.equal({ 'bpf program 3': ['open file of bpf program 3', 'bpf filter 0x1'] });
    expect(bed.filter({ handle: 1 }, NLM_F_REPLACE, bpf()).errno).to.equal(0);
    bed.settle();
    expect(bed.held()).to.deep.equal({ 'bpf program 3': ['open file of bpf program 3'] });
  });

  for (const [what, end] of [
    ['the qdisc', (bed: BpfBed) => bed.tc(R.RTM_DELQDISC, 0, { parent: 0xfffffff1 }).errno],
    ['the device', (bed: BpfBed) => (bed.removeLinks(), 0)],
  ] as const) {
    it(`goes with ${what}, after a grace period`, () => {
      const bed = bedWithClsact();
      expect(bed.filterFd(bed.load()).errno).to.equal(0);
      bed.task.exit();
      expect(end(bed)).to.equal(0);
      expect(bed.ids()).to.deep.equal([1]);
      bed.settle();
      expect(bed.ids()).to.deep.equal([]);
    });
  }

  it('must be a classifier behind an fd of the sender', () => {
    const bed = bedWithClsact();
    const action = bed.load(returning(0), { prog_type: B.BPF_PROG_TYPE_SCHED_ACT });
    expect(bed.filterFd(action).errno).to.equal(E.EINVAL);
    expect(bed.filterFd(bed.map(B.BPF_MAP_TYPE_ARRAY)).errno).to.equal(E.EINVAL);
    expect(bed.filterFd(99).errno).to.equal(E.EBADF);
    expect(bed.filterFd(0xffffffff).errno).to.equal(E.EBADF);
    bed.settle();
    expect(bed.held()['bpf program 1']).to.deep.equal(['open file of bpf program 1']);
  });

  it('is the one the fd meant when the request came', () => {
    const bed = bedWithClsact();
    const fd = bed.load(returning(1));
    expect(bed.filterFd(fd).errno).to.equal(0);
    bed.task.close(fd);
    expect(bed.load(returning(2))).to.equal(fd);
    expect(bed.filterFd(fd, { prio: 2 }).errno).to.equal(0);
    bed.task.exit();
    expect(bed.held()).to.deep.equal({
      'bpf program 1': ['bpf filter 0x1'],
      'bpf program 2': ['bpf filter 0x1'],
    });
  });
});

describe('a program in an action', () => {
  const actOptions = (fd: number): Uint8Array => nest(2, attr(2, new Uint8Array(20)), attr(5, fd));
  const newAction = (bed: BpfBed, fd: number): number => {
    const body = Uint8Array.from([...R.tcamsg.bytes({}), ...nest(1, nest(1, attr(1, 'bpf'), actOptions(fd)))]);
    return bed.client.errnoOf(R.RTM_NEWACTION, 0x400, body);
  };

  it('is held by it, and must be one for actions', () => {
    const bed = new BpfBed();
    const fd = bed.load(returning(0), { prog_type: B.BPF_PROG_TYPE_SCHED_ACT });
    expect(newAction(bed, bed.load())).to.equal(E.EINVAL);
    expect(newAction(bed, 99)).to.equal(E.EBADF);
    expect(newAction(bed, fd)).to.equal(0);
    bed.task.exit();
    bed.settle();
    expect(Object.keys(bed.held())).to.deep.equal(['bpf program 1']);
  });
});
