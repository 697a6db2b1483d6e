// Expectations of `tcbox send --expect FILE`: one JSON object a frame, in the order of the frames. Every field it has must be
// in the frame's line; what it does not name may be anything. A list of `path` names steps that come in this order, with
// any others between them; any other list names all there are. Empty lines and lines that begin with # do not count.
import { readFileSync } from 'node:fs';
import { UsageError } from './usage_error.js';

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** One thing that is not as expected, both sides as JSON. */
export interface Difference {
  /** As `destinations[0].device`. */
  readonly name: string;
  readonly expected: string;
  readonly actual: string;
}

/** Longest value in a difference. */
const SHOWN = 300;

function shown(value: unknown): string {
  const text = value === undefined ? 'not there' : JSON.stringify(value);
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}…`;
}

const within = (name: string, key: string): string => (name === '' ? key : `${name}.${key}`);

/** Where `actual` is not as expected. */
export function differences(expected: unknown, actual: unknown, name = ''): Difference[] {
  if (isObject(expected) && isObject(actual))
    return Object.entries(expected).flatMap(([key, value]) => differences(value, actual[key], within(name, key)));
  if (Array.isArray(expected) && Array.isArray(actual)) {
    if (name === 'path') return missingStep(expected, actual);
    if (expected.length === actual.length)
      return expected.flatMap((value, i) => differences(value, actual[i], `${name}[${i}]`));
  } else if (expected === actual) return [];
  return [{ name, expected: shown(expected), actual: shown(actual) }];
}

/** The first step that does not come where it was expected. */
function missingStep(expected: readonly unknown[], actual: readonly unknown[]): Difference[] {
  let at = 0;
  for (const step of expected) {
    const from = at;
    while (at < actual.length && differences(step, actual[at]).length !== 0) at++;
    if (at++ === actual.length) return [{ name: 'path', expected: shown(step), actual: shown(actual.slice(from)) }];
  }
  return [];
}

export class Expectations {
  readonly #path: string;
  readonly #lines: readonly { readonly value: unknown; readonly line: number }[];
  #next = 0;

  constructor(path: string) {
    this.#path = path;
    this.#lines = parse(path);
  }

  /** What is not as expected of a frame, as text, if anything is. */
  check(frame: number, actual: unknown): string | undefined {
    const expected = this.#lines[this.#next++];
    if (expected === undefined) return `frame ${frame}: nothing was expected`;
    const found = differences(expected.value, actual);
    if (found.length === 0) return undefined;
    const sides = found.map((one) => `\n- ${one.name}: ${one.expected}\n+ ${one.name}: ${one.actual}`);
    return `frame ${frame} is not as line ${expected.line} of ${this.#path} expects${sides.join('')}`;
  }

  /** After the last frame: the same of those that have not come. */
  end(): string | undefined {
    const left = this.#lines.length - this.#next;
    return left > 0 ? `${left} more frames were expected` : undefined;
  }
}

function parse(path: string): { value: unknown; line: number }[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  return text.split('\n').flatMap((content, i) => {
    if (content.trim() === '' || content.startsWith('#')) return [];
    try {
      const value: unknown = JSON.parse(content);
      if (isObject(value)) return [{ value, line: i + 1 }];
    } catch {
      // Told below.
    }
    throw new UsageError(`${path}: line ${i + 1} is no JSON object`);
  });
}
