// kernel/bpf/disasm.c: the text of an instruction, as the verifier's log and dumps show it: "(b7) r0 = 0". The verifier,
// dumps of programs and the assembler's specs call it. Names of what is called and what a 64-bit number means come from
// the caller, who knows the program.
import { BPF_PSEUDO_CALL, BPF_PSEUDO_KFUNC_CALL, BPF_PSEUDO_MAP_FD, BPF_PSEUDO_MAP_VALUE } from '../uapi/linux/bpf.js';
import * as C from '../uapi/linux/bpf_common.js';
import { bpfFuncNames } from '../uapi/linux/bpf_func_id.js';
import * as I from '../uapi/linux/bpf_insn.js';
import type { Insns } from './insn.js';
import * as S from './isa.js';

export interface DisasmOptions {
  /** The text of kernels before 4.15. */
  readonly early?: boolean;
  /** Name of what a call calls, where it is no helper with a name. */
  readonly call?: (insns: Insns, i: number) => string | undefined;
  /** Text of the number of a 64-bit load. */
  readonly imm?: (insns: Insns, i: number) => string | undefined;
  /** Whether numbers that are addresses are shown; default true. */
  readonly allowPtrLeaks?: boolean;
}

const none: DisasmOptions = {};

/** What the kernel's printf shows for a name that is not there. */
const NULL = '(null)';
const signed = (value: number): string => (value < 0 ? String(value) : `+${value}`);
const hex2 = (value: number): string => value.toString(16).padStart(2, '0');

/** Name of a helper as the kernel writes it: `bpf_map_lookup_elem`. */
export function helperName(id: number): string | undefined {
  const name = bpfFuncNames[id];
  return name === undefined ? undefined : `bpf_${name}`;
}

const sizeName = (code: number): string => S.sizeNames[S.bpfSize(code) >> 3]!;
const aluSign = (code: number): string => S.aluSigns[S.bpfOp(code) >> 4] ?? NULL;
const jumpSign = (code: number): string => S.jumpSigns[S.bpfOp(code) >> 4] ?? NULL;

/** `(u64 *)(r10 -8)` */
const place = (name: string, base: number, off: number): string => `(${name} *)(r${base} ${signed(off)})`;

function endian(insns: Insns, i: number, name: string): string {
  const dst = insns.dst(i);
  return `r${dst} = ${name}${insns.imm(i)} r${dst}`;
}

function source(insns: Insns, i: number, letter: string): string {
  const code = insns.code(i);
  if (S.bpfSrc(code) !== C.BPF_X) return String(insns.imm(i));
  const bits = S.movsxBits(code, insns.off(i));
  return `${bits === 0 ? '' : `(s${bits})`}${letter}${insns.src(i)}`;
}

/** Moves between address spaces; undefined for other instructions. */
function addressMove(insns: Insns, i: number): string | undefined {
  if (insns.code(i) !== (I.BPF_ALU64 | I.BPF_MOV | C.BPF_X)) return undefined;
  const [dst, src, imm] = [insns.dst(i), insns.src(i), insns.imm(i)];
  if (insns.off(i) === I.BPF_ADDR_SPACE_CAST)
    return `r${dst} = addr_space_cast(r${src}, ${imm >>> 16}, ${imm & 0xffff})`;
  if (insns.off(i) === I.BPF_ADDR_PERCPU) return `r${dst} = &(void __percpu *)(r${src})`;
  return undefined;
}

function alu(insns: Insns, i: number): string {
  const code = insns.code(i);
  const wide = S.bpfClass(code) === I.BPF_ALU64;
  if (S.bpfOp(code) === I.BPF_END)
    return endian(insns, i, wide ? 'bswap' : S.bpfSrc(code) === I.BPF_TO_BE ? 'be' : 'le');
  const letter = wide ? 'r' : 'w';
  const dst = `${letter}${insns.dst(i)}`;
  if (S.bpfOp(code) === C.BPF_NEG) return `${dst} = -${dst}`;
  const sign = S.isSignedDivision(code, insns.off(i)) ? `s${aluSign(code)}` : aluSign(code);
  return addressMove(insns, i) ?? `${dst} ${sign} ${source(insns, i, letter)}`;
}

