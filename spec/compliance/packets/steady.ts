// What several runs of a configuration on one kernel agree in, which is what a recording holds. What varies between them is
// told and left out: a frame whose fate varied is in none of the recording's lines, a counter that varied is null there.
import { inRanges, ranges, type Outcome } from './play.js';

/** The value where all agree; null where they do not, with the path told. */
function steady(values: readonly unknown[], path: string, varies: string[]): unknown {
  const [first] = values;
  if (values.every((value) => JSON.stringify(value) === JSON.stringify(first))) return first;
  const nested = values.every((value) => typeof value === 'object' && value !== null);
  const keys = nested ? values.map((value) => Object.keys(value).join()) : [];
  if (!nested || keys.some((key) => key !== keys[0])) {
    varies.push(path);
    return null;
  }
  const entries = Object.keys(first as object).map((key): [string, unknown] => [
    key,
    steady(
      values.map((value) => (value as Record<string, unknown>)[key]),
      `${path} ${key}`,
      varies,
    ),
  ]);
  return Array.isArray(first) ? entries.map(([, value]) => value) : Object.fromEntries(entries);
}

/** Frames that had the same fate every time. */
function steadyFrames(outcomes: readonly Outcome[], varies: string[]): Outcome['frames'] {
  const fates = outcomes.map(
    ({ frames: all }) => new Map(all.flatMap(([what, which]) => inRanges(which).map((n) => [n, what] as const))),
  );
  const [first] = fates;
  const kept = new Map<string, number[]>();
  for (const [n, what] of first!) {
    const different = fates.map((one) => one.get(n)).filter((one) => one !== what);
    if (different.length === 0) kept.set(what, [...(kept.get(what) ?? []), n]);
    else varies.push(`frame ${n}: ${[what, ...different].join(' | ')}`);
  }
  return [...kept].map(([what, which]) => [what, ranges(which)]);
}

/** The outcomes are of one configuration. */
export function agreed(outcomes: readonly Outcome[]): Outcome & { readonly varies: readonly string[] } {
  const varies: string[] = [];
  const [said, counters] = (['said', 'counters'] as const).map((what) =>
    steady(
      outcomes.map((outcome) => outcome[what]),
      what,
      varies,
    ),
  ) as [Outcome['said'], Outcome['counters']];
  return { name: outcomes[0]!.name, varies, said, frames: steadyFrames(outcomes, varies), counters };
}
