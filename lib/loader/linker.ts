// Links one program: its instructions, then each function it calls, once, in the order in which calls are met, as libbpf
// lays them out. Calls, addresses of functions, maps and global data are relocated, and the records of .BTF.ext follow
// their instructions.
import { BPF_INSN_SIZE } from '../uapi/linux/bpf_insn.js';
import { bpf_func_info, bpf_line_info } from '../uapi/linux/bpf_core.js';
import { BPF_PSEUDO_CALL, BPF_PSEUDO_FUNC, BPF_PSEUDO_MAP_FD, BPF_PSEUDO_MAP_VALUE } from '../uapi/linux/bpf.js';
import { FunctionCode, isCall, isLoad64 } from './function_code.js';
import type { MapTarget } from './function_code.js';
import type { ExtInfo } from './btf_ext.js';
import { lowerBound } from './btf_ext.js';
import type { CoreRelocator } from './core/relocate.js';
import type { BpfFunction, BpfObject } from './object.js';

/** An instruction (a ld_imm64) whose immediate is to become the fd of a map. */
export interface MapReference {
  readonly insn: number;
  /** Index in the maps of the object. */
  readonly map: number;
  /** Where in the map's value it points; undefined for the map itself. The instruction holds it already. */
  readonly offset: number | undefined;
}

/** Records of PROG_LOAD about instructions. */
export interface InsnInfo {
  readonly rec_size: number;
  readonly count: number;
  readonly bytes: Uint8Array;
}

/** A function in a program, and its first instruction there. */
export interface LinkedFunction {
  readonly insn: number;
  readonly name: string;
}

export interface LinkedCode {
  /** 8 bytes each. */
  readonly insns: Uint8Array;
  readonly mapReferences: readonly MapReference[];
  /** The program's own, then those that are called. */
  readonly functions: readonly LinkedFunction[];
  readonly func_info: InsnInfo | undefined;
  readonly line_info: InsnInfo | undefined;
}

/** As many as a program may have; and as many as all programs of an object together may have here. */
const maxInsns = 1_000_000;
const maxInsnsOfObject = 4_000_000;

/** A function on its way into a program. */
interface Placed {
  readonly code: FunctionCode;
  /** Where in the program its first instruction is. */
  readonly start: number;
  /** The next instruction to look at. */
  next: number;
}

export class Linker {
  readonly #object: BpfObject;
  readonly #core: CoreRelocator | undefined;
  readonly #codes = new Map<BpfFunction, FunctionCode>();
  #insns = 0;

  constructor(object: BpfObject, core: CoreRelocator | undefined) {
    this.#object = object;
    this.#core = core;
  }

  link(program: BpfFunction): LinkedCode {
    const placed = this.#place(program);
    const last = placed.at(-1)!;
    const insns = new Uint8Array((last.start + last.code.count) * BPF_INSN_SIZE);
    const mapReferences: MapReference[] = [];
    const starts = new Map(placed.map(({ code, start }) => [code, start]));
    for (const { code, start } of placed) {
      insns.set(code.bytes, start * BPF_INSN_SIZE);
      this.#relocate(
        new DataView(insns.buffer, start * BPF_INSN_SIZE, code.count * BPF_INSN_SIZE),
        code,
        start,
        starts,
      );
      for (const [insn, target] of code.maps) mapReferences.push({ insn: start + insn, ...target });
    }
    const functions = placed.map(({ code, start }) => ({ insn: start, name: code.function.name }));
    return { insns, mapReferences, functions, ...this.#infos(placed) };
  }

  /** Every function of the program and where it goes: depth first, by a list since calls may be nested deeply. */
  #place(program: BpfFunction): Placed[] {
    const first: Placed = { code: this.#code(program), start: 0, next: 0 };
    const placed = [first];
    const seen = new Set([first.code]);
    const open = [first];
    let count = this.#grow(0, first.code);
    for (let current = open.at(-1); current !== undefined; current = open.at(-1)) {
      const call = current.code.calls[current.next++];
      if (call === undefined) open.pop();
      else {
        const code = this.#code(call.target);
        if (seen.has(code)) continue;
        seen.add(code);
        const next: Placed = { code, start: count, next: 0 };
        placed.push(next);
        open.push(next);
        count = this.#grow(count, code);
      }
    }
    return placed;
  }

