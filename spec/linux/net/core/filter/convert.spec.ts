// What stands for an access to struct __sk_buff: the instructions that the real kernel showed, byte for byte.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  BPF_READ,
  BPF_WRITE,
  PTR_TO_SOCK_COMMON,
  PTR_TO_SOCKET,
  PTR_TO_TCP_SOCK,
} from '../../../../../lib/linux/kernel/bpf/type_flags.js';
import type { BpfInsn } from '../../../../../lib/linux/kernel/bpf/verifier_ops.js';
import { sockConverterOf } from '../../../../../lib/linux/net/core/filter/sock_convert.js';
import { verifierOpsOf } from '../../../../../lib/linux/net/core/filter/verifier_ops.js';
import * as B from '../../../../../lib/uapi/linux/bpf.js';
import { program } from './program.js';

type Insns = Record<string, string>;
const file = join(import.meta.dirname, '../../../../../../spec/vectors/bpf/ctx_convert.6.18.json');
const recorded = JSON.parse(readFileSync(file, 'utf8')) as Record<
  'all' | 'socket_filter' | 'sched' | 'constants' | 'sockets' | 'described',
  Insns
>;

const CONSTANT = 0x12345;
const sizeBits: Readonly<Record<number, number>> = { 1: 0x10, 2: 0x08, 4: 0x00, 8: 0x18 };

/** The instructions as hexadecimal bytes. */
function hex(insns: readonly BpfInsn[]): string {
  const bytes = Buffer.alloc(insns.length * 8);
  insns.forEach(({ code, dst, src, off, imm }, at) => {
    bytes.writeUInt8(code, at * 8);
    bytes.writeUInt8((src << 4) | dst, at * 8 + 1);
    bytes.writeInt16LE(off, at * 8 + 2);
    bytes.writeInt32LE(imm, at * 8 + 4);
  });
  return bytes.toString('hex');
}

function access(key: string): { insn: BpfInsn; write: boolean; typed: boolean } {
  const [kind = '', off = '', registers = '', typed] = key.split(' ');
  const [dst = 0, src = 0] = registers.split('<-').map(Number);
  const write = kind.startsWith('w');
  const size = sizeBits[Number(kind.slice(1))]!;
  const constant = write && src < 0;
  const code = (write ? (constant ? 0x62 : 0x63) : 0x61) | size;
  const imm = constant ? (typed === undefined ? CONSTANT : 5) : 0;
  return { insn: { code, dst, src: constant ? 0 : src, off: Number(off), imm }, write, typed: typed !== undefined };
}

/** `plain`: the fourth word of the key is not about tstamp_type. */
function converted(type: number, key: string, plain = false): string {
  const { insn, write, typed } = access(key);
  const prog = program();
  prog.tstampTypeAccess = typed && !plain;
  return hex(verifierOpsOf(type)!.convertCtxAccess!(write ? BPF_WRITE : BPF_READ, insn, prog).insns);
}

function compare(type: number, table: Insns, keys = Object.keys(table)): void {
  const model = Object.fromEntries(keys.map((key) => [key, converted(type, key)]));
  expect(model).deep.equal(Object.fromEntries(keys.map((key) => [key, table[key]])));
}

