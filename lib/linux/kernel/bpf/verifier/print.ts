// kernel/bpf/log.c: how the log shows states: "R1=ctx() R10=fp0 fp-8=mmmmmmmm", and in which column the comment behind an
// instruction starts.
import { BPF_PSEUDO_KFUNC_CALL } from '../../../../uapi/linux/bpf.js';
import { printBpfInsn } from '../../../../vm/disasm.js';
import type { Insns } from '../../../../vm/insn.js';
import * as T from '../type_flags.js';
import type { VerifierEnv } from './env.js';
import type { FuncState, StackSlot, VerifierState } from './state.js';
import { BPF_REG_SIZE, STACK_SPILL } from './state.js';
import { BPF_ADD_CONST, type RegState } from './reg_state.js';
import type { Tnum } from './tnum.js';
import { Word } from './word.js';

const regTypeNames = [
  ...['?', 'scalar', 'ctx', 'map_ptr', 'map_value', 'map_key', 'fp', 'pkt_meta', 'pkt', 'pkt_end', 'flow_keys'],
  ...['sock', 'sock_common', 'tcp_sock', 'tp_buffer', 'xdp_sock', 'ptr_', 'mem', 'arena', 'buf', 'func', 'dynptr_ptr'],
];

const prefixes: readonly (readonly [flag: number, text: string])[] = [
  [T.MEM_RDONLY, 'rdonly_'],
  [T.MEM_RINGBUF, 'ringbuf_'],
  [T.MEM_USER, 'user_'],
  [T.MEM_PERCPU, 'percpu_'],
  [T.MEM_RCU, 'rcu_'],
  [T.PTR_UNTRUSTED, 'untrusted_'],
  [T.PTR_TRUSTED, 'trusted_'],
];

/** @models kernel/bpf/log.c reg_type_str() */
export function regTypeStr(type: number): string {
  const base = T.baseType(type);
  let prefix = '';
  for (const [flag, text] of prefixes) if ((type & flag) !== 0) prefix += text;
  if ((type & T.PTR_MAYBE_NULL) === 0) return `${prefix}${regTypeNames[base]!}`;
  return `${prefix}${regTypeNames[base]!}${base === T.PTR_TO_BTF_ID ? 'or_null_' : '_or_null'}`;
}

/** Numbers up to this are decimal. */
const UNUM_MAX_DECIMAL = 0xffff;

/** @models kernel/bpf/log.c verbose_unum() */
export function unum(n: Word): string {
  return n.hi === 0 && n.lo >>> 0 <= UNUM_MAX_DECIMAL ? String(n.lo) : n.hex();
}

/** @models kernel/bpf/log.c verbose_snum() */
export function snum(n: Word): string {
  return n.hi === n.lo >> 31 && n.lo >= -0x8000 && n.lo <= 0x7fff ? String(n.lo) : n.hex();
}

/** @models kernel/bpf/log.c tnum_strn() */
export function tnumStr(t: Tnum): string {
  return t.mask.isZero() ? unum(t.value) : `(${t.value.hex()}; ${t.mask.hex()})`;
}

interface Bound {
  readonly name: string;
  readonly value: Word;
  omit: boolean;
}

/** A signed 32-bit bound: without sign extension where it is shown in hex. */
const signed32 = (n: number): Word => (n >= -0x8000 && n <= 0x7fff ? Word.int(n) : Word.uint(n));

function boundsOf(reg: RegState): Bound[] {
  return [
    { name: 'smin', value: reg.smin, omit: reg.smin.eq(Word.S64_MIN) },
    { name: 'smax', value: reg.smax, omit: reg.smax.eq(Word.S64_MAX) },
    { name: 'umin', value: reg.umin, omit: reg.umin.isZero() },
    { name: 'umax', value: reg.umax, omit: reg.umax.eq(Word.U64_MAX) },
    { name: 'smin32', value: signed32(reg.s32min), omit: reg.s32min === -0x80000000 },
    { name: 'smax32', value: signed32(reg.s32max), omit: reg.s32max === 0x7fffffff },
    { name: 'umin32', value: Word.uint(reg.u32min | 0), omit: reg.u32min === 0 },
    { name: 'umax32', value: Word.uint(reg.u32max | 0), omit: reg.u32max === 0xffffffff },
  ];
}

