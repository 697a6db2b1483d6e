// net/core/filter.c bpf_check_classic(): what makes a classic BPF program acceptable. The kernel says no more than EINVAL;
// who wants to know more is told which instruction it is, and why. Nothing is allocated for a program that is accepted.
import * as B from '../uapi/linux/bpf_common.js';
import * as F from '../uapi/linux/filter.js';

const SIZE = F.sock_filter.size;
const { code: CODE, jt: JT, jf: JF, k: K } = F.sock_filter.offsetof;

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

/** Every opcode a classic program may use (chk_code_allowed()). */
const allowedCodes: ReadonlySet<number> = new Set([
  ...aluCodes.flatMap((op) => [B.BPF_ALU | op | B.BPF_K, B.BPF_ALU | op | B.BPF_X]),
  B.BPF_ALU | B.BPF_NEG,
  ...loadSizes.flatMap((size) => [B.BPF_LD | size | B.BPF_ABS, B.BPF_LD | size | B.BPF_IND]),
  B.BPF_LD | B.BPF_W | B.BPF_LEN,
  B.BPF_LD | B.BPF_IMM,
  B.BPF_LD | B.BPF_MEM,
  B.BPF_LDX | B.BPF_W | B.BPF_LEN,
  B.BPF_LDX | B.BPF_B | B.BPF_MSH,
  B.BPF_LDX | B.BPF_IMM,
  B.BPF_LDX | B.BPF_MEM,
  B.BPF_ST,
  B.BPF_STX,
  B.BPF_MISC | F.BPF_TAX,
  B.BPF_MISC | F.BPF_TXA,
  B.BPF_RET | B.BPF_K,
  B.BPF_RET | F.BPF_A,
  B.BPF_JMP | B.BPF_JA,
  ...jumpCodes.flatMap((op) => [B.BPF_JMP | op | B.BPF_K, B.BPF_JMP | op | B.BPF_X]),
]);

const isJump = (code: number): boolean => (code & 0x07) === B.BPF_JMP;
const JA = B.BPF_JMP | B.BPF_JA;

/** Whether a load at `k` is a packet offset, or an ancillary value the kernel knows. */
function loadOffsetKnown(k: number): boolean {
  if (k < F.SKF_AD_OFF) return true;
  const ancillary = k - F.SKF_AD_OFF;
  return ancillary < F.SKF_AD_MAX && ancillary % 4 === 0;
}

function jumpsInside(code: number, jt: number, jf: number, k: number, left: number): boolean {
  return code === JA ? k < left : jt < left && jf < left;
}

/** What is wrong with one instruction by itself, if anything; `left` is the number of instructions after it. */
function instructionFault(code: number, jt: number, jf: number, k: number, left: number): string | undefined {
  if (!allowedCodes.has(code)) return `opcode 0x${code.toString(16)} does not exist`;
  if (isJump(code)) return jumpsInside(code, jt, jf, k, left) ? undefined : 'jump behind the end';
  switch (code) {
    case B.BPF_ALU | B.BPF_DIV | B.BPF_K:
    case B.BPF_ALU | B.BPF_MOD | B.BPF_K:
      return k !== 0 ? undefined : 'division by the constant 0';
    case B.BPF_ALU | B.BPF_LSH | B.BPF_K:
    case B.BPF_ALU | B.BPF_RSH | B.BPF_K:
      return k < 32 ? undefined : `shift by ${k}`;
    case B.BPF_LD | B.BPF_MEM:
    case B.BPF_LDX | B.BPF_MEM:
    case B.BPF_ST:
    case B.BPF_STX:
      return k < F.BPF_MEMWORDS ? undefined : `scratch memory has no cell ${k}`;
    case B.BPF_LD | B.BPF_W | B.BPF_ABS:
    case B.BPF_LD | B.BPF_H | B.BPF_ABS:
    case B.BPF_LD | B.BPF_B | B.BPF_ABS:
      return loadOffsetKnown(k) ? undefined : `no ancillary value at offset 0x${k.toString(16)}`;
    default:
      return undefined;
  }
}

/** Whether an opcode loads from M[]. */
const isMemoryLoad = (code: number): boolean => code === (B.BPF_LD | B.BPF_MEM) || code === (B.BPF_LDX | B.BPF_MEM);

/**
 * The first instruction that loads a cell of M[] which some path to it has not stored to; -1 if there is none. One pass:
 * jumps go forward only, so the cells valid at an instruction are those valid on every way to it. check_load_and_stores()
 */
function loadWithoutStore(view: DataView, start: number, count: number): number {
  const valid = new Uint16Array(count + 1).fill(0xffff);
  let cells = 0;
  for (let pc = 0; pc < count; pc++) {
    const at = start + pc * SIZE;
    const code = view.getUint16(at + CODE, true);
    const k = view.getUint32(at + K, true);
    cells &= valid[pc]!;
    if (code === B.BPF_ST || code === B.BPF_STX) {
      cells |= 1 << k;
    } else if (isMemoryLoad(code)) {
      if ((cells & (1 << k)) === 0) return pc;
    } else if (code === JA) {
      valid[pc + 1 + k]! &= cells;
      cells = 0xffff;
    } else if (isJump(code)) {
      valid[pc + 1 + view.getUint8(at + JT)]! &= cells;
      valid[pc + 1 + view.getUint8(at + JF)]! &= cells;
      cells = 0xffff;
    }
  }
  return -1;
}

/** What is wrong with a program: which instruction, and why. */
export interface ClassicFault {
  readonly at: number;
  readonly text: string;
}

/** What the kernel would not take in the `count` instructions at `start`; undefined = it takes them. */
export function classicFault(view: DataView, start: number, count: number): ClassicFault | undefined {
  if (count === 0 || count > B.BPF_MAXINSNS) return { at: 0, text: `a program of ${count} instructions` };
  let code = 0;
  let loads = false;
  for (let pc = 0; pc < count; pc++) {
    const at = start + pc * SIZE;
    code = view.getUint16(at + CODE, true);
    const k = view.getUint32(at + K, true);
    const text = instructionFault(code, view.getUint8(at + JT), view.getUint8(at + JF), k, count - pc - 1);
    if (text !== undefined) return { at: pc, text };
    loads ||= isMemoryLoad(code);
  }
  if (code !== (B.BPF_RET | B.BPF_K) && code !== (B.BPF_RET | F.BPF_A))
    return { at: count - 1, text: 'the last instruction is no return' };
  const at = loads ? loadWithoutStore(view, start, count) : -1;
  if (at < 0) return undefined;
  const cell = view.getUint32(start + at * SIZE + K, true);
  return { at, text: `scratch memory cell ${cell} is read before it is written` };
}
