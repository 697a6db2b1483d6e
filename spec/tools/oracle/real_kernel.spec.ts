// The tools of the oracle on the real kernel: a short fuzzing run, and recordings recorded again. Needs root and the
// modelled kernel; skipped with the reason where they are missing.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { compare } from '../../../tools/agree/netlink/compare.js';
import type { Json } from '../../../tools/agree/input.js';
import { netlinkRecord } from '../../../tools/agree/netlink/record.js';
import { obstacle } from '../../../tools/oracle/kernel/isolation.js';

const tools = join(import.meta.dirname, '../../../tools/oracle');
const vectors = join(import.meta.dirname, '../../../../spec/vectors');

function run(script: string, ...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [join(tools, script), ...args], { encoding: 'utf8', timeout: 100_000 });
}

describe('the oracle on the real kernel', function () {
  this.timeout(120_000);
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

  for (const file of ['links/requests.6.18.jsonl', 'oracle/found.6.18.jsonl']) {
    it(`records a sample of ${file} as it was recorded`, () => {
      const lines = readFileSync(join(vectors, file), 'utf8').split('\n').filter(Boolean);
      const sample = lines.map((line) => JSON.parse(line) as Json).filter((_, i) => i % 9 === 0);
      const [definitions, out] = [join(folder, 'definitions'), join(folder, 'recorded')];
      writeFileSync(definitions, sample.map((record) => JSON.stringify(record)).join('\n'));
      const { status, stderr } = run('record/main.js', '--out', out, definitions);
      expect(status, stderr).to.equal(0);
      const again = readFileSync(out, 'utf8').split('\n').filter(Boolean).map((line) => netlinkRecord(JSON.parse(line) as Json)); // prettier-ignore
      expect(again).to.have.lengthOf(sample.length);
      for (const [i, { name, steps }] of again.entries()) {
        const lines = compare(netlinkRecord(sample[i]!), steps.map((step) => step.expected)); // prettier-ignore
        expect(lines, name).to.deep.equal([]);
      }
    });
  }

  it('refuses wrong usage, status 2', () => {
    expect(run('fuzz/main.js', '--nonsense').status).to.equal(2);
    expect(run('record/main.js').status).to.equal(2);
    expect(run('record/main.js', join(folder, 'nosuch')).status).to.equal(2);
  });
});
