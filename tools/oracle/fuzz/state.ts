// How far a run is: what it counted, and where it goes on. Kept in a file between runs when one is named.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Json } from '../../agree/input.js';
import { asNumber, asObject, asString } from '../../agree/input.js';
import type { Options } from './options.js';
import { UsageError } from './options.js';

export class State {
  readonly #file: string | undefined;
  /** What must be the same for a run that goes on. */
  readonly #run: string;
  messages = 0;
  sequences = 0;
  differences = 0;
  /** By reason. */
  readonly explained = new Map<string, number>();
  /** Place in the list of seeds, and what was played of that seed. */
  seedIndex = 0;
  seedMessages = 0;
  seedSequences = 0;

  private constructor(options: Options) {
    this.#file = options.state;
    const { seeds, count, length, modes } = options;
    this.#run = JSON.stringify({ seeds, count, length, modes });
  }

  /** A new state, or that of the file. Throws UsageError when the file belongs to another run. */
  static open(options: Options): State {
    const state = new State(options);
    if (options.state === undefined || !existsSync(options.state)) return state;
    const kept = asObject(JSON.parse(readFileSync(options.state, 'utf8')), 'state');
    if (asString(kept['run'], 'run') !== state.#run)
      throw new UsageError(`${options.state} is the state of a run with other options`);
    state.#restore(kept);
    return state;
  }

  #restore(kept: Json): void {
    for (const key of ['messages', 'sequences', 'differences', 'seedIndex', 'seedMessages', 'seedSequences'] as const)
      this[key] = asNumber(kept[key], key);
    for (const [reason, count] of Object.entries(asObject(kept['explained'], 'explained')))
      this.explained.set(reason, asNumber(count, reason));
  }

  get explainedCount(): number {
    return [...this.explained.values()].reduce((sum, count) => sum + count, 0);
  }

  explain(reason: string): void {
    this.explained.set(reason, (this.explained.get(reason) ?? 0) + 1);
  }

  save(): void {
    if (this.#file === undefined) return;
    const { messages, sequences, differences, seedIndex, seedMessages, seedSequences } = this;
    const counts = { messages, sequences, differences, seedIndex, seedMessages, seedSequences };
    const text = JSON.stringify({ run: this.#run, ...counts, explained: Object.fromEntries(this.explained) });
    writeFileSync(`${this.#file}.new`, `${text}\n`);
    renameSync(`${this.#file}.new`, this.#file);
  }

  toString(): string {
    const { messages, sequences, differences } = this;
    return `${messages} messages, ${sequences} sequences, ${differences} differences (${this.explainedCount} explained)`;
  }
}
