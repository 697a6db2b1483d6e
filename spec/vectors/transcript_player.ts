// `node dist/spec/vectors/transcript_player.js FILE…`: a process of the suite of transcripts. Replays carried transcripts, one
// after the other, and prints a line of JSON for each. Most of a transcript is waiting, so several of these run at once.
import { spawnSync } from 'node:child_process';
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { Machine } from '../../lib/linux/machine.js';
import { readWhole } from '../../tools/agree/input.js';
import { notRun, type Outcome } from '../../tools/agree/outcome.js';
import { clientPath } from '../../tools/agree/programs.js';
import { Shell } from '../../tools/agree/shell.js';
import { Programs } from '../../tools/agree/transcripts/programs.js';
import { transcript, type Transcript } from '../../tools/agree/transcripts/record.js';
import { rerun } from '../../tools/agree/transcripts/rerun.js';

export const folder = join(import.meta.dirname, '../../../spec/vectors/transcripts');
/** Seconds the commands of a transcript wait, each of them counted as a little. */
export function secondsOf({ commands }: Transcript): number {
  const sleeps = commands.flatMap(({ cmd }) => [...cmd.matchAll(/\b(?:sleep|timeout) ([\d.]+)/g)].map(([, s]) => Number(s)));
  return sleeps.reduce((sum, seconds) => sum + seconds, commands.length * 0.03);
}

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

/** What a monitor asks about an event, it asks while the kernel goes on: on a busy computer it may come too late. */
const triesOf = ({ commands }: Transcript): number => (commands.some(({ cmd }) => /\bmonitor\b/.test(cmd)) ? 3 : 1);

function play(record: Transcript, programs: Programs, shell: Shell | string): Outcome {
  const other = otherVersion(record.commands.map(({ cmd }) => cmd).join('\n'));
  if (other !== undefined) return notRun(other);
  for (let tries = triesOf(record); ; tries--) {
    const outcome = rerun(record, programs, { shell, kernel: undefined, config: undefined });
    if (outcome.verdict !== 'differs' || tries === 1) return outcome;
  }
}

async function main(files: readonly string[]): Promise<void> {
  const shell = await Shell.open(new Machine(), true);
  const programs = new Programs(folder);
  for (const file of files) {
    const outcome = play(readWhole(join(folder, file), transcript), programs, shell);
    writeSync(1, `${JSON.stringify([file, outcome])}\n`);
  }
  programs.close();
  if (typeof shell !== 'string') shell.close();
}

if (process.argv[1] === import.meta.filename) await main(process.argv.slice(2));
