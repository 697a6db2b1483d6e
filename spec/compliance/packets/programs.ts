// Where the files of the suite lie: the programs that frames run through, and the recordings.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { clientPath } from '../../../tools/agree/programs.js';

export const folder = join(import.meta.dirname, '../../../../spec/compliance/packets');
/** The object file with the suite's programs, a section each (verdicts.ll). */
export const object = join(folder, 'programs/verdicts.o');

/** What the programs of the recordings say of their version. */
const versions: Readonly<Record<string, string>> = { ip: 'iproute2-6.1.0', tc: 'iproute2-6.1.0, libbpf 1.1.2' };

/** Why the programs here cannot show what was recorded; undefined when they can. */
export function otherPrograms(): string | undefined {
  for (const [program, recorded] of Object.entries(versions)) {
    const said = spawnSync(program, ['-V'], { env: { ...process.env, PATH: clientPath }, encoding: 'utf8' });
    if (said.error) return `needs ${program}`;
    if (!said.stdout.includes(recorded)) return `recorded with ${recorded}, here is ${said.stdout.trim()}`;
  }
  return undefined;
}
