// Accesses to struct __sk_buff by kind of program: every offset, size and direction as the real kernel answered.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import * as T from '../../../../../lib/linux/kernel/bpf/type_flags.js';
import type { InsnAccessAux } from '../../../../../lib/linux/kernel/bpf/verifier_ops.js';
import { verifierOpsOf } from '../../../../../lib/linux/net/core/filter/verifier_ops.js';
import * as B from '../../../../../lib/uapi/linux/bpf.js';
import { program } from './program.js';

type Table = Record<string, readonly number[]>;
const file = join(import.meta.dirname, '../../../../../../spec/vectors/bpf/ctx_access.6.18.json');
const recorded = JSON.parse(readFileSync(file, 'utf8')) as Record<'socket_filter' | 'sched_cls' | 'sched_act', Table>;
const LAST = 216;

const fresh = (isLdsx = false): InsnAccessAux => ({
  regType: T.SCALAR_VALUE,
  isLdsx,
  ctxFieldSize: 0,
  isRetval: false,
});

function allowed(type: number, size: number, access: T.AccessType): number[] {
  const ops = verifierOpsOf(type)!;
  return Array.from({ length: LAST }, (_, off) => off).filter((off) =>
    ops.isValidAccess(off, size, access, program(), fresh()),
  );
}

describe('net/core/filter/access', () => {
  for (const [name, type] of [
    ['socket_filter', B.BPF_PROG_TYPE_SOCKET_FILTER],
    ['sched_cls', B.BPF_PROG_TYPE_SCHED_CLS],
    ['sched_act', B.BPF_PROG_TYPE_SCHED_ACT],
  ] as const) {
    for (const size of [1, 2, 4, 8]) {
      it(`${name} reads and writes ${size} bytes where the kernel lets it`, () => {
        expect(allowed(type, size, T.BPF_READ)).deep.equal(recorded[name][`r${size}`] ?? []);
        expect(allowed(type, size, T.BPF_WRITE)).deep.equal(recorded[name][`w${size}`] ?? []);
      });
    }
  }

  it('says what a load gives', () => {
    const ops = verifierOpsOf(B.BPF_PROG_TYPE_SCHED_CLS)!;
    const typeOf = (off: number, size: number): number => {
      const info = fresh();
      ops.isValidAccess(off, size, T.BPF_READ, program(), info);
      return info.regType;
    };
    expect([76, 80, 140, 0].map((off) => typeOf(off, 4))).deep.equal([
      T.PTR_TO_PACKET,
      T.PTR_TO_PACKET_END,
      T.PTR_TO_PACKET_META,
      T.SCALAR_VALUE,
    ]);
    expect(typeOf(168, 8)).equal(T.PTR_TO_SOCK_COMMON_OR_NULL);
  });

  it('refuses sign-extending loads of packet pointers', () => {
    const ops = verifierOpsOf(B.BPF_PROG_TYPE_SCHED_CLS)!;
    expect(ops.isValidAccess(76, 4, T.BPF_READ, program(), fresh(true))).equal(false);
    expect(ops.isValidAccess(0, 4, T.BPF_READ, program(), fresh(true))).equal(true);
  });
});
