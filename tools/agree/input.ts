// Reading recordings: JSON, one record a line or one a file, whose parts are looked at as they are used. Whatever is
// wrong with a file becomes an InputError that names file, line and cause.
import { readFileSync } from 'node:fs';

export class InputError extends Error {
  constructor(file: string, line: number | undefined, cause: string) {
    super(`${file}${line === undefined ? '' : `:${line}`}: ${cause}`);
  }
}

export type Json = Readonly<Record<string, unknown>>;

/** Raised by the accessors below; readers add file and line. */
export class ShapeError extends Error {}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function fail(path: string, wanted: string, value: unknown): never {
  const got = value === undefined ? 'missing' : JSON.stringify(value).slice(0, 40);
  throw new ShapeError(`${path} must be ${wanted}, is ${got}`);
}

export const asObject = (value: unknown, path: string): Json =>
  isObject(value) ? value : fail(path, 'an object', value);

export const asArray = (value: unknown, path: string): readonly unknown[] =>
  Array.isArray(value) ? value : fail(path, 'an array', value);

export const asString = (value: unknown, path: string): string =>
  typeof value === 'string' ? value : fail(path, 'a string', value);

export const asNumber = (value: unknown, path: string): number =>
  typeof value === 'number' ? value : fail(path, 'a number', value);

export const asHex = (value: unknown, path: string): string => {
  const text = asString(value, path);
  return /^([0-9a-f]{2})*$/i.test(text) ? text : fail(path, 'hex digits in pairs', value);
};

export const stringsOf = (value: unknown, path: string): string[] =>
  asArray(value, path).map((item, i) => asString(item, `${path}[${i}]`));

export const numbersOf = (value: unknown, path: string): number[] =>
  asArray(value, path).map((item, i) => asNumber(item, `${path}[${i}]`));

export const objectsOf = (value: unknown, path: string): Json[] =>
  asArray(value, path).map((item, i) => asObject(item, `${path}[${i}]`));

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new InputError(file, undefined, (error as Error).message);
  }
}

/** Runs a reader of one record; what is wrong with the record gets its place. */
function located<T>(file: string, line: number | undefined, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ShapeError || error instanceof SyntaxError) throw new InputError(file, line, error.message);
    throw error;
  }
}

/** The records of a file that holds one a line; empty lines are passed over. */
export function readLines<T>(file: string, read: (record: Json) => T): T[] {
  const lines = readText(file).split('\n');
  return lines.flatMap((text, i) =>
    text.trim() === '' ? [] : [located(file, i + 1, () => read(asObject(JSON.parse(text), 'the record')))],
  );
}

/** The record of a file that holds one. */
export function readWhole<T>(file: string, read: (record: Json) => T): T {
  const text = readText(file);
  return located(file, undefined, () => read(asObject(JSON.parse(text), 'the record')));
}
