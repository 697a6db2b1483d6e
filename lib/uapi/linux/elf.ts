// include/uapi/linux/elf.h: the records of a 64-bit ELF file, as clang writes BPF objects. A header, section headers, and
// what they point at: strings, symbols, relocations without addends. All of it little endian here.
import { bytes, u16, u32, u64, u8 } from '../../codec/scalar.js';
import { struct } from '../../codec/struct.js';

/** Indexes into e_ident, and what stands there. */
export const EI_CLASS = 4;
export const EI_DATA = 5;
export const EI_VERSION = 6;
export const EI_NIDENT = 16;
export const ELFCLASS64 = 2;
export const ELFDATA2LSB = 1;
export const EV_CURRENT = 1;

/** e_type */
export const ET_REL = 1;

export const Elf64_Ehdr = struct('elf64_hdr', {
  e_ident: bytes(EI_NIDENT),
  e_type: u16,
  e_machine: u16,
  e_version: u32,
  e_entry: u64,
  e_phoff: u64,
  e_shoff: u64,
  e_flags: u32,
  e_ehsize: u16,
  e_phentsize: u16,
  e_phnum: u16,
  e_shentsize: u16,
  e_shnum: u16,
  e_shstrndx: u16,
});

export const Elf64_Shdr = struct('elf64_shdr', {
  sh_name: u32,
  sh_type: u32,
  sh_flags: u64,
  sh_addr: u64,
  sh_offset: u64,
  sh_size: u64,
  sh_link: u32,
  sh_info: u32,
  sh_addralign: u64,
  sh_entsize: u64,
});

/** sh_type */
export const SHT_NULL = 0;
export const SHT_PROGBITS = 1;
export const SHT_SYMTAB = 2;
export const SHT_STRTAB = 3;
export const SHT_RELA = 4;
export const SHT_NOBITS = 8;
export const SHT_REL = 9;

/** sh_flags */
export const SHF_WRITE = 0x1;
export const SHF_ALLOC = 0x2;
export const SHF_EXECINSTR = 0x4;

/** Section indexes that are none. */
export const SHN_UNDEF = 0;
export const SHN_LORESERVE = 0xff00;
export const SHN_XINDEX = 0xffff;

export const Elf64_Sym = struct('elf64_sym', {
  st_name: u32,
  st_info: u8,
  st_other: u8,
  st_shndx: u16,
  st_value: u64,
  st_size: u64,
});

/** ELF64_ST_TYPE(), ELF64_ST_BIND(), ELF64_ST_VISIBILITY(). */
export const elfStType = (info: number): number => info & 0xf;
export const elfStBind = (info: number): number => info >>> 4;
export const elfStVisibility = (other: number): number => other & 0x3;

export const STB_LOCAL = 0;
export const STB_GLOBAL = 1;
export const STB_WEAK = 2;
export const STT_NOTYPE = 0;
export const STT_OBJECT = 1;
export const STT_FUNC = 2;
export const STT_SECTION = 3;
export const STV_DEFAULT = 0;
export const STV_INTERNAL = 1;
export const STV_HIDDEN = 2;

/** r_info is symbol << 32 | type. */
export const Elf64_Rel = struct('elf64_rel', { r_offset: u64, r_info: u64 });
