// Replaying recordings of the verifier: what is compared, and what cannot be.
import { expect } from 'chai';
import { returning } from '../../linux/kernel/bpf/verifier/bed.js';
import { verifierRecord } from '../../../tools/agree/verifier/record.js';
import {
  type Counts,
  lastWords,
  replayVerifier,
  unmasked,
  withoutAddresses,
} from '../../../tools/agree/verifier/replay.js';

const settings = { kernel: undefined, config: undefined, shell: '' };
const COUNTS = 'max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0';
const zero = (): Counts => ({ logs: 0, equalLogs: 0, programs: 0, equalPrograms: 0 });

const table = (fields: Record<string, unknown>): Record<string, unknown> => ({
  ...{ id: 'a/1', name: 'first', prog_type: 3, prog_flags: 0, expected_attach_type: 0, maps: [], kfuncs: [] },
  ...{ insns_hex: returning(5), func_info: [], btf_types: [], btf_strings: '' },
  ...{ real: { errno: 0, log1: `processed 2 insns (limit 1000000) ${COUNTS}\n`, xlated_hex: returning(5) } },
  ...fields,
});

describe('agree: verifier', () => {
  it('loads a program as the kernel did, and counts equal logs and programs', () => {
    const counts = zero();
    expect(replayVerifier(verifierRecord(table({})), settings, counts)).to.deep.equal({ verdict: 'agrees' });
    expect(counts).to.deep.equal({ logs: 1, equalLogs: 1, programs: 1, equalPrograms: 1 });
  });

  it('tells other verdicts and other words', () => {
    const real = { errno: 13, log1: `0: R1=ctx() R10=fp0\n0: (b7) r0 = 5\nnot good\nprocessed 1 insns\n` };
    expect(replayVerifier(verifierRecord(table({ real })), settings, zero())).to.deep.equal({
      verdict: 'differs',
      lines: ['real: errno 0, recorded 13', 'real: said     ', 'real: recorded not good'],
    });
  });

  it('does not run what is not recorded in full', () => {
    const record = verifierRecord(table({ kfuncs: [{ insn: 0, kfunc: 'one' }] }));
    expect(replayVerifier(record, settings, zero()).verdict).to.equal('not run');
    const object = { id: 'o', prog_type: 3, flags: 0, eat: 0, load: -9, log: '', insns_hex: returning(0) };
    const other = verifierRecord({ ...object, maps: [], relocs: [] });
    expect(replayVerifier(other, settings, zero()).verdict).to.equal('not run');
  });

  it('finds what a log says last', () => {
    const log = '0: R1=ctx() R10=fp0\n0: (95) exit\nR0 !read_ok\nprocessed 1 insns\n';
    expect(lastWords(log)).to.deep.equal(['R0 !read_ok']);
  });

  it('leaves out what no two kernels have in common', () => {
    expect(unmasked('3: (18) r1 = 0xffff888100256000      ; R1=map_ptr()\n; int x @ a.c:1\n')).to.equal(
      '3: (18) r1 = 0xPTR ; R1=map_ptr()\n',
    );
    expect(withoutAddresses('1811000005000000' + '0000000007000000' + '8500000040580000')).to.equal(
      withoutAddresses('1811000006000000' + '0000000008000000' + '8500000001000000'),
    );
  });
});
