// The instructions of one function as the object has them, and what its relocations say: which calls and addresses mean
// which functions, which loads mean which maps. Relocations against kernel types are applied here already, since they do
// not depend on the program that the function ends up in.
import { BPF_PSEUDO_CALL, BPF_PSEUDO_FUNC, BPF_PSEUDO_KFUNC_CALL } from '../uapi/linux/bpf.js';
import { BPF_IMM, BPF_JMP, BPF_LD } from '../uapi/linux/bpf_common.js';
import { bpf_core_relo } from '../uapi/linux/bpf_core.js';
import { BPF_CALL, BPF_DW, BPF_INSN_SIZE } from '../uapi/linux/bpf_insn.js';
import { SHN_LORESERVE, SHN_UNDEF } from '../uapi/linux/elf.js';
import { lowerBound } from './btf_ext.js';
import type { CoreRelocator } from './core/relocate.js';
import { R_BPF_64_32, R_BPF_64_64, relocationName } from './elf.js';
import type { ElfSymbol, Relocation, Section } from './elf.js';
import type { LoaderError } from './loader_error.js';
import { dataKind } from './maps_data.js';
import type { BpfFunction, BpfObject } from './object.js';
import { isCode } from './object.js';

/** What a ld_imm64 loads: a map, or the address of a place in its value. */
export interface MapTarget {
  readonly map: number;
  readonly offset: number | undefined;
}

/** A call of a function, or a load of its address. Instructions count from the start of the function that holds it. */
export interface FunctionReference {
  readonly insn: number;
  readonly target: BpfFunction;
}

export const isCall = (code: DataView, at: number): boolean => code.getUint8(at) === (BPF_JMP | BPF_CALL);
export const isLoad64 = (code: DataView, at: number): boolean => code.getUint8(at) === (BPF_LD | BPF_IMM | BPF_DW);
const source = (code: DataView, at: number): number => code.getUint8(at + 1) >>> 4;

export class FunctionCode {
  readonly function: BpfFunction;
  /** The instructions, relocated against kernel types only. */
  readonly bytes: Uint8Array;
  readonly calls: FunctionReference[] = [];
  readonly maps = new Map<number, MapTarget>();
  readonly #object: BpfObject;
  readonly #code: DataView;

  constructor(object: BpfObject, of: BpfFunction, core: CoreRelocator | undefined) {
    this.function = of;
    this.#object = object;
    const start = of.first * BPF_INSN_SIZE;
    this.bytes = object.elf.data(of.section).slice(start, start + this.count * BPF_INSN_SIZE);
    this.#code = new DataView(this.bytes.buffer);
    if (core !== undefined) this.#applyCore(core);
    const relocated = this.#readRelocations();
    this.#readPlainCalls(relocated);
    this.calls.sort((a, b) => a.insn - b.insn);
  }

  get count(): number {
    return this.function.count;
  }

