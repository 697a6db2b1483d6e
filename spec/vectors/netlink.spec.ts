// The carried netlink recordings against the model. What is not modelled yet stands in missing-subjects.json with its
// subject; everything else must agree, and so must nothing that is listed.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Machine } from '../../lib/linux/machine.js';
import { readLines } from '../../tools/agree/input.js';
import { netlinkRecord } from '../../tools/agree/netlink/record.js';
import { replay } from '../../tools/agree/netlink/replay.js';
import { Shell } from '../../tools/agree/shell.js';

/** Goldens are not compiled: they are read where they stand. */
const folder = join(import.meta.dirname, '../../../spec/vectors/netlink');
const listed = join(folder, 'missing-subjects.json');
const missing = JSON.parse(existsSync(listed) ? readFileSync(listed, 'utf8') : '{}') as Record<string, string>;

describe('netlink recordings', () => {
  const files = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
  const suites = files.map((name) => ({ name, records: readLines(join(folder, name), netlinkRecord) }));
  let shell: Shell | string;

  before(async () => {
    shell = await Shell.open(new Machine(), false);
  });

  after(() => {
    if (typeof shell !== 'string') shell.close();
  });

  it('are all there, and the list of missing subjects names none but them', () => {
    const names = new Set(suites.flatMap(({ records }) => records.map((record) => record.name)));
    expect(files).to.have.lengthOf(6);
    expect(Object.keys(missing).filter((name) => !names.has(name))).to.deep.equal([]);
  });

  it('have at least 30 dumps of links and of addresses under strict checking', () => {
    const steps = (name: string): number =>
      suites.flatMap(({ records }) => records).find((record) => record.name === name)?.steps.length ?? 0;
    for (const name of ['link_dumps_strict', 'address_dumps_inet_strict', 'address_dumps_inet6_strict'])
      expect(steps(name), name).to.be.at.least(40);
  });

  for (const { name, records } of suites) {
    describe(name, () => {
      for (const record of records) {
        it(record.name, function () {
          const outcome = replay(record, { shell, kernel: undefined, config: undefined });
          const subject = missing[record.name];
          if (outcome.verdict === 'not run' || (subject !== undefined && outcome.verdict === 'differs')) {
            console.log(outcome.verdict === 'not run' ? outcome.reason : `not modelled: ${subject!}`);
            return this.skip();
          }
          if (subject !== undefined) throw new Error(`agrees: take '${subject}' off missing-subjects.json`);
          expect(outcome.verdict === 'differs' ? outcome.lines : []).to.deep.equal([]);
        });
      }
    });
  }
});
