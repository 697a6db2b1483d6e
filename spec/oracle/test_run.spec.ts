// The recordings of programs on packets, made again on the kernel underneath: where it is the recorded version and we are
// root, it must still answer what the vectors say.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { realBpfMissing } from './real_bpf.js';

const root = join(import.meta.dirname, '../../..');
const vectors = join(root, 'spec/vectors/bpf/test_run.6.18.jsonl');
const recorder = join(root, 'tools/oracle/bpf/record_test_run.py');

/** Why the kernel underneath cannot be asked; undefined: it can. */
function missing(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  if (!release().startsWith('6.18.')) return `needs Linux 6.18, not ${release()}`;
  for (const program of ['python3', 'unshare', 'ip'])
    if (spawnSync(program, ['--version']).error !== undefined) return `needs ${program}`;
  const { status, stderr } = spawnSync('unshare', ['-nm', 'true'], { encoding: 'utf8' });
  return status === 0 ? realBpfMissing() : `cannot make namespaces: ${stderr.trim()}`;
}

describe('oracle: programs on packets', () => {
  it('the kernel answers as recorded', function () {
    const reason = missing();
    if (reason !== undefined) {
      this.test!.title += ` (skipped: ${reason})`;
      this.skip();
    }
    this.timeout(240_000);
    const folder = mkdtempSync(join(tmpdir(), 'test-run-'));
    try {
      const out = join(folder, 'out.jsonl');
      const script = 'ip link set lo up && exec python3 "$@"';
      const args = ['-nm', 'sh', '-c', script, 'sh', recorder, out];
      const { status, stderr } = spawnSync('unshare', args, { encoding: 'utf8' });
      expect(status, stderr).equal(0);
      const [, ...now] = readFileSync(out, 'utf8').trim().split('\n');
      const [, ...recorded] = readFileSync(vectors, 'utf8').trim().split('\n');
      expect(now).deep.equal(recorded);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
