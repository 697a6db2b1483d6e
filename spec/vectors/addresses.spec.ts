// Random sequences of address, route and neighbour requests, recorded on 6.18. They need no programs: each record makes
// its devices itself.
import { join } from 'node:path';
import { expect } from 'chai';
import { readLines } from '../../tools/agree/input.js';
import { netlinkRecord } from '../../tools/agree/netlink/record.js';
import { replay } from '../../tools/agree/netlink/replay.js';

const file = join(import.meta.dirname, '../../../spec/vectors/addresses/requests.6.18.jsonl');

describe('address recordings', () => {
  for (const record of readLines(file, netlinkRecord)) {
    it(record.name, () => {
      const outcome = replay(record, { shell: 'no program is needed', kernel: undefined, config: undefined });
      expect(outcome).to.deep.equal({ verdict: 'agrees' });
    });
  }
});