describe('net/core/filter/convert', () => {
  it('classifiers and actions: every field, read and written, by every pair of registers', () => {
    expect(Object.keys(recorded.all)).length.greaterThan(400);
    for (const type of [B.BPF_PROG_TYPE_SCHED_CLS, B.BPF_PROG_TYPE_SCHED_ACT]) {
      compare(type, recorded.all);
      compare(type, recorded.sched);
    }
  });

  it('socket filters: the fields they have, and a device that may be missing', () => {
    const fields = Object.keys(recorded.all).filter((key) => key.startsWith('r') && !key.startsWith('r8 152'));
    compare(B.BPF_PROG_TYPE_SOCKET_FILTER, recorded.all, fields);
    compare(B.BPF_PROG_TYPE_SOCKET_FILTER, recorded.socket_filter);
  });

  it('kinds that only load, over packets, messages, addresses, samples and XDP', () => {
    const types: Readonly<Record<string, number>> = {
      xdp: B.BPF_PROG_TYPE_XDP,
      cgroup_skb: B.BPF_PROG_TYPE_CGROUP_SKB,
      sk_skb: B.BPF_PROG_TYPE_SK_SKB,
      sk_msg: B.BPF_PROG_TYPE_SK_MSG,
      sk_lookup: B.BPF_PROG_TYPE_SK_LOOKUP,
      perf_event: B.BPF_PROG_TYPE_PERF_EVENT,
      cgroup_sock_addr: B.BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
      lwt_in: B.BPF_PROG_TYPE_LWT_IN,
    };
    expect(Object.keys(recorded.described)).length.greaterThan(300);
    for (const [key, expected] of Object.entries(recorded.described)) {
      const [kind = '', ...rest] = key.split(' ');
      expect(converted(types[kind]!, `${rest.join(' ')} 5`, true), key).equal(expected);
    }
  });

  it('sockets: every field, of common, full and TCP ones', () => {
    const types: Readonly<Record<string, number>> = {
      sock_common: PTR_TO_SOCK_COMMON,
      sock: PTR_TO_SOCKET,
      tcp_sock: PTR_TO_TCP_SOCK,
    };
    expect(Object.keys(recorded.sockets)).length.greaterThan(100);
    for (const [key, expected] of Object.entries(recorded.sockets)) {
      const [kind = '', ...rest] = key.split(' ');
      const { insn } = access(rest.join(' '));
      expect(hex(sockConverterOf(types[kind]!)!(BPF_READ, insn, program()).insns), key).equal(expected);
    }
  });

  it('queue mappings that stand for none are not stored', () => {
    for (const [imm, expected] of Object.entries(recorded.constants)) {
      const insn: BpfInsn = { code: 0x62, dst: 1, src: 0, off: 12, imm: Number(imm) };
      const ops = verifierOpsOf(B.BPF_PROG_TYPE_SCHED_CLS)!;
      expect(hex(ops.convertCtxAccess!(BPF_WRITE, insn, program()).insns), imm).equal(expected);
    }
  });

  it('gives the sizes of fields, so that narrow loads can be masked', () => {
    const ops = verifierOpsOf(B.BPF_PROG_TYPE_SCHED_CLS)!;
    const sizeAt = (off: number): number =>
      ops.convertCtxAccess!(BPF_READ, { code: 0x61, dst: 0, src: 1, off, imm: 0 }, program()).targetSize;
    expect([0, 4, 12, 16, 20, 40, 72, 84, 160, 176, 180].map(sizeAt)).deep.equal([4, 1, 2, 2, 4, 4, 2, 4, 4, 2, 1]);
  });

  it('makes the packet its own before a program writes to it', () => {
    const ops = verifierOpsOf(B.BPF_PROG_TYPE_SCHED_CLS)!;
    const first: BpfInsn = { code: 0x79, dst: 2, src: 1, off: 200, imm: 0 };
    expect(ops.genPrologue!(false, first, program())).equal(undefined);
    // Observed on 6.18.44; the call is helper 39.
    expect(hex(ops.genPrologue!(true, first, program())!)).equal(
      '71167e000000000054060000010000001506070000000000bf16000000000000af220000000000008500000027000000' +
        '1500020000000000b4000000020000009500000000000000bf610000000000007912c80000000000',
    );
  });

  it('loads of the old kind call the loaders of a byte, a half word and a word', () => {
    const ops = verifierOpsOf(B.BPF_PROG_TYPE_SOCKET_FILTER)!;
    const tail = '7500020000000000ac000000000000009500000000000000';
    expect(hex(ops.genLdAbs!({ code: 0x28, dst: 0, src: 0, off: 0, imm: -4000 }))).equal(
      `b702000060f0ffffbf6100000000000085000000e9030000${tail}`,
    );
    expect(hex(ops.genLdAbs!({ code: 0x40, dst: 0, src: 7, off: 0, imm: -1 }))).equal(
      `bf7200000000000007020000ffffffffbf6100000000000085000000ea030000${tail}`,
    );
    expect(hex(ops.genLdAbs!({ code: 0x50, dst: 0, src: 7, off: 0, imm: 0 }))).equal(
      `bf72000000000000bf6100000000000085000000e8030000${tail}`,
    );
  });
});
