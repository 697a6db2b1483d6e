// Maps as records of section `maps`: iproute2's struct bpf_elf_map in all its lengths, and struct bpf_map_def of early
// libbpf and of the kernel's samples. All maps of an object have records of one length. What a word means is known from
// the names of BTF where there is some, else from the length: iproute2 had `id` where `flags` is today until 2016.
import { Bytes } from '../codec/bytes.js';
import { BPF_MAP_TYPE_PROG_ARRAY } from '../uapi/linux/bpf.js';
import { BTF_KIND_DATASEC, BTF_KIND_STRUCT, BTF_KIND_VAR } from '../uapi/linux/btf.js';
import { STB_LOCAL, STT_NOTYPE, STT_OBJECT } from '../uapi/linux/elf.js';
import type { Btf, BtfType } from './btf.js';
import type { ElfFile, ElfSymbol, Section } from './elf.js';
import { noShape } from './map.js';
import type { MapDefinition, Pinning } from './map.js';
import { isMapInMap } from './maps_btf.js';
import { tailCallSlot } from './section_names.js';

/** A map of section maps, and what iproute2 knows it by. */
export interface LegacyMap extends MapDefinition {
  readonly id: number;
  /** The id of the map that says what is in this map of maps, 0 for none. */
  readonly inner_id: number;
  /** Where in the map of maps this one goes, -1 for nowhere. */
  readonly inner_idx: number;
}

type Field =
  'type' | 'key_size' | 'value_size' | 'max_entries' | 'map_flags' | 'id' | 'pinning' | 'inner_id' | 'inner_idx';

/** Where each field of a record is. */
type Layout = ReadonlyMap<Field, number>;

const layoutOf = (...fields: readonly Field[]): Layout => new Map(fields.map((field, i) => [field, 4 * i]));
const head = ['type', 'key_size', 'value_size', 'max_entries'] as const;
/** iproute2 4.1 to 4.5. */
const idLayout = layoutOf(...head, 'id', 'pinning');
/** Later ones; the first five words are bpf_map_def, too. */
const flagsLayout = layoutOf(...head, 'map_flags', 'id', 'pinning', 'inner_id', 'inner_idx');

const fieldOfMember: Readonly<Record<string, Field>> = {
  type: 'type',
  size_key: 'key_size',
  key_size: 'key_size',
  size_value: 'value_size',
  value_size: 'value_size',
  max_elem: 'max_entries',
  max_entries: 'max_entries',
  flags: 'map_flags',
  map_flags: 'map_flags',
  id: 'id',
  pinning: 'pinning',
  inner_id: 'inner_id',
  inner_idx: 'inner_idx',
};

const shortest = 4 * head.length;
const longest = 4 * 9;
/** The one length with `id` in the fifth word that nothing else has. */
const idLength = 4 * idLayout.size;

/** As many as iproute2 takes. */
const maxMaps = 64;

const pinnings: readonly Pinning[] = ['none', 'object', 'global'];

/** The maps of section maps, in the order of their records. */
export function readLegacyMaps(elf: ElfFile, section: Section, btf: Btf | undefined): LegacyMap[] {
  const symbols = mapSymbols(elf, section);
  const { size } = section;
  const length = size / symbols.length;
  if (symbols.length > maxMaps || size % symbols.length !== 0 || length % 4 !== 0)
    throw elf.error(section.offset, `${symbols.length} maps in ${size} bytes of section maps`);
  if (length < shortest || length > longest)
    throw elf.error(section.offset, `records of ${length} bytes in section maps, not ${shortest} to ${longest}`);
  const bytes = new Bytes(elf.data(section));
  const fallback = layoutFor(elf, bytes, length);
  const maps = symbols.map((symbol, i) => {
    if (symbol.value !== i * length)
      throw elf.error(elf.symbolOffset(symbol.index), `map '${symbol.name}' is not at ${i * length} of section maps`);
    const layout = btf === undefined ? undefined : layoutFromBtf(btf, symbol.value, length);
    return readMap(symbol, bytes.slice(symbol.value, symbol.value + length), layout ?? fallback, btf);
  });
  return maps.map((map) => ({ ...map, ...inners(map, maps) }));
}

