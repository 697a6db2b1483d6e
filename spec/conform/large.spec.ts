// Long captures are judged as they are read: time grows with their length, memory does not, and a terminal sees how far it is.
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkMade } from '../../tools/bench/check.js';
import { madeCapture } from '../../tools/bench/made_capture.js';

const SEED = 7;
const MEGABYTE = 1_000_000;
const tcbox = join(import.meta.dirname, '../../bin/tcbox.cjs');

describe('conform: long captures', function () {
  this.timeout(240_000);

  it('are checked in time that grows with their length, in memory that does not', () => {
    const [short, long] = [checkMade(SEED, 2 * MEGABYTE), checkMade(SEED, 12 * MEGABYTE)];
    expect(long.summary).to.match(/^\d+ datagrams, \d+ messages: \d+ findings/);
    // How many it really is, `npm run bench` measures, on a computer that does nothing else.
    expect(long.seconds - short.seconds, `seconds for 10 MB, seed ${SEED}`).to.be.below(20);
    expect(long.megabytes - short.megabytes, `megabytes for 10 MB more, seed ${SEED}`).to.be.below(120);
  });

  it('are the same with the same seed', () => {
    const bytes = (seed: number): Buffer => Buffer.concat([...madeCapture(seed, 100_000)]);
    expect(bytes(1).equals(bytes(1))).to.equal(true);
    expect(bytes(1).equals(bytes(2))).to.equal(false);
  });

  it('show on a terminal how far they are read', function () {
    const folder = mkdtempSync(join(tmpdir(), 'tcbox-long-'));
    try {
      const file = join(folder, 'long.pcap');
      writeFileSync(file, Buffer.concat([...madeCapture(SEED, 12 * MEGABYTE)]));
      const command = `'${process.execPath}' '${tcbox}' check '${file}' > /dev/null`;
      const { error, stdout } = spawnSync('script', ['-qec', command, '/dev/null'], { encoding: 'utf8' });
      if (error !== undefined) {
        console.log('      skipped: needs script(1)');
        this.skip();
      }
      const shown = [...stdout.matchAll(/long\.pcap: (\d+) %, (\d+) datagrams/g)].map(([, part]) => Number(part));
      expect(shown.length).to.be.above(0);
      expect(shown).to.deep.equal([...shown].sort((a, b) => a - b));
      expect(stdout.endsWith('\u001b[K')).to.equal(true);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
