// The tools of the oracle on the real kernel: a short fuzzing run, and what cannot be recorded. That recordings come out
// as they were is for spec/oracle. Needs root and the modelled kernel; skipped with the reason where they are missing.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { obstacle } from '../../../tools/oracle/kernel/isolation.js';

const tools = join(import.meta.dirname, '../../../tools/oracle');

function run(script: string, ...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [join(tools, script), ...args], { encoding: 'utf8', timeout: 100_000 });
}

describe('the oracle on the real kernel', function () {
  this.timeout(240_000);
  const reason = obstacle();
  let folder: string;

  before(function () {
    if (reason !== undefined) {
      console.log(reason);
      return this.skip();
    }
    folder = mkdtempSync(join(tmpdir(), 'oracle-spec-'));
    return undefined;
  });
  after(() => {
    if (reason === undefined) rmSync(folder, { recursive: true });
  });

  it('fuzzes without a difference that nothing explains', () => {
    const { status, stdout } = run('fuzz/main.js', '--seed', '1', '--count', '1500', '--out', folder);
    const summary = stdout.trim().split('\n').at(-1);
    expect(summary).to.match(/^\d+ messages, \d+ sequences, \d+ differences \(\d+ explained\)$/);
    expect(status, stdout).to.equal(0);
  });

  it('names what comes out otherwise the second time, and leaves it out', () => {
    const bind = { name: 'bind', args: ['s', '100000000000000000000000', 12] };
    const taken = { name: 'bind', args: ['t', '100000000000000000000000', 12] };
    const open = (as: string): object => ({ syscall: { name: 'socket', args: [16, 3, 0], as } });
    const steps = [open('s'), { syscall: bind }, open('t'), { syscall: taken }];
    const random = { syscall: { name: 'getsockname', args: ['t'] } };
    const definition = { name: 'first', config: 'rec-6.18', setup: [], steps, mask: [] };
    const file = join(folder, 'definitions');
    const lines = [definition, { ...definition, name: 'second', steps: [...steps, random] }];
    writeFileSync(file, lines.map((line) => JSON.stringify(line)).join('\n'));
    const { status, stdout, stderr } = run('record/main.js', file);
    expect(status).to.equal(1);
    expect(stdout.split('\n').filter(Boolean)).to.have.lengthOf(1);
    expect(JSON.parse(stdout)).to.deep.include({ name: 'first' });
    expect(stderr)
      .to.match(/^second: came out otherwise/)
      .and.to.match(/1 recorded, 1 left out/);
  });

  it('refuses wrong usage, status 2', () => {
    expect(run('fuzz/main.js', '--nonsense').status).to.equal(2);
    expect(run('record/main.js').status).to.equal(2);
    expect(run('record/main.js', join(folder, 'nosuch')).status).to.equal(2);
  });
});
