// The carried transcripts: real ip and tc in a box print what they printed on the recorded kernel. What they print
// depends on their version too, so another version than the recorded one is a reason to skip.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Machine } from '../../lib/linux/machine.js';
import { readWhole } from '../../tools/agree/input.js';
import { clientPath } from '../../tools/agree/programs.js';
import { Shell } from '../../tools/agree/shell.js';
import { Programs } from '../../tools/agree/transcripts/programs.js';
import { transcript } from '../../tools/agree/transcripts/record.js';
import { rerun } from '../../tools/agree/transcripts/rerun.js';

const folder = join(import.meta.dirname, '../../../spec/vectors/transcripts');
/** What each program of the recordings says of its version. */
const versions: Readonly<Record<string, readonly [option: string, said: string]>> = {
  ip: ['-V', 'iproute2-6.1.0'],
  bridge: ['-V', 'bridge utility, 6.1.0'],
  tc: ['-V', 'iproute2-6.1.0, libbpf 1.1.2'],
  bpftool: ['version', 'bpftool v7.1'],
};

/** Why the programs here cannot print what was recorded; undefined when they can. */
function otherVersion(commands: string): string | undefined {
  for (const [program, [option, recorded]] of Object.entries(versions)) {
    if (!new RegExp(`\\b${program}\\b`).test(commands)) continue;
    const env = { ...process.env, PATH: clientPath };
    const said = spawnSync(program, [option], { env, encoding: 'utf8' });
    if (said.error) return `needs ${program}`;
    if (!said.stdout.includes(recorded)) return `recorded with ${recorded}, here is ${said.stdout.split('\n')[0]!}`;
  }
  return undefined;
}

describe('transcripts', function () {
  this.timeout(60_000);
  const programs = new Programs(folder);
  let shell: Shell | string;

  before(async () => {
    shell = await Shell.open(new Machine(), true);
  });

  after(() => {
    programs.close();
    if (typeof shell !== 'string') shell.close();
  });

  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
    it(file, function () {
      const record = readWhole(join(folder, file), transcript);
      // What a monitor asks about an event, it asks while the kernel goes on: on a busy computer it may come too late.
      this.retries(record.commands.some(({ cmd }) => /\bmonitor\b/.test(cmd)) ? 2 : 0);
      const other = otherVersion(record.commands.map(({ cmd }) => cmd).join('\n'));
      const outcome = other ?? rerun(record, programs, { shell, kernel: undefined, config: undefined });
      const skip = typeof outcome === 'string' ? outcome : outcome.verdict === 'not run' ? outcome.reason : undefined;
      if (typeof outcome === 'string' || skip !== undefined) {
        console.log(skip);
        return this.skip();
      }
      expect(outcome.verdict === 'differs' ? outcome.lines : []).to.deep.equal([]);
    });
  }
});
