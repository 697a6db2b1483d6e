// net/core/filter.c: classic BPF programs. The checker that every classic program passes before it is attached, and the
// program object that a filter holds. Callers hand in the instructions as they came from the user (8 bytes each); a
// program that exists has passed the checker and is never changed.
import type { Bytes } from '../../../../codec/bytes.js';
import type { Writer } from '../../../../codec/writer.js';
import { EINVAL } from '../../../../uapi/asm-generic/errno.js';
import * as C from '../../../../uapi/linux/bpf_common.js';
import * as F from '../../../../uapi/linux/filter.js';
import { errno } from '../../../errno.js';
import type { Program } from '../../../../vm/program.js';
import type { Holder } from '../../../events.js';
import { KObject } from '../../../object.js';
import type { Net } from '../net_namespace.js';

const SIZE = F.sock_filter.size;
const { code: CODE, jt: JT, jf: JF, k: K } = F.sock_filter.offsetof;

const aluCodes = [
  C.BPF_ADD,
  C.BPF_SUB,
  C.BPF_MUL,
  C.BPF_DIV,
  C.BPF_MOD,
  C.BPF_AND,
  C.BPF_OR,
  C.BPF_XOR,
  C.BPF_LSH,
  C.BPF_RSH,
];
const jumpCodes = [C.BPF_JEQ, C.BPF_JGE, C.BPF_JGT, C.BPF_JSET];
const loadSizes = [C.BPF_W, C.BPF_H, C.BPF_B];

/** Every opcode a classic program may use (chk_code_allowed()). */
const allowedCodes: ReadonlySet<number> = new Set([
  ...aluCodes.flatMap((op) => [C.BPF_ALU | op | C.BPF_K, C.BPF_ALU | op | C.BPF_X]),
  C.BPF_ALU | C.BPF_NEG,
  ...loadSizes.flatMap((size) => [C.BPF_LD | size | C.BPF_ABS, C.BPF_LD | size | C.BPF_IND]),
  C.BPF_LD | C.BPF_W | C.BPF_LEN,
  C.BPF_LD | C.BPF_IMM,
  C.BPF_LD | C.BPF_MEM,
  C.BPF_LDX | C.BPF_W | C.BPF_LEN,
  C.BPF_LDX | C.BPF_B | C.BPF_MSH,
  C.BPF_LDX | C.BPF_IMM,
  C.BPF_LDX | C.BPF_MEM,
  C.BPF_ST,
  C.BPF_STX,
  C.BPF_MISC | F.BPF_TAX,
  C.BPF_MISC | F.BPF_TXA,
  C.BPF_RET | C.BPF_K,
  C.BPF_RET | F.BPF_A,
  C.BPF_JMP | C.BPF_JA,
  ...jumpCodes.flatMap((op) => [C.BPF_JMP | op | C.BPF_K, C.BPF_JMP | op | C.BPF_X]),
]);

const isJump = (code: number): boolean => (code & 0x07) === C.BPF_JMP;
const JA = C.BPF_JMP | C.BPF_JA;

/** Whether a load at `k` is a packet offset, or an ancillary value the kernel knows. */
function loadOffsetKnown(k: number): boolean {
  if (k < F.SKF_AD_OFF) return true;
  const ancillary = k - F.SKF_AD_OFF;
  return ancillary < F.SKF_AD_MAX && ancillary % 4 === 0;
}

function jumpsInside(code: number, jt: number, jf: number, k: number, left: number): boolean {
  return code === JA ? k < left : jt < left && jf < left;
}

/** The checks of one instruction by itself; `left` is the number of instructions after it. */
function instructionOk(code: number, jt: number, jf: number, k: number, left: number): boolean {
  if (!allowedCodes.has(code)) return false;
  if (isJump(code)) return jumpsInside(code, jt, jf, k, left);
  switch (code) {
    case C.BPF_ALU | C.BPF_DIV | C.BPF_K:
    case C.BPF_ALU | C.BPF_MOD | C.BPF_K:
      return k !== 0;
    case C.BPF_ALU | C.BPF_LSH | C.BPF_K:
    case C.BPF_ALU | C.BPF_RSH | C.BPF_K:
      return k < 32;
    case C.BPF_LD | C.BPF_MEM:
    case C.BPF_LDX | C.BPF_MEM:
    case C.BPF_ST:
    case C.BPF_STX:
      return k < F.BPF_MEMWORDS;
    case C.BPF_LD | C.BPF_W | C.BPF_ABS:
    case C.BPF_LD | C.BPF_H | C.BPF_ABS:
    case C.BPF_LD | C.BPF_B | C.BPF_ABS:
      return loadOffsetKnown(k);
    default:
      return true;
  }
}

