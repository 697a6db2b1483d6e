// Reads a .BTF.ext section: for each section of code, records that say which function and line an instruction belongs to,
// and which instructions depend on the layout of the kernel's types. Offsets of instructions are in bytes here; the
// kernel counts instructions.
import { Bytes } from '../codec/bytes.js';
import { u16, u32, u8 } from '../codec/scalar.js';
import { struct } from '../codec/struct.js';
import { bpf_core_relo, bpf_func_info, bpf_line_info } from '../uapi/linux/bpf_core.js';
import { BTF_MAGIC, BTF_VERSION } from '../uapi/linux/btf.js';
import type { Btf, BtfOrigin } from './btf.js';
import { LoaderError } from './loader_error.js';

/** No header of the kernel has these; LLVM and its loaders agree on them. */
const btf_ext_header = struct('btf_ext_header', {
  magic: u16,
  version: u8,
  flags: u8,
  hdr_len: u32,
  func_info_off: u32,
  func_info_len: u32,
  line_info_off: u32,
  line_info_len: u32,
  core_relo_off: u32,
  core_relo_len: u32,
});
const btf_ext_info_sec = struct('btf_ext_info_sec', { sec_name_off: u32, num_info: u32 });

/** Objects older than CO-RE end their header here. */
const oldHeaderSize = btf_ext_header.offsetof.core_relo_off;

/** The records of one kind for one section of code, in ascending order of instructions. */
export interface ExtRecords {
  readonly size: number;
  readonly count: number;
  /** All records, `size` bytes each; each begins with the offset of its instruction. */
  readonly bytes: Bytes;
  /** Where in the .BTF.ext the first one is. */
  readonly at: number;
}

export type ExtInfo = ReadonlyMap<string, ExtRecords>;

export class BtfExt {
  readonly funcInfo: ExtInfo;
  readonly lineInfo: ExtInfo;
  readonly coreRelos: ExtInfo;
  readonly #bytes: Bytes;
  readonly #origin: BtfOrigin;
  readonly #btf: Btf;

  constructor(bytes: Uint8Array, btf: Btf, origin: BtfOrigin) {
    this.#bytes = new Bytes(bytes);
    this.#origin = origin;
    this.#btf = btf;
    const header = this.#readHeader();
    const start = header.hdr_len;
    this.funcInfo = this.#read(start + header.func_info_off, header.func_info_len, bpf_func_info.size);
    this.lineInfo = this.#read(start + header.line_info_off, header.line_info_len, bpf_line_info.size);
    this.coreRelos = this.#read(start + header.core_relo_off, header.core_relo_len, bpf_core_relo.size);
  }

  error(offset: number, reason: string): LoaderError {
    return new LoaderError(this.#origin.file, this.#origin.base + offset, reason);
  }

  #readHeader(): ReturnType<typeof btf_ext_header.get> {
    const { length } = this.#bytes;
    if (length < oldHeaderSize) throw this.error(length, '.BTF.ext ends in its header');
    const { u8: file, view } = this.#bytes;
    const magic = view.getUint16(0, true);
    if (magic !== BTF_MAGIC) throw this.error(0, `magic of .BTF.ext is 0x${magic.toString(16)}, not 0xeb9f`);
    if (file[2] !== BTF_VERSION) throw this.error(2, `version ${file[2]!} of .BTF.ext is not known`);
    const headerLength = view.getUint32(4, true);
    if (headerLength < oldHeaderSize || headerLength > length)
      throw this.error(4, `header length ${headerLength} of .BTF.ext is out of range`);
    const whole = new Uint8Array(btf_ext_header.size);
    whole.set(file.subarray(0, Math.min(headerLength, btf_ext_header.size)));
    return btf_ext_header.get(new Bytes(whole), 0);
  }

  #read(start: number, length: number, least: number): Map<string, ExtRecords> {
    const found = new Map<string, ExtRecords>();
    if (length === 0) return found;
    const end = start + length;
    if (end > this.#bytes.length) throw this.error(start, `records of .BTF.ext end at ${end}, beyond it`);
    if (length < 4) throw this.error(start, 'records of .BTF.ext are cut off');
    const size = this.#bytes.view.getUint32(start, true);
    if (size < least || size % 4 !== 0 || size > length)
      throw this.error(start, `records of ${size} bytes, at least ${least} are needed`);
    for (let at = start + 4; at < end;) at = this.#readSection(at, end, size, found);
    return found;
  }

  #readSection(at: number, end: number, size: number, found: Map<string, ExtRecords>): number {
    if (at + btf_ext_info_sec.size > end) throw this.error(at, 'records of .BTF.ext are cut off');
    const { sec_name_off, num_info: count } = btf_ext_info_sec.get(this.#bytes, at);
    const first = at + btf_ext_info_sec.size;
    const next = first + count * size;
    if (count === 0 || next > end) throw this.error(at, `${count} records of ${size} bytes for a section`);
    const name = this.#btf.string(sec_name_off, 0);
    if (found.has(name)) throw this.error(at, `records for section ${name} twice`);
    found.set(name, { size, count, bytes: this.#bytes.slice(first, next), at: first });
    return next;
  }
}

/** The first record from `from` on whose instruction is not before byte `offset` of its section. */
export function lowerBound({ bytes, size, count }: ExtRecords, offset: number, from = 0): number {
  let low = from;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (bytes.view.getUint32(middle * size, true) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
