// Instructions of extended BPF as bytes: 8 each, little endian, { code u8, dst:4 src:4, off s16, imm s32 }. Insns reads
// and writes them in place and makes no objects; Insn is one instruction by itself.
import { BPF_INSN_SIZE } from '../uapi/linux/bpf_insn.js';

/** One instruction; `off` signed 16 bits, `imm` signed 32 bits. */
export interface Insn {
  readonly code: number;
  readonly dst: number;
  readonly src: number;
  readonly off: number;
  readonly imm: number;
}

/** The instructions that lie in `bytes`; an index is that of the instruction, not of the byte. */
export class Insns {
  readonly bytes: Uint8Array;
  readonly length: number;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.length = Math.floor(bytes.length / BPF_INSN_SIZE);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  code(i: number): number {
    return this.#view.getUint8(i * BPF_INSN_SIZE);
  }

  dst(i: number): number {
    return this.#view.getUint8(i * BPF_INSN_SIZE + 1) & 0xf;
  }

  src(i: number): number {
    return this.#view.getUint8(i * BPF_INSN_SIZE + 1) >> 4;
  }

  off(i: number): number {
    return this.#view.getInt16(i * BPF_INSN_SIZE + 2, true);
  }

  imm(i: number): number {
    return this.#view.getInt32(i * BPF_INSN_SIZE + 4, true);
  }

  /** A copy of one instruction. */
  at(i: number): Insn {
    return { code: this.code(i), dst: this.dst(i), src: this.src(i), off: this.off(i), imm: this.imm(i) };
  }

  set(i: number, { code, dst, src, off, imm }: Insn): void {
    const start = i * BPF_INSN_SIZE;
    this.#view.setUint8(start, code);
    this.#view.setUint8(start + 1, (src << 4) | (dst & 0xf));
    this.#view.setInt16(start + 2, off, true);
    this.#view.setInt32(start + 4, imm, true);
  }

  setImm(i: number, imm: number): void {
    this.#view.setInt32(i * BPF_INSN_SIZE + 4, imm, true);
  }

  setOff(i: number, off: number): void {
    this.#view.setInt16(i * BPF_INSN_SIZE + 2, off, true);
  }
}

export function encodeInsns(list: readonly Insn[]): Uint8Array {
  const insns = new Insns(new Uint8Array(list.length * BPF_INSN_SIZE));
  for (const [i, insn] of list.entries()) insns.set(i, insn);
  return insns.bytes;
}

export function decodeInsns(bytes: Uint8Array): Insn[] {
  const insns = new Insns(bytes);
  return Array.from({ length: insns.length }, (_, i) => insns.at(i));
}
