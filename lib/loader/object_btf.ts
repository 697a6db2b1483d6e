// The BTF of an object as the kernel wants it. clang leaves the sizes of sections and the offsets of global variables to
// whoever loads the object, and says nothing of hidden symbols, which the verifier should treat as static. The result is
// a copy: the file's bytes stay as they are.
import * as uapi from '../uapi/linux/btf.js';
import * as elfUapi from '../uapi/linux/elf.js';
import { Btf } from './btf.js';
import type { BtfOrigin, BtfType, BtfVariable } from './btf.js';
import type { ElfFile, ElfSymbol } from './elf.js';

/** Sections of variables that others define: they have no bytes in the file. */
const externSections = new Set(['.ksyms', '.kconfig']);

/** The BTF in section .BTF with everything filled in; undefined when there is none. */
export function readObjectBtf(elf: ElfFile): Btf | undefined {
  const section = elf.section('.BTF');
  if (section === undefined) return undefined;
  const origin: BtfOrigin = { file: elf.name, base: section.offset };
  const u8 = elf.data(section).slice();
  const btf = new Btf(u8, origin);
  const view = new DataView(u8.buffer);
  const variables = new Map<string, ElfSymbol>();
  const hidden = new Set<string>();
  const text = elf.section('.text')?.index;
  for (const symbol of elf.symbols()) noteSymbol(symbol, variables, hidden, text);
  for (let id = 1; id < btf.typeCount; id++) {
    const kind = btf.kind(id);
    if (kind === uapi.BTF_KIND_DATASEC) fillSection(elf, btf, view, btf.type(id), variables);
    else if (kind === uapi.BTF_KIND_FUNC) markStatic(btf, view, id, hidden);
  }
  return btf;
}

const isHidden = ({ visibility }: ElfSymbol): boolean =>
  visibility === elfUapi.STV_HIDDEN || visibility === elfUapi.STV_INTERNAL;

function noteSymbol(
  symbol: ElfSymbol,
  variables: Map<string, ElfSymbol>,
  hidden: Set<string>,
  text: number | undefined,
): void {
  if (symbol.bind === elfUapi.STB_LOCAL) return;
  if (symbol.type === elfUapi.STT_OBJECT || symbol.type === elfUapi.STT_NOTYPE) variables.set(symbol.name, symbol);
  if (symbol.section === text && symbol.type === elfUapi.STT_FUNC && isHidden(symbol)) hidden.add(symbol.name);
}

function fillSection(
  elf: ElfFile,
  btf: Btf,
  view: DataView,
  type: BtfType,
  symbols: ReadonlyMap<string, ElfSymbol>,
): void {
  const variables = btf.variables(type);
  const fill = type.sizeOrType === 0 && !externSections.has(type.name);
  if (fill) {
    const section = elf.section(type.name);
    if (section === undefined || section.size === 0)
      throw btf.error(type.at, `BTF describes section ${type.name}, which the file does not have`);
    view.setUint32(type.at + uapi.btf_type.offsetof.size, section.size, true);
  }
  if (!externSections.has(type.name))
    for (const variable of variables) fillVariable(btf, view, variable, fill, symbols);
  sortVariables(btf, view, type);
}

function fillVariable(
  btf: Btf,
  view: DataView,
  variable: BtfVariable,
  fill: boolean,
  symbols: ReadonlyMap<string, ElfSymbol>,
): void {
  const type = btf.type(variable.type);
  if (type.kind !== uapi.BTF_KIND_VAR)
    throw btf.error(variable.at, `a ${uapi.btfKind(type.kind)} among the variables of a section`);
  if (btf.linkage(type) !== uapi.BTF_VAR_GLOBAL_ALLOCATED) return;
  const symbol = symbols.get(type.name);
  if (symbol === undefined) throw btf.error(type.at, `variable '${type.name}' has no symbol`);
  if (fill) view.setUint32(variable.at + uapi.btf_var_secinfo.offsetof.offset, symbol.value, true);
  if (isHidden(symbol)) view.setUint32(type.tail, uapi.BTF_VAR_STATIC, true);
}

function sortVariables(btf: Btf, view: DataView, type: BtfType): void {
  const variables = btf.variables(type).sort((a, b) => a.offset - b.offset);
  for (const [i, variable] of variables.entries()) {
    const at = type.tail + i * uapi.btf_var_secinfo.size;
    view.setUint32(at, variable.type, true);
    view.setUint32(at + 4, variable.offset, true);
    view.setUint32(at + 8, variable.size, true);
  }
}

/** A hidden function is verified like a static one: with what its callers know. */
function markStatic(btf: Btf, view: DataView, id: number, hidden: ReadonlySet<string>): void {
  if (hidden.size === 0) return;
  const type = btf.type(id);
  if (type.vlen !== uapi.BTF_FUNC_GLOBAL || !hidden.has(type.name)) return;
  view.setUint32(type.at + uapi.btf_type.offsetof.info, (uapi.BTF_KIND_FUNC << 24) | uapi.BTF_FUNC_STATIC, true);
}
