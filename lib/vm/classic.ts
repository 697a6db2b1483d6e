// net/core/filter.c bpf_convert_filter(): classic programs become extended ones, with the instructions the kernel writes.
// The program must have passed the classic checker. A is R0, X is R7, the packet's data and the length of its linear part
// are kept in R8 and R9 when the program loads from the packet. What a classic program reads of a packet's structures comes
// as offsets: this room knows no sk_buff.
import * as C from '../uapi/linux/bpf_common.js';
import * as I from '../uapi/linux/bpf_insn.js';
import * as F from '../uapi/linux/filter.js';
import * as B from './build.js';
import type { Insn } from './insn.js';
import { encodeInsns } from './insn.js';
import * as H from './internal_helpers.js';
import { bpfClass, bpfMode, bpfOp, bpfSize, bpfSrc } from './isa.js';

/** Offsets in struct sk_buff, and behind its `dev` in struct net_device. */
export interface ClassicLayout {
  readonly data: number;
  readonly len: number;
  readonly dataLen: number;
  readonly dev: number;
  readonly protocol: number;
  readonly mark: number;
  readonly hash: number;
  readonly queueMapping: number;
  /** The byte whose low three bits are the packet's type. */
  readonly pktType: number;
  readonly vlanAll: number;
  readonly vlanProto: number;
  readonly vlanTci: number;
  readonly ifindex: number;
  readonly devType: number;
}

/** A conversion that has no result: a jump is farther than 16 bits, or an instruction that no checked program has. */
export class ClassicError extends Error {}

const A = I.BPF_REG_0;
const X = I.BPF_REG_7;
const TMP = I.BPF_REG_2;
const CTX = I.BPF_REG_6;
/** Data and length of the linear part. */
const D = I.BPF_REG_8;
const LEN = I.BPF_REG_9;

const PKT_TYPE_MAX = 7;
const S16_MAX = 32767;

interface SockFilter {
  readonly code: number;
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
}

/** A = 0; exit */
const giveUp = (): Insn[] => [B.alu32Reg(C.BPF_XOR, A, A), B.exitInsn()];

/** An ancillary value that is a field of the packet's structure. */
function field(layout: ClassicLayout, k: number): Insn[] | undefined {
  switch (k - F.SKF_AD_OFF) {
    case F.SKF_AD_PROTOCOL:
      return [B.ldxMem(C.BPF_H, A, CTX, layout.protocol), B.endian(I.BPF_TO_BE, A, 16)];
    case F.SKF_AD_PKTTYPE:
      return [B.ldxMem(C.BPF_B, A, CTX, layout.pktType), B.alu32Imm(C.BPF_AND, A, PKT_TYPE_MAX)];
    case F.SKF_AD_IFINDEX:
      return device(layout, B.ldxMem(C.BPF_W, A, TMP, layout.ifindex));
    case F.SKF_AD_HATYPE:
      return device(layout, B.ldxMem(C.BPF_H, A, TMP, layout.devType));
    case F.SKF_AD_MARK:
      return [B.ldxMem(C.BPF_W, A, CTX, layout.mark)];
    case F.SKF_AD_RXHASH:
      return [B.ldxMem(C.BPF_W, A, CTX, layout.hash)];
    case F.SKF_AD_QUEUE:
      return [B.ldxMem(C.BPF_H, A, CTX, layout.queueMapping)];
    case F.SKF_AD_VLAN_TAG:
      return [B.ldxMem(C.BPF_H, A, CTX, layout.vlanTci)];
    case F.SKF_AD_VLAN_TAG_PRESENT:
      return [B.ldxMem(C.BPF_W, A, CTX, layout.vlanAll), B.jmpImm(C.BPF_JEQ, A, 0, 1), B.mov32Imm(A, 1)];
    case F.SKF_AD_VLAN_TPID:
      return [B.ldxMem(C.BPF_H, A, CTX, layout.vlanProto), B.endian(I.BPF_TO_BE, A, 16)];
    default:
      return undefined;
  }
}

