// Programs and links at the hooks of a device: what they hold, and what a qdisc and the end of the device do to them. The
// orders of many requests are recorded in spec/vectors/syscalls.
import { expect } from 'chai';
import type { LinkFile } from '../../../../lib/linux/kernel/bpf/file.js';
import * as E from '../../../../lib/uapi/asm-generic/errno.js';
import * as B from '../../../../lib/uapi/linux/bpf.js';
import { RTM_DELQDISC } from '../../../../lib/uapi/linux/rtnetlink.js';
import { CLSACT, V0 } from '../../net/sched/bed.js';
import { BpfBed, returning, u32 } from './syscall/bed.js';

const INGRESS = { target_ifindex: V0, attach_type: B.BPF_TCX_INGRESS };

/** Ids at a hook, and its revision. */
function query(bed: BpfBed, attach_type = B.BPF_TCX_INGRESS): { ids: number[]; revision: number } {
  const ids = new Uint8Array(32);
  const bytes = new Uint8Array(64);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, V0, true);
  view.setUint32(4, attach_type, true);
  view.setBigUint64(16, BigInt(bed.task.memory.map(ids)), true);
  view.setUint32(24, 8, true);
  expect(bed.bpf(B.BPF_PROG_QUERY, bytes)).to.equal(0);
  return {
    ids: [...new Uint32Array(ids.buffer)].slice(0, view.getUint32(24, true)),
    revision: view.getUint32(56, true),
  };
}

describe('hooks of a device', () => {
  it('hold programs until they are detached', () => {
    const bed = new BpfBed();
    const fd = bed.load();
    expect(bed.bpf(B.BPF_PROG_ATTACH, { ...INGRESS, attach_bpf_fd: fd })).to.equal(0);
    expect(bed.held()).to.deep.equal({ 'bpf program 1': ['open file of bpf program 1', 'tcx ingress of v0'] });
    bed.task.close(fd);
    expect(query(bed).ids).to.deep.equal([1]);
    expect(bed.bpf(B.BPF_PROG_DETACH, INGRESS)).to.equal(0);
    expect(bed.held()).to.deep.equal({});
  });

  it('hold links not at all: the last fd detaches', () => {
    const bed = new BpfBed();
    const fd = bed.load();
    const link = bed.bpf(B.BPF_LINK_CREATE, { ...INGRESS, prog_fd: fd });
    bed.task.close(fd);
    expect(bed.held()).to.deep.equal({
      'bpf link 1': ['open file of bpf link 1'],
      'bpf program 1': ['bpf link 1'],
    });
    expect(query(bed).ids).to.deep.equal([1]);
    bed.task.close(link);
    expect(query(bed)).to.deep.equal({ ids: [], revision: 1 });
    expect(bed.held()).to.deep.equal({});
  });

  it('go with the device: programs are let go of, links are left without it', () => {
    const bed = new BpfBed();
    const [first, second, third] = [bed.load(), bed.load(), bed.load()];
    expect(bed.bpf(B.BPF_PROG_ATTACH, { ...INGRESS, attach_bpf_fd: first })).to.equal(0);
    const link = bed.bpf(B.BPF_LINK_CREATE, { ...INGRESS, prog_fd: second });
    const file = bed.task.files.get(link) as LinkFile;
    expect(file.showFdinfo()).to.include(`ifindex:\t${V0}\nattach_type:\t46 (ingress)\n`);
    bed.removeLinks();
    bed.task.close(first);
    expect(bed.ids()).to.deep.equal([2, 3]);
    expect(file.showFdinfo()).to.include('ifindex:\t0\n');
    expect(bed.bpf(B.BPF_LINK_UPDATE, { link_fd: link, new_prog_fd: third })).to.equal(-E.ENOLINK);
    expect(bed.bpf(B.BPF_LINK_DETACH, { link_fd: link })).to.equal(0);
    bed.task.exit();
    expect(bed.held()).to.deep.equal({});
  });

  it('keep their revision while clsact is there', () => {
    const bed = new BpfBed();
    bed.qdisc('clsact');
    const fd = bed.load();
    expect(query(bed).revision).to.equal(1);
    expect(bed.bpf(B.BPF_PROG_ATTACH, { ...INGRESS, attach_bpf_fd: fd })).to.equal(0);
    expect(bed.bpf(B.BPF_PROG_DETACH, INGRESS)).to.equal(0);
    expect(query(bed)).to.deep.equal({ ids: [], revision: 3 });
    expect(bed.bpf(B.BPF_PROG_DETACH, INGRESS)).to.equal(-E.ENOENT);
    expect(bed.bpf(B.BPF_PROG_ATTACH, { ...INGRESS, attach_bpf_fd: fd })).to.equal(0);
    expect(bed.tc(RTM_DELQDISC, 0, { parent: CLSACT }).errno).to.equal(0);
    expect(query(bed)).to.deep.equal({ ids: [1], revision: 4 });
    expect(bed.bpf(B.BPF_PROG_DETACH, INGRESS)).to.equal(0);
    expect(query(bed)).to.deep.equal({ ids: [], revision: 1 });
  });

  it('take 64 programs', () => {
    const bed = new BpfBed();
    for (let i = 0; i < 64; i++) {
      const fd = bed.load(returning(i));
      expect(bed.bpf(B.BPF_PROG_ATTACH, { ...INGRESS, attach_bpf_fd: fd })).to.equal(0);
    }
    expect(bed.bpf(B.BPF_PROG_ATTACH, { ...INGRESS, attach_bpf_fd: bed.load() })).to.equal(-E.ERANGE);
  });

  it('are not there in Linux 6.1', () => {
    const bed = new BpfBed({ version: 'v6.1' });
    expect(bed.bpf(B.BPF_PROG_ATTACH, attach20(V0, bed.load()))).to.equal(-E.EINVAL);
  });
});

/** BPF_PROG_ATTACH of a kernel that knows 20 bytes of it. */
function attach20(ifindex: number, fd: number): Uint8Array {
  return Uint8Array.from([ifindex, fd, B.BPF_TCX_INGRESS, 0, 0].flatMap((word) => [...u32(word)]));
}
