// All structs and attribute sets of lib/uapi, by name, and which set lies inside which attribute. Names follow rules
// (the options of kind htb are TCA_HTB), so a kind that is declared is found without a line here.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Attribute, AttrSet } from '../../../lib/codec/attrs.js';
import { NLA_TYPE_MASK } from '../../../lib/codec/nla.js';
import { latin1 } from '../../../lib/codec/bytes.js';
import type { AnyStruct } from '../../../lib/wire/layout/shape.js';
import type { Attribute as Given } from './message.js';
import { valueBytes } from './message.js';

export type AnySet = Pick<AttrSet<object>, '$name' | '$byType' | '$max'>;

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const isStruct = (value: unknown): value is AnyStruct => isObject(value) && 'offsetof' in value && 'members' in value;
const isSet = (value: unknown): value is AnySet => isObject(value) && '$byType' in value;

const room = join(import.meta.dirname, '../../../lib/uapi/linux');
const headers = readdirSync(room, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'));
const modules = await Promise.all(
  headers.toSorted().map((file) => import(pathToFileURL(join(room, file)).href) as Promise<object>),
);
const declarations: readonly unknown[] = modules.flatMap((module) => Object.values(module) as unknown[]);
const structs = new Map(declarations.filter(isStruct).map((struct) => [struct.name, struct]));
const sets = new Map(modules.flatMap((module) => Object.entries(module)).filter(([, value]) => isSet(value)) as [string, AnySet][]); // prettier-ignore

export const structNamed = (name: string): AnyStruct | undefined => structs.get(name);

/** A set by the name it is exported under. */
export const setNamed = (name: string): AnySet | undefined => sets.get(name);

/** Type of a declared attribute, by its full name. */
export function typeOf(set: string, key: string): number {
  const found = setNamed(set)?.$byType.find((a) => a?.key === key);
  if (found === undefined) throw new Error(`${set}_${key} is not declared`);
  return found.type;
}

/** The text in an attribute of a run, up to its NUL; the last one counts. */
export function textIn(run: readonly Given[], type: number): string {
  const found = run.findLast((a) => (a.type & NLA_TYPE_MASK) === type);
  return found === undefined ? '' : latin1(valueBytes(found.value)).replace(/\0.*$/s, '');
}

/** What an attribute holds: one set, or a list of one set by order number. */
export interface Inner {
  readonly set: AnySet;
  readonly numbered: boolean;
}

const one = (name: string): Inner | undefined => {
  const set = setNamed(name);
  return set === undefined ? undefined : { set, numbered: false };
};

const KIND = 1;
const byKind = (run: readonly Given[], name: (kind: string) => string): Inner | undefined =>
  one(name(textIn(run, KIND).toUpperCase()));

/** Attributes inside an attribute, as far as they are declared; `run` stands before it. */
export function innerOf({ name }: Attribute, run: readonly Given[]): Inner | undefined {
  if (name === 'TCA_OPTIONS') return byKind(run, (kind) => `TCA_${kind}`);
  if (name === 'TCA_ACT_OPTIONS')
    return byKind(run, (kind) => `TCA_ACT_${kind}`) ?? byKind(run, (kind) => `TCA_${kind}`);
  if (name === 'IFLA_INFO_DATA') return byKind(run, (kind) => `${kind}_INFO`);
  if (name === 'IFLA_LINKINFO') return one('IFLA_INFO');
  if (name.endsWith('_POLICE')) return one('TCA_POLICE');
  if (name.endsWith('_ACT') || name === 'TCA_ROOT_TAB') return { set: setNamed('TCA_ACT')!, numbered: true };
  return one(name);
}
