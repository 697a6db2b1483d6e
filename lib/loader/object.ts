// Opens a BPF object as clang writes it: what programs, maps, types and license it has. Nothing is relocated yet and
// nothing asked of a kernel; relocate.ts does the first, load.ts the second. Order of maps and programs is that in which
// libbpf 1.1 gives them to the kernel.
import { latin1 } from '../codec/bytes.js';
import { BPF_INSN_SIZE } from '../uapi/linux/bpf_insn.js';
import * as uapi from '../uapi/linux/elf.js';
import type { Btf } from './btf.js';
import { BtfExt } from './btf_ext.js';
import { ElfFile } from './elf.js';
import type { ElfSymbol, Relocation, Section } from './elf.js';
import type { MapDefinition } from './map.js';
import { readBtfMaps } from './maps_btf.js';
import { dataKind, readDataMaps } from './maps_data.js';
import { readLegacyMaps } from './maps_legacy.js';
import type { LegacyMap } from './maps_legacy.js';
import { readObjectBtf } from './object_btf.js';
import { addTailCallSlots, readMapSlots } from './slots.js';

/** A function: a program of its own, or one that programs call. */
export interface BpfFunction {
  readonly name: string;
  readonly section: Section;
  /** Name of the section, without the `?` that says not to load what is in it unless asked. */
  readonly sectionName: string;
  readonly unasked: boolean;
  /** First instruction, counted in the section, and how many. */
  readonly first: number;
  readonly count: number;
  /** Not to be loaded by itself: programs call it. */
  readonly subprogram: boolean;
}

export interface BpfObject {
  /** Of the file, as it was given. */
  readonly name: string;
  readonly elf: ElfFile;
  /** Contents of section license up to the first NUL; empty without one. */
  readonly license: string;
  /** Contents of section version; 0 without one. */
  readonly version: number;
  readonly btf: Btf | undefined;
  readonly btfExt: BtfExt | undefined;
  readonly maps: readonly MapDefinition[];
  /** All functions, by section and offset. */
  readonly functions: readonly BpfFunction[];
  /** Those that are programs of their own. */
  readonly programs: readonly BpfFunction[];
  /** What the file says and this loader, like others, leaves out. */
  readonly notes: readonly string[];
  /** The relocations of a section of code, by offset. */
  relocations(section: Section): readonly Relocation[];
  /** The function that starts at this instruction of a section. */
  functionAt(section: Section, first: number): BpfFunction | undefined;
}

export interface OpenOptions {
  /** Ignore members of maps whose meaning is not known, as tc does. Default: refuse them, as libbpf does. */
  readonly relaxedMaps?: boolean;
}

/** Reads the file `bytes`; throws a LoaderError when anything is wrong with it. */
export function openObject(bytes: Uint8Array, name: string, { relaxedMaps = false }: OpenOptions = {}): BpfObject {
  const elf = new ElfFile(bytes, name);
  const notes: string[] = [];
  const btf = readObjectBtf(elf);
  const functions = readFunctions(elf);
  const programs = functions.filter(({ subprogram }) => !subprogram);
  notes.push(...ignoredRelocations(elf));
  const options = { relaxed: relaxedMaps, note: (text: string) => notes.push(text) };
  return {
    name,
    elf,
    license: readLicense(elf),
    version: readVersion(elf),
    btf,
    btfExt: readBtfExt(elf, btf),
    maps: readMaps(elf, btf, programs, options),
    functions,
    programs,
    notes,
    relocations: once((section: Section) => [...elf.relocationsOf(section)].sort((a, b) => a.at - b.at)),
    functionAt: finder(functions),
  };
}

/** Asks for what belongs to a section once. */
function once<T>(read: (section: Section) => T): (section: Section) => T {
  const found = new Map<Section, T>();
  return (section) => {
    if (!found.has(section)) found.set(section, read(section));
    return found.get(section)!;
  };
}

function finder(functions: readonly BpfFunction[]): BpfObject['functionAt'] {
  const starts = new Map(functions.map((each) => [`${each.section.index} ${each.first}`, each]));
  return (section, first) => starts.get(`${section.index} ${first}`);
}

/** Far more than one program may use (64); keeps searches among them short. */
const maxMaps = 1024;

/** Whether a section holds instructions. */
export const isCode = ({ type, flags, size }: Section): boolean =>
  type === uapi.SHT_PROGBITS && (flags & uapi.SHF_EXECINSTR) !== 0 && size > 0;

function readLicense(elf: ElfFile): string {
  const section = elf.section('license');
  if (section === undefined) return '';
  const data = elf.data(section);
  const end = data.indexOf(0);
  if (end < 0) throw elf.error(section.offset, 'the license has no end');
  return latin1(data, 0, Math.min(end, 127));
}

