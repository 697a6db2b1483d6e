// Reads a 64-bit little-endian ELF file for BPF: sections, symbols, strings, relocations. Every length is held against the
// file before anything of that length is read, so that a file costs what it weighs and not what it claims; whatever is
// wrong becomes a LoaderError. Names and symbols are decoded when asked for.
import { Bytes } from '../codec/bytes.js';
import { nameTable } from '../codec/names.js';
import { elfMachine, EM_BPF, EM_NONE } from '../uapi/linux/elf-em.js';
import * as uapi from '../uapi/linux/elf.js';
import { hex, LoaderError } from './loader_error.js';
import { readName } from './name.js';

/** Relocations of the BPF back end of LLVM. */
export const R_BPF_NONE = 0;
/** ld_imm64 of a symbol's address. */
export const R_BPF_64_64 = 1;
/** 8 bytes of data. */
export const R_BPF_64_ABS64 = 2;
/** 4 bytes of data. */
export const R_BPF_64_ABS32 = 3;
/** 4 bytes of .BTF or .BTF.ext, which a dynamic loader leaves alone. */
export const R_BPF_64_NODYLD32 = 4;
/** The offset of a call. */
export const R_BPF_64_32 = 10;

/** `R_BPF_64_32` for 10. */
export const relocationName = nameTable({
  R_BPF_NONE, R_BPF_64_64, R_BPF_64_ABS64, R_BPF_64_ABS32, R_BPF_64_NODYLD32, R_BPF_64_32,
}); // prettier-ignore

export interface Section {
  readonly index: number;
  readonly name: string;
  /** SHT_* */
  readonly type: number;
  /** SHF_* */
  readonly flags: number;
  /** Where its bytes are in the file. */
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly info: number;
}

export interface ElfSymbol {
  readonly index: number;
  readonly name: string;
  /** Offset in its section. */
  readonly value: number;
  readonly size: number;
  /** STT_*, STB_*, STV_* */
  readonly type: number;
  readonly bind: number;
  readonly visibility: number;
  /** Index of its section, SHN_UNDEF for one that is defined elsewhere. */
  readonly section: number;
}

export interface Relocation {
  /** Where in its section the relocated bytes are. */
  readonly at: number;
  /** R_BPF_* */
  readonly type: number;
  readonly symbol: number;
  /** Where the record is in the file. */
  readonly record: number;
}

/** Any file this reader is for has fewer; a table of more would cost more than it is worth. */
const maxSections = 0x10000;

export class ElfFile {
  readonly name: string;
  readonly bytes: Bytes;
  readonly sections: readonly Section[];
  readonly symbolCount: number;
  readonly #byName = new Map<string, Section>();
  /** Tables of relocations by the section they apply to. */
  readonly #relocations = new Map<number, Section[]>();
  readonly #symbols: Section | undefined;
  readonly #strings: Section | undefined;

  constructor(u8: Uint8Array, name: string) {
    this.name = name;
    // A plain view: slices of what Node calls a Buffer would share memory.
    this.bytes = new Bytes(new Uint8Array(u8.buffer, u8.byteOffset, u8.byteLength));
    this.#checkHeader();
    this.sections = this.#readSections();
    for (const section of this.sections) this.#index(section);
    const tables = this.sections.filter((section) => section.type === uapi.SHT_SYMTAB);
    if (tables.length > 1) throw this.error(tables[1]!.offset, 'a second symbol table');
    this.#symbols = tables[0];
    this.symbolCount = this.#symbols === undefined ? 0 : this.#count(this.#symbols, uapi.Elf64_Sym.size);
    this.#strings = this.#symbols === undefined ? undefined : this.#stringsOf(this.#symbols.link, this.#symbols.offset);
  }

  error(offset: number, reason: string): LoaderError {
    return new LoaderError(this.name, offset, reason);
  }

  /** The first section of this name. */
  section(name: string): Section | undefined {
    return this.#byName.get(name);
  }

  /** The bytes of a section, over the file's memory; none for one that the file does not hold (.bss). */
  data(section: Section): Uint8Array {
    if (section.type === uapi.SHT_NOBITS) return new Uint8Array();
    return this.bytes.u8.subarray(section.offset, section.offset + section.size);
  }

