// Text to instructions: what the disassembler writes, so that a program can be read back or written by hand. Besides, a
// line may be a label (`again:`), jumps and calls of functions may name one instead of `pc+N`, and a 64-bit load may take
// `map_fd(3)`, `map_value(3, 8)` or `func LABEL`. Comments begin with `;` or `//`; an opcode in front, as in
// `(b7) r0 = 0`, and the index before it are passed over.
import { BPF_PSEUDO_CALL, BPF_PSEUDO_FUNC, BPF_PSEUDO_MAP_FD, BPF_PSEUDO_MAP_VALUE } from '../uapi/linux/bpf.js';
import * as C from '../uapi/linux/bpf_common.js';
import { bpfFuncNames } from '../uapi/linux/bpf_func_id.js';
import * as I from '../uapi/linux/bpf_insn.js';
import * as B from './build.js';
import type { Insn } from './insn.js';
import { encodeInsns } from './insn.js';
import { aluSigns, atomicOps, jumpSigns, signedSizeNames, sizeNames } from './isa.js';

export class AssemblerError extends Error {
  /** From 1. */
  readonly line: number;

  constructor(line: number, what: string) {
    super(`line ${line}: ${what}`);
    this.line = line;
  }
}

/** What a line refers to: a distance, or a label whose place is known later. */
type Distance = number | string;

/** One instruction of one or two slots; `to` is the jump or call that goes in when labels are known. */
interface Parsed {
  readonly insns: readonly Insn[];
  readonly to?: { readonly label: string; readonly field: 'off' | 'imm' };
}

type Rule = readonly [pattern: RegExp, make: (...groups: string[]) => Parsed | undefined];

const one = (insn: Insn): Parsed => ({ insns: [insn] });

/** The bits of an operation by its sign. */
const bitsOf = (signs: readonly (string | undefined)[], sign: string): number => signs.indexOf(sign) << 4;
const sizeBits = (name: string): number => sizeNames.indexOf(name) << 3;

function distance(text: string): Distance {
  const [, sign, digits] = /^pc([+-])(\d+)$/.exec(text) ?? [];
  return digits === undefined ? text : Number(`${sign!}${digits}`);
}

function jump(insn: Insn, target: string, field: 'off' | 'imm' = 'off'): Parsed {
  const to = distance(target);
  if (typeof to === 'string') return { insns: [insn], to: { label: to, field } };
  return one({ ...insn, [field]: to });
}

/** A number of 32 bits, signed or not; undefined when it has more. */
function number32(text: string): number | undefined {
  const value = Number(text.replace(/^-/, ''));
  const signed = text.startsWith('-') ? -value : value;
  return Number.isInteger(signed) && signed >= -0x80000000 && signed <= 0xffffffff ? signed | 0 : undefined;
}

const withNumber = (text: string, make: (imm: number) => Insn): Parsed | undefined => {
  const imm = number32(text);
  return imm === undefined ? undefined : one(make(imm));
};

function ldImm64(dst: string, text: string): Parsed {
  const digits = text.slice(2).padStart(16, '0');
  const half = (from: number): number => Number.parseInt(digits.slice(from, from + 8), 16);
  return { insns: B.ldImm64(Number(dst), half(8), half(0)) };
}

function alu(letter: string, dst: string, sign: string, cast: string, from: string): Parsed | undefined {
  const wide = letter === 'r';
  const isSigned = sign === 's/=' || sign === 's%=';
  const op = bitsOf(aluSigns, isSigned ? sign.slice(1) : sign);
  const off = isSigned ? 1 : Number(cast.slice(2, -1) || 0);
  const reg = Number(dst);
  if (op < 0 || (cast !== '' && sign !== '=')) return undefined;
  if (/^[rw]/.test(from)) {
    if (!from.startsWith(letter)) return undefined;
    const src = Number(from.slice(1));
    return one(wide ? B.alu64Reg(op, reg, src, off) : B.alu32Reg(op, reg, src, off));
  }
  return withNumber(from, (imm) => (wide ? B.alu64Imm(op, reg, imm, off) : B.alu32Imm(op, reg, imm, off)));
}

function byteOrder(dst: string, name: string, bits: string, src: string): Parsed | undefined {
  if (dst !== src) return undefined;
  if (name === 'bswap') return one(B.bswap(Number(dst), Number(bits)));
  return one(B.endian(name === 'be' ? I.BPF_TO_BE : I.BPF_TO_LE, Number(dst), Number(bits)));
}

