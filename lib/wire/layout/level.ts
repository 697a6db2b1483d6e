// Makes levels: an attribute set of uapi, the shapes that its declaration leaves open, the functions that parse and fill
// it. shapeOf() is the one way to ask what an attribute holds.
import type { AttributeKind } from '../../codec/kind.js';
import { latin1 } from '../../codec/bytes.js';
import { NLA_F_NESTED } from '../../codec/nla.js';
import { nla_bitfield32 } from '../../uapi/linux/netlink.js';
import type { AttributeView } from '../netlink.js';
import { viewAttributes } from '../netlink.js';
import type {
  AnyCodec,
  AnyStruct,
  AttributeSet,
  Level,
  Place,
  Shape,
  ShapeRule,
  StructShape,
  Symbols,
} from './shape.js';

export const bytes: Shape = { is: 'bytes' };
export const text: Shape = { is: 'text' };
export const flag: Shape = { is: 'flag' };
export const program: Shape = { is: 'program' };

export const value = (codec: object): Shape => ({ is: 'value', codec: codec as AnyCodec });

/** Octets with a form of their own. */
export const octets = (show: (u8: Uint8Array) => string, type?: string): Shape => ({
  is: 'bytes',
  show,
  ...(type === undefined ? {} : { type }),
});

interface StructOptions {
  readonly shown?: Readonly<Record<string, object>>;
  readonly then?: Shape;
  readonly inShort?: StructShape['inShort'];
}

export function structure(struct: object, { shown, then, inShort }: StructOptions = {}): StructShape {
  return {
    is: 'struct',
    struct: struct as AnyStruct,
    ...(shown === undefined ? {} : { shown: shown as Readonly<Record<string, AnyCodec>> }),
    ...(then === undefined ? {} : { then }),
    ...(inShort === undefined ? {} : { inShort }),
  };
}

export const array = (element: object, names?: (index: number) => string | undefined): Shape => ({
  is: 'array',
  element: element as AnyCodec,
  ...(names === undefined ? {} : { names }),
});

export const attributes = (level: Level): Shape => ({ is: 'attributes', level });

type KeysOf<S> = Exclude<keyof S, `$${string}`>;

/** The level of `set`; `rules` by key, for attributes of which the kind does not say it all. */
export function level<S extends AttributeSet>(
  set: S,
  symbols: Symbols,
  rules: { readonly [K in KeysOf<S>]?: ShapeRule } = {},
): Level {
  const byType: (ShapeRule | undefined)[] = set.$byType.map((a) =>
    a === undefined ? undefined : (rules as Readonly<Record<string, ShapeRule | undefined>>)[a.key],
  );
  return { ...symbols, set, shape: (place) => resolve(byType[place.attribute.type], place) };
}

/** A level whose types are numbers of a row, not names: every attribute has the same shape. */
export const numbered = (shape: ShapeRule, symbols: Symbols & Pick<Level, 'name'> = {}): Level => ({
  ...symbols,
  shape: (place) => resolve(shape, place),
});

/** A nest of which only the form is known. */
export const anonymous: Level = { shape: () => undefined };

/** What an attribute holds that nobody has declared: attributes when its flag says so or its bytes are nothing else. */
export function guess({ flags, payload }: AttributeView): Shape {
  if ((flags & NLA_F_NESTED) !== 0) return attributes(anonymous);
  const { attributes: found, rest } = viewAttributes(payload);
  return found.length > 0 && rest.length === 0 && found.every((a) => a.type !== 0) ? attributes(anonymous) : bytes;
}

/** The entry of this very name. */
export const byName = <T>(table: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;

function resolve(rule: ShapeRule | undefined, place: Place): Shape | undefined {
  return typeof rule === 'function' ? rule(place) : rule;
}

const byKind = new WeakMap<AttributeKind, Shape>();

function ofKind(kind: AttributeKind): Shape {
  if (kind.codec !== undefined) return 'members' in kind.codec ? structure(kind.codec) : value(kind.codec);
  if (kind.type === 'flag') return flag;
  if (kind.name === 'string') return text;
  if (kind.type === 'bitfield32') return structure(nla_bitfield32);
  return kind.type === 'nested' ? attributes(anonymous) : bytes;
}

/** What the payload of an attribute is. An attribute that is not known is a nest when its flag says so. */
export function shapeOf(at: Level, place: Place): Shape {
  const shape = at.shape(place);
  if (shape !== undefined) return shape;
  const kind = at.set?.$byType[place.attribute.type]?.kind;
  if (kind === undefined || kind.type === 'reject')
    return place.attribute.flags & NLA_F_NESTED ? attributes(anonymous) : bytes;
  let made = byKind.get(kind);
  if (made === undefined) byKind.set(kind, (made = ofKind(kind)));
  return made;
}

/** `TCA_OPTIONS`; of a type that is not declared, set and number. */
export function attributeName({ set, name }: Level, type: number): string {
  if (name !== undefined) return name(type);
  if (set === undefined) return `attribute ${type}`;
  return set.$byType[type]?.name ?? `${set.$name} ${type}`;
}

/** Text of the first attribute of this type in a run, up to its NUL. */
export function textOf(run: readonly AttributeView[], type: number): string {
  const payload = run.find((a) => a.type === type)?.payload;
  if (payload === undefined) return '';
  const nul = payload.indexOf(0);
  return latin1(payload, 0, nul < 0 ? payload.length : nul);
}
