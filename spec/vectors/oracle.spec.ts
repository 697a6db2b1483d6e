// Sessions in which the fuzzer (tools/oracle/fuzz) once found the model and the real kernel to differ, shrunk. They need
// no programs: each record makes its devices itself.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { readLines } from '../../tools/agree/input.js';
import { netlinkRecord } from '../../tools/agree/netlink/record.js';
import { replay } from '../../tools/agree/netlink/replay.js';

const folder = join(import.meta.dirname, '../../../spec/vectors/oracle');

for (const file of readdirSync(folder).filter((name) => name.endsWith('.jsonl'))) {
  describe(`differences the fuzzer found: ${file}`, () => {
    for (const record of readLines(join(folder, file), netlinkRecord)) {
      it(record.name, () => {
        const outcome = replay(record, { shell: 'no program is needed', kernel: undefined, config: undefined });
        expect(outcome).to.deep.equal({ verdict: 'agrees' });
      });
    }
  });
}