function earlyAlu(insns: Insns, i: number): string {
  const code = insns.code(i);
  const cast = S.bpfClass(code) === C.BPF_ALU ? '(u32) ' : '';
  const from = S.bpfSrc(code) === C.BPF_X ? `r${insns.src(i)}` : String(insns.imm(i));
  return `${cast}r${insns.dst(i)} ${aluSign(code)} ${cast}${from}`;
}

/** An atomic operation; undefined when `imm` is none. */
function atomic(insns: Insns, i: number): string | undefined {
  const code = insns.code(i);
  const op = S.atomicOps.get(insns.imm(i));
  const [dst, src, off, imm] = [insns.dst(i), insns.src(i), insns.off(i), insns.imm(i)];
  const at = place(sizeName(code), dst, off);
  const width = S.bpfSize(code) === I.BPF_DW ? '64' : '';
  if (op === undefined) return undefined;
  if (imm === I.BPF_LOAD_ACQ) return `r${dst} = load_acquire(${place(sizeName(code), src, off)})`;
  if (imm === I.BPF_STORE_REL) return `store_release(${at}, r${src})`;
  if (imm === I.BPF_CMPXCHG) return `r0 = atomic${width}_cmpxchg(${at}, r0, r${src})`;
  if (imm === I.BPF_XCHG) return `r${src} = atomic${width}_xchg(${at}, r${src})`;
  if (op.fetch) return `r${src} = atomic${width}_fetch_${op.name}(${at}, r${src})`;
  return `lock *${at} ${S.aluSigns[imm >> 4]!} r${src}`;
}

function stx(insns: Insns, i: number, early: boolean): string | undefined {
  const code = insns.code(i);
  const at = place(sizeName(code), insns.dst(i), insns.off(i));
  if (S.bpfMode(code) === C.BPF_MEM) return `*${at} = r${insns.src(i)}`;
  if (S.bpfMode(code) !== I.BPF_ATOMIC) return undefined;
  return early ? `lock *${at} += r${insns.src(i)}` : atomic(insns, i);
}

function st(insns: Insns, i: number, early: boolean): string | undefined {
  const code = insns.code(i);
  if (S.bpfMode(code) === C.BPF_MEM) return `*${place(sizeName(code), insns.dst(i), insns.off(i))} = ${insns.imm(i)}`;
  return S.bpfMode(code) === I.BPF_NOSPEC && !early ? 'nospec' : undefined;
}

function ldx(insns: Insns, i: number, early: boolean): string | undefined {
  const code = insns.code(i);
  const mode = S.bpfMode(code);
  const sign = mode === I.BPF_MEMSX && !early;
  if (mode !== C.BPF_MEM && !sign) return undefined;
  const name = sign ? (S.signedSizeNames[S.bpfSize(code) >> 3] ?? NULL) : sizeName(code);
  return `r${insns.dst(i)} = *${place(name, insns.src(i), insns.off(i))}`;
}

/** The number of a 64-bit load, whose second half lies at `i` + 1. */
function number64(insns: Insns, i: number, options: DisasmOptions): string {
  const isAddress = insns.src(i) === BPF_PSEUDO_MAP_FD || insns.src(i) === BPF_PSEUDO_MAP_VALUE;
  if (options.imm !== undefined) return options.imm(insns, i) ?? '';
  if (isAddress && options.allowPtrLeaks === false) return '0x0';
  const [low, high] = [insns.imm(i) >>> 0, insns.imm(i + 1) >>> 0];
  return high === 0 ? `0x${low.toString(16)}` : `0x${high.toString(16)}${low.toString(16).padStart(8, '0')}`;
}