/** A field of the packet's device; without one the program ends with A as it is. */
const device = (layout: ClassicLayout, load: Insn): Insn[] => [
  B.ldxMem(I.BPF_DW, TMP, CTX, layout.dev),
  B.jmpImm(I.BPF_JNE, TMP, 0, 1),
  B.exitInsn(),
  load,
];

const ancillaryCalls: ReadonlyMap<number, number> = new Map([
  [F.SKF_AD_PAY_OFFSET, H.SKB_GET_PAY_OFFSET],
  [F.SKF_AD_NLATTR, H.SKB_GET_NLATTR],
  [F.SKF_AD_NLATTR_NEST, H.SKB_GET_NLATTR_NEST],
  [F.SKF_AD_CPU, H.GET_RAW_CPU_ID],
  [F.SKF_AD_RANDOM, H.USER_RND_U32],
]);

/**
 * A load whose offset means an ancillary value; undefined for a packet offset.
 *
 * @models net/core/filter.c convert_bpf_extensions()
 */
function convertExtension(layout: ClassicLayout, k: number): Insn[] | undefined {
  if (k - F.SKF_AD_OFF === F.SKF_AD_ALU_XOR_X) return [B.alu32Reg(C.BPF_XOR, A, X)];
  const id = ancillaryCalls.get(k - F.SKF_AD_OFF);
  if (id === undefined) return field(layout, k);
  return [B.mov64Reg(1, CTX), B.mov64Reg(2, A), B.mov64Reg(3, X), B.emitCall(id)];
}

const loadHelpers: Readonly<Record<number, readonly [id: number, bytes: number]>> = {
  [C.BPF_B]: [H.SKB_LOAD_HELPER_8, 1],
  [C.BPF_H]: [H.SKB_LOAD_HELPER_16, 2],
  [C.BPF_W]: [H.SKB_LOAD_HELPER_32, 4],
};

/** A load from the linear part, which jumps over the call of a helper; behind its bounds the call follows. */
function linearLoad(size: number, bytes: number, offset: number): Insn[] {
  const swap = size === C.BPF_B ? [] : [B.endian(I.BPF_TO_BE, A, bytes * 8)];
  const isNear = offset <= S16_MAX;
  const load = isNear
    ? [B.ldxMem(size, A, D, offset)]
    : [B.mov64Reg(TMP, D), B.alu64Imm(C.BPF_ADD, TMP, offset), B.ldxMem(size, A, TMP, 0)];
  return [
    B.mov64Reg(TMP, LEN),
    ...(offset === 0 ? [] : [B.alu64Imm(C.BPF_SUB, TMP, offset)]),
    B.jmpImm(I.BPF_JSLT, TMP, bytes, load.length + swap.length + 1),
    ...load,
    ...swap,
    B.jmpA(8),
  ];
}

/**
 * A load from the packet. Ends the program with 0 where the packet has no such byte.
 *
 * @models net/core/filter.c convert_bpf_ld_abs()
 */
function convertLoad(code: number, k: number): Insn[] {
  const offset = k | 0;
  const size = bpfSize(code);
  const [id, bytes] = loadHelpers[size]!;
  const isIndirect = bpfMode(code) === C.BPF_IND;
  const add = k === 0 ? [] : [B.alu64Imm(C.BPF_ADD, 4, offset)];
  return [
    ...(isIndirect || offset < 0 ? [] : linearLoad(size, bytes, offset)),
    B.mov64Reg(1, CTX),
    B.mov64Reg(2, D),
    B.mov64Reg(3, LEN),
    ...(isIndirect ? [B.mov64Reg(4, X), ...add] : [B.mov64Imm(4, offset)]),
    B.emitCall(id),
    B.jmpImm(I.BPF_JSGE, A, 0, 2),
    ...giveUp(),
  ];
}

/** X = 4 * (byte & 15), the length of an IP header; A stays. */
const convertHeaderLength = (k: number): Insn[] => [
  B.mov64Reg(X, A),
  ...convertLoad(C.BPF_LD | C.BPF_ABS | C.BPF_B, k),
  B.alu32Imm(C.BPF_AND, A, 0xf),
  B.alu32Imm(C.BPF_LSH, A, 2),
  B.mov64Reg(TMP, X),
  B.mov64Reg(X, A),
  B.mov64Reg(A, TMP),
];

