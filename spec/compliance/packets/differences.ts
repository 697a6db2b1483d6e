// Compares what a kernel did with a recording, one line for each difference; what varied when it was recorded is passed over.
import type { Frame } from './frames.js';
import { inRanges, type Outcome } from './play.js';

const fates = ({ frames }: Outcome): Map<number, string> =>
  new Map(frames.flatMap(([what, which]) => inRanges(which).map((n) => [n, what] as const)));

const shown = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value));

function compare(path: string, want: unknown, have: unknown, lines: string[]): void {
  if (want === null && have !== undefined) return;
  const nested = [want, have].every((value) => typeof value === 'object' && value !== null);
  if (!nested || Array.isArray(want) !== Array.isArray(have)) {
    if (JSON.stringify(want) !== JSON.stringify(have)) lines.push(`${path}: ${shown(have)}, not ${shown(want)}`);
    return;
  }
  const [one, other] = [want as Record<string, unknown>, have as Record<string, unknown>];
  for (const key of new Set([...Object.keys(one), ...Object.keys(other)]))
    compare(`${path} ${key}`, one[key], other[key], lines);
}

/** Lines that begin with `frame N (name)`, `said …` or `counters …`. */
export function differences(want: Outcome, have: Outcome, sent: readonly Frame[]): string[] {
  const lines: string[] = [];
  const became = fates(have);
  for (const [n, what] of [...fates(want)].sort(([a], [b]) => a - b)) {
    const other = became.get(n);
    if (other !== what) lines.push(`frame ${n} (${sent[n]?.name ?? ''}): ${other ?? 'nothing'}, not ${what}`);
  }
  compare('said', want.said, have.said, lines);
  compare('counters', want.counters, have.counters, lines);
  return lines;
}
