// The tags `@models <C file> <function>()` that tie the mirror lib/linux to the kernel's source: every exported function
// of a mirror file carries one, or `@differs <why>` where the kernel has no such function, and stands in the folder of
// the C file it names. A file that mirrors nothing says `@differs <why>` once, in the comment it opens with, and then names
// no function of the kernel at all. The same tags give the coverage list.
import { posix } from 'node:path';
import ts from 'typescript';
import { lineOf } from './source.js';
import type { Source, Violation } from './source.js';

/** Folders of lib/linux that mirror kernel folders; files directly in lib/linux are ours. */
const mirrorFolders = ['net', 'kernel', 'drivers', 'lib', 'fs', 'include'];

export interface ModelTag {
  readonly file: string;
  readonly line: number;
  /** Path of the C file in the kernel tree. */
  readonly cFile: string;
  readonly name: string;
  /** The same comment says how we depart. */
  readonly differs: boolean;
}

const tagPattern = /@models[ \t]+(?<cFile>[\w/.-]+\.[ch])[ \t]+(?<name>\w+)\(\)/g;

const differsPattern = /@differs[ \t]+\w/;

export function checkTags(sources: readonly Source[]): Violation[] {
  return sources.filter(isMirror).flatMap((source) => [...untagged(source), ...misplaced(source)]);
}

export function isMirror(source: Source): boolean {
  return mirrorFolders.some((folder) => source.path.startsWith(`lib/linux/${folder}/`));
}

/** The tags of a file, wherever they stand. */
export function tagsOf(source: Source): ModelTag[] {
  return [...source.text.matchAll(tagPattern)].map((match) => ({
    file: source.path,
    line: source.tree.getLineAndCharacterOfPosition(match.index).line + 1,
    cFile: match.groups!['cFile']!,
    name: match.groups!['name']!,
    differs: differsPattern.test(source.text.slice(match.index).split('*/', 1)[0]!),
  }));
}

function untagged(source: Source): Violation[] {
  if (mirrorsNothing(source)) return [];
  return exportedFunctions(source)
    .filter(({ node }) => !isTagged(source, node))
    .map(({ node, name }) => ({
      file: source.path,
      line: lineOf(source, node),
      rule: 'tags',
      text: `exported function ${name} has neither \`@models <C file> <function>()\` nor \`@differs <why>\``,
    }));
}

/** One that names functions of the kernel mirrors them, whatever it opens with: all its functions need tags. */
function mirrorsNothing(source: Source): boolean {
  const opening = /^(?:\/\/.*\n)+/.exec(source.text)?.[0] ?? '';
  return differsPattern.test(opening) && tagsOf(source).length === 0;
}

function isTagged(source: Source, node: ts.Node): boolean {
  const comments = source.text.slice(node.getFullStart(), node.getStart(source.tree));
  return comments.search(tagPattern) >= 0 || differsPattern.test(comments);
}

function exportedFunctions(source: Source): { node: ts.Statement; name: string }[] {
  return source.tree.statements.filter(isExported).flatMap((node): { node: ts.Statement; name: string }[] => {
    if (ts.isFunctionDeclaration(node)) return [{ node, name: node.name?.text ?? 'default' }];
    if (!ts.isVariableStatement(node)) return [];
    return node.declarationList.declarations
      .filter((d) => d.initializer && (ts.isArrowFunction(d.initializer) || ts.isFunctionExpression(d.initializer)))
      .map((d) => ({ node, name: d.name.getText() }));
  });
}

function isExported(node: ts.Statement): boolean {
  return ts.canHaveModifiers(node) && !!ts.getModifiers(node)?.some((m) => m.kind === ts.SyntaxKind.ExportKeyword);
}

/** A tag in the mirror names a C file of the same folder (a C file may be split into a folder), or says why not. */
function misplaced(source: Source): Violation[] {
  return tagsOf(source)
    .filter(({ cFile, differs }) => cFile.endsWith('.c') && !isBeside(source.path, cFile) && !differs)
    .map(({ file, line, cFile, name }) => ({
      file,
      line,
      rule: 'tags',
      text: `${name}() of ${cFile} belongs in lib/linux/${posix.dirname(cFile)}/, or says \`@differs <why>\``,
    }));
}

function isBeside(path: string, cFile: string): boolean {
  const folder = posix.dirname(path.slice('lib/linux/'.length));
  return folder === posix.dirname(cFile) || posix.dirname(folder) === posix.dirname(cFile);
}

/** Which functions of which C file are modelled, both sorted. */
export function coverage(sources: readonly Source[]): Map<string, string[]> {
  const names = new Map<string, Set<string>>();
  for (const { cFile, name } of sources.filter((source) => source.path.startsWith('lib/')).flatMap(tagsOf)) {
    names.set(cFile, (names.get(cFile) ?? new Set()).add(name));
  }
  const files = [...names].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return new Map(files.map(([cFile, set]) => [cFile, [...set].toSorted()]));
}
