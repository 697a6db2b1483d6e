// The carried transcripts: real ip and tc in a box print what they printed on the recorded kernel. What they print
// depends on their version too, so another version than the recorded one is a reason to skip.
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { readWhole } from '../../tools/agree/input.js';
import type { Outcome } from '../../tools/agree/outcome.js';
import { transcript } from '../../tools/agree/transcripts/record.js';
import { folder, secondsOf } from './transcript_player.js';

const player = join(import.meta.dirname, 'transcript_player.js');
/** Processes at a time. */
const PLAYERS = 3;

/** The files of each process, so that all take about as long; the longest first. */
function shares(files: readonly string[]): string[][] {
  const seconds = new Map(files.map((file) => [file, secondsOf(readWhole(join(folder, file), transcript))]));
  const made = Array.from({ length: PLAYERS }, () => ({ total: 0, files: [] as string[] }));
  for (const [file, takes] of [...seconds].sort(([, a], [, b]) => b - a)) {
    const least = made.reduce((one, other) => (other.total < one.total ? other : one));
    least.total += takes;
    least.files.push(file);
  }
  return made.map((share) => share.files);
}

/** Outcomes as they come from the processes; an error for files whose process has ended without a word of them. */
class Outcomes {
  readonly #known = new Map<string, Outcome | Error>();
  readonly #asked = new Map<string, () => void>();
  readonly #running = new Set<ChildProcess>();

  start(files: readonly string[]): void {
    const child = spawn(process.execPath, [player, ...files], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#running.add(child);
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.#settle(...(JSON.parse(line) as [string, Outcome]));
    });
    child.on('close', (status, signal) => {
      this.#running.delete(child);
      const lost = new Error(`its process ended with ${status ?? signal ?? 'nothing'}: ${stderr.slice(-2000)}`);
      for (const file of files) if (!this.#known.has(file)) this.#settle(file, lost);
    });
  }

  #settle(file: string, outcome: Outcome | Error): void {
    this.#known.set(file, outcome);
    this.#asked.get(file)?.();
  }

  async of(file: string): Promise<Outcome> {
    if (!this.#known.has(file)) await new Promise<void>((resolve) => this.#asked.set(file, resolve));
    const outcome = this.#known.get(file)!;
    if (outcome instanceof Error) throw outcome;
    return outcome;
  }

  end(): void {
    for (const child of this.#running) child.kill('SIGKILL');
  }
}

describe('transcripts', function () {
  this.timeout(600_000);
  const outcomes = new Outcomes();
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  const order = shares(files);

  before(() => {
    for (const share of order) outcomes.start(share);
  });

  after(() => {
    outcomes.end();
  });

  for (const file of files) {
    it(file, async function () {
      const outcome = await outcomes.of(file);
      if (outcome.verdict === 'not run') {
        console.log(outcome.reason);
        return this.skip();
      }
      expect(outcome.verdict === 'differs' ? outcome.lines : []).to.deep.equal([]);
    });
  }
});