  #grow(count: number, { count: more, function: { section } }: FunctionCode): number {
    this.#insns += more;
    if (count + more > maxInsns || this.#insns > maxInsnsOfObject)
      throw this.#object.elf.error(
        section.offset,
        `over ${maxInsns} instructions in a program, or ${maxInsnsOfObject} in all`,
      );
    return count + more;
  }

  #code(of: BpfFunction): FunctionCode {
    let code = this.#codes.get(of);
    if (code === undefined) this.#codes.set(of, (code = new FunctionCode(this.#object, of, this.#core)));
    return code;
  }

  /** Calls get their distance, loads of maps their source register; `view` is the function's copy in the program. */
  #relocate(view: DataView, code: FunctionCode, start: number, starts: ReadonlyMap<FunctionCode, number>): void {
    for (const { insn, target } of code.calls) {
      const at = insn * BPF_INSN_SIZE;
      view.setInt32(at + 4, starts.get(this.#code(target))! - (start + insn) - 1, true);
      if (isLoad64(view, at)) setSource(view, at, BPF_PSEUDO_FUNC);
      else if (isCall(view, at)) setSource(view, at, BPF_PSEUDO_CALL);
    }
    for (const [insn, target] of code.maps) this.#relocateMap(view, insn * BPF_INSN_SIZE, target);
  }

  #relocateMap(view: DataView, at: number, { offset }: MapTarget): void {
    setSource(view, at, offset === undefined ? BPF_PSEUDO_MAP_FD : BPF_PSEUDO_MAP_VALUE);
    view.setUint32(at + 4, 0, true);
    if (offset !== undefined) view.setUint32(at + BPF_INSN_SIZE + 4, offset, true);
  }

  #infos(placed: readonly Placed[]): Pick<LinkedCode, 'func_info' | 'line_info'> {
    const ext = this.#object.btfExt;
    if (ext === undefined) return { func_info: undefined, line_info: undefined };
    return {
      func_info: this.#info(ext.funcInfo, placed, bpf_func_info.size),
      line_info: this.#info(ext.lineInfo, placed, bpf_line_info.size),
    };
  }

  /** The records of all functions of a program; undefined when its first function has none. */
  #info(info: ExtInfo, placed: readonly Placed[], least: number): InsnInfo | undefined {
    const parts: Uint8Array[] = [];
    let size = least;
    for (const { code, start } of placed) {
      const { section, first, name } = code.function;
      const records = info.get(section.name);
      const part = records === undefined ? undefined : take(records, first, code.count, start);
      if (part === undefined && parts.length === 0) return undefined;
      if (part === undefined || (parts.length > 0 && records!.size !== size))
        throw this.#object.elf.error(section.offset, `.BTF.ext has no records for '${name}', which others call`);
      size = records!.size;
      parts.push(part);
    }
    const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return { rec_size: size, count: bytes.length / size, bytes };
  }
}

function setSource(view: DataView, at: number, source: number): void {
  view.setUint8(at + 1, (view.getUint8(at + 1) & 0x0f) | (source << 4));
}

/** A copy of the records of `count` instructions from `first` of a section, which now start at `start`. */
function take(
  records: Parameters<typeof lowerBound>[0],
  first: number,
  count: number,
  start: number,
): Uint8Array | undefined {
  const from = lowerBound(records, first * BPF_INSN_SIZE);
  const to = lowerBound(records, (first + count) * BPF_INSN_SIZE, from);
  if (from === to) return undefined;
  const copy = records.bytes.u8.slice(from * records.size, to * records.size);
  const view = new DataView(copy.buffer);
  for (let at = 0; at < copy.length; at += records.size)
    view.setUint32(at, Math.floor(view.getUint32(at, true) / BPF_INSN_SIZE) - first + start, true);
  return copy;
}
