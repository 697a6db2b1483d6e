// The entry of bpf(2) on the kernels that are modelled, attributes by name, faults on purpose.
import { expect } from 'chai';
import { foreignFile, ownNetns } from '../../../../../lib/linux/fs/file.js';
import { LocalTask } from '../../../../../lib/linux/kernel/local_task.js';
import { Machine } from '../../../../../lib/linux/machine.js';
import * as E from '../../../../../lib/uapi/asm-generic/errno.js';
import * as B from '../../../../../lib/uapi/linux/bpf.js';
import { CAP_BPF } from '../../../../../lib/uapi/linux/capability.js';
import { V0 } from '../../../net/sched/bed.js';
import { BpfBed, returning, u32 } from './bed.js';

const words = (...values: number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);

describe('bpf(2)', () => {
  it('takes attributes by name, and gives back what it changed', () => {
    const machine = new Machine();
    const map = machine.bpf(B.BPF_MAP_CREATE, {
      map_type: B.BPF_MAP_TYPE_HASH,
      key_size: 4,
      value_size: 4,
      max_entries: 8,
      map_name: 'counts',
    });
    expect(machine.bpf(B.BPF_MAP_UPDATE_ELEM, { map_fd: map, key: u32(1), value: u32(7) })).to.equal(0);
    const value = u32(0);
    expect(machine.bpf(B.BPF_MAP_LOOKUP_ELEM, { map_fd: map, key: u32(1), value })).to.equal(0);
    expect(value).to.deep.equal(u32(7));
    const next = { start_id: 0, next_id: 0 };
    expect(machine.bpf(B.BPF_MAP_GET_NEXT_ID, next)).to.equal(0);
    expect(next.next_id).to.equal(1);
    expect(machine.bpf(B.BPF_MAP_GET_FD_BY_ID, { map_id: next.next_id })).to.equal(map + 1);
    expect(() => machine.bpf(B.BPF_MAP_FREEZE, { nosuch: 1 })).to.throw(RangeError, 'nosuch');
  });

  it('fails when told to', () => {
    const machine = new Machine();
    machine.faults.add({ kind: 'call', call: 'bpf', errno: E.ENOMEM, nth: 2 });
    const make = (): number =>
      machine.bpf(B.BPF_MAP_CREATE, { map_type: 2, key_size: 4, value_size: 4, max_entries: 1 });
    expect(make()).to.be.at.least(0);
    expect(make()).to.equal(-E.ENOMEM);
    expect(make()).to.be.at.least(0);
  });

  it('reports what is not modelled', () => {
    const gaps: string[] = [];
    const machine = new Machine({ onGap: (what) => gaps.push(what) });
    const struct = { prog_type: B.BPF_PROG_TYPE_TRACING, insn_cnt: 2, insns: returning(0), license: 'GPL' };
    expect(machine.bpf(B.BPF_PROG_LOAD, { ...struct, attach_btf_id: 1, expected_attach_type: 24 })).to.equal(
      -E.EOPNOTSUPP,
    );
    expect(gaps).to.deep.equal(['bpf programs for functions of the kernel']);
  });

  describe('of Linux 6.18', () => {
    const machine = new Machine();

    it('knows 168 bytes', () => {
      expect(machine.bpf(99, new Uint8Array(168))).to.equal(-E.EINVAL);
      expect(machine.bpf(99, new Uint8Array(172).fill(1, 168))).to.equal(-E.E2BIG);
      expect(machine.bpf(99, new Uint8Array(4096))).to.equal(-E.EINVAL);
      expect(machine.bpf(99, new Uint8Array(4097))).to.equal(-E.E2BIG);
      expect(machine.bpf(machine.init, 99, 12, 8)).to.equal(-E.EFAULT);
    });

    it('says that nothing is attached to the network namespace', () => {
      const { init } = machine;
      const namespace = init.install(ownNetns);
      const query = { target_fd: namespace, attach_type: B.BPF_FLOW_DISSECTOR, attach_flags: 7, prog_cnt: 5 };
      expect(machine.bpf(B.BPF_PROG_QUERY, query)).to.equal(0);
      expect(query).to.include({ attach_flags: 0, prog_cnt: 0 });
      expect(machine.bpf(B.BPF_PROG_QUERY, { ...query, query_flags: 1 })).to.equal(-E.EINVAL);
      expect(machine.bpf(B.BPF_PROG_QUERY, { ...query, target_fd: 99 })).to.equal(-E.EBADF);
      expect(machine.bpf(B.BPF_PROG_QUERY, { ...query, target_fd: init.install(foreignFile) })).to.equal(-E.EINVAL);
    });

    it('gives nothing to a user without CAP_BPF, and everything of maps to one with it', () => {
      const user = new LocalTask({ uid: 1000 });
      const able = new LocalTask({ uid: 1000, capabilities: new Set([CAP_BPF]) });
      const array = { map_type: 2, key_size: 4, value_size: 4, max_entries: 1 };
      const filter = { prog_type: 1, insn_cnt: 2, insns: returning(0), license: 'GPL' };
      expect(user.bpf(machine, B.BPF_MAP_CREATE, array)).to.equal(-E.EPERM);
      expect(user.bpf(machine, B.BPF_PROG_LOAD, filter)).to.equal(-E.EPERM);
      expect(able.bpf(machine, B.BPF_MAP_CREATE, array)).to.be.at.least(0);
      expect(able.bpf(machine, B.BPF_PROG_LOAD, filter)).to.be.at.least(0);
      expect(able.bpf(machine, B.BPF_PROG_LOAD, { ...filter, prog_type: 3 })).to.equal(-E.EPERM);
    });
  });

  describe('of Linux 4.1', () => {
    const old = (): Machine => new Machine({ version: 'v4.1' });
    const hash = words(1, 4, 8, 16);

    it('asks for CAP_SYS_ADMIN first, and knows 40 bytes', () => {
      const machine = old();
      const user = new LocalTask({ uid: 1000 });
      expect(user.bpf(machine, 99, new Uint8Array(5000))).to.equal(-E.EPERM);
      expect(machine.bpf(99, new Uint8Array(40))).to.equal(-E.EINVAL);
      expect(machine.bpf(B.BPF_OBJ_PIN, new Uint8Array(16))).to.equal(-E.EINVAL);
      expect(machine.bpf(B.BPF_MAP_CREATE, new Uint8Array(48).fill(1, 44))).to.equal(-E.E2BIG);
      expect(machine.bpf(B.BPF_MAP_CREATE, hash)).to.be.at.least(0);
      expect(machine.bpf(B.BPF_MAP_CREATE, words(1, 4, 8, 16, 1))).to.equal(-E.EINVAL);
      expect(machine.bpf(B.BPF_MAP_CREATE, words(3, 4, 4, 16))).to.equal(-E.EINVAL);
    });

    it('wants a key for the next, and no flags of a lookup', () => {
      const machine = old();
      const map_fd = machine.bpf(B.BPF_MAP_CREATE, hash);
      const [key, value] = [u32(1), new Uint8Array(8)];
      expect(machine.bpf(B.BPF_MAP_UPDATE_ELEM, { map_fd, key, value })).to.equal(0);
      expect(machine.bpf(B.BPF_MAP_GET_NEXT_KEY, { map_fd, key: 0, next_key: u32(0) })).to.equal(-E.EFAULT);
      expect(machine.bpf(B.BPF_MAP_GET_NEXT_KEY, { map_fd, key: u32(9), next_key: u32(0) })).to.equal(0);
      expect(machine.bpf(B.BPF_MAP_LOOKUP_ELEM, { map_fd, key, value })).to.equal(0);
      expect(machine.bpf(B.BPF_MAP_LOOKUP_ELEM, { map_fd, key, value, flags: 4 })).to.equal(-E.EINVAL);
    });

    /** PROG_LOAD of 40 bytes; numbers of the log at the end. */
    function load(machine: Machine, insns: Uint8Array, log: readonly [number, number, number] = [0, 0, 0]): number {
      const attributes = new Uint8Array(40);
      const view = new DataView(attributes.buffer);
      const { memory } = machine.init;
      view.setUint32(0, B.BPF_PROG_TYPE_SCHED_CLS, true);
      view.setUint32(4, insns.length / 8, true);
      view.setBigUint64(8, BigInt(memory.map(insns)), true);
      view.setBigUint64(16, BigInt(memory.map(Uint8Array.of(71, 80, 76, 0))), true);
      view.setUint32(24, log[0], true);
      view.setUint32(28, log[1], true);
      view.setBigUint64(32, BigInt(log[2]), true);
      return machine.bpf(B.BPF_PROG_LOAD, attributes);
    }
    const insn = (...bytes: number[]): number[] => bytes;
    const EXIT = insn(0x95, 0, 0, 0, 0, 0, 0, 0);

    it('loads the toy classifier, whose tag is none of its business', () => {
      const machine = old();
      const toy = Uint8Array.of(
        ...insn(0xbf, 0x16, 0, 0, 0, 0, 0, 0),
        ...insn(0x30, 0, 0, 0, 15, 0, 0, 0),
        ...insn(0x47, 0, 0, 0, 0, 0, 0, 8),
        ...EXIT,
      );
      expect(load(machine, toy)).to.be.at.least(0);
    });

    it('refuses fields of the context, later instructions, and half a log', () => {
      const machine = old();
      expect(load(machine, Uint8Array.of(...insn(0x61, 0x10, 0, 0, 0, 0, 0, 0), ...EXIT))).to.equal(-E.EACCES);
      expect(load(machine, Uint8Array.of(...insn(0x16, 0, 0, 0, 0, 0, 0, 0), ...EXIT))).to.equal(-E.EINVAL);
      expect(load(machine, Uint8Array.of(...insn(0x85, 0x10, 0, 0, 0, 0, 0, 0), ...EXIT))).to.equal(-E.EINVAL);
      expect(load(machine, Uint8Array.of(...insn(0x85, 0, 0, 0, 7, 0, 0, 0), ...EXIT))).to.equal(-E.EINVAL);
      expect(load(machine, new Uint8Array(0))).to.equal(-E.EINVAL);
      expect(load(machine, returning(0), [1, 64, machine.init.memory.map(new Uint8Array(64))])).to.equal(-E.EINVAL);
      expect(load(machine, returning(0), [1, 256, 0])).to.equal(-E.EINVAL);
    });
  });
});

describe('hardware', () => {
  it('takes no programs and no maps, and a driver that knows of bpf says so otherwise', () => {
    const bed = new BpfBed();
    const errors = [
      [1, E.EOPNOTSUPP],
      [V0, E.EINVAL],
      [99, E.EINVAL],
    ] as const;
    for (const [ifindex, errno] of errors) {
      expect(bed.tryLoad(returning(0), { prog_ifindex: ifindex })).to.equal(-errno);
      const array = { map_type: 2, key_size: 4, value_size: 4, max_entries: 1, map_ifindex: ifindex };
      expect(bed.bpf(B.BPF_MAP_CREATE, array)).to.equal(-errno);
    }
    expect(bed.held()).to.deep.equal({});
  });
});
