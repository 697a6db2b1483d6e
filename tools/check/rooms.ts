// Who may import whom under lib/, which npm packages a room may name, and what the pure rooms must not touch. The table
// is that of lib/ARCHITECTURE.md. A room that is not in the table is a violation: new rooms are decisions.
import { posix } from 'node:path';
import ts from 'typescript';
import { lineOf, walk } from './source.js';
import type { Source, Violation } from './source.js';

interface Room {
  readonly imports: readonly string[] | 'all';
  readonly npm?: readonly string[];
  readonly node?: true;
  readonly pure?: true;
}

export const rooms: Readonly<Record<string, Room>> = {
  codec: { imports: [], pure: true },
  uapi: { imports: ['codec'], pure: true },
  wire: { imports: ['codec', 'uapi'], pure: true },
  vm: { imports: ['codec', 'uapi'], pure: true },
  linux: { imports: ['codec', 'uapi', 'wire', 'vm'], npm: ['@noble/hashes'], pure: true },
  loader: { imports: ['codec', 'uapi'], pure: true },
  record: { imports: ['codec', 'uapi', 'wire'], npm: ['protobufjs', 'long'] },
  conform: { imports: ['codec', 'uapi', 'wire', 'record'] },
  view: { imports: ['linux', 'wire', 'uapi', 'vm', 'record'] },
  host: { imports: ['linux', 'wire', 'uapi', 'codec', 'record'], npm: ['koffi'], node: true },
  cli: { imports: 'all', npm: ['commander'], node: true },
};

/** Globals through which a clock, entropy, I/O or a later turn of the event loop would enter. */
const impureGlobals = new Set(
  'Buffer process Date performance crypto console fetch globalThis Promise setTimeout setInterval setImmediate queueMicrotask'.split(
    ' ',
  ),
);

export function checkRooms(sources: readonly Source[]): Violation[] {
  return sources.filter((source) => source.path.startsWith('lib/')).flatMap(checkRoom);
}

function checkRoom(source: Source): Violation[] {
  if (source.path === 'lib/index.ts') return checkIndex(source);
  const name = source.path.split('/')[1]!;
  const room = Object.hasOwn(rooms, name) ? rooms[name] : undefined;
  if (room === undefined) return [violation(source, 1, `lib/${name} is not a room of the table`)];
  const found: Violation[] = [];
  for (const { specifier, line } of importsOf(source)) {
    const text = importProblem(source.path, name, room, specifier);
    if (text !== undefined) found.push(violation(source, line, text));
  }
  if (room.pure) walk(source.tree, (node) => found.push(...impurity(source, node)));
  return found;
}

function checkIndex(source: Source): Violation[] {
  return source.tree.statements
    .filter((node) => !(ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined))
    .map((node) => violation(source, lineOf(source, node), 'index.ts re-exports and does nothing else'));
}

function violation(source: Source, line: number, text: string): Violation {
  return { file: source.path, line, rule: 'rooms', text };
}

function importProblem(path: string, name: string, room: Room, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return relativeProblem(path, name, room, specifier);
  if (specifier.startsWith('node:')) return room.node ? undefined : `${name} must not import ${specifier}`;
  const parts = specifier.split('/');
  const npm = specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0]!;
  return room.npm?.includes(npm) ? undefined : `${name} must not import the package ${npm}`;
}

function relativeProblem(path: string, name: string, room: Room, specifier: string): string | undefined {
  const target = posix.join(posix.dirname(path), specifier).split('/');
  if (target[0] !== 'lib') return `lib must not import ${target.join('/')}`;
  if (target.length === 2) return `${name} must not import ${target[1]!}`;
  if (target[1] === name || room.imports === 'all' || room.imports.includes(target[1]!)) return undefined;
  return `${name} must not import ${target[1]!} (it may import: ${room.imports.join(' ') || 'nothing'})`;
}

/** Every module named in a file: import, export from, import(), import types, require(). */
export function importsOf(source: Source): { specifier: string; line: number }[] {
  const found: { specifier: string; line: number }[] = [];
  walk(source.tree, (node) => {
    const name = moduleNamed(node);
    if (name !== undefined) found.push({ specifier: name.text, line: lineOf(source, name) });
  });
  return found;
}

function moduleNamed(node: ts.Node): ts.StringLiteral | undefined {
  let name: ts.Node | undefined;
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) name = node.moduleSpecifier;
  else if (ts.isExternalModuleReference(node)) name = node.expression;
  else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) name = node.argument.literal;
  else if (ts.isCallExpression(node) && loadsModule(node.expression)) name = node.arguments[0];
  return name !== undefined && ts.isStringLiteral(name) ? name : undefined;
}

function loadsModule(callee: ts.Expression): boolean {
  return callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === 'require');
}

function impurity(source: Source, node: ts.Node): Violation[] {
  const what = impureThing(node);
  return what === undefined ? [] : [violation(source, lineOf(source, node), `${what} in a pure room`)];
}

function impureThing(node: ts.Node): string | undefined {
  if (node.kind === ts.SyntaxKind.AsyncKeyword) return 'async';
  if (ts.isAwaitExpression(node)) return 'await';
  if (ts.isPropertyAccessExpression(node) && node.getText() === 'Math.random') return 'Math.random';
  if (ts.isIdentifier(node) && impureGlobals.has(node.text) && isReference(node)) return node.text;
  return undefined;
}

/** Whether an identifier stands for a variable or type, rather than naming a member or declaring something. */
function isReference(node: ts.Identifier): boolean {
  const parent = node.parent as ts.Node & { readonly name?: ts.Node; readonly propertyName?: ts.Node };
  if (ts.isShorthandPropertyAssignment(parent)) return true;
  if (ts.isQualifiedName(parent)) return parent.left === node;
  return parent.name !== node && parent.propertyName !== node;
}
