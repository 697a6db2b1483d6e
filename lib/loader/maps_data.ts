// Global data as maps: .data, .rodata and .bss, and sections below them (.rodata.str), are arrays of one value that holds
// the section. Names and flags are those libbpf 1.1 gives.
import { BPF_F_MMAPABLE, BPF_F_RDONLY_PROG, BPF_MAP_TYPE_ARRAY, BPF_OBJ_NAME_LEN } from '../uapi/linux/bpf.js';
import * as btfUapi from '../uapi/linux/btf.js';
import { SHT_NOBITS, SHT_PROGBITS } from '../uapi/linux/elf.js';
import type { Btf, BtfType } from './btf.js';
import type { ElfFile, Section } from './elf.js';
import { noShape } from './map.js';
import type { MapDefinition } from './map.js';

/** Which kind of data a section holds, if it holds global data. */
export function dataKind({ name, type, size }: Section): 'data' | 'rodata' | 'bss' | undefined {
  const is = (stem: string): boolean => name === stem || name.startsWith(`${stem}.`);
  if (type === SHT_NOBITS && is('.bss')) return size > 0 ? 'bss' : undefined;
  if (type !== SHT_PROGBITS || size === 0) return undefined;
  if (is('.data')) return 'data';
  return is('.rodata') ? 'rodata' : undefined;
}

export function readDataMaps(elf: ElfFile, btf: Btf | undefined): MapDefinition[] {
  const maps: MapDefinition[] = [];
  for (const section of elf.sections) {
    const origin = dataKind(section);
    if (origin === undefined) continue;
    if (section.size > 0xffffffff) throw elf.error(section.offset, `${section.name} of ${section.size} bytes`);
    const type = btf?.find(section.name, (kind) => kind === btfUapi.BTF_KIND_DATASEC);
    maps.push({
      ...noShape,
      name: dataMapName(elf.name, section.name),
      origin,
      section: section.index,
      offset: 0,
      type: BPF_MAP_TYPE_ARRAY,
      key_size: 4,
      value_size: section.size,
      max_entries: 1,
      map_flags: (origin === 'rodata' ? BPF_F_RDONLY_PROG : 0) | (hasGlobal(btf, type) ? BPF_F_MMAPABLE : 0),
      btf_value_type_id: type?.id ?? 0,
      pinning: 'none',
      inner: undefined,
      innerMap: undefined,
      slots: [],
      data: origin === 'bss' ? undefined : elf.data(section),
      freeze: origin === 'rodata',
    });
  }
  return maps;
}

/** Whether a variable of the section is visible to other objects, and so worth mapping into the loader's memory. */
function hasGlobal(btf: Btf | undefined, section: BtfType | undefined): boolean {
  if (btf === undefined || section === undefined) return false;
  return btf.variables(section).some(({ type: id }) => {
    const type = btf.type(id);
    return type.kind === btfUapi.BTF_KIND_VAR && btf.linkage(type) !== btfUapi.BTF_VAR_STATIC;
  });
}

/** The file's name up to its first dot, then the section's, in 15 characters; a section below .data stands alone. */
function dataMapName(file: string, section: string): string {
  const suffix = section.slice(0, BPF_OBJ_NAME_LEN - 1);
  const room = section.includes('.', 1) ? 0 : BPF_OBJ_NAME_LEN - 1 - Math.max(7, suffix.length);
  return `${objectName(file).slice(0, Math.max(0, room))}${suffix}`.replace(/[^A-Za-z0-9_.]/g, '_');
}

/** What libbpf calls an object: its file's name up to the first dot. */
export function objectName(file: string): string {
  return file.replace(/^.*\//s, '').replace(/\..*$/s, '').slice(0, 63);
}
