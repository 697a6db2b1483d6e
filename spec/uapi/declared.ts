// Every struct and every attribute set that lib/uapi exports, found by shape, so that a new declaration is tested
// without being listed anywhere. Importing this module imports all of lib/uapi.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AttrSet } from '../../lib/codec/attrs.js';
import type { Codec } from '../../lib/codec/scalar.js';
import type { Struct } from '../../lib/codec/struct.js';

export type AnyStruct = Struct<Record<string, Codec<unknown>>>;
export type AnySet = AttrSet<object>;

export interface Declared<T> {
  /** Header and export name, `linux/rtnetlink tcmsg`. */
  readonly title: string;
  readonly declaration: T;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const isStruct = (value: unknown): value is AnyStruct => isObject(value) && 'offsetof' in value && 'members' in value;
const isSet = (value: unknown): value is AnySet => isObject(value) && '$byType' in value;

const room = join(import.meta.dirname, '../../lib/uapi');

async function exportsOf(file: string): Promise<Declared<unknown>[]> {
  const module = (await import(pathToFileURL(join(room, file)).href)) as Record<string, unknown>;
  const header = file.replace(/\.js$/, '');
  return Object.entries(module).map(([name, declaration]) => ({ title: `${header} ${name}`, declaration }));
}

const files = readdirSync(room, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'));
const all = (await Promise.all(files.toSorted().map(exportsOf))).flat();

export const structs = all.filter((d): d is Declared<AnyStruct> => isStruct(d.declaration));
export const attributeSets = all.filter((d): d is Declared<AnySet> => isSet(d.declaration));
