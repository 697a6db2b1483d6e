// Findings that are known and accepted, so many of each: what a project had when it began to check. A finding is known by its
// code, its path and its text, wherever it stands: captures move, their bytes do not.
import type { Finding } from '../check/finding.js';

interface Entry {
  readonly code: string;
  readonly path: string;
  readonly text: string;
  readonly count: number;
}

/** The text of a file that is no baseline. */
export class BaselineError extends Error {}

const FORMAT = 'tcbox baseline';
const VERSION = 1;

const keyOf = ({ code, path, text }: Pick<Finding, 'code' | 'path' | 'text'>): string => `${code}\n${path}\n${text}`;

const isEntry = (value: unknown): value is Entry => {
  if (typeof value !== 'object' || value === null) return false;
  const { code, path, text, count } = value as Record<string, unknown>;
  return [code, path, text].every((part) => typeof part === 'string') && Number.isInteger(count) && Number(count) > 0;
};

export class Baseline {
  readonly #left = new Map<string, number>();
  readonly #found = new Map<string, Entry>();

  /** Nothing is known. */
  static none(): Baseline {
    return new Baseline([]);
  }

  /** Throws a BaselineError. */
  static parse(text: string): Baseline {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw new BaselineError(`no JSON: ${(error as Error).message}`);
    }
    const { format, version, findings } = (value ?? {}) as Record<string, unknown>;
    if (format !== FORMAT || version !== VERSION) throw new BaselineError('no baseline that --write-baseline wrote');
    if (!Array.isArray(findings) || !findings.every(isEntry)) throw new BaselineError('an entry is damaged');
    return new Baseline(findings);
  }

  private constructor(entries: readonly Entry[]) {
    for (const entry of entries) this.#left.set(keyOf(entry), (this.#left.get(keyOf(entry)) ?? 0) + entry.count);
  }

  /** Whether a finding is known; counts it. */
  knows(finding: Finding): boolean {
    const { code, path, text } = finding;
    const key = keyOf(finding);
    this.#found.set(key, { code, path, text, count: (this.#found.get(key)?.count ?? 0) + 1 });
    const left = this.#left.get(key) ?? 0;
    if (left > 0) this.#left.set(key, left - 1);
    return left > 0;
  }

  /** Entries, or parts of them, that were not found. */
  get stale(): number {
    return [...this.#left.values()].reduce((sum, left) => sum + left, 0);
  }

  /** A baseline that knows what was found. */
  show(): string {
    const findings = [...this.#found.values()].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    return `${JSON.stringify({ format: FORMAT, version: VERSION, findings }, undefined, 2)}\n`;
  }
}
