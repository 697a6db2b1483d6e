// Makes ELF files for BPF by hand, for specs that need what no compiler writes: sections, functions and relocations, each
// with the claims it is given.
import * as elf from '../../lib/uapi/linux/elf.js';
import { EM_BPF } from '../../lib/uapi/linux/elf-em.js';

interface Section {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly data: Uint8Array;
  /** Claimed instead of the length of `data`. */
  readonly size?: number | undefined;
  readonly link?: number;
  readonly info?: number;
}

interface Symbol {
  readonly name: string;
  /** Offset of the name in the strings, when it is not its own. */
  readonly nameOffset: number | undefined;
  readonly section: string;
  readonly value: number;
  readonly size: number;
}

interface Relocation {
  readonly at: number;
  readonly symbol: string;
  readonly type: number;
}

export class Assembled {
  readonly #sections: Section[] = [{ name: '', type: elf.SHT_NULL, flags: 0, data: new Uint8Array() }];
  readonly #symbols: Symbol[] = [];
  readonly #relocations = new Map<string, Relocation[]>();
  readonly #strings: number[] = [0];
  #early = false;

  code(name: string, data: Uint8Array, { size }: { size?: number } = {}): this {
    return this.#add({
      name,
      type: elf.SHT_PROGBITS,
      flags: elf.SHF_ALLOC | elf.SHF_EXECINSTR,
      data: data.slice(),
      size,
    });
  }

  data(name: string, data: Uint8Array): this {
    return this.#add({ name, type: elf.SHT_PROGBITS, flags: elf.SHF_ALLOC, data });
  }

  bss(name: string, size: number): this {
    return this.#add({ name, type: elf.SHT_NOBITS, flags: elf.SHF_ALLOC, data: new Uint8Array(), size });
  }

  /** A global function. */
  function(name: string, section: string, value: number, size: number, nameOffset?: number): this {
    this.#symbols.push({ name, section, value, size, nameOffset });
    return this;
  }

  /** Relocates the instruction at `at`, whose immediate becomes `addend`. Unknown symbols are number 99999. */
  relocation(section: string, at: number, symbol: string, type: number, addend: number): this {
    const list = this.#relocations.get(section) ?? [];
    list.push({ at, symbol, type });
    this.#relocations.set(section, list);
    const target = this.#sections.find(({ name }) => name === section)!;
    const whole = Math.floor(at / 8) * 8;
    new DataView(target.data.buffer).setInt32(whole + 4, addend, true);
    return this;
  }

  /** Ends the string table before its last NUL. */
  endStringsEarly(): this {
    this.#early = true;
    return this;
  }

  bytes(): Uint8Array {
    const sections = [...this.#sections];
    const symbolTable = sections.length + this.#relocations.size;
    const index = (name: string): number => sections.findIndex((each) => each.name === name);
    for (const [name, list] of this.#relocations)
      sections.push({
        name: `.rel${name}`,
        type: elf.SHT_REL,
        flags: 0,
        data: concat(list.map((each) => this.#relocation(each))),
        link: symbolTable,
        info: index(name),
      });
    sections.push({
      name: '.symtab',
      type: elf.SHT_SYMTAB,
      flags: 0,
      data: this.#symbolTable(index),
      link: symbolTable + 1,
      info: 1,
    });
    return this.#file(sections);
  }

  #add(section: Section): this {
    this.#sections.push(section);
    return this;
  }

  #name(text: string): number {
    if (text === '') return 0;
    const at = this.#strings.length;
    for (let i = 0; i < text.length; i++) this.#strings.push(text.charCodeAt(i));
    this.#strings.push(0);
    return at;
  }

  #relocation({ at, symbol, type }: Relocation): Uint8Array {
    const found =
      symbol === 'undefined' ? this.#symbols.length : this.#symbols.findIndex(({ name }) => name === symbol);
    const number = found < 0 ? 99999 : found + 1;
    return elf.Elf64_Rel.bytes({ r_offset: BigInt(at), r_info: (BigInt(number) << 32n) | BigInt(type) });
  }

  #symbolTable(index: (name: string) => number): Uint8Array {
    const rows = this.#symbols.map(({ name, nameOffset, section, value, size }) => {
      const own = this.#name(name);
      return elf.Elf64_Sym.bytes({
        st_name: nameOffset ?? own,
        st_info: (elf.STB_GLOBAL << 4) | elf.STT_FUNC,
        st_shndx: index(section),
        st_value: BigInt(value),
        st_size: BigInt(size),
      });
    });
    const missing = elf.Elf64_Sym.bytes({ st_name: this.#name('undefined'), st_info: elf.STB_GLOBAL << 4 });
    return concat([elf.Elf64_Sym.bytes({}), ...rows, missing]);
  }

  #file(sections: readonly Section[]): Uint8Array {
    const names = [...sections.map(({ name }) => this.#name(name)), this.#name('.strtab')];
    const strings = Uint8Array.from(this.#early ? this.#strings.slice(0, -1) : this.#strings);
    const all: Section[] = [...sections, { name: '.strtab', type: elf.SHT_STRTAB, flags: 0, data: strings }];
    const headers: Uint8Array[] = [];
    const parts: Uint8Array[] = [];
    let at = elf.Elf64_Ehdr.size;
    for (const [i, { data, type, flags, size, link, info }] of all.entries()) {
      headers.push(
        elf.Elf64_Shdr.bytes({
          sh_name: names[i]!,
          sh_type: type,
          sh_flags: BigInt(flags),
          sh_offset: BigInt(at),
          sh_size: BigInt(size ?? data.length),
          sh_link: link ?? 0,
          sh_info: info ?? 0,
        }),
      );
      parts.push(data);
      at += data.length;
    }
    const header = elf.Elf64_Ehdr.bytes({
      e_ident: Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, elf.ELFCLASS64, elf.ELFDATA2LSB, elf.EV_CURRENT),
      e_type: elf.ET_REL,
      e_machine: EM_BPF,
      e_shoff: BigInt(at),
      e_shentsize: elf.Elf64_Shdr.size,
      e_shnum: all.length,
      e_shstrndx: all.length - 1,
    });
    return concat([header, ...parts, ...headers]);
  }
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
