// net/core/filter.c bpf_check_classic(): what makes a classic program acceptable. Only whether it is, and where not: the
// kernel says no more than EINVAL.
import * as B from '../../../uapi/linux/bpf_common.js';
import * as F from '../../../uapi/linux/filter.js';

const SIZE = F.sock_filter.size;

const aluCodes = [
  B.BPF_ADD,
  B.BPF_SUB,
  B.BPF_MUL,
  B.BPF_DIV,
  B.BPF_MOD,
  B.BPF_AND,
  B.BPF_OR,
  B.BPF_XOR,
  B.BPF_LSH,
  B.BPF_RSH,
];
const jumpCodes = [B.BPF_JEQ, B.BPF_JGE, B.BPF_JGT, B.BPF_JSET];
const loadSizes = [B.BPF_W, B.BPF_H, B.BPF_B];
const absolute = new Set(loadSizes.map((size) => B.BPF_LD | size | B.BPF_ABS));

const LD_MEM = B.BPF_LD | B.BPF_MEM;
const LDX_MEM = B.BPF_LDX | B.BPF_MEM;
const JA = B.BPF_JMP | B.BPF_JA;
const DIV_K = B.BPF_ALU | B.BPF_DIV | B.BPF_K;
const MOD_K = B.BPF_ALU | B.BPF_MOD | B.BPF_K;
const LSH_K = B.BPF_ALU | B.BPF_LSH | B.BPF_K;
const RSH_K = B.BPF_ALU | B.BPF_RSH | B.BPF_K;

/** Every opcode there is: chk_code_allowed(). */
const known = new Set([
  ...aluCodes.flatMap((op) => [B.BPF_ALU | op | B.BPF_K, B.BPF_ALU | op | B.BPF_X]),
  B.BPF_ALU | B.BPF_NEG,
  ...absolute,
  ...loadSizes.map((size) => B.BPF_LD | size | B.BPF_IND),
  ...[B.BPF_LD | B.BPF_W | B.BPF_LEN, B.BPF_LD | B.BPF_IMM, LD_MEM],
  ...[B.BPF_LDX | B.BPF_W | B.BPF_LEN, B.BPF_LDX | B.BPF_B | B.BPF_MSH, B.BPF_LDX | B.BPF_IMM, LDX_MEM],
  ...[B.BPF_ST, B.BPF_STX, B.BPF_MISC | F.BPF_TAX, B.BPF_MISC | F.BPF_TXA],
  ...[B.BPF_RET | B.BPF_K, B.BPF_RET | F.BPF_A, JA],
  ...jumpCodes.flatMap((op) => [B.BPF_JMP | op | B.BPF_K, B.BPF_JMP | op | B.BPF_X]),
]);

/** What is wrong with a program: which instruction, and why. */
export interface ClassicFault {
  readonly at: number;
  readonly text: string;
}

class ClassicCheck {
  readonly #view: DataView;
  readonly #start: number;
  readonly #length: number;

  constructor(view: DataView, start: number, length: number) {
    this.#view = view;
    this.#start = start;
    this.#length = length;
  }

  code(i: number): number {
    return this.#view.getUint16(this.#start + i * SIZE, true);
  }

  jt(i: number): number {
    return this.#view.getUint8(this.#start + i * SIZE + 2);
  }

  jf(i: number): number {
    return this.#view.getUint8(this.#start + i * SIZE + 3);
  }

  k(i: number): number {
    return this.#view.getUint32(this.#start + i * SIZE + 4, true);
  }

  /** What is wrong with one instruction by itself. */
  one(i: number): string | undefined {
    const code = this.code(i);
    const k = this.k(i);
    if (!known.has(code)) return `opcode 0x${code.toString(16)} does not exist`;
    if ((code === DIV_K || code === MOD_K) && k === 0) return 'division by the constant 0';
    if ((code === LSH_K || code === RSH_K) && k >= 32) return `shift by ${k}`;
    if ((code === LD_MEM || code === LDX_MEM || code === B.BPF_ST || code === B.BPF_STX) && k >= F.BPF_MEMWORDS)
      return `scratch memory has no cell ${k}`;
    if ((code & 7) === B.BPF_JMP) return this.#jump(i, code, k);
    if (absolute.has(code) && k >= F.SKF_AD_OFF && !isAncillary(k))
      return `no ancillary value at offset 0x${k.toString(16)}`;
    return undefined;
  }

  #jump(i: number, code: number, k: number): string | undefined {
    if (code === JA) return k >= this.#length - i - 1 ? 'jump behind the end' : undefined;
    const furthest = i + 1 + Math.max(this.jt(i), this.jf(i));
    return furthest >= this.#length ? 'jump behind the end' : undefined;
  }

  /** Scratch memory that is read on some way without having been written. check_load_and_stores() */
  reads(): number | undefined {
    const masks = new Uint16Array(this.#length).fill(0xffff);
    let valid = 0;
    for (let i = 0; i < this.#length; i++) {
      valid &= masks[i]!;
      const code = this.code(i);
      if (code === B.BPF_ST || code === B.BPF_STX) valid |= 1 << this.k(i);
      else if (code === LD_MEM || code === LDX_MEM) {
        if ((valid & (1 << this.k(i))) === 0) return i;
      } else if ((code & 7) === B.BPF_JMP) {
        const targets = code === JA ? [this.k(i)] : [this.jt(i), this.jf(i)];
        for (const target of targets) masks[i + 1 + target]! &= valid;
        valid = 0xffff;
      }
    }
    return undefined;
  }
}

const isAncillary = (k: number): boolean => {
  const offset = k - F.SKF_AD_OFF;
  return offset < F.SKF_AD_MAX && offset % 4 === 0;
};

/** What the kernel would not take in the `length` instructions at `start`; undefined = it takes them. */
export function classicFault(view: DataView, start: number, length: number): ClassicFault | undefined {
  if (length === 0 || length > B.BPF_MAXINSNS) return { at: 0, text: `a program of ${length} instructions` };
  const check = new ClassicCheck(view, start, length);
  for (let i = 0; i < length; i++) {
    const text = check.one(i);
    if (text !== undefined) return { at: i, text };
  }
  if ((check.code(length - 1) & 7) !== B.BPF_RET) return { at: length - 1, text: 'the last instruction is no return' };
  const read = check.reads();
  return read === undefined
    ? undefined
    : { at: read, text: `scratch memory cell ${check.k(read)} is read before it is written` };
}