const isNegative = ({ name, value }: Bound): boolean => name.startsWith('s') && value.isNegative();

/** Bounds that say something; equal ones of one direction share a number: `smax=umax=255`. */
function scalarRanges(reg: RegState): string[] {
  const bounds = boundsOf(reg);
  const shown: string[] = [];
  for (const [i, bound] of bounds.entries()) {
    if (bound.omit) continue;
    let text = `${bound.name}=`;
    for (let j = i + 2; j < bounds.length; j += 2) {
      const other = bounds[j]!;
      if (other.omit || !other.value.eq(bound.value) || isNegative(other) !== isNegative(bound)) continue;
      other.omit = true;
      text += `${other.name}=`;
    }
    shown.push(text + (bound.name.startsWith('s') ? snum(bound.value) : unum(bound.value)));
  }
  return shown;
}

function idOf({ id, off }: RegState): string[] {
  if (id === 0) return [];
  const delta = (id & BPF_ADD_CONST) === 0 ? '' : off < 0 ? String(off) : `+${off}`;
  return [`id=${id & ~BPF_ADD_CONST}${delta}`];
}

function mapOf({ type, map }: RegState): string[] {
  const base = T.baseType(type);
  if (map === undefined || base < T.CONST_PTR_TO_MAP || base > T.PTR_TO_MAP_KEY) return [];
  return [...((map.name ?? '') === '' ? [] : [`map=${map.name!}`]), `ks=${map.keySize},vs=${map.valueSize}`];
}

function pointerParts(reg: RegState): string[] {
  const base = T.baseType(reg.type);
  const parts: string[] = [];
  if (reg.type !== T.SCALAR_VALUE && reg.off !== 0) parts.push(`off=${snum(Word.int(reg.off))}`);
  if (base === T.PTR_TO_PACKET || base === T.PTR_TO_PACKET_META) parts.push(`r=${unum(Word.int(reg.range))}`);
  if (base === T.PTR_TO_MEM) parts.push(`sz=${unum(Word.uint(reg.memSize))}`);
  return parts;
}

function variablePart(reg: RegState): string[] {
  if (reg.varOff.isConst()) return reg.varOff.value.isZero() ? [] : [`imm=${snum(reg.varOff.value)}`];
  const ranges = scalarRanges(reg);
  return reg.varOff.isUnknown() ? ranges : [...ranges, `var_off=${tnumStr(reg.varOff)}`];
}

/** @models kernel/bpf/log.c print_reg_state() */
export function regStr(frame: FuncState, reg: RegState): string {
  const { type } = reg;
  const precise = type === T.SCALAR_VALUE && reg.precise ? 'P' : '';
  if (type === T.SCALAR_VALUE && reg.varOff.isConst()) return precise + snum(reg.varOff.value);
  let name = precise + regTypeStr(type);
  if (type === T.PTR_TO_STACK) {
    if (frame.frameno !== reg.frameno) name += `[${reg.frameno}]`;
    if (reg.varOff.isConst()) return name + snum(reg.varOff.value.add(Word.int(reg.off)));
  }
  if (T.baseType(type) === T.PTR_TO_BTF_ID) name += reg.btf;
  const ref = reg.refObjId === 0 ? [] : [`ref_obj_id=${reg.refObjId}`];
  return `${name}(${[...idOf(reg), ...ref, ...mapOf(reg), ...pointerParts(reg), ...variablePart(reg)].join(',')})`;
}

const slotChars = '?rm0di';