/** Whether an opcode loads from M[]. */
const isMemoryLoad = (code: number): boolean => code === (C.BPF_LD | C.BPF_MEM) || code === (C.BPF_LDX | C.BPF_MEM);

/**
 * Whether no path loads a cell of M[] that it has not stored to. One pass: jumps go forward only, so the cells valid at
 * an instruction are those valid on every way to it.
 *
 * @models net/core/filter.c check_load_and_stores()
 */
function loadsFollowStores(view: DataView, start: number, count: number): boolean {
  const valid = new Uint16Array(count + 1).fill(0xffff);
  let cells = 0;
  for (let pc = 0; pc < count; pc++) {
    const at = start + pc * SIZE;
    const code = view.getUint16(at + CODE, true);
    const k = view.getUint32(at + K, true);
    cells &= valid[pc]!;
    if (code === C.BPF_ST || code === C.BPF_STX) {
      cells |= 1 << k;
    } else if (isMemoryLoad(code)) {
      if ((cells & (1 << k)) === 0) return false;
    } else if (code === JA) {
      valid[pc + 1 + k]! &= cells;
      cells = 0xffff;
    } else if (isJump(code)) {
      valid[pc + 1 + view.getUint8(at + JT)]! &= cells;
      valid[pc + 1 + view.getUint8(at + JF)]! &= cells;
      cells = 0xffff;
    }
  }
  return true;
}

/**
 * Refuses (EINVAL) a program that could misbehave: `count` instructions at `start`.
 *
 * @models net/core/filter.c bpf_check_classic()
 */
export function bpfCheckClassic(view: DataView, start: number, count: number): void {
  if (count === 0 || count > C.BPF_MAXINSNS) throw errno(EINVAL);
  let code = 0;
  let loads = false;
  for (let pc = 0; pc < count; pc++) {
    const at = start + pc * SIZE;
    code = view.getUint16(at + CODE, true);
    const ok = instructionOk(
      code,
      view.getUint8(at + JT),
      view.getUint8(at + JF),
      view.getUint32(at + K, true),
      count - pc - 1,
    );
    if (!ok) throw errno(EINVAL);
    loads ||= isMemoryLoad(code);
  }
  if (code !== (C.BPF_RET | C.BPF_K) && code !== (C.BPF_RET | F.BPF_A)) throw errno(EINVAL);
  if (loads && !loadsFollowStores(view, start, count)) throw errno(EINVAL);
}

/** A classic program that passed the checker: struct bpf_prog of a filter that was given as OPS. */
export class ClassicProg extends KObject {
  /** The instructions as the user gave them, 8 bytes each, lie here from `start` on: programs share memory. */
  readonly memory: Uint8Array;
  readonly start: number;
  /** How many they are. */
  readonly len: number;
  /** What the VM runs, made at the first packet. */
  program: Program | undefined = undefined;

  /** Copies the instructions. */
  constructor(net: Net, from: Bytes, start: number, len: number, creator: Holder) {
    super(net.machine, creator);
    this.len = len;
    this.start = net.programs.place(from.u8, start, len * SIZE);
    this.memory = net.programs.memory;
  }

  get label(): string {
    return `classic bpf program of ${this.len} instructions`;
  }

  /** Appends the instructions as attribute `type`. */
  put(skb: Writer, type: number): void {
    skb.putRange(type, this.memory, this.start, this.len * SIZE);
  }

  protected destroy(): void {}
}

/**
 * A program from `count` instructions at `start`, which are copied; `creator` holds it. Refuses what the checker refuses.
 *
 * @models net/core/filter.c bpf_prog_create()
 */
export function bpfProgCreate(net: Net, from: Bytes, start: number, count: number, creator: Holder): ClassicProg {
  bpfCheckClassic(from.view, start, count);
  return new ClassicProg(net, from, start, count, creator);
}
