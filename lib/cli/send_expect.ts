// Expectations of `tcbox send --expect FILE`: one JSON object a frame, in the order of the frames. Every field it has must be
// in the frame's line; what it does not name may be anything. A list of `path` names steps that come in this order, with
// any others between them; any other list names all there are. Empty lines and lines that begin with # do not count.
import { readFileSync } from 'node:fs';
import { UsageError } from './usage_error.js';

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const shown = (value: unknown): string => (value === undefined ? 'not there' : JSON.stringify(value));

/** Where `actual` is not as expected: the name of the first field, and both; undefined when it is. */
export function difference(expected: unknown, actual: unknown, name = ''): string | undefined {
  if (isObject(expected) && isObject(actual)) {
    for (const [key, value] of Object.entries(expected)) {
      const found = difference(value, actual[key], name === '' ? key : `${name}.${key}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (Array.isArray(expected) && Array.isArray(actual))
    return name === 'path' ? missingStep(expected, actual) : listDifference(expected, actual, name);
  return expected === actual ? undefined : `${name}: expected ${shown(expected)}, is ${shown(actual)}`;
}

function listDifference(expected: readonly unknown[], actual: readonly unknown[], name: string): string | undefined {
  if (expected.length !== actual.length) return `${name}: expected ${expected.length}, are ${actual.length}`;
  for (const [i, value] of expected.entries()) {
    const found = difference(value, actual[i], `${name}[${i}]`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function missingStep(expected: readonly unknown[], actual: readonly unknown[]): string | undefined {
  let at = 0;
  for (const step of expected) {
    while (at < actual.length && difference(step, actual[at], 'step') !== undefined) at++;
    if (at++ === actual.length) return `path: no step ${shown(step)} where it was expected`;
  }
  return undefined;
}

export class Expectations {
  /** What was not as expected, one line each. */
  readonly problems: string[] = [];
  readonly #lines: readonly { readonly value: unknown; readonly line: number }[];
  #next = 0;

  constructor(path: string) {
    this.#lines = parse(path);
  }

  check(frame: number, actual: unknown): void {
    const expected = this.#lines[this.#next++];
    if (expected === undefined) {
      this.problems.push(`frame ${frame}: nothing was expected`);
      return;
    }
    const found = difference(expected.value, actual);
    if (found !== undefined) this.problems.push(`frame ${frame} (line ${expected.line}): ${found}`);
  }

  /** After the last frame. */
  end(): void {
    const left = this.#lines.length - this.#next;
    if (left > 0) this.problems.push(`${left} more frames were expected`);
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
