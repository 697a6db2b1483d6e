// Replaying recordings of programs that ran: what agrees, and how differences are told.
import { expect } from 'chai';
import { Machine } from '../../../lib/linux/machine.js';
import { assemble } from '../../../lib/vm/assembler.js';
import { compareClassic } from '../../../tools/agree/execution/classic.js';
import { compareConformance, compareExtended } from '../../../tools/agree/execution/extended.js';
import { executionRecord } from '../../../tools/agree/execution/record.js';
import type {
  ClassicRecord,
  ConformanceRecord,
  ExecutionRecord,
  ExtendedRecord,
} from '../../../tools/agree/execution/record.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** ret #n */
const returns = (n: number): string => `06000000${n.toString(16).padStart(2, '0')}000000`;

const classic = (fields: Record<string, unknown>): Record<string, unknown> => ({
  ...{ id: 'a/1', name: 'first', kind: 'cbpf', data: '0102030405', insns_hex: returns(3) },
  ...{ tests: [{ data_size: 5, result: 3 }], real: { attach_errno: 0, unix_recv_len: [3] } },
  ...fields,
});

function lines(record: ExecutionRecord): string[] {
  expect(record.kind).to.equal('classic');
  return compareClassic(new Machine(), record as ClassicRecord);
}

describe('agree: execution', () => {
  it('names a record by id and name', () => {
    expect(executionRecord(classic({})).name).to.equal('a/1 first');
  });

  it('sends messages through a classic filter', () => {
    expect(lines(executionRecord(classic({})))).to.deep.equal([]);
    expect(lines(executionRecord(classic({ real: { attach_errno: 0, unix_recv_len: ['dropped'] } })))).to.deep.equal([
      '5 bytes: received dropped, model 3 (result 3)',
    ]);
    // ldb [4]; ret a
    const last = classic({ insns_hex: '3000000004000000' + '1600000000000000' });
    expect(lines(executionRecord({ ...last, real: { attach_errno: 0, unix_recv_len: [5] } }))).to.deep.equal([]);
  });

  it('compares the result where nothing was sent', () => {
    const silent = { tests: [{ data_size: 0, result: 4 }], real: { attach_errno: 0, unix_recv_len: [null] } };
    expect(lines(executionRecord(classic(silent)))).to.deep.equal(['0 bytes: result 4, model 3']);
  });

  it('compares the errno of attaching', () => {
    const refused = { tests: [], real: { attach_errno: 22 } };
    expect(lines(executionRecord(classic(refused)))).to.deep.equal(['attached with errno 22, model 0']);
    // ldx #5, which does not end in a return
    expect(lines(executionRecord(classic({ ...refused, insns_hex: '0100000005000000' })))).to.deep.equal([]);
  });

  it('knows extended programs with a context, and with memory', () => {
    const insns_hex = hex(assemble('r0 = 1\nexit'));
    const real = { errno: 0, runs: [{ in_len: 64, errno: 0, retval: 1 }] };
    const extended = { id: 'b', kind: 'ebpf', insns_hex, tests: [{ data_size: 0, result: 1 }], real_sched_cls: real };
    expect(executionRecord(extended)).to.deep.include({
      kind: 'extended',
      tests: [{ size: 0, result: 1 }],
      loads: [{ type: 'sched_cls', errno: 0, runs: [{ size: 64, errno: 0, retval: 1 }] }],
    });
    const conformance = { id: 'c', kind: 'ebpf', mem: 'ff', insns_hex, expected_r0: '0x2' };
    expect(executionRecord({ ...conformance, real_sched_cls: { errno: 0, r0: '0x1' } })).to.deep.include({
      kind: 'conformance',
      result: '0x1',
    });
    expect(executionRecord({ ...conformance, real_sched_cls: { errno: 22 } })).to.deep.include({
      errno: 22,
      result: '0x2',
    });
  });

  it('loads and runs extended programs', () => {
    const insns_hex = hex(assemble('r0 = *(u32 *)(r1 +0)\nexit'));
    const runs = [{ in_len: 64, errno: 0, retval: 64 }];
    const record = (real: unknown): ExecutionRecord =>
      executionRecord({ id: 'b', kind: 'ebpf', insns_hex, tests: [{ data_size: 4, result: 0 }], real_sched_cls: real });
    const told = (real: unknown): string[] => compareExtended(new Machine(), record(real) as ExtendedRecord);
    expect(told({ errno: 0, runs })).to.deep.equal([]);
    expect(told({ errno: 13 })).to.deep.equal(['sched_cls: loaded with errno 13, model 0']);
    expect(told({ errno: 0, runs: [{ in_len: 13, errno: 0, retval: 64 }] })).to.deep.equal([
      'sched_cls: run with errno 0, model 22',
    ]);
    expect(told({ errno: 0, runs: [{ in_len: 60, errno: 0, retval: 64 }] })).to.deep.equal([
      'sched_cls: result 64, model 60',
    ]);
  });

  it('keeps all of a result', () => {
    const insns_hex = hex(assemble('r0 = 0x123456789abcdef0\nexit'));
    const record = (r0: string, errno = 0): ConformanceRecord => {
      const real_sched_cls = { errno, r0 };
      return executionRecord({ id: 'c', kind: 'ebpf', mem: '', insns_hex, real_sched_cls }) as ConformanceRecord;
    };
    expect(compareConformance(new Machine(), record('0x123456789abcdef0'))).to.deep.equal([]);
    expect(compareConformance(new Machine(), record('0x1'))).to.deep.equal([
      'without a verifier: result 0x1, model 0x123456789abcdef0',
      'verified: result 0x1, model 0x123456789abcdef0, errno 0',
    ]);
    expect(compareConformance(new Machine(), record('0x123456789abcdef0', 22))).to.deep.equal([
      'loaded with errno 22, model 0',
    ]);
  });

  it('tells a program what memory it has', () => {
    const insns_hex = hex(assemble('r0 = *(u8 *)(r1 +1)\nr0 += r2\nexit'));
    const record = { id: 'd', kind: 'ebpf', mem: '0a0b', insns_hex, real_sched_cls: { errno: 0, r0: '0xd' } };
    expect(compareConformance(new Machine(), executionRecord(record) as ConformanceRecord)).to.deep.equal([]);
  });

  it('refuses other records', () => {
    expect(() => executionRecord({ kind: 'jbpf' })).to.throw('kind must be cbpf or ebpf');
    expect(() => executionRecord(classic({ insns_hex: '0' }))).to.throw('insns_hex must be hex digits');
  });
});
