// Compares the declarations of lib/uapi with YNL specifications. A difference is a line that names the place, what the
// specification says and what is declared; who is wrong is decided by evidence (known.json), not here.
import type { Attribute } from '../../lib/codec/attrs.js';
import { messages, sets, structs, type AnyStruct, type DeclaredSet } from './declarations.js';
import type { Specification, YnlAttribute, YnlSet, YnlStruct } from './specification.js';

export interface Comparison {
  readonly differences: readonly Difference[];
  /** How many of each were compared, and how many the specification has. */
  readonly compared: Readonly<Record<'structs' | 'sets' | 'attributes' | 'messages', readonly [number, number]>>;
}

export interface Difference {
  /** `tc: struct tc_ratespec`, `tc: TCA_HTB_DIRECT_QLEN`. */
  readonly place: string;
  readonly ynl: string;
  readonly declared: string;
}

/** Sets whose kernel name does not follow from that of the specification. */
const setNames: Readonly<Record<string, string>> = {
  'rt-link: link-attrs': 'IFLA',
  'rt-link: linkinfo-attrs': 'IFLA_INFO',
  'rt-link: ifla-attrs': 'IFLA_INET',
  'rt-link: ifla6-attrs': 'IFLA_INET6',
  'rt-link: xdp-attrs': 'IFLA_XDP',
  'rt-link: stats-attrs': 'IFLA_STATS',
  'tc: tc-attrs': 'TCA',
  'tc: tc-act-attrs': 'TCA_ACT',
  'tc: tca-stats-attrs': 'TCA_STATS',
  'tc: tca-stab-attrs': 'TCA_STAB',
};

const upper = (name: string): string => name.toUpperCase().replaceAll('-', '_');
const cName = (name: string): string => name.replaceAll('-', '_');

function declaredSet(spec: string, { name }: YnlSet): readonly [string, DeclaredSet] | undefined {
  const own = upper(name.replace(/^tca?-/, '').replace(/-attrs$/, ''));
  const candidates = [setNames[`${spec}: ${name}`], `TCA_${own}`, `TCA_${own.replace(/^ACT_/, '')}`];
  const found = candidates.find((candidate) => candidate !== undefined && sets.has(candidate));
  return found === undefined ? undefined : [found, sets.get(found)!];
}

const ynlInts: Readonly<Record<string, number>> = { u8: 1, u16: 2, u32: 4, u64: 8, s32: 4, s64: 8, s16: 2, s8: 1 };

/** How an attribute is declared, in the words of specifications; undefined: in a way that says nothing of its type. */
function typeOf({ kind }: Attribute): string | undefined {
  const { codec, type } = kind;
  if (codec !== undefined && 'members' in codec) return `struct ${codec.name}`;
  if (type === 'unchecked' && codec === undefined) return kind.name === 'string' ? 'string' : undefined;
  if (codec !== undefined) return `${codec.size * 8} bits`;
  if (type === 'string' || type === 'nul_string') return 'string';
  return type === 'nested' || type === 'flag' || type === 'bitfield32' ? type : undefined;
}

const specified: Readonly<Record<string, string>> = {
  ...{ string: 'string', nest: 'nested', flag: 'flag', bitfield32: 'bitfield32' },
  ...{ 'indexed-array': 'nested', 'sub-message': 'nested' },
};

function specifiedType({ type, struct }: YnlAttribute): string | undefined {
  const bytes = ynlInts[type];
  if (bytes !== undefined) return `${bytes * 8} bits`;
  return struct === undefined ? specified[type] : `struct ${cName(struct)}`;
}

/** Where the members of a struct lie, whatever their names are. */
function placesOf({ members, offsetof }: AnyStruct, base = 0): string[] {
  return Object.entries(members).flatMap(([key, codec]) => {
    const offset = base + offsetof[key]!;
    return 'members' in codec ? placesOf(codec as AnyStruct, offset) : [`${offset}:${codec.size}`];
  });
}

/** Whether the struct that a specification names has the bytes of the declared one. */
function isSame(structsOf: Specification['structs'], wanted: string, type: string): boolean {
  const specifiedAs = structsOf.find(({ name }) => `struct ${cName(name)}` === wanted);
  const declared = structs.get(type.replace('struct ', ''));
  if (specifiedAs === undefined || declared === undefined) return false;
  return specifiedAs.members.map(({ offset, size }) => `${offset}:${size}`).join() === placesOf(declared).join();
}

