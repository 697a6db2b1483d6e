// A sample of the carried netlink recordings on the real kernel: they must come out there as they were recorded, or
// neither they nor what compares them can be trusted. Needs root, private namespaces and the recorded kernel.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, release } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { compare } from '../../tools/agree/netlink/compare.js';
import type { Result } from '../../tools/agree/netlink/record.js';
import { netlinkRecord } from '../../tools/agree/netlink/record.js';
import { clientPath } from '../../tools/agree/programs.js';

const project = join(import.meta.dirname, '../../..');
const recorded = { release: '6.18.', cpus: 2 };
const env = { ...process.env, PATH: clientPath, LC_ALL: 'C' };

const probe =
  'ip link add v0 type veth peer name v1 && tc qdisc add dev v0 clsact && ' +
  'tc filter add dev v0 ingress bpf bytecode "1,6 0 0 0," && python3 -c ""';

/** Why this machine cannot replay the recordings; undefined when it can. */
function obstacle(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  if (!release().startsWith(recorded.release)) return `recorded on ${recorded.release}x, this is ${release()}`;
  if (availableParallelism() !== recorded.cpus) return `recorded with ${recorded.cpus} CPUs`;
  const { status, error, stderr } = spawnSync('unshare', ['-nm', 'sh', '-c', probe], { env, encoding: 'utf8' });
  return status === 0 ? undefined : `the kernel cannot serve: ${error?.message ?? stderr.trim()}`;
}

/** System calls the replayer knows; records that need others are left to the model. */
const known = new Set(['socket', 'bind', 'connect', 'getsockname', 'setsockopt', 'getsockopt', 'recvmsg', 'shell']);

/** Every n-th record, so that all subjects are met. */
const stride = 7;

function sample(file: string): string[] {
  const lines = readFileSync(join(project, 'spec/vectors/netlink', file), 'utf8')
    .split('\n')
    .filter(Boolean);
  return lines
    .filter((line) => {
      const { obstacle: reason, objects, steps } = netlinkRecord(JSON.parse(line) as Record<string, unknown>);
      const calls = steps.flatMap(({ action }) => ('call' in action ? [action.call.name] : []));
      return reason === undefined && objects.every((o) => o['op'] === 'socket') && calls.every((c) => known.has(c));
    })
    .filter((_, i) => i % stride === 0);
}

describe('netlink recordings on the real kernel', function () {
  this.timeout(120_000);
  const reason = obstacle();

  for (const file of ['nl-links.6.18.jsonl', 'tc.6.18.jsonl', 'extra.6.18.jsonl']) {
    it(`a sample of ${file}`, function () {
      if (reason !== undefined) {
        console.log(reason);
        return this.skip();
      }
      const lines = sample(file);
      const script = join(project, 'spec/oracle/replay.py');
      const { stdout } = spawnSync('unshare', ['-nm', 'python3', script], { env, input: `${lines.join('\n')}\n`, encoding: 'utf8', maxBuffer: 1e8 }); // prettier-ignore
      const answers = stdout.split('\n').filter(Boolean);
      expect(answers).to.have.lengthOf(lines.length);
      for (const [i, line] of lines.entries()) {
        const record = netlinkRecord(JSON.parse(line) as Record<string, unknown>);
        const { steps, failed } = JSON.parse(answers[i]!) as { steps: Result[]; failed?: string };
        expect(failed, record.name).to.equal(undefined);
        expect(compare(record, steps), record.name).to.deep.equal([]);
      }
    });
  }
});
