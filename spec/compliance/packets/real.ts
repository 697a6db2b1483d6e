// The real kernel of this computer, as root in namespaces of its own: real.py plays a configuration to it.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { hasProgram } from '../../../tools/agree/programs.js';
import { obstacle } from '../../../tools/oracle/kernel/isolation.js';
import type { Job, Play } from './play.js';
import { folder } from './programs.js';

/** Why the real kernel cannot be asked here; undefined when it can. */
export const noRealKernel = (): string | undefined =>
  obstacle() ?? ['python3', 'ip', 'tc'].filter((name) => !hasProgram(name)).map((name) => `needs ${name}`)[0];

export function playReal(job: Job): Play {
  const { status, stdout, stderr } = spawnSync('unshare', ['-nm', 'python3', join(folder, 'real.py')], {
    input: JSON.stringify(job),
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  });
  if (status !== 0) throw new Error(`real.py ended with ${status}: ${stderr}`);
  return JSON.parse(stdout) as Play;
}