  /** Symbol by index; `from` is where it is asked for. */
  symbol(index: number, from: number): ElfSymbol {
    if (index >= this.symbolCount) throw this.error(from, `symbol ${index} is none of the ${this.symbolCount}`);
    const at = this.#symbols!.offset + index * uapi.Elf64_Sym.size;
    const raw = uapi.Elf64_Sym.get(this.bytes, at);
    if (raw.st_shndx === uapi.SHN_XINDEX) throw this.error(at, 'a symbol in a section beyond 0xff00');
    return {
      index,
      name: this.#string(this.#strings!, raw.st_name, at),
      value: this.#length(raw.st_value, at + uapi.Elf64_Sym.offsetof.st_value, 'symbol value'),
      size: this.#length(raw.st_size, at + uapi.Elf64_Sym.offsetof.st_size, 'symbol size'),
      type: uapi.elfStType(raw.st_info),
      bind: uapi.elfStBind(raw.st_info),
      visibility: uapi.elfStVisibility(raw.st_other),
      section: raw.st_shndx,
    };
  }

  /** Where symbol `index` is in the file. */
  symbolOffset(index: number): number {
    return this.#symbols!.offset + index * uapi.Elf64_Sym.size;
  }

  *symbols(): Generator<ElfSymbol> {
    for (let i = 1; i < this.symbolCount; i++) yield this.symbol(i, this.#symbols!.offset);
  }

  /** The relocations that apply to a section, in the order of the file. */
  *relocationsOf(target: Section): Generator<Relocation> {
    for (const section of this.#relocations.get(target.index) ?? []) {
      if (section.type === uapi.SHT_RELA) throw this.error(section.offset, `${section.name} has addends (SHT_RELA)`);
      const count = this.#count(section, uapi.Elf64_Rel.size);
      for (let i = 0; i < count; i++) yield this.#relocation(section.offset + i * uapi.Elf64_Rel.size);
    }
  }

  #index(section: Section): void {
    if (!this.#byName.has(section.name)) this.#byName.set(section.name, section);
    if (section.type !== uapi.SHT_REL && section.type !== uapi.SHT_RELA) return;
    const tables = this.#relocations.get(section.info) ?? [];
    tables.push(section);
    this.#relocations.set(section.info, tables);
  }

  #relocation(record: number): Relocation {
    const { r_offset, r_info } = uapi.Elf64_Rel.get(this.bytes, record);
    return {
      at: this.#length(r_offset, record, 'relocation offset'),
      type: Number(r_info & 0xffffffffn),
      symbol: Number(r_info >> 32n),
      record,
    };
  }