function compareAttribute(
  { structs: structsOf, name: spec }: Specification,
  ynl: YnlAttribute,
  declared: readonly Attribute[],
): Difference[] {
  const place = `${spec}: ${declared[0]!.name}`;
  const differences: Difference[] = [];
  const [first] = declared;
  const name = upper(ynl.name);
  const meant = ynl.type === 'pad' || ynl.name === 'pad' || ynl.name.startsWith('unused');
  const agrees = (key: string): boolean =>
    key.replaceAll('_', '') === name.replaceAll('_', '') || name.endsWith(`_${key}`) || key.endsWith(`_${name}`);
  if (!meant && !declared.some(({ key }) => agrees(key)))
    differences.push({ place, ynl: `${ynl.number} is ${name}`, declared: `${ynl.number} is ${first!.key}` });
  const types = new Set(declared.map(typeOf).filter((type) => type !== undefined));
  const wanted = specifiedType(ynl);
  if (
    wanted !== undefined &&
    types.size > 0 &&
    ![...types].some((type) => type === wanted || isSame(structsOf, wanted, type))
  )
    differences.push({ place, ynl: wanted, declared: [...types].join(' or ') });
  return differences;
}

function compareSet(spec: Specification, ynl: YnlSet, [name, declared]: readonly [string, DeclaredSet]): Difference[] {
  const last = Math.max(...ynl.attributes.map(({ number }) => number));
  const extra = [...declared].filter(
    ([number]) => number <= last && !ynl.attributes.some((attribute) => attribute.number === number),
  );
  return [
    ...ynl.attributes.flatMap((attribute) => {
      const own = declared.get(attribute.number);
      return own === undefined ? [] : compareAttribute(spec, attribute, own);
    }),
    ...extra.map(([number, own]) => ({
      place: `${spec.name}: ${own[0]!.name}`,
      ynl: `${name} has no ${number}`,
      declared: `${number} is ${own[0]!.key}`,
    })),
  ];
}

/** Members that are no padding; a member that only one side splits counts for the side that has it whole. */
function compareStruct(spec: string, ynl: YnlStruct, declared: AnyStruct): Difference[] {
  const place = `${spec}: struct ${declared.name}`;
  const differences: Difference[] = [];
  if (ynl.size !== declared.size)
    differences.push({ place, ynl: `${ynl.size} bytes`, declared: `${declared.size} bytes` });
  const own = new Map(Object.entries<number>(declared.offsetof));
  for (const { name, offset, size } of ynl.members) {
    const key = [...own.keys()].find((candidate) => candidate === cName(name) || candidate.endsWith(`_${cName(name)}`));
    if (key === undefined || name === 'pad') continue;
    const at = own.get(key)!;
    const codec = declared.members[key]!;
    if (at !== offset || codec.size !== size)
      differences.push({
        place: `${place}.${key}`,
        ynl: `${size} bytes at ${offset}`,
        declared: `${codec.size} bytes at ${at}`,
      });
  }
  return differences;
}

/** RTM_NEWLINK of `newlink`, RTM_GETTFILTER of `gettfilter`. */
function compareMessages({ name: spec, messages: specified }: Specification): [Difference[], number] {
  let compared = 0;
  const differences = specified.flatMap(({ name, number }): Difference[] => {
    const own = `RTM_${upper(name).replaceAll('_', '')}`;
    const declared = messages.get(own);
    if (declared === undefined) return [];
    compared++;
    if (declared === number) return [];
    return [{ place: `${spec}: ${own}`, ynl: String(number), declared: String(declared) }];
  });
  return [differences, compared];
}

export function compare(spec: Specification): Comparison {
  const differences: Difference[] = [];
  const count = { structs: 0, sets: 0, attributes: 0 };
  for (const ynl of spec.structs) {
    const declared = structs.get(cName(ynl.name));
    if (declared === undefined) continue;
    count.structs++;
    differences.push(...compareStruct(spec.name, ynl, declared));
  }
  for (const ynl of spec.sets) {
    const declared = declaredSet(spec.name, ynl);
    if (declared === undefined) continue;
    count.sets++;
    count.attributes += ynl.attributes.filter(({ number }) => declared[1].has(number)).length;
    differences.push(...compareSet(spec, ynl, declared));
  }
  const [inMessages, compared] = compareMessages(spec);
  const total = spec.sets.reduce((sum, { attributes }) => sum + attributes.length, 0);
  return {
    differences: [...differences, ...inMessages],
    compared: {
      structs: [count.structs, spec.structs.length],
      sets: [count.sets, spec.sets.length],
      attributes: [count.attributes, total],
      messages: [compared, spec.messages.length],
    },
  };
}
