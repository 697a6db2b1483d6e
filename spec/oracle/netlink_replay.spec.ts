// A sample of the carried netlink recordings on the real kernel: they must come out there as they were recorded, or
// neither they nor what compares them can be trusted. Needs root and the recorded kernel.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Json } from '../../tools/agree/input.js';
import { objectsOf, readLines } from '../../tools/agree/input.js';
import { compare } from '../../tools/agree/netlink/compare.js';
import { netlinkRecord } from '../../tools/agree/netlink/record.js';
import { missingProgram } from '../../tools/agree/programs.js';
import { obstacle } from '../../tools/oracle/kernel/isolation.js';

const folder = join(import.meta.dirname, '../../../spec/vectors');
const recorder = join(import.meta.dirname, '../../tools/oracle/record/main.js');

/** Every n-th record, so that all subjects are met. */
const stride = 7;

/** Port ids the kernel chose at random cannot come out again. */
const isRandom = (record: Json): boolean =>
  objectsOf(record['mask'] ?? [], 'mask').some((mask) => mask['kind'] === 'portid_random');

const sample = (file: string): Json[] =>
  readFileSync(join(folder, file), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Json)
    .filter((record) => netlinkRecord(record).obstacle === undefined && !isRandom(record))
    .filter((_, i) => i % stride === 0);

function whyNot(): string | undefined {
  const missing = missingProgram(['ip link', 'tc qdisc']);
  return obstacle() ?? (missing && `needs ${missing}`);
}

describe('netlink recordings on the real kernel', function () {
  this.timeout(240_000);
  const reason = whyNot();
  let work: string;
  before(() => (work = mkdtempSync(join(tmpdir(), 'replay-spec-'))));
  after(() => {
    rmSync(work, { recursive: true });
  });

  for (const file of ['netlink/nl-links', 'netlink/tc', 'netlink/extra', 'links/requests', 'oracle/found']) {
    it(`a sample of ${file}.6.18.jsonl`, function () {
      if (reason !== undefined) {
        console.log(reason);
        return this.skip();
      }
      const records = sample(`${file}.6.18.jsonl`);
      const [definitions, out] = [join(work, 'definitions'), join(work, 'recorded')];
      writeFileSync(definitions, records.map((record) => JSON.stringify(record)).join('\n'));
      const { status, stderr } = spawnSync(process.execPath, [recorder, '--out', out, definitions], { encoding: 'utf8', timeout: 100_000 }); // prettier-ignore
      expect(status, stderr).to.equal(0);
      const again = readLines(out, netlinkRecord);
      expect(again).to.have.lengthOf(records.length);
      for (const [i, { name, steps }] of again.entries()) {
        const results = steps.map(({ expected }) => expected);
        expect(compare(netlinkRecord(records[i]!), results), name).to.deep.equal([]);
      }
      return undefined;
    });
  }
});