function condition(letter: string, dst: string, sign: string, right: string, target: string): Parsed | undefined {
  const wide = letter === 'r';
  const op = bitsOf(jumpSigns, sign);
  if (op <= 0) return undefined;
  if (/^[rw]/.test(right)) {
    const src = Number(right.slice(1));
    return right.startsWith(letter) ? jump((wide ? B.jmpReg : B.jmp32Reg)(op, Number(dst), src, 0), target) : undefined;
  }
  const imm = number32(right);
  return imm === undefined ? undefined : jump((wide ? B.jmpImm : B.jmp32Imm)(op, Number(dst), imm, 0), target);
}

function atomic(
  name: string,
  fetches: boolean,
  size: string,
  dst: string,
  off: string,
  src: string,
): Parsed | undefined {
  const op = [...atomicOps.values()].find((one) => one.name === name && one.fetch === fetches);
  return op && one(B.atomicOp(sizeBits(size), op.imm, Number(dst), Number(src), Number(off)));
}

function call(name: string): Parsed | undefined {
  const [, helper, id] = /^(?:bpf_)?(\w*)(?:#(\d+))?$/.exec(name) ?? [];
  if (id !== undefined) return one(B.emitCall(Number(id)));
  if (helper !== undefined && /^\d+$/.test(helper)) return one(B.emitCall(Number(helper)));
  const known = helper === undefined ? -1 : bpfFuncNames.indexOf(helper);
  return known < 0 ? undefined : one(B.emitCall(known));
}

const REG = '(1[01]|[0-9])';
const NUM = '(-?(?:0x[0-9a-f]+|\\d+))';
const PLACE = (names: string): string => `\\((${names}) \\*\\)\\(r${REG} ?([+-]\\d+)\\)`;
const SIZES = 'u8|u16|u32|u64';
const rule = (pattern: string, make: Rule[1]): Rule => [new RegExp(`^${pattern}$`), make];

const rules: readonly Rule[] = [
  rule('exit', () => one(B.exitInsn())),
  rule('nospec', () => one(B.nospec())),
  rule(`r${REG} = (0x[0-9a-f]{1,16})(?: ll)?`, ldImm64),
  rule(`r${REG} = map_fd\\((\\d+)\\)`, (dst, fd) => ({
    insns: B.ldImm64(Number(dst), Number(fd), 0, BPF_PSEUDO_MAP_FD),
  })),
  rule(`r${REG} = map_value\\((\\d+), (\\d+)\\)`, (dst, fd, off) => ({
    insns: B.ldImm64(Number(dst), Number(fd), Number(off), BPF_PSEUDO_MAP_VALUE),
  })),
  rule(`r${REG} = func (\\S+)`, (dst, target) => {
    const [first, second] = B.ldImm64(Number(dst), 0, 0, BPF_PSEUDO_FUNC);
    const { insns, to } = jump(first, target, 'imm');
    return { insns: [...insns, second], ...(to && { to }) };
  }),
  rule(`([rw])${REG} = -([rw])${REG}`, (letter, dst, same, src) =>
    letter === same && dst === src
      ? one((letter === 'r' ? B.alu64Imm : B.alu32Imm)(C.BPF_NEG, Number(dst), 0))
      : undefined,
  ),
  rule(`r${REG} = (be|le|bswap)(16|32|64) r${REG}`, byteOrder),
  rule(`r${REG} = addr_space_cast\\(r${REG}, (\\d+), (\\d+)\\)`, (dst, src, to, from) =>
    one({
      ...B.alu64Reg(I.BPF_MOV, Number(dst), Number(src), I.BPF_ADDR_SPACE_CAST),
      imm: (Number(to) << 16) | Number(from),
    }),
  ),
  rule(`r${REG} = &\\(void __percpu \\*\\)\\(r${REG}\\)`, (dst, src) =>
    one(B.alu64Reg(I.BPF_MOV, Number(dst), Number(src), I.BPF_ADDR_PERCPU)),
  ),
  rule(`([rw])${REG} (\\S*=) ((?:\\(s(?:8|16|32)\\))?)([rw]${REG.replace('(', '(?:')}|${NUM.slice(1, -1)})`, alu),
  rule(`r0 = \\*\\((u8|u16|u32) \\*\\)skb\\[${NUM}\\]`, (size, k) =>
    withNumber(k, (imm) => B.ldAbs(sizeBits(size), imm)),
  ),
  rule(`r0 = \\*\\((u8|u16|u32) \\*\\)skb\\[r${REG} \\+ ${NUM}\\]`, (size, src, k) =>
    withNumber(k, (imm) => B.ldInd(sizeBits(size), Number(src), imm)),
  ),
  rule(`r${REG} = \\*${PLACE(SIZES)}`, (dst, size, src, off) =>
    one(B.ldxMem(sizeBits(size), Number(dst), Number(src), Number(off))),
  ),
  rule(`r${REG} = \\*${PLACE('s8|s16|s32')}`, (dst, size, src, off) =>
    one(B.ldxMemsx(signedSizeNames.indexOf(size) << 3, Number(dst), Number(src), Number(off))),
  ),
  rule(`\\*${PLACE(SIZES)} = r${REG}`, (size, dst, off, src) =>
    one(B.stxMem(sizeBits(size), Number(dst), Number(src), Number(off))),
  ),
  rule(`\\*${PLACE(SIZES)} = ${NUM}`, (size, dst, off, k) =>
    withNumber(k, (imm) => B.stMem(sizeBits(size), Number(dst), Number(off), imm)),
  ),
  rule(`lock \\*${PLACE(SIZES)} (\\S=) r${REG}`, (size, dst, off, sign, src) => {
    const imm = bitsOf(aluSigns, sign);
    return imm < 0 ? undefined : one(B.atomicOp(sizeBits(size), imm, Number(dst), Number(src), Number(off)));
  }),
  rule(`r${REG} = load_acquire\\(${PLACE(SIZES)}\\)`, (dst, size, src, off) =>
    one(B.atomicOp(sizeBits(size), I.BPF_LOAD_ACQ, Number(dst), Number(src), Number(off))),
  ),
  rule(`store_release\\(${PLACE(SIZES)}, r${REG}\\)`, (size, dst, off, src) =>
    one(B.atomicOp(sizeBits(size), I.BPF_STORE_REL, Number(dst), Number(src), Number(off))),
  ),
  rule(`r0 = atomic(?:64)?_cmpxchg\\(${PLACE(SIZES)}, r0, r${REG}\\)`, (size, dst, off, src) =>
    atomic('cmpxchg', true, size, dst, off, src),
  ),
  rule(`r${REG} = atomic(?:64)?_(?:fetch_)?(\\w+)\\(${PLACE(SIZES)}, r${REG}\\)`, (into, name, size, dst, off, src) =>
    into === src ? atomic(name, true, size, dst, off, src) : undefined,
  ),
  rule('goto (\\S+)', (target) => jump(B.jmpA(0), target)),
  rule('gotol (\\S+)', (target) => jump(B.jmp32A(0), target, 'imm')),
  rule('may_goto (\\S+)', (target) => jump(B.raw(C.BPF_JMP | I.BPF_JCOND, 0, I.BPF_MAY_GOTO, 0, 0), target)),
  rule(`if ([rw])${REG} (\\S+) ([rw]${REG.replace('(', '(?:')}|${NUM.slice(1, -1)}) goto (\\S+)`, condition),
  rule('call (pc[+-]\\d+)', (target) => jump(B.raw(C.BPF_JMP | I.BPF_CALL, 0, BPF_PSEUDO_CALL, 0, 0), target, 'imm')),
  rule('call (\\S+)', (name) => call(name)),
  rule('call func (\\S+)', (target) => jump(B.raw(C.BPF_JMP | I.BPF_CALL, 0, BPF_PSEUDO_CALL, 0, 0), target, 'imm')),
];

function parse(text: string): Parsed | undefined {
  for (const [pattern, make] of rules) {
    const match = pattern.exec(text);
    const parsed = match && make(...match.slice(1));
    if (parsed) return parsed;
  }
  return undefined;
}

/** Instructions of a program, a line each. Throws AssemblerError. */
export function assemble(source: string): Uint8Array {
  const insns: Insn[] = [];
  const labels = new Map<string, number>();
  const open: { at: number; line: number; label: string; field: 'off' | 'imm' }[] = [];
  for (const [i, whole] of source.split('\n').entries()) {
    const text = whole
      .replace(/;.*|\/\/.*/, '')
      .replace(/^\s*(?:\d+: )?\([0-9a-f]{2}\)/, '')
      .trim();
    const [, label] = /^([A-Za-z_]\w*):$/.exec(text) ?? [];
    if (label !== undefined) labels.set(label, insns.length);
    if (label !== undefined || text === '') continue;
    const parsed = parse(text);
    if (parsed === undefined) throw new AssemblerError(i + 1, `no instruction: ${text}`);
    if (parsed.to) open.push({ ...parsed.to, at: insns.length, line: i + 1 });
    insns.push(...parsed.insns);
  }
  for (const { at, line, label, field } of open) {
    const target = labels.get(label);
    if (target === undefined) throw new AssemblerError(line, `no label ${label}`);
    insns[at] = { ...insns[at]!, [field]: target - at - 1 };
  }
  return encodeInsns(insns);
}
