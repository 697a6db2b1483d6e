// JSON documents as the importers see them: values, and where their texts stand in the file.
import type { Line } from './lines.js';

export type JsonObject = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value of a text; undefined = it is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Places of texts of a document, asked for in the order in which they stand in it. */
export class Places {
  readonly #document: Line;
  #from = 0;
  /** Lines before `#counted`. */
  #lines = 0;
  #counted = 0;

  constructor(document: Line) {
    this.#document = document;
  }

  /** The next place of `text`. */
  of(text: string): { readonly offset: number; readonly line: number } {
    const { offset, number } = this.#document;
    const at = this.#document.text.indexOf(text, this.#from);
    if (at < 0) return { offset, line: number };
    this.#from = at + text.length;
    return { offset: offset + at, line: number + this.#linesTo(at) };
  }

  #linesTo(at: number): number {
    const { text } = this.#document;
    for (let end = text.indexOf('\n', this.#counted); end >= 0 && end < at; end = text.indexOf('\n', end + 1)) {
      this.#lines++;
      this.#counted = end + 1;
    }
    return this.#lines;
  }
}
