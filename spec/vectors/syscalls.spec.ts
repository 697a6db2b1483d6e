// The carried recordings of bpf(2) against the model. What is not modelled yet stands in missing-subjects.json with its
// subject; everything else must agree, and so must nothing that is listed.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { readLines } from '../../tools/agree/input.js';
import { syscallRecord } from '../../tools/agree/syscalls/record.js';
import { replaySyscalls } from '../../tools/agree/syscalls/replay.js';

/** Goldens are not compiled: they are read where they stand. */
const folder = join(import.meta.dirname, '../../../spec/vectors/syscalls');
const listed = join(folder, 'missing-subjects.json');
const missing = JSON.parse(existsSync(listed) ? readFileSync(listed, 'utf8') : '{}') as Record<string, string>;

describe('recordings of bpf(2)', () => {
  const files = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
  const suites = files.map((name) => ({ name, records: readLines(join(folder, name), syscallRecord) }));

  it('are all there, and the list of missing subjects names none but them', () => {
    const names = new Set(suites.flatMap(({ records }) => records.map((record) => record.name)));
    expect(files.toSorted()).to.deep.equal([
      'batches.6.18.jsonl',
      'map_programs.6.18.jsonl',
      'maps.6.18.jsonl',
      'places.6.18.jsonl',
      'probes.6.18.jsonl',
      'prog_info.6.18.jsonl',
      'requests.6.18.jsonl',
      'sequences.6.18.jsonl',
      'value_fields.6.18.jsonl',
    ]);
    expect(Object.keys(missing).filter((name) => !names.has(name))).to.deep.equal([]);
  });

  for (const { name, records } of suites) {
    describe(name, () => {
      for (const record of records) {
        it(record.name, function () {
          const outcome = replaySyscalls(record, { kernel: undefined, config: undefined });
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
