// What maps of maps and arrays of programs hold before anything runs: the initialised `values` of maps that BTF defines,
// and, for iproute2, programs whose section is called <map id>/<index>.
import { BPF_MAP_TYPE_HASH_OF_MAPS, BPF_MAP_TYPE_PROG_ARRAY } from '../uapi/linux/bpf.js';
import { R_BPF_64_64, R_BPF_64_ABS64, relocationName } from './elf.js';
import type { ElfFile, ElfSymbol, Relocation, Section } from './elf.js';
import type { MapDefinition, MapSlot } from './map.js';
import { isMapInMap } from './maps_btf.js';
import type { BtfMap } from './maps_btf.js';
import type { LegacyMap } from './maps_legacy.js';
import type { BpfFunction } from './object.js';
import { tailCallSlot } from './section_names.js';

const pointerSize = 8;

/** The maps of .maps with their slots; `base` is the number of maps that come before them. */
export function readMapSlots(
  elf: ElfFile,
  section: Section,
  maps: readonly BtfMap[],
  base: number,
  programs: readonly BpfFunction[],
): MapDefinition[] {
  const slots = maps.map((): MapSlot[] => []);
  const starts = new Map(programs.map((program, i) => [placeOf(program.section.index, program.first * 8), i]));
  for (const relocation of elf.relocationsOf(section)) {
    const fail = (reason: string): Error => elf.error(relocation.record, reason);
    const which = maps.findIndex(({ offset, size }) => isWithin(relocation.at, offset, size));
    const map = maps[which];
    if (map === undefined) throw fail(`a relocation at ${relocation.at} of .maps is in no map`);
    const symbol = elf.symbol(relocation.symbol, relocation.record);
    const index = slotIndex(map, relocation, fail);
    if (isMapInMap(map.type)) slots[which]!.push({ index, map: base + mapOf(map, maps, symbol, section, fail) });
    else
      slots[which]!.push({
        index,
        program: programOf(map, programs, starts.get(placeOf(symbol.section, symbol.value)), symbol, fail),
      });
  }
  return maps.map((map, i) => ({ ...map, slots: slots[i]! }));
}

const isWithin = (at: number, offset: number, size: number): boolean =>
  at >= offset && at + pointerSize <= offset + size;

function slotIndex(map: BtfMap, { at, type }: Relocation, fail: (reason: string) => Error): number {
  if (type !== R_BPF_64_ABS64 && type !== R_BPF_64_64)
    throw fail(`a relocation of type ${relocationName(type)} in map '${map.name}'`);
  const offset = map.values === undefined ? -1 : at - map.offset - map.values;
  if (offset < 0 || offset % pointerSize !== 0) throw fail(`map '${map.name}' has no value at ${at - map.offset}`);
  return offset / pointerSize;
}

function mapOf(
  map: BtfMap,
  maps: readonly BtfMap[],
  symbol: ElfSymbol,
  section: Section,
  fail: (reason: string) => Error,
): number {
  if (map.type === BPF_MAP_TYPE_HASH_OF_MAPS && map.key_size !== 4)
    throw fail(`map '${map.name}' has values, and keys of ${map.key_size} bytes, not 4`);
  const found = symbol.section === section.index ? maps.findIndex(({ offset }) => offset === symbol.value) : -1;
  if (found < 0 || symbol.name !== maps[found]!.name)
    throw fail(`map '${map.name}': '${symbol.name}' is no map of .maps`);
  return found;
}

const placeOf = (section: number, offset: number): string => `${section} ${offset}`;

function programOf(
  map: BtfMap,
  programs: readonly BpfFunction[],
  found: number | undefined,
  symbol: ElfSymbol,
  fail: (reason: string) => Error,
): number {
  if (found === undefined || programs[found]!.name !== symbol.name)
    throw fail(`map '${map.name}': '${symbol.name}' is no program`);
  return found;
}

/** Arrays of programs with what sections called <id>/<index> put into them. */
export function addTailCallSlots(maps: readonly LegacyMap[], programs: readonly BpfFunction[]): LegacyMap[] {
  const byId = new Map<number, MapSlot[]>();
  for (const [program, { sectionName }] of programs.entries()) {
    const slot = tailCallSlot(sectionName);
    if (slot === undefined) continue;
    const list = byId.get(slot.id) ?? [];
    list.push({ index: slot.index, program });
    byId.set(slot.id, list);
  }
  const taken = new Set<number>();
  return maps.map((map) => {
    if (map.type !== BPF_MAP_TYPE_PROG_ARRAY || taken.has(map.id)) return map;
    taken.add(map.id);
    return { ...map, slots: byId.get(map.id) ?? [] };
  });
}