/** Division by an X of zero ends the program with 0. */
function convertAlu({ code, k }: SockFilter): Insn[] {
  const insn = B.raw(code, A, X, 0, k | 0);
  const isDivision = bpfOp(code) === C.BPF_DIV || bpfOp(code) === C.BPF_MOD;
  if (!isDivision || bpfSrc(code) !== C.BPF_X) return [insn];
  return [B.mov32Reg(X, X), B.jmpImm(I.BPF_JNE, X, 0, 2), ...giveUp(), insn];
}

/** What stands for an instruction that is no jump. */
function convert(layout: ClassicLayout, insn: SockFilter): Insn[] {
  const { code, k } = insn;
  const stack = -(4 * k + 4);
  if (bpfClass(code) === C.BPF_ALU) return convertAlu(insn);
  switch (code) {
    case C.BPF_LDX | C.BPF_MSH | C.BPF_B:
      return convertHeaderLength(k);
    case C.BPF_RET | F.BPF_A:
      return [B.exitInsn()];
    case C.BPF_RET | C.BPF_K:
      return [B.mov32Imm(A, k), B.exitInsn()];
    case C.BPF_ST:
      return [B.stxMem(C.BPF_W, I.BPF_REG_FP, A, stack)];
    case C.BPF_STX:
      return [B.stxMem(C.BPF_W, I.BPF_REG_FP, X, stack)];
    case C.BPF_LD | C.BPF_MEM:
      return [B.ldxMem(C.BPF_W, A, I.BPF_REG_FP, stack)];
    case C.BPF_LDX | C.BPF_MEM:
      return [B.ldxMem(C.BPF_W, X, I.BPF_REG_FP, stack)];
    case C.BPF_LD | C.BPF_IMM:
      return [B.mov32Imm(A, k)];
    case C.BPF_LDX | C.BPF_IMM:
      return [B.mov32Imm(X, k)];
    case C.BPF_MISC | F.BPF_TAX:
      return [B.mov64Reg(X, A)];
    case C.BPF_MISC | F.BPF_TXA:
      return [B.mov64Reg(A, X)];
    case C.BPF_LD | C.BPF_W | C.BPF_LEN:
      return [B.ldxMem(C.BPF_W, A, CTX, layout.len)];
    case C.BPF_LDX | C.BPF_W | C.BPF_LEN:
      return [B.ldxMem(C.BPF_W, X, CTX, layout.len)];
    default:
      return convertPacketLoad(layout, insn);
  }
}

function convertPacketLoad(layout: ClassicLayout, { code, k }: SockFilter): Insn[] {
  const mode = bpfMode(code);
  const isLoad = bpfClass(code) === C.BPF_LD && bpfSize(code) !== I.BPF_DW;
  if (!isLoad || (mode !== C.BPF_ABS && mode !== C.BPF_IND)) throw new ClassicError(`opcode 0x${code.toString(16)}`);
  return (mode === C.BPF_ABS ? convertExtension(layout, k) : undefined) ?? convertLoad(code, k);
}

/** A jump's operation when the condition is turned round; JSET has none. */
const turnedRound: ReadonlyMap<number, number> = new Map([
  [C.BPF_JEQ, I.BPF_JNE],
  [C.BPF_JGT, I.BPF_JLE],
  [C.BPF_JGE, I.BPF_JLT],
]);

/** A jump to a classic instruction, as one of those it becomes. */
interface Jump {
  readonly insn: Insn;
  readonly target: number;
}