  #checkHeader(): void {
    const { u8 } = this.bytes;
    if (u8.length < uapi.EI_NIDENT || u8[0] !== 0x7f || u8[1] !== 0x45 || u8[2] !== 0x4c || u8[3] !== 0x46)
      throw this.error(0, 'not an ELF file');
    if (u8[uapi.EI_CLASS] !== uapi.ELFCLASS64) throw this.error(uapi.EI_CLASS, 'not a 64-bit ELF file');
    if (u8[uapi.EI_DATA] !== uapi.ELFDATA2LSB)
      throw this.error(uapi.EI_DATA, 'big endian (bpfeb): only little-endian objects can be loaded here');
    if (u8[uapi.EI_VERSION] !== uapi.EV_CURRENT) throw this.error(uapi.EI_VERSION, 'ELF of an unknown version');
    if (u8.length < uapi.Elf64_Ehdr.size) throw this.error(u8.length, 'the file ends in the ELF header');
    const { e_type, e_machine } = uapi.Elf64_Ehdr.get(this.bytes, 0);
    const { offsetof } = uapi.Elf64_Ehdr;
    if (e_machine !== EM_BPF && e_machine !== EM_NONE)
      throw this.error(offsetof.e_machine, `for machine ${elfMachine(e_machine)}, not for BPF (clang -target bpf)`);
    if (e_type !== uapi.ET_REL) throw this.error(offsetof.e_type, `ELF of type ${e_type}, not relocatable (clang -c)`);
  }

  #readSections(): Section[] {
    const header = uapi.Elf64_Ehdr.get(this.bytes, 0);
    const { offsetof } = uapi.Elf64_Ehdr;
    const start = this.#length(header.e_shoff, offsetof.e_shoff, 'offset of the section headers');
    if (start === 0) throw this.error(offsetof.e_shoff, 'no section headers');
    if (header.e_shentsize !== uapi.Elf64_Shdr.size)
      throw this.error(offsetof.e_shentsize, `section headers of ${header.e_shentsize} bytes, not 64`);
    const first = this.#header(start);
    // Beyond 0xff00 the numbers do not fit in their fields, and stand in section 0.
    const count = header.e_shnum === 0 ? this.#length(first.sh_size, start, 'number of sections') : header.e_shnum;
    const namesAt = header.e_shstrndx === uapi.SHN_XINDEX ? first.sh_link : header.e_shstrndx;
    if (count > maxSections || start + count * uapi.Elf64_Shdr.size > this.bytes.length)
      throw this.error(offsetof.e_shnum, `${count} section headers at ${hex(start)} go beyond the end of the file`);
    if (namesAt === uapi.SHN_UNDEF || namesAt >= count)
      throw this.error(offsetof.e_shstrndx, `section names are in section ${namesAt} of ${count}`);
    const names = this.#section(namesAt, start, undefined);
    return Array.from({ length: count }, (_, index) => this.#section(index, start, names));
  }

  #header(at: number): ReturnType<typeof uapi.Elf64_Shdr.get> {
    if (at + uapi.Elf64_Shdr.size > this.bytes.length)
      throw this.error(
        uapi.Elf64_Ehdr.offsetof.e_shoff,
        `section header at ${hex(at)} goes beyond the end of the file`,
      );
    return uapi.Elf64_Shdr.get(this.bytes, at);
  }

  #section(index: number, table: number, names: Section | undefined): Section {
    const at = table + index * uapi.Elf64_Shdr.size;
    const raw = this.#header(at);
    const { offsetof } = uapi.Elf64_Shdr;
    const inFile = raw.sh_type !== uapi.SHT_NOBITS && raw.sh_type !== uapi.SHT_NULL;
    const section = {
      index,
      name: names === undefined ? '' : this.#string(names, raw.sh_name, at),
      type: raw.sh_type,
      flags: Number(raw.sh_flags & 0xffffffffn),
      offset: this.#length(raw.sh_offset, at + offsetof.sh_offset, 'section offset'),
      size: raw.sh_type === uapi.SHT_NULL ? 0 : this.#length(raw.sh_size, at + offsetof.sh_size, 'section size'),
      link: raw.sh_link,
      info: raw.sh_info,
    };
    if (inFile && section.offset + section.size > this.bytes.length)
      throw this.error(
        at + offsetof.sh_size,
        `section ${index}, ${section.size} bytes at ${hex(section.offset)}, goes beyond the end of the file`,
      );
    return section;
  }

  /** Records in a table of records of `size` bytes. */
  #count(section: Section, size: number): number {
    if (section.size % size !== 0)
      throw this.error(section.offset, `${section.name}: ${section.size} bytes are no records of ${size}`);
    return section.size / size;
  }

  #stringsOf(index: number, from: number): Section {
    const section = this.sections[index];
    if (section?.type !== uapi.SHT_STRTAB) throw this.error(from, `the names of symbols are in section ${index}`);
    return section;
  }

  #string(strings: Section, off: number, from: number): string {
    const { offset, size } = strings;
    const end = strings.type === uapi.SHT_NOBITS ? offset : offset + size;
    return readName(this.bytes.u8, offset + off, end, (reason) => this.error(from, reason));
  }

  /** A 64-bit field as a number; nothing in a file is as far away as 2^53. */
  #length(value: bigint, at: number, what: string): number {
    if (value >= 1n << 53n) throw this.error(at, `${what} 0x${value.toString(16)}`);
    return Number(value);
  }
}