/** The maps' symbols by offset. */
function mapSymbols(elf: ElfFile, section: Section): ElfSymbol[] {
  const symbols: ElfSymbol[] = [];
  for (const symbol of elf.symbols()) if (symbol.section === section.index && isMapSymbol(symbol)) symbols.push(symbol);
  if (symbols.length === 0) throw elf.error(section.offset, 'no global symbol names a map of section maps');
  return symbols.sort((a, b) => a.value - b.value);
}

function isMapSymbol({ bind, type }: ElfSymbol): boolean {
  return bind !== STB_LOCAL && (type === STT_NOTYPE || type === STT_OBJECT);
}

/** What the words mean, when no BTF says it. */
function layoutFor(elf: ElfFile, bytes: Bytes, length: number): Layout {
  if (length === idLength) return idLayout;
  if (length !== idLength - 4) return flagsLayout;
  // `id` or flags: ids are there to be named by sections with programs for that array.
  const ids = new Set(elf.sections.map(({ name }) => tailCallSlot(name)?.id));
  for (let at = 0; at < bytes.length; at += length)
    if (bytes.view.getUint32(at, true) === BPF_MAP_TYPE_PROG_ARRAY && ids.has(bytes.view.getUint32(at + 16, true)))
      return idLayout;
  return flagsLayout;
}

function layoutFromBtf(btf: Btf, offset: number, length: number): Layout | undefined {
  const section = btf.find('maps', (kind) => kind === BTF_KIND_DATASEC);
  const variable = section === undefined ? undefined : btf.variables(section).find((each) => each.offset === offset);
  const type = variable === undefined ? undefined : btf.type(variable.type);
  if (type?.kind !== BTF_KIND_VAR) return undefined;
  const struct = btf.type(btf.resolve(type.sizeOrType));
  if (struct.kind !== BTF_KIND_STRUCT) return undefined;
  const layout = new Map<Field, number>();
  for (const { name, bitOffset } of btf.members(struct)) {
    const field = Object.hasOwn(fieldOfMember, name) ? fieldOfMember[name] : undefined;
    if (field !== undefined && bitOffset % 32 === 0 && bitOffset / 8 + 4 <= length) layout.set(field, bitOffset / 8);
  }
  return layout.has('type') ? layout : undefined;
}

function readMap(symbol: ElfSymbol, record: Bytes, layout: Layout, btf: Btf | undefined): LegacyMap {
  const field = (name: Field): number => {
    const at = layout.get(name);
    return at === undefined || at + 4 > record.length ? 0 : record.view.getUint32(at, true);
  };
  const pinning = field('pinning');
  return {
    ...noShape,
    name: symbol.name,
    origin: 'legacy',
    section: symbol.section,
    offset: symbol.value,
    type: field('type'),
    key_size: field('key_size'),
    value_size: field('value_size'),
    max_entries: field('max_entries'),
    map_flags: field('map_flags'),
    ...annotation(btf, symbol.name, field('key_size'), field('value_size')),
    pinning: pinnings[pinning] ?? pinning,
    inner: undefined,
    innerMap: undefined,
    slots: [],
    data: undefined,
    freeze: false,
    id: field('id'),
    inner_id: field('inner_id'),
    inner_idx: field('inner_idx') | 0,
  };
}

/** Types of key and value from struct ____btf_map_<name>, which BPF_ANNOTATE_KV_PAIR makes. */
function annotation(btf: Btf | undefined, name: string, keySize: number, valueSize: number): object {
  const struct: BtfType | undefined = btf?.struct(`____btf_map_${name}`);
  if (btf === undefined || struct === undefined) return {};
  const [key, value, ...more] = btf.members(struct);
  if (key?.name !== 'key' || value?.name !== 'value' || more.length > 0) return {};
  if (btf.sizeOf(key.type) !== keySize || btf.sizeOf(value.type) !== valueSize) return {};
  return { btf_key_type_id: key.type, btf_value_type_id: value.type };
}

/** For a map of maps: the first map with its inner_id, and every map that goes into it. */
function inners(map: LegacyMap, maps: readonly LegacyMap[]): Pick<MapDefinition, 'innerMap' | 'slots'> {
  if (!isMapInMap(map.type) || map.inner_id === 0) return { innerMap: undefined, slots: [] };
  const members = [...maps.entries()].filter(([, { id, inner_id }]) => id === map.inner_id && inner_id === 0);
  return {
    innerMap: members[0]?.[0],
    slots: members.filter(([, each]) => each.inner_idx !== -1).map(([i, each]) => ({ index: each.inner_idx, map: i })),
  };
}
