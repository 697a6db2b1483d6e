// A YNL specification of the kernel (Documentation/netlink/specs) reduced to what can be compared: structs as they lie in
// memory, sets of attributes, numbers of messages. Their language is that of Documentation/netlink/netlink-raw.yaml.
import { parse } from 'yaml';

interface RawMember {
  readonly name: string;
  readonly type: string;
  readonly len?: number | string;
  readonly struct?: string;
}

interface RawAttribute {
  readonly name: string;
  readonly type?: string;
  readonly value?: number;
  readonly struct?: string;
}

interface RawMessage {
  readonly value?: number;
}

interface Raw {
  readonly name: string;
  readonly definitions: readonly { name: string; type: string; members?: readonly RawMember[] }[];
  readonly 'attribute-sets': readonly {
    readonly name: string;
    readonly 'subset-of'?: string;
    readonly attributes: readonly RawAttribute[];
  }[];
  readonly operations: {
    readonly list: readonly {
      readonly name: string;
      readonly 'fixed-header'?: string;
      readonly do?: { readonly request?: RawMessage; readonly reply?: RawMessage };
      readonly dump?: { readonly request?: RawMessage; readonly reply?: RawMessage };
    }[];
  };
}

export interface YnlMember {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

/** As clients that go by the specification lay it out: members one behind the other. */
export interface YnlStruct {
  readonly name: string;
  readonly size: number;
  readonly members: readonly YnlMember[];
}

export interface YnlAttribute {
  readonly name: string;
  readonly number: number;
  readonly type: string;
  readonly struct: string | undefined;
}

export interface YnlSet {
  readonly name: string;
  readonly attributes: readonly YnlAttribute[];
}

export interface Specification {
  readonly name: string;
  readonly structs: readonly YnlStruct[];
  readonly sets: readonly YnlSet[];
  /** Names of requests and replies with their numbers. */
  readonly messages: readonly { readonly name: string; readonly number: number; readonly header: string | undefined }[];
}

const sizes: Readonly<Record<string, number>> = {
  ...{ u8: 1, s8: 1, u16: 2, s16: 2, u32: 4, s32: 4, u64: 8, s64: 8 },
};

function structOf(raw: Raw, name: string): YnlStruct {
  const definition = raw.definitions.find((found) => found.name === name && found.type === 'struct');
  if (definition?.members === undefined) throw new Error(`${raw.name}: no struct ${name}`);
  const members: YnlMember[] = [];
  let offset = 0;
  for (const member of definition.members) {
    const size = memberSize(raw, member);
    members.push({ name: member.name, offset, size });
    offset += size;
  }
  return { name, size: offset, members };
}

function memberSize(raw: Raw, { name, type, len, struct }: RawMember): number {
  const known = sizes[type];
  if (known !== undefined) return known;
  if (struct !== undefined) return structOf(raw, struct).size;
  if (typeof len === 'number') return len;
  throw new Error(`${raw.name}: member ${name} of type ${type} has no size`);
}

/** Attributes are numbered from 1 on, each one more than that before it. */
function setOf({ name, attributes }: Raw['attribute-sets'][number]): YnlSet {
  let next = 1;
  return {
    name,
    attributes: attributes.map(({ name: own, type = '', value, struct }) => {
      const number = value ?? next;
      next = number + 1;
      return { name: own, number, type, struct };
    }),
  };
}

export function readSpecification(text: string): Specification {
  const raw = parse(text) as Raw;
  return {
    name: raw.name,
    structs: raw.definitions.filter(({ type }) => type === 'struct').map(({ name }) => structOf(raw, name)),
    // A subset has the numbers of the whole.
    sets: raw['attribute-sets'].filter((set) => set['subset-of'] === undefined).map(setOf),
    messages: raw.operations.list.flatMap(({ name, do: one, dump, 'fixed-header': header }) => {
      const number = one?.request?.value ?? dump?.request?.value;
      return number === undefined ? [] : [{ name, number, header }];
    }),
  };
}