function ld(insns: Insns, i: number, options: DisasmOptions): string | undefined {
  const code = insns.code(i);
  const mode = S.bpfMode(code);
  if (mode === C.BPF_ABS) return `r0 = *(${sizeName(code)} *)skb[${insns.imm(i)}]`;
  if (mode === C.BPF_IND) return `r0 = *(${sizeName(code)} *)skb[r${insns.src(i)} + ${insns.imm(i)}]`;
  if (mode !== C.BPF_IMM) return undefined;
  if (options.early === true) return `r${insns.dst(i)} = 0x${(insns.imm(i) >>> 0).toString(16)}`;
  return S.isLdImm64(code) ? `r${insns.dst(i)} = ${number64(insns, i, options)}` : undefined;
}

function call(insns: Insns, i: number, options: DisasmOptions): string {
  const [src, imm] = [insns.src(i), insns.imm(i)];
  if (options.early === true) return `call ${imm}`;
  const helper = src === 0 ? helperName(imm) : undefined;
  const name = helper ?? options.call?.(insns, i);
  if (src === BPF_PSEUDO_CALL) return `call pc${name ?? signed(imm)}`;
  return `call ${name ?? (src === BPF_PSEUDO_KFUNC_CALL ? 'kernel-function' : 'unknown')}#${imm}`;
}

/** Without the unsigned and signed less-than of 4.14. */
const earlySign = (code: number): string => (S.bpfOp(code) < I.BPF_JLT ? jumpSign(code) : NULL);

function condition(insns: Insns, i: number, early: boolean): string {
  const code = insns.code(i);
  const letter = S.bpfClass(code) === I.BPF_JMP32 ? 'w' : 'r';
  const right = S.bpfSrc(code) === C.BPF_X ? `${letter}${insns.src(i)}` : `0x${(insns.imm(i) >>> 0).toString(16)}`;
  const sign = early ? earlySign(code) : jumpSign(code);
  return `if ${letter}${insns.dst(i)} ${sign} ${right} goto pc${signed(insns.off(i))}`;
}

function jump(insns: Insns, i: number, options: DisasmOptions): string {
  const code = insns.code(i);
  if (S.bpfOp(code) === I.BPF_CALL) return call(insns, i, options);
  if (code === (C.BPF_JMP | C.BPF_JA)) return `goto pc${signed(insns.off(i))}`;
  if (code === (C.BPF_JMP | I.BPF_EXIT)) return 'exit';
  if (options.early === true) return condition(insns, i, true);
  if (code === (C.BPF_JMP | I.BPF_JCOND) && insns.src(i) === I.BPF_MAY_GOTO)
    return `may_goto pc${signed(insns.off(i))}`;
  if (code === (I.BPF_JMP32 | C.BPF_JA)) return `gotol pc${signed(insns.imm(i))}`;
  return condition(insns, i, false);
}

/** The text behind the opcode, or how the kernel names the class when it has none. */
function textOf(insns: Insns, i: number, options: DisasmOptions): string | { bug: string } {
  const early = options.early === true;
  switch (S.bpfClass(insns.code(i))) {
    case C.BPF_ALU:
    case I.BPF_ALU64:
      return early ? earlyAlu(insns, i) : alu(insns, i);
    case C.BPF_STX:
      return stx(insns, i, early) ?? { bug: '' };
    case C.BPF_ST:
      return st(insns, i, early) ?? { bug: 'st_' };
    case C.BPF_LDX:
      return ldx(insns, i, early) ?? { bug: 'ldx_' };
    case C.BPF_LD:
      return ld(insns, i, options) ?? { bug: 'ld_' };
    case I.BPF_JMP32:
      return early ? 'BUG' : jump(insns, i, options);
    default:
      return jump(insns, i, options);
  }
}

/**
 * The text of instruction `i`, without a newline. The second half of a 64-bit load must be there, the instruction itself
 * need not be valid.
 *
 * @models kernel/bpf/disasm.c print_bpf_insn()
 */
export function printBpfInsn(insns: Insns, i: number, options: DisasmOptions = none): string {
  const code = hex2(insns.code(i));
  const text = textOf(insns, i, options);
  return typeof text === 'string' ? `(${code}) ${text}` : `BUG_${text.bug}${code}`;
}
