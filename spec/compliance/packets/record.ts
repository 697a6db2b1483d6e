// `node dist/spec/compliance/packets/record.js [NAME…]`: plays the configurations (those whose names contain NAME) three
// times to the kernel of this computer, as root, and writes spec/vectors/packets. What differs between the three is told
// and left out of the recording: a frame whose fate varied is in none of its lines, a counter that varied is null.
import { mkdirSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { dirname } from 'node:path';
import { configurations, type Configuration } from './configurations.js';
import { frames } from './frames.js';
import { inRanges, jobOf, outcomeOf, ranges, type Outcome } from './play.js';
import { object, recordings } from './programs.js';
import { noRealKernel, playReal } from './real.js';

const RUNS = 3;

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

function record(configuration: Configuration): Outcome & { readonly varies: readonly string[] } {
  const all = frames();
  const job = jobOf(configuration, all, object);
  const outcomes = Array.from({ length: RUNS }, () => outcomeOf(configuration, all, job, playReal(job)));
  const varies: string[] = [];
  const { name } = configuration;
  const [said, counters] = (['said', 'counters'] as const).map((what) =>
    steady(
      outcomes.map((outcome) => outcome[what]),
      what,
      varies,
    ),
  ) as [Outcome['said'], Outcome['counters']];
  return { name, varies, said, frames: steadyFrames(outcomes, varies), counters };
}

function main(names: readonly string[]): void {
  const obstacle = noRealKernel();
  if (obstacle !== undefined) throw new Error(obstacle);
  const chosen = configurations.filter(({ name }) => names.length === 0 || names.some((part) => name.includes(part)));
  const lines = chosen.map((configuration) => {
    const recorded = record(configuration);
    console.error(`${recorded.name}: ${recorded.frames.length} fates, ${recorded.varies.length} vary`);
    for (const line of [...Object.entries(recorded.said).map(([key, said]) => `${key} -> ${said}`), ...recorded.varies])
      console.error(`    ${line}`);
    return `${JSON.stringify({ kernel: release(), ...recorded })}\n`;
  });
  if (names.length > 0) process.stdout.write(lines.join(''));
  else {
    mkdirSync(dirname(recordings), { recursive: true });
    writeFileSync(recordings, lines.join(''));
  }
}

main(process.argv.slice(2));
