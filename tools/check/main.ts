// `npm run check [-- --coverage]`: judges the project's own rules (rooms, sizes, tags, layout) and prints a short table.
// Each violation is one line `file:line rule text`, and any violation makes the exit code 1. With --coverage it names
// every modelled function of every C file.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { checkFiles, checkLock, checkTopLevel } from './layout.js';
import { checkRooms } from './rooms.js';
import { checkSizes, limits, sizeFigures } from './sizes.js';
import { parseSource } from './source.js';
import { checkTags, coverage } from './tags.js';
import type { Source, Violation } from './source.js';

/** The compiled file is dist/tools/check/main.js. */
const root = join(import.meta.dirname, '../../..');

function readSources(): Source[] {
  return ['lib', 'spec', 'tools'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(ts|mjs|cjs)$/.test(name))
      .map((name) => `${folder}/${name}`)
      .toSorted()
      .map((path) => parseSource(path, readFileSync(join(root, path), 'utf8'))),
  );
}

function judge(sources: readonly Source[]): Map<string, Violation[]> {
  return new Map([
    ['rooms', checkRooms(sources)],
    ['sizes', checkSizes(sources)],
    ['tags', checkTags(sources)],
    [
      'layout',
      [
        ...checkTopLevel(readdirSync(root)),
        ...checkFiles(sources),
        ...checkLock(readFileSync(join(root, 'package-lock.json'), 'utf8')),
      ],
    ],
  ]);
}

function printCoverage(sources: readonly Source[], full: boolean): void {
  const list = coverage(sources);
  console.log('modelled functions by C file');
  for (const [cFile, names] of list) {
    console.log(`  ${String(names.length).padStart(4)}  ${cFile}`);
    if (full) console.log(`        ${names.join(' ')}`);
  }
  const count = [...list.values()].reduce((sum, names) => sum + names.length, 0);
  console.log(`  ${String(count).padStart(4)}  in ${list.size} files`);
}

function printTable(sources: readonly Source[], verdicts: Map<string, Violation[]>): void {
  const f = sizeFigures(sources);
  console.log(
    `functions  ${f.functions} in lib, lines: median ${f.functionMedian}/${limits.functionMedian}` +
      `, 95th percentile ${f.functionP95}/${limits.functionP95}`,
  );
  console.log(
    `files      ${f.files} in lib, lines: median ${f.fileMedian}/${limits.fileMedian}` +
      `, longest ${f.fileMax}/${limits.fileMax}`,
  );
  for (const [rule, found] of verdicts)
    console.log(`${rule.padEnd(10)} ${found.length === 0 ? 'ok' : `${found.length} violations`}`);
}

function main(): number {
  const sources = readSources();
  const verdicts = judge(sources);
  printCoverage(sources, process.argv.includes('--coverage'));
  printTable(sources, verdicts);
  const found = [...verdicts.values()].flat();
  for (const { file, line, rule, text } of found) console.log(`${file}:${line} ${rule} ${text}`);
  return found.length === 0 ? 0 : 1;
}

process.exitCode = main();
