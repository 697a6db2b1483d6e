// Declares a set of attributes (one TCA_*, IFLA_* … enum of uapi) once: number, kind and direction of each.
import type { AttributeKind } from './kind.js';
import type { Nla } from './nla.js';

/** Who may send an attribute. 'dump' attributes come from the kernel only; as input they are not checked. */
export type Direction = 'both' | 'dump';

export interface Attribute<T = unknown> {
  /** Key in its set, without the prefix. */
  readonly key: string;
  /** Full uapi name. */
  readonly name: string;
  readonly type: number;
  readonly kind: AttributeKind<T>;
  readonly direction: Direction;
}

type Declared = Readonly<Record<string, readonly [number, AttributeKind<never>, Direction?]>>;
type KindValue<K> = K extends AttributeKind<infer T> ? T : never;

/** The values parse() finds, one optional property an attribute; each is read when it is asked for. */
export type AttrValues<D> = {
  readonly [K in keyof D]?: D[K] extends readonly [number, infer K2, ...unknown[]] ? KindValue<K2> : never;
};

/** What parse() found, whatever the set. */
export class Found {
  /** The last attribute of each type, by type number. */
  readonly $nla: (Nla | undefined)[];

  constructor(max: number) {
    this.$nla = new Array<Nla | undefined>(max + 1);
  }
}

export type AttrSet<D> = {
  readonly [K in keyof D]: D[K] extends readonly [number, infer K2, ...unknown[]] ? Attribute<KindValue<K2>> : never;
} & {
  /** Prefix of the names, e.g. `TCA_BPF`. */
  readonly $name: string;
  /** Greatest type the kernel's parser looks at (TCA_BPF_MAX). */
  readonly $max: number;
  /** Types from here on are judged strictly in every mode (`strict_start_type`); Infinity = none. */
  readonly $strictFrom: number;
  /** By type; holes are types without a policy. */
  readonly $byType: readonly (Attribute | undefined)[];
  /** Found with a property for each attribute; made at the first message: most sets of a machine never see one. */
  $Found: typeof Found | undefined;
  /** Only for inference. */
  readonly $values?: AttrValues<D>;
};

/** What parse() makes of a message. An attribute that only the kernel sends has no value when it is given as input. */
export function foundClass(set: AttrSet<unknown>): typeof Found {
  class FoundInSet extends Found {}
  for (const attribute of set.$byType) {
    if (attribute === undefined || attribute.direction === 'dump') continue;
    const { key, type, kind } = attribute;
    Object.defineProperty(FoundInSet.prototype, key, {
      get(this: Found) {
        const nla = this.$nla[type];
        return nla === undefined ? undefined : kind.read(nla);
      },
    });
  }
  return (set.$Found = FoundInSet);
}

interface SetOptions {
  readonly strictFrom?: number;
}

/**
 * Declares the attribute set `name`: `{ KEY: [type, kind, direction?] }`, an object that becomes the set and must be for it
 * alone: a part that several share is spread into each. `max` defaults to the greatest declared type;
 * it is given where the uapi enum goes further than we declare. `strictFrom` is the policy's strict_start_type.
 */
export function attrs<
  const D extends { readonly [K in keyof D]: readonly [number, AttributeKind<KindValue<D[K][1]>>, Direction?] },
>(name: string, declared: D, max?: number, { strictFrom: $strictFrom = Infinity }: SetOptions = {}): AttrSet<D> {
  // The declaration itself becomes the set: an object more for each costs every start.
  const set = declared as unknown as Record<string, unknown>;
  const all: Attribute[] = [];
  for (const key in set) {
    const [type, kind, direction = 'both'] = set[key] as Declared[string];
    all.push((set[key] = { key, name: `${name}_${key}`, type, kind, direction }));
  }
  const $max = max ?? Math.max(...all.map((a) => a.type));
  const $byType = new Array<Attribute | undefined>($max + 1);
  for (const a of all) $byType[a.type] = a;
  set['$name'] = name;
  set['$max'] = $max;
  set['$strictFrom'] = $strictFrom;
  set['$byType'] = $byType;
  set['$Found'] = undefined;
  return set as unknown as AttrSet<D>;
}