  /** The error for an instruction. */
  #error(insn: number, reason: string): LoaderError {
    const { section, first, name } = this.function;
    return this.#object.elf.error(section.offset + (first + insn) * BPF_INSN_SIZE, `'${name}' insn ${insn}: ${reason}`);
  }

  #applyCore(core: CoreRelocator): void {
    const { section, first } = this.function;
    const { btf, btfExt } = this.#object;
    const records = btfExt?.coreRelos.get(section.name);
    if (records === undefined || btf === undefined) return;
    const end = lowerBound(records, (first + this.count) * BPF_INSN_SIZE);
    for (let i = lowerBound(records, first * BPF_INSN_SIZE); i < end; i++) {
      const { insn_off, type_id: type, access_str_off, kind } = bpf_core_relo.get(records.bytes, i * records.size);
      const insn = insn_off / BPF_INSN_SIZE - first;
      if (!Number.isInteger(insn) || insn < 0 || insn >= this.count)
        throw btfExt!.error(records.at + i * records.size, `relocation at ${insn_off} is at no instruction`);
      const relo = { type, access: btf.string(access_str_off, 0), kind };
      core.apply(this.#code, insn * BPF_INSN_SIZE, relo, (reason) => this.#error(insn, reason));
    }
  }

  /** The instructions that the relocations of the section are about. */
  #readRelocations(): ReadonlySet<number> {
    const { section, first } = this.function;
    const seen = new Set<number>();
    const relocations = this.#object.relocations(section);
    for (let i = from(relocations, first * BPF_INSN_SIZE); i < relocations.length; i++) {
      const relocation = relocations[i]!;
      const insn = relocation.at / BPF_INSN_SIZE - first;
      if (insn >= this.count) break;
      if (!Number.isInteger(insn) || seen.has(insn))
        throw this.#object.elf.error(
          relocation.record,
          `relocation at ${relocation.at} of ${section.name} is misplaced`,
        );
      seen.add(insn);
      this.#readRelocation(insn, relocation);
    }
    return seen;
  }

  #readRelocation(insn: number, { type, symbol: index, record }: Relocation): void {
    const at = insn * BPF_INSN_SIZE;
    const symbol = this.#object.elf.symbol(index, record);
    const call = isCall(this.#code, at);
    const load = isLoad64(this.#code, at) && insn + 1 < this.count;
    if (!call && !load) throw this.#error(insn, `a relocation of opcode 0x${this.#code.getUint8(at).toString(16)}`);
    if (type !== (call ? R_BPF_64_32 : R_BPF_64_64))
      throw this.#error(insn, `a relocation of type ${relocationName(type)}`);
    if (symbol.section === SHN_UNDEF)
      throw this.#error(
        insn,
        `'${symbol.name}' is extern: kernel symbols, kernel functions and kconfig are not supported`,
      );
    const section = symbol.section >= SHN_LORESERVE ? undefined : this.#object.elf.sections[symbol.section];
    if (section === undefined)
      throw this.#error(insn, `'${symbol.name}' is in section ${symbol.section}, which is none`);
    if (call) this.#readCall(insn, symbol, section);
    else if (isCode(section)) this.#readAddress(insn, symbol, section);
    else this.maps.set(insn, this.#mapOf(insn, symbol, section));
  }

  #readCall(insn: number, symbol: ElfSymbol, section: Section): void {
    const at = insn * BPF_INSN_SIZE;
    if (source(this.#code, at) !== BPF_PSEUDO_CALL) throw this.#error(insn, `a call of helper '${symbol.name}'`);
    const first = symbol.value / BPF_INSN_SIZE + this.#code.getInt32(at + 4, true) + 1;
    this.calls.push({ insn, target: this.#functionAt(insn, section, first) });
  }

  #readAddress(insn: number, symbol: ElfSymbol, section: Section): void {
    const offset = symbol.value + this.#code.getInt32(insn * BPF_INSN_SIZE + 4, true);
    this.calls.push({ insn, target: this.#functionAt(insn, section, offset / BPF_INSN_SIZE) });
  }

  /** Calls of functions in the same section need no relocation. */
  #readPlainCalls(relocated: ReadonlySet<number>): void {
    const { section, first } = this.function;
    for (let insn = 0; insn < this.count; insn++) {
      const at = insn * BPF_INSN_SIZE;
      if (isLoad64(this.#code, at)) {
        if (source(this.#code, at) === BPF_PSEUDO_FUNC && !relocated.has(insn))
          throw this.#error(insn, 'an address of a function without a relocation');
        insn++;
      } else if (isCall(this.#code, at) && !relocated.has(insn)) {
        const kind = source(this.#code, at);
        if (kind === BPF_PSEUDO_KFUNC_CALL) throw this.#error(insn, 'a call of a kernel function without a relocation');
        if (kind !== BPF_PSEUDO_CALL) continue;
        const target = first + insn + this.#code.getInt32(at + 4, true) + 1;
        this.calls.push({ insn, target: this.#functionAt(insn, section, target) });
      }
    }
  }

  #functionAt(insn: number, section: Section, first: number): BpfFunction {
    const found = this.#object.functionAt(section, first);
    if (found === undefined) throw this.#error(insn, `no function starts at instruction ${first} of ${section.name}`);
    if (!found.subprogram) throw this.#error(insn, `'${found.name}' is called, and in ${section.name}, not in .text`);
    return found;
  }

  #mapOf(insn: number, symbol: ElfSymbol, section: Section): MapTarget {
    const addend = this.#code.getInt32(insn * BPF_INSN_SIZE + 4, true);
    const isData = dataKind(section) !== undefined;
    const offset = symbol.value + addend;
    const map = this.#object.maps.findIndex(
      (each) => each.section === section.index && (isData || each.offset === symbol.value),
    );
    if (map < 0) throw this.#error(insn, `'${symbol.name}' in section ${section.name} is no map and no global data`);
    if (!isData) return { map, offset: undefined };
    if (offset < 0 || offset > section.size) throw this.#error(insn, `offset ${offset} is beyond ${section.name}`);
    return { map, offset };
  }
}

/** The first relocation, they are in order, that is not before byte `offset`. */
function from(relocations: readonly Relocation[], offset: number): number {
  let low = 0;
  let high = relocations.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (relocations[middle]!.at < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
