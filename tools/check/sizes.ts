// Lengths of functions and files. The limits are the median and 95th percentile of the code bases this project learns
// from, so a long function is no violation by itself; many of them are. A long file needs its reason in `longFiles`.
import ts from 'typescript';
import { lineCount, lineOf, walk } from './source.js';
import type { Source, Violation } from './source.js';

/** Files above the limit, each with the reason why it is not cut. */
const longFiles: Readonly<Record<string, string>> = {
  'lib/vm/interpreter.ts': 'one loop, a case for each operation',
};

export const limits = { functionMedian: 10, functionP95: 60, fileMedian: 200, fileMax: 600 };

export interface Size {
  readonly file: string;
  readonly line: number;
  readonly name: string;
  readonly lines: number;
}

export interface SizeFigures {
  readonly functions: number;
  readonly functionMedian: number;
  readonly functionP95: number;
  readonly files: number;
  readonly fileMedian: number;
  readonly fileMax: number;
}

export function checkSizes(sources: readonly Source[], allowed = longFiles): Violation[] {
  const figures = sizeFigures(sources);
  const found = sources.flatMap((source) => tooLong(source, allowed));
  if (figures.functionMedian > limits.functionMedian)
    found.push(total(`median of function lengths is ${figures.functionMedian}, limit ${limits.functionMedian}`));
  if (figures.functionP95 > limits.functionP95) found.push(...longest(sources, figures.functionP95));
  if (figures.fileMedian > limits.fileMedian)
    found.push(total(`median of file lengths is ${figures.fileMedian}, limit ${limits.fileMedian}`));
  return found;
}

/** Figures over the files under lib/; specs are judged by the file limit alone. */
export function sizeFigures(sources: readonly Source[]): SizeFigures {
  const lib = sources.filter((source) => source.path.startsWith('lib/'));
  const functions = lib.flatMap(functionSizes).map((size) => size.lines);
  const files = lib.map((source) => lineCount(source.text));
  return {
    functions: functions.length,
    functionMedian: quantile(functions, 0.5),
    functionP95: quantile(functions, 0.95),
    files: files.length,
    fileMedian: quantile(files, 0.5),
    fileMax: Math.max(0, ...files),
  };
}

/** Every named function: declarations, members, and functions that a variable or property is initialised with. */
export function functionSizes(source: Source): Size[] {
  const found: Size[] = [];
  walk(source.tree, (node) => {
    const name = ts.isFunctionLike(node) && 'body' in node && node.body !== undefined ? nameOf(node) : undefined;
    if (name === undefined) return;
    const line = lineOf(source, node);
    const last = source.tree.getLineAndCharacterOfPosition(node.getEnd()).line + 1;
    found.push({ file: source.path, line, name, lines: last - line + 1 });
  });
  return found;
}

function nameOf(node: ts.SignatureDeclaration): string | undefined {
  if (ts.isConstructorDeclaration(node)) return 'constructor';
  if (node.name !== undefined) return node.name.getText();
  const { parent } = node;
  if (ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent) || ts.isPropertyDeclaration(parent))
    return parent.name.getText();
  return undefined;
}

function tooLong(source: Source, allowed: Readonly<Record<string, string>>): Violation[] {
  const lines = lineCount(source.text);
  if (lines <= limits.fileMax || Object.hasOwn(allowed, source.path)) return [];
  return [
    { file: source.path, line: limits.fileMax + 1, rule: 'sizes', text: `${lines} lines, limit ${limits.fileMax}` },
  ];
}

function longest(sources: readonly Source[], p95: number): Violation[] {
  const text = `95th percentile of function lengths is ${p95}, limit ${limits.functionP95}; this one has`;
  return sources
    .filter((source) => source.path.startsWith('lib/'))
    .flatMap(functionSizes)
    .filter((size) => size.lines > limits.functionP95)
    .map(({ file, line, name, lines }) => ({ file, line, rule: 'sizes', text: `${text} ${lines}: ${name}` }));
}

function total(text: string): Violation {
  return { file: 'lib', line: 1, rule: 'sizes', text };
}

/** Nearest-rank quantile; 0 of an empty list. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? 0;
}
