// A machine with a veth pair and a process that uses bpf(2) and rtnetlink with one table of fds, for specs.
import { expect } from 'chai';
import type { BpfAttr } from '../../../../../lib/linux/kernel/bpf/local_call.js';
import type { LocalTask } from '../../../../../lib/linux/kernel/local_task.js';
import { encodeInsns } from '../../../../../lib/vm/insn.js';
import { exitInsn, ldImm64, mov64Imm } from '../../../../../lib/vm/build.js';
import * as B from '../../../../../lib/uapi/linux/bpf.js';
import { TCA } from '../../../../../lib/uapi/linux/rtnetlink.js';
import { TCA_BPF } from '../../../../../lib/uapi/linux/pkt_cls.js';
import { ADD, type Answer, attr, Bed, type Fields, nest } from '../../../net/sched/bed.js';

export const u32 = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer);

/** `r0 = value; exit` */
export const returning = (value: number): Uint8Array => encodeInsns([mov64Imm(0, value), exitInsn()]);

/** The same with loads of maps in front. */
export const usingMaps = (...fds: number[]): Uint8Array =>
  encodeInsns([...fds.flatMap((fd) => ldImm64(1, fd, 0, B.BPF_PSEUDO_MAP_FD)), mov64Imm(0, 0), exitInsn()]);

export class BpfBed extends Bed {
  get task(): LocalTask {
    return this.client.task;
  }

  /** bpf(2) of the process: a number, an fd, or a negative errno. */
  bpf(cmd: number, attributes: BpfAttr | Uint8Array): number {
    return this.task.bpf(this.machine, cmd, attributes);
  }

  /** BPF_PROG_LOAD of a classifier, or as `more` says. */
  tryLoad(insns = returning(0), more: BpfAttr = {}): number {
    const attributes = { prog_type: B.BPF_PROG_TYPE_SCHED_CLS, insn_cnt: insns.length / 8, insns, license: 'GPL' };
    return this.bpf(B.BPF_PROG_LOAD, { ...attributes, ...more });
  }

  load(insns = returning(0), more: BpfAttr = {}): number {
    const fd = this.tryLoad(insns, more);
    expect(fd, 'PROG_LOAD').to.be.at.least(0);
    return fd;
  }

  map(map_type: number, key_size = 4, value_size = 4, max_entries = 2, more: BpfAttr = {}): number {
    const fd = this.bpf(B.BPF_MAP_CREATE, { map_type, key_size, value_size, max_entries, ...more });
    expect(fd, 'MAP_CREATE').to.be.at.least(0);
    return fd;
  }

  /** Ids of one kind, by BPF_*_GET_NEXT_ID. */
  ids(cmd = B.BPF_PROG_GET_NEXT_ID): number[] {
    const found: number[] = [];
    for (const at: BpfAttr = { start_id: 0 }; this.bpf(cmd, at) === 0; at['start_id'] = found.at(-1))
      found.push(Number(at['next_id']));
    return found;
  }

  /** A bpf filter of v0's ingress with the program behind an fd. */
  filterFd(fd: number, fields: Fields = {}, flags = ADD, ...more: Uint8Array[]): Answer {
    return this.filter(fields, flags, nest(TCA.OPTIONS.type, attr(TCA_BPF.FD.type, fd), ...more));
  }

  /** Objects of bpf(2) with who holds them. */
  held(): Record<string, readonly string[]> {
    const ours = this.machine.snapshot().filter(({ label }) => /^bpf (program|map|link)|^btf/.test(label));
    return Object.fromEntries(ours.map(({ label, holders }) => [label, holders]));
  }
}