function slotStr(frame: FuncState, slot: StackSlot): string {
  let text = '';
  for (let byte = 0; byte < BPF_REG_SIZE; byte++) {
    const type = slot.typeOf(byte);
    if (type === STACK_SPILL && slot.isSpilled) return text + regStr(frame, slot.reg);
    text += slotChars[type]!;
  }
  return text;
}

function stackStr(env: VerifierEnv, frame: FuncState, all: boolean): string {
  let text = '';
  for (const [spi, slot] of frame.stack.entries()) {
    if (slot.types === 0 || (!all && !env.isSlotScratched(spi))) continue;
    text += ` fp${-(spi + 1) * BPF_REG_SIZE}=${slotStr(frame, slot)}`;
  }
  return text;
}

/** The line of a state: everything, or what the last instruction touched. @models kernel/bpf/log.c print_verifier_state() */
export function printVerifierState(env: VerifierEnv, state: VerifierState, frameno: number, all: boolean): void {
  if (!env.log.needed) return;
  const frame = state.frame[frameno]!;
  let text = frame.frameno === 0 ? '' : ` frame${frame.frameno}:`;
  for (const [regno, reg] of frame.regs.entries()) {
    if (reg.type === T.NOT_INIT || (!all && (env.scratchedRegs & (1 << regno)) === 0)) continue;
    text += ` R${regno}=${regStr(frame, reg)}`;
  }
  text += stackStr(env, frame, all);
  const refs = state.refs.filter(({ id }) => id !== 0).map(({ id }) => id);
  if (state.refs[0] !== undefined && state.refs[0].id !== 0) text += ` refs=${refs.join(',')}`;
  if (frame.inCallbackFn) text += ' cb';
  if (frame.inAsyncCallbackFn) text += ' async_cb';
  env.verbose(`${text}\n`);
  if (!all) env.markClean();
}

const BPF_LOG_MIN_ALIGNMENT = 8;
const BPF_LOG_ALIGNMENT = 40;

/** Spaces between an instruction of `length` characters and its comment. */
function alignment(length: number): number {
  const column = Math.max(length + BPF_LOG_MIN_ALIGNMENT / 2, BPF_LOG_ALIGNMENT);
  return Math.ceil(column / BPF_LOG_MIN_ALIGNMENT) * BPF_LOG_MIN_ALIGNMENT - length - 1;
}

/** What the last instruction changed, as a comment behind it. @models kernel/bpf/log.c print_insn_state() */
export function printInsnState(env: VerifierEnv, state: VerifierState, frameno: number): void {
  if (env.prevLogPos !== 0 && env.prevLogPos === env.log.endPos) {
    env.log.reset(env.prevLogPos - 1);
    env.verbose(`${' '.repeat(alignment(env.prevInsnPrintPos))};`);
  } else env.verbose(`${env.insnIdx}:`);
  printVerifierState(env, state, frameno, false);
}

/** Functions of the kernel have no names here. */
const kernelFunction = (insns: Insns, i: number): string | undefined =>
  insns.src(i) === BPF_PSEUDO_KFUNC_CALL ? '' : undefined;

/** The line of an instruction. @models kernel/bpf/verifier.c verbose_insn() */
export function insnText(env: VerifierEnv, i: number): string {
  return `${printBpfInsn(env.code, i, { allowPtrLeaks: env.allowPtrLeaks, call: kernelFunction })}\n`;
}

/** `r0,r2` @models kernel/bpf/verifier.c fmt_reg_mask() */
export function regMaskStr(mask: number): string {
  const names: string[] = [];
  for (let i = 0; i < 32; i++) if ((mask & (1 << i)) !== 0) names.push(`r${i}`);
  return names.join(',');
}

/** `-8,-24` @models kernel/bpf/verifier.c bpf_fmt_stack_mask() */
export function stackMaskStr(low: number, high: number): string {
  const names: number[] = [];
  for (let i = 0; i < 64; i++) if (((i < 32 ? low : high) & (1 << (i & 31))) !== 0) names.push(-(i + 1) * 8);
  return names.join(',');
}
