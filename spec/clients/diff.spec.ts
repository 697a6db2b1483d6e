// `tcbox diff` with files and with commands, each recorded in a fresh kernel; the example of the README.
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { layouts } from '../conform/import/layouts.js';
import { type Result, Tcbox } from './tcbox.js';

const root = join(import.meta.dirname, '../../..');
const hasTc = (): boolean => spawnSync('tc', ['-V']).status === 0;

describe('clients: diff', function () {
  this.timeout(240_000);
  let tcbox: Tcbox;
  let folder: string;
  const diff = (...args: string[]): Result => tcbox.run(['diff', ...args], { cwd: folder });
  function needsTc(context: Mocha.Context): void {
    if (hasTc()) return;
    console.log('      skipped: needs tc');
    context.skip();
  }

  before(() => {
    tcbox = new Tcbox();
    folder = mkdtempSync(join(tmpdir(), 'tcbox-diff-'));
    writeFileSync(join(folder, 'a.txt'), layouts['xxd']!);
    writeFileSync(join(folder, 'b.py'), layouts['Python repr']!);
    writeFileSync(join(folder, 'c.c'), layouts['C string']!.replace(String.raw`\x63\x6c`, String.raw`\x43\x4c`));
  });
  after(() => {
    tcbox.end();
    rmSync(folder, { recursive: true });
  });

  it('prints what the README shows', function () {
    needsTc(this);
    const shown = /^\$ tcbox (diff .*)\n([^`]*)```/m.exec(readFileSync(join(root, 'README.md'), 'utf8'))!;
    expect(tcbox.run(shown[1]!.split(' '))).to.deep.equal({ status: 1, stdout: shown[2], stderr: '' });
  });

  it('compares files of different formats', () => {
    expect(diff('a.txt', 'b.py')).to.deep.equal({ status: 0, stdout: 'no difference in 1 message\n', stderr: '' });
    expect(diff('a.txt', 'c.c').stdout).to.equal(
      '  unknown RTM_NEWQDISC (a.txt:1, c.c:2)\n  - TCA_KIND: "clsact"\n  + TCA_KIND: "CLsact"\n1 message differs, of 1 and 1\n',
    );
    const { status, stdout } = diff('--json', '--direction', 'request', 'a.txt', 'c.c');
    expect(status).to.equal(1);
    expect(JSON.parse(stdout)).to.deep.include({
      direction: 'request',
      changes: [{ path: 'TCA_KIND', a: '"clsact"', b: '"CLsact"' }],
    });
  });

  it('compares commands, with options of their kernel', function () {
    needsTc(this);
    const show = ['tc', 'qdisc', 'show'];
    const same = diff('--config', 'rec-6.18', '--', ...show, '--', ...show);
    expect(same).to.deep.include({ status: 0, stderr: '' });
    const fail = diff('--', 'sh', '-c', 'tc qdisc show >&2; exit 3', '--', ...show);
    expect(fail.status).to.equal(0);
    expect(fail.stderr).to.match(/ended with 3/);
    expect(fail.stdout).to.match(/^no difference in \d+ messages\n$/);
  });

  for (const args of [
    [],
    ['a.txt'],
    ['a.txt', 'b.py', 'c.c'],
    ['--', 'true'],
    ['--', 'true', '--'],
    ['--', 'true', '--', 'true', '--', 'true'],
    ['--', '/missing', '--', 'true'],
    ['a.txt', 'missing'],
    ['-', '-'],
  ])
    it(`ends with 2 for '${args.join(' ')}'`, () => {
      const { status, stderr, stdout } = diff(...args);
      expect({ status, stdout }).to.deep.equal({ status: 2, stdout: '' });
      expect(stderr).to.not.equal('');
    });

  it('ends with 1 when a file cannot be read', () => {
    writeFileSync(join(folder, 'empty'), '');
    expect(diff('empty', 'empty')).to.include({ status: 1, stdout: 'no difference in 0 messages\n' });
  });

  it('finds commands equal that say nothing', () => {
    expect(diff('--', 'true', '--', 'true')).to.deep.equal({
      status: 0,
      stdout: 'no difference in 0 messages\n',
      stderr: '',
    });
  });
});
