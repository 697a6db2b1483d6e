// `tcbox check` as a command: formats by content, reports, thresholds, silence, baselines, standard input, exit codes.
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { layouts, request } from '../conform/import/layouts.js';
import { dumped } from '../conform/import/traces.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const tcbox = join(root, 'dist/bin/tcbox.cjs');

/** The clsact with a byte of padding that is not zero, and with TCA_KIND cut short of its string. */
const dirty = `${request.slice(0, -2)}01`;
const wrong = `34000000${request.slice(8)}0500f8ff`;

describe('cli: check', function () {
  this.timeout(240_000);
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'tcbox-check-'));
    writeFileSync(join(folder, 'good.txt'), layouts['hexdump -C']!);
    writeFileSync(join(folder, 'dirty.hex'), `${dirty}\n`);
    writeFileSync(join(folder, 'wrong.hex'), `${dirty}\n\n${wrong}\n`);
    writeFileSync(join(folder, 'trace'), dumped);
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  function tcboxCheck(args: readonly string[], input = ''): { status: number | null; stdout: string; stderr: string } {
    return spawnSync(process.execPath, [tcbox, 'check', ...args], { cwd: folder, input, encoding: 'utf8' });
  }
  const codesIn = (text: string): string[] => text.match(/TCB\d{4}/g) ?? [];

  it('prints what the README shows', () => {
    const shown = /^\$ tcbox check (\S+)\n([^`]*)```/m.exec(readFileSync(join(root, 'README.md'), 'utf8'))!;
    const { stdout } = spawnSync(process.execPath, [tcbox, 'check', shown[1]!], { cwd: root, encoding: 'utf8' });
    expect(stdout).to.equal(shown[2]);
    expect(new Set(codesIn(stdout)).size).to.equal(5);
  });

  it('finds nothing in what is right', () => {
    expect(tcboxCheck(['good.txt', 'trace'])).to.deep.include({
      status: 0,
      stdout: '7 datagrams, 4 messages: 0 findings\n',
      stderr: '',
    });
  });

  it('prints a line a finding and ends with 1', () => {
    const { status, stdout } = tcboxCheck(['dirty.hex']);
    expect(status).to.equal(1);
    expect(stdout.split('\n')[0]).to.match(/^dirty\.hex:1: TCB0104 ignored: RTM_NEWQDISC TCA_KIND: .*; /);
    expect(tcboxCheck(['wrong.hex']).stdout).to.match(/^wrong\.hex:3: TCB\d{4} /m);
  });

  it('reads standard input', () => {
    expect(tcboxCheck(['-'], layouts['Python repr']).stdout).to.equal('1 datagram, 1 message: 0 findings\n');
    expect(tcboxCheck(['--format', 'hex', '-'], dirty).stdout).to.match(/^-:1: TCB0104 /);
  });

  it('leaves out what is silenced or not grave enough', () => {
    expect(tcboxCheck(['dirty.hex', '--silence', 'TCB0104']).status).to.equal(0);
    expect(tcboxCheck(['dirty.hex', '--severity', 'strict']).status).to.equal(0);
    expect(tcboxCheck(['dirty.hex', '--severity', 'ignored']).status).to.equal(1);
  });

  it('knows a baseline, and says what is gone', () => {
    expect(tcboxCheck(['dirty.hex', '--write-baseline', 'known.json']).status).to.equal(0);
    expect(tcboxCheck(['dirty.hex', '--baseline', 'known.json']).stdout).to.equal(
      '1 datagram, 1 message: 0 findings; 1 in the baseline\n',
    );
    const more = tcboxCheck(['wrong.hex', '--baseline', 'known.json']);
    expect(more.status).to.equal(1);
    expect(codesIn(more.stdout)).to.not.include('TCB0104');
    expect(tcboxCheck(['good.txt', '--baseline', 'known.json']).stderr).to.match(/1 findings of the baseline are gone/);
  });

  it('writes every report as a document', () => {
    const sarif = JSON.parse(tcboxCheck(['wrong.hex', '--report', 'sarif']).stdout) as {
      runs: { tool: { driver: { rules: { id: string }[] } }; results: object[] }[];
    };
    expect(sarif.runs[0]!.results.length).to.be.above(1);
    expect(sarif.runs[0]!.tool.driver.rules.length).to.be.above(60);
    expect(tcboxCheck(['wrong.hex', '--report', 'tap']).stdout).to.match(
      /^TAP version 14\nnot ok 1 - wrong\.hex:1 RTM_NEWQDISC\n/,
    );
    expect(tcboxCheck(['wrong.hex', '--report', 'junit']).stdout).to.match(/<testsuite name="wrong\.hex" tests="\d+"/);
    expect(tcboxCheck(['wrong.hex', '--report', 'github']).stdout).to.match(
      /^::notice file=wrong\.hex,line=1,title=TCB0104::/,
    );
    const json = tcboxCheck(['wrong.hex', '--json']).stdout.trim().split('\n');
    expect(JSON.parse(json.at(-1)!)).to.include({ kind: 'summary', datagrams: 2 });
  });

  it('gives verdicts of each kernel', () => {
    expect(tcboxCheck(['good.txt', '--verdicts']).stdout.split('\n')[0]).to.match(
      /^good\.txt:1: RTM_NEWQDISC: format correct; can still fail with .* \[v4\.1: ok, v6\.1: ok, v6\.18: ok\]$/,
    );
  });

  it('reports what cannot be read, and ends with 1', () => {
    expect(tcboxCheck(['-'], '')).to.include({
      status: 1,
      stdout: '-: offset 0: no datagram in it\n0 datagrams, 0 messages: 0 findings; 1 problem\n',
    });
  });

  for (const [why, args] of [
    ['no file', []],
    ['a file that is not there', ['missing']],
    ['a folder', ['.']],
    ['an unknown format', ['--format', 'xml', 'good.txt']],
    ['an unknown report', ['--report', 'xml', 'good.txt']],
    ['two reports', ['--report', 'tap', '--json', 'good.txt']],
    ['an unknown kernel', ['--kernel', 'v2.6', 'good.txt']],
    ['an unknown code', ['--silence', 'TCB9999', 'good.txt']],
    ['an unknown severity', ['--severity', 'bad', 'good.txt']],
    ['a baseline that is none', ['--baseline', 'good.txt', 'good.txt']],
    ['a protocol that is none', ['--protocol', '99', 'good.txt']],
  ] as const)
    it(`ends with 2 for ${why}`, () => {
      const { status, stderr } = tcboxCheck(args);
      expect(stderr).to.not.equal('');
      expect(status).to.equal(2);
    });

  it('writes a baseline that people can read', () => {
    tcboxCheck(['wrong.hex', '--write-baseline', 'more.json']);
    const { findings } = JSON.parse(readFileSync(join(folder, 'more.json'), 'utf8')) as {
      findings: { count: number }[];
    };
    expect(findings.every(({ count }) => count > 0)).to.equal(true);
  });
});