function readVersion(elf: ElfFile): number {
  const section = elf.section('version');
  if (section === undefined) return 0;
  if (elf.data(section).length !== 4)
    throw elf.error(section.offset, `section version has ${section.size} bytes, not 4`);
  return elf.bytes.view.getUint32(section.offset, true);
}

function readBtfExt(elf: ElfFile, btf: Btf | undefined): BtfExt | undefined {
  const section = elf.section('.BTF.ext');
  if (section === undefined || btf === undefined) return undefined;
  return new BtfExt(elf.data(section), btf, { file: elf.name, base: section.offset });
}

function readMaps(
  elf: ElfFile,
  btf: Btf | undefined,
  programs: readonly BpfFunction[],
  options: Parameters<typeof readBtfMaps>[2],
): MapDefinition[] {
  const legacy = elf.section('maps');
  const declared = elf.section('.maps');
  if (declared !== undefined && btf === undefined) throw elf.error(declared.offset, '.maps needs BTF (clang -g)');
  const records: LegacyMap[] = legacy === undefined ? [] : readLegacyMaps(elf, legacy, btf);
  const variables = declared === undefined || btf === undefined ? [] : readBtfMaps(btf, declared, options);
  const data = readDataMaps(elf, btf);
  if (variables.length + data.length > maxMaps) throw elf.error(0, `over ${maxMaps} maps`);
  return [
    ...addTailCallSlots(records, programs),
    ...(declared === undefined ? [] : readMapSlots(elf, declared, variables, records.length, programs)),
    ...data,
  ];
}

/** Pointers in global data would be addresses that nobody knows; libbpf leaves them as they are, too. */
function ignoredRelocations(elf: ElfFile): string[] {
  return elf.sections
    .filter(({ type, info }) => type === uapi.SHT_REL && elf.sections[info] !== undefined)
    .map(({ info }) => elf.sections[info]!)
    .filter((section) => dataKind(section) !== undefined)
    .map(({ name }) => `pointers in ${name} are not relocated`);
}

function readFunctions(elf: ElfFile): BpfFunction[] {
  const found = new Map<number, ElfSymbol[]>();
  const others = new Map<number, ElfSymbol>();
  for (const symbol of elf.symbols()) {
    if (symbol.type === uapi.STT_FUNC) {
      const list = found.get(symbol.section);
      if (list === undefined) found.set(symbol.section, [symbol]);
      else list.push(symbol);
    } else if (symbol.type === uapi.STT_NOTYPE && symbol.bind !== uapi.STB_LOCAL && symbol.value === 0)
      others.set(symbol.section, symbol);
  }
  const functions = elf.sections
    .filter(isCode)
    .flatMap((section) => functionsOf(elf, section, found.get(section.index), others.get(section.index)));
  // A function alone in the object and in .text is the program itself.
  return functions.length === 1 ? functions.map((each) => ({ ...each, subprogram: false })) : functions;
}

function sectionOf(section: Section): Pick<BpfFunction, 'section' | 'sectionName' | 'unasked'> {
  const unasked = section.name.startsWith('?');
  return { section, sectionName: unasked ? section.name.slice(1) : section.name, unasked };
}

function functionsOf(
  elf: ElfFile,
  section: Section,
  symbols: readonly ElfSymbol[] | undefined,
  other: ElfSymbol | undefined,
): BpfFunction[] {
  const subprogram = section.name === '.text';
  if (symbols === undefined) {
    // Compilers before 2018 gave functions neither type nor size: the section is one program.
    if (section.size % BPF_INSN_SIZE !== 0) throw elf.error(section.offset, `${section.name} of ${section.size} bytes`);
    const name = other?.name ?? section.name;
    return [{ name, ...sectionOf(section), first: 0, count: section.size / BPF_INSN_SIZE, subprogram }];
  }
  return symbols.map((symbol) => functionOf(elf, section, symbol, subprogram)).sort((a, b) => a.first - b.first);
}

function functionOf(elf: ElfFile, section: Section, symbol: ElfSymbol, subprogram: boolean): BpfFunction {
  const { name, value, size, bind, index } = symbol;
  const fail = (reason: string): Error => elf.error(elf.symbolOffset(index), `function '${name}' ${reason}`);
  if (value % BPF_INSN_SIZE !== 0 || size % BPF_INSN_SIZE !== 0 || size === 0)
    throw fail(`of ${size} bytes at ${value} of ${section.name} does not consist of instructions`);
  if (value + size > section.size) throw fail(`of ${size} bytes at ${value} goes beyond ${section.name}`);
  if (!subprogram && bind === uapi.STB_LOCAL) throw fail(`is static, and not in .text but in ${section.name}`);
  return { name, ...sectionOf(section), first: value / BPF_INSN_SIZE, count: size / BPF_INSN_SIZE, subprogram };
}
