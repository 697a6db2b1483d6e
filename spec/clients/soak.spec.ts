// A few seconds of what `npm run soak` does for minutes: clients under signals and sudden death, many that come and go,
// several boxes at once.
import { join } from 'node:path';
import { expect } from 'chai';
import { missing } from '../../tools/soak/clients.js';
import { buildGoClient } from '../../tools/soak/go_client.js';
import { manyBoxes } from '../../tools/soak/many_boxes.js';
import { shortLived } from '../../tools/soak/short_lived.js';
import { storm } from '../../tools/soak/storm.js';

describe('clients: soak', function () {
  this.timeout(600_000);

  before(function () {
    const absent = missing();
    if (absent.length === 0) return;
    console.log(`      skipped: needs ${absent.join(', ')}`);
    this.skip();
  });

  it('loses, doubles and leaves nothing in a storm of signals', async () => {
    const { completed, problems } = await storm(18, 3);
    expect(problems).deep.equal([]);
    expect(Object.keys(completed)).include.members(['tc -batch', 'ip -batch', 'threads']);
  });

  it('serves Go programs, with their threads and signals', async function () {
    const go = buildGoClient();
    if (typeof go === 'string') {
      console.log(`      skipped: ${go}`);
      this.skip();
    }
    const { completed, problems } = await storm(7, 3, go.path);
    go.remove();
    expect(problems).deep.equal([]);
    expect(completed['go']).above(0);
  });

  it('does not grow with the clients that have been', () => {
    const { heap } = shortLived(400, () => {});
    expect(heap.at(-1)! - heap[2]!).below(2);
  });

  it('starts, asks and stops several boxes at once', async () => {
    const { problems } = await manyBoxes(join(import.meta.dirname, '../../../dist/bin/tcbox.cjs'), 6);
    expect(problems).deep.equal([]);
  });
});
