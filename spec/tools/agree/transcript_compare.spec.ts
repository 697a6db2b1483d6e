// The comparison of transcripts: what must be equal, what may vary, and in what form.
import { expect } from 'chai';
import { differs } from '../../../tools/agree/transcripts/compare.js';
import type { Command, Volatile } from '../../../tools/agree/transcripts/record.js';

const golden = (stdout: string, volatile: Partial<Volatile>[] = [], rc = 0): Command => ({
  cmd: 'x',
  stdout,
  stderr: '',
  rc,
  judged: true,
  volatile: volatile.map((v) => ({ stream: 'stdout', kind: 'number', line: undefined, start: 0, end: 0, ...v })),
});

const against = (command: Command, stdout: string, rc = 0, stderr = ''): string | undefined =>
  differs(command, { stdout, stderr, rc });

describe('agree: comparison of transcripts', () => {
  it('takes equal output as equal, and nothing else', () => {
    const command = golden('a.c\nb\n');
    expect(against(command, 'a.c\nb\n')).to.equal(undefined);
    expect(against(command, 'axc\nb\n')).to.equal('stdout line 0: expected "a.c", got "axc"');
    expect(against(command, 'a.c\nb')).to.equal('stdout: 3 lines, got 2; first missing: ""');
    expect(against(command, 'a.c\nb\nc\n')).to.match(/line 2|4/);
    expect(against(command, 'a.c\nb\n', 0, 'oops\n')).to.match(/^stderr line 0/);
  });

  it('compares the exit status, unless it varies', () => {
    expect(against(golden('', [], 2), '', 0)).to.equal('rc: expected 2, got 0');
    expect(against(golden('', [], 0), '', 2, 'RTNETLINK answers: Invalid\n')).to.match(
      /got 2 \("RTNETLINK answers: Invalid"\)/,
    );
    expect(against(golden('', [{ stream: 'rc', kind: 'nondeterministic' }], 2), '', 0)).to.equal(undefined);
  });

  it('lets a marked span be any token of its kind', () => {
    const id = golden('prog id 12 x', [{ kind: 'prog_id', line: 0, start: 8, end: 10 }]);
    expect(against(id, 'prog id 9999 x')).to.equal(undefined);
    expect(against(id, 'prog id ab x')).to.match(/line 0/);
    const mac = golden('m 00:11:22:33:44:55', [{ kind: 'mac', line: 0, start: 2, end: 19 }]);
    expect(against(mac, 'm aa:bb:cc:dd:ee:ff')).to.equal(undefined);
    expect(against(mac, 'm aa:bb:cc')).to.match(/line 0/);
    const unknown = golden('a [b] c', [{ kind: 'anything', line: 0, start: 3, end: 4 }]);
    expect(against(unknown, 'a [long text] c')).to.equal(undefined);
  });

  it('lets an empty span stand for a token that the sample lacks', () => {
    const age = golden('action used', [{ kind: 'age', line: 0, start: 6, end: 6 }]);
    expect(against(age, 'action installed 3 sec used 1 sec used')).to.equal(undefined);
    expect(against(age, 'action used')).to.equal(undefined);
    expect(against(age, 'action sometimes used')).to.match(/line 0/);
  });

  it('takes spans in order of their start', () => {
    const two = golden('1 and 2', [
      { kind: 'counter', line: 0, start: 6, end: 7 },
      { kind: 'counter', line: 0, start: 0, end: 1 },
    ]);
    expect(against(two, '100 and 200')).to.equal(undefined);
  });

  it('passes over whole lines and whole streams that vary', () => {
    expect(against(golden('a\nb', [{ kind: 'whole-line', line: 0 }]), 'zzz\nb')).to.equal(undefined);
    expect(against(golden('a\nb', [{ kind: 'whole-line', line: 0 }]), 'zzz\nc')).to.match(/line 1/);
    expect(against(golden('a', [{ kind: 'line-count' }]), 'x\ny\nz')).to.equal(undefined);
  });

  it('leaves lines out that may be missing, on both sides', () => {
    const marks = [
      { kind: 'optional-line', line: 1 },
      { kind: 'counter', line: 2, start: 2, end: 3 },
    ];
    const command = golden('{\n"used": 5,\nn 1\n}', marks);
    expect(against(command, '{\nn 77\n}')).to.equal(undefined);
    expect(against(command, '{\n"used": 123,\nn 77\n}')).to.equal(undefined);
    expect(against(command, '{\n"other": 123,\nn 77\n}')).to.match(/stdout/);
  });
});
