// What stands where: the entries of the top level, file names that say nothing, the comment every file opens with, and
// a lock file that names no registry.
import ts from 'typescript';
import { tagsOf } from './tags.js';
import type { Source, Violation } from './source.js';

const topLevel = new Set([
  ...['package.json', 'tsconfig.json', 'lib', 'proto', 'spec', 'tools', 'README.md'],
  ...['package-lock.json', 'LICENSE', 'CHANGELOG.md', '.gitignore', '.ci', '.github', '.editorconfig'],
  ...['eslint.config.js', '.prettierignore'],
  ...['.git', 'node_modules', 'dist', 'coverage'],
]);

const emptyNames = /^(utils?|helpers?|common|misc|types?)$/;

const openingMax = 12;

export function checkTopLevel(entries: readonly string[]): Violation[] {
  return entries
    .filter((entry) => !topLevel.has(entry))
    .map((entry) => ({ file: entry, line: 1, rule: 'layout', text: 'does not belong on the top level' }));
}

export function checkFiles(sources: readonly Source[]): Violation[] {
  return sources.flatMap((source) => [...emptyName(source), ...opening(source)]);
}

export function checkLock(text: string): Violation[] {
  const line = text.split('\n').findIndex((row) => /^\s*"resolved":/.test(row)) + 1;
  if (line === 0) return [];
  return [
    { file: 'package-lock.json', line, rule: 'layout', text: 'names a registry (omit-lockfile-registry-resolved)' },
  ];
}

/** A file or folder called utils and the like, unless a header or C file of the kernel is called so. */
function emptyName(source: Source): Violation[] {
  const parts = source.path.replace(/(\.spec)?\.\w+$/, '').split('/');
  const part = parts.find((name) => emptyNames.test(name));
  if (part === undefined || source.path.startsWith('lib/uapi/') || mirrorsItsPath(source)) return [];
  return [{ file: source.path, line: 1, rule: 'layout', text: `a file called ${part} says nothing: name the concept` }];
}

function mirrorsItsPath(source: Source): boolean {
  return tagsOf(source).some(({ cFile }) => source.path.startsWith(`lib/linux/${cFile.slice(0, -2)}`));
}

function opening(source: Source): Violation[] {
  const lines = openingLines(source.text);
  if (lines > 0 && lines <= openingMax) return [];
  const text = lines === 0 ? 'opens without a comment' : `opening comment of ${lines} lines, limit ${openingMax}`;
  return [{ file: source.path, line: 1, rule: 'layout', text }];
}

/** Lines of the comment block at the top, a `#!` line left aside; 0 when the file opens with something else. */
function openingLines(text: string): number {
  const start = ts.getShebang(text)?.length ?? 0;
  const ranges = ts.getLeadingCommentRanges(text, start) ?? [];
  const first = ranges[0];
  if (first === undefined || text.slice(start, first.pos).trim() !== '') return 0;
  let end = first.end;
  for (const range of ranges.slice(1)) {
    if (text.slice(end, range.pos).includes('\n\n') || text.slice(end, range.pos).split('\n').length > 2) break;
    end = range.end;
  }
  return text.slice(first.pos, end).split('\n').length;
}
