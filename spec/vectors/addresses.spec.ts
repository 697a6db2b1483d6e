// Sequences of address, route, neighbour and rule requests, most of them random, recorded on 6.18. They need no programs: each record
// makes its devices itself.
import { join } from 'node:path';
import { expect } from 'chai';
import { readLines } from '../../tools/agree/input.js';
import { netlinkRecord } from '../../tools/agree/netlink/record.js';
import { replay } from '../../tools/agree/netlink/replay.js';

const folder = join(import.meta.dirname, '../../../spec/vectors/addresses');

for (const file of ['requests.6.18.jsonl', 'rules.6.18.jsonl', 'neighbours.6.18.jsonl', 'forwarding.6.18.jsonl'])
  describe(`address recordings: ${file}`, () => {
    for (const record of readLines(join(folder, file), netlinkRecord)) {
      it(record.name, () => {
        const outcome = replay(record, { shell: 'no program is needed', kernel: undefined, config: undefined });
        expect(outcome).to.deep.equal({ verdict: 'agrees' });
      });
    }
  });