/** The instructions of a jump, the last one or two with their targets. */
function convertJump({ code, jt, jf, k }: SockFilter, i: number): { before: Insn[]; jumps: Jump[] } {
  const to = (insn: Insn, distance: number): Jump => ({ insn, target: i + 1 + distance });
  if (code === (C.BPF_JMP | C.BPF_JA)) return { before: [], jumps: [to(B.jmpA(0), k)] };
  // Numbers are signed in the new instructions: a large one goes through a register.
  const isLarge = bpfSrc(code) === C.BPF_K && (k | 0) < 0;
  const before = isLarge ? [B.mov32Imm(TMP, k)] : [];
  const isReg = isLarge || bpfSrc(code) === C.BPF_X;
  const jump = (op: number): Insn =>
    B.raw(C.BPF_JMP | op | (isReg ? C.BPF_X : C.BPF_K), A, isLarge ? TMP : isReg ? X : 0, 0, isLarge ? 0 : k | 0);
  if (jf === 0) return { before, jumps: [to(jump(bpfOp(code)), jt)] };
  const round = turnedRound.get(bpfOp(code));
  if (jt === 0 && round !== undefined) return { before, jumps: [to(jump(round), jf)] };
  return { before, jumps: [to(jump(bpfOp(code)), jt), to(B.jmpA(0), jf)] };
}

const loadsPacket = (layout: ClassicLayout, { code, k }: SockFilter): boolean => {
  if (code === (C.BPF_LDX | C.BPF_MSH | C.BPF_B)) return true;
  if (bpfClass(code) !== C.BPF_LD) return false;
  if (bpfMode(code) === C.BPF_IND) return true;
  return bpfMode(code) === C.BPF_ABS && convertExtension(layout, k) === undefined;
};

class Conversion {
  readonly #layout: ClassicLayout;
  readonly #prog: readonly SockFilter[];
  /** Where each classic instruction begins; known after the first pass. */
  readonly #starts: number[];
  readonly #hasLoads: boolean;

  constructor(layout: ClassicLayout, prog: readonly SockFilter[]) {
    this.#layout = layout;
    this.#prog = prog;
    this.#starts = prog.map(() => 0);
    this.#hasLoads = prog.some((insn) => loadsPacket(layout, insn));
  }

  /** Converts all; jumps to what lies ahead are right in the second pass. */
  pass(): Insn[] {
    const out = this.#prologue();
    for (const [i, insn] of this.#prog.entries()) {
      this.#starts[i] = out.length;
      if (bpfClass(insn.code) === C.BPF_JMP) this.#jump(out, insn, i);
      else out.push(...convert(this.#layout, insn));
    }
    return out;
  }

  #prologue(): Insn[] {
    const { data, len, dataLen } = this.#layout;
    const first = [B.alu32Reg(C.BPF_XOR, A, A), B.alu32Reg(C.BPF_XOR, X, X), B.mov64Reg(CTX, 1)];
    if (!this.#hasLoads) return first;
    return [
      ...first,
      B.ldxMem(I.BPF_DW, D, CTX, data),
      B.ldxMem(C.BPF_W, LEN, CTX, len),
      B.ldxMem(C.BPF_W, TMP, CTX, dataLen),
      B.alu32Reg(C.BPF_SUB, LEN, TMP),
    ];
  }

  #jump(out: Insn[], insn: SockFilter, i: number): void {
    const { before, jumps } = convertJump(insn, i);
    out.push(...before);
    for (const jump of jumps) {
      const start = this.#starts[jump.target];
      const off = start === undefined ? NaN : start - out.length - 1;
      if (!(off >= -S16_MAX - 1 && off <= S16_MAX)) throw new ClassicError('a jump is too far');
      out.push({ ...jump.insn, off });
    }
  }
}

/**
 * The extended program for `count` classic instructions at `start`, 8 bytes each. Throws ClassicError (EINVAL) where the
 * kernel has no result.
 *
 * @models net/core/filter.c bpf_convert_filter()
 */
export function bpfConvertFilter(layout: ClassicLayout, view: DataView, start: number, count: number): Uint8Array {
  const { code, jt, jf, k } = F.sock_filter.offsetof;
  const prog = Array.from({ length: count }, (_, i): SockFilter => {
    const at = start + i * F.sock_filter.size;
    return {
      code: view.getUint16(at + code, true),
      jt: view.getUint8(at + jt),
      jf: view.getUint8(at + jf),
      k: view.getUint32(at + k, true),
    };
  });
  const conversion = new Conversion(layout, prog);
  conversion.pass();
  return encodeInsns(conversion.pass());
}
