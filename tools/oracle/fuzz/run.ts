// A run: sessions one after the other, differences confirmed, explained, shrunk and saved, with progress on a terminal.
// Between two sessions it gives way to signals, so that an interrupted run keeps its state.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Json } from '../../agree/input.js';
import { explanationOf, looksLikeTiming, timing } from './explained.js';
import type { Kinds } from './families.js';
import type { Options } from './options.js';
import { sequence } from './sequence.js';
import type { Difference, Sides } from './session.js';
import { differenceOf, vector } from './session.js';
import { shrink } from './shrink.js';
import type { State } from './state.js';

/**
 * Time for deferred work after a request that may change links, milliseconds: at first; when sides differ; when it must
 * be sure; and then after a link was made, whose first change of carrier may be handled up to a second later.
 */
const waits = { quick: 0.5, patient: 6, slow: 60, made: 1150 };

/** Vectors kept of differences that look alike. */
const alike = 3;

const stepsOf = (definition: Json): readonly Json[] => definition['steps'] as Json[];

/** Requests of a family are new, delete, get, set in this order; what only asks leaves nothing to be done later. */
const onlyAsks = ({ send }: Json): boolean => (Number.parseInt(String(send).slice(8, 10), 16) & 3) === 2;

const waiting = (steps: readonly Json[], ms: number): Json[] =>
  steps.map((step) => (onlyAsks(step) && step['wait_ms'] === undefined ? step : { ...step, wait_ms: ms }));

const patient = (definition: Json): Json => ({ ...definition, steps: waiting(stepsOf(definition), waits.patient) });

/** Type and flags of the first message of a step. */
const makesLink = ({ send }: Json): boolean => /^.{8}1000..0[4-7]/.test(String(send));

const slowed = (definition: Json): Json => ({
  ...definition,
  steps: waiting(stepsOf(definition), waits.slow).map((step) =>
    makesLink(step) ? { ...step, wait_ms: waits.made } : step,
  ),
});

/** What a difference is about, without the numbers: those that look alike have one cause, mostly. */
const signature = ({ lines }: Difference): string => (lines[0] ?? '').replace(/[0-9a-f]{4,}|\d+/g, '#').slice(0, 160);

export class Run {
  readonly #options: Options;
  readonly #state: State;
  readonly #sides: Sides;
  readonly #kinds: Kinds;
  readonly #print: (line: string) => void;
  readonly #seen = new Map<string, number>();
  #started = performance.now();
  #played = 0;
  #left = Infinity;

  constructor(options: Options, state: State, sides: Sides, kinds: Kinds, print: (line: string) => void) {
    this.#options = options;
    this.#state = state;
    this.#sides = sides;
    this.#kinds = kinds;
    this.#print = print;
  }

  /** Ends the run after the session at hand, or after some more. */
  stopAfter(sessions: number): void {
    this.#left = sessions;
  }

  async all(): Promise<void> {
    const { seeds, count } = this.#options;
    const state = this.#state;
    this.#started = performance.now();
    for (; state.seedIndex < seeds.length; state.seedIndex++, state.seedMessages = 0, state.seedSequences = 0) {
      while (state.seedMessages < count) {
        if (this.#left-- <= 0) return;
        this.#one(seeds[state.seedIndex]!);
        await this.#breathe();
      }
    }
    state.save();
  }

  #one(seed: number): void {
    const { modes, length } = this.#options;
    const state = this.#state;
    const number = state.seedSequences++;
    const mode = modes[number % modes.length]!;
    const definition = sequence({ seed, number, mode, length, kinds: this.#kinds, waitMs: waits.quick });
    const found = differenceOf(definition, this.#sides);
    const messages = stepsOf(definition).length;
    this.#played += messages;
    state.messages += messages;
    state.seedMessages += messages;
    state.sequences++;
    if (found !== undefined) this.#judge(found);
  }

  #judge(difference: Difference): void {
    const state = this.#state;
    state.differences++;
    const sure = this.#confirm(difference);
    const reason = sure === undefined ? looksLikeTiming(difference) && timing : explanationOf(sure);
    if (typeof reason === 'string') state.explain(reason);
    else if (sure !== undefined) this.#report(sure);
    else this.#print(`differs  ${String(difference.definition['name'])}, only once: ${difference.lines.join('; ')}`);
  }

  /** The difference as it stays when the kernel has time for its deferred work; undefined when it does not. */
  #confirm(difference: Difference): Difference | undefined {
    let sure: Difference | undefined = difference;
    for (const again of [patient, slowed])
      if (sure !== undefined && explanationOf(sure) === undefined)
        sure = differenceOf(again(sure.definition), this.#sides);
    return sure;
  }

  #report(difference: Difference): void {
    const look = signature(difference);
    const before = this.#seen.get(look) ?? 0;
    this.#seen.set(look, before + 1);
    const name = String(difference.definition['name']);
    this.#clear();
    if (before >= alike) {
      this.#print(`differs  ${name}: as others before, ${difference.lines[0]!}`);
      return;
    }
    const small = this.#small(difference);
    this.#print(`differs  ${name}, ${stepsOf(small.definition).length} steps`);
    for (const line of small.lines.slice(0, 6)) this.#print(`    ${line}`);
    this.#save(name, small);
  }

  /** Shrunk in patient sessions if those show it, else in slow ones, of which there cannot be many. */
  #small(slow: Difference): Difference {
    const { definition, step } = slow;
    const steps = stepsOf(definition).slice(0, step + 1);
    const quick = this.#shrink({ ...definition, steps: waiting(steps, waits.patient) }, 400);
    const sure = quick && this.#unexplained(slowed(quick.definition));
    return sure ?? this.#shrink({ ...definition, steps }, 30) ?? slow;
  }

  #unexplained(definition: Json): Difference | undefined {
    const found = differenceOf(definition, this.#sides);
    return found === undefined || explanationOf(found) !== undefined ? undefined : found;
  }

  #shrink(definition: Json, tries: number): Difference | undefined {
    let best = this.#unexplained(definition);
    if (best === undefined) return undefined;
    const shows = (steps: readonly Json[]): boolean => {
      const found = this.#unexplained({ ...definition, steps });
      best = found ?? best;
      return found !== undefined;
    };
    shrink(stepsOf(definition), shows, tries);
    return best;
  }

  #save(name: string, { definition, lines }: Difference): void {
    const { out } = this.#options;
    if (out === undefined) return;
    mkdirSync(out, { recursive: true });
    const about = `found by the fuzzer: ${lines[0] ?? ''}`.slice(0, 300);
    const record = vector({ ...definition, about }, this.#sides.kernel);
    writeFileSync(join(out, `${name}.jsonl`), `${JSON.stringify(record)}\n`);
  }

  async #breathe(): Promise<void> {
    if (this.#state.sequences % 64 !== 0) return;
    this.#state.save();
    this.#progress();
    await setImmediate();
  }

  #progress(): void {
    if (!process.stderr.isTTY) return;
    const rate = Math.round((1000 * this.#played) / (performance.now() - this.#started));
    const seed = this.#options.seeds[this.#state.seedIndex];
    process.stderr.write(`\r\x1b[Kseed ${String(seed)}: ${this.#state.toString()}, ${rate}/s`);
  }

  #clear(): void {
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  }
}
