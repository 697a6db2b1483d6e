// kernel/bpf/verifier.c: reads and writes of the stack: spilling and filling registers, bytes of data, variable offsets, and
// the ranges that helpers read or write.
import { EACCES, EFAULT, EINVAL } from '../../../../uapi/asm-generic/errno.js';
import * as C from '../../../../uapi/linux/bpf_common.js';
import { MAX_BPF_STACK } from '../../../../uapi/linux/bpf_insn.js';
import { bpfClass, bpfMode } from '../../../../vm/isa.js';
import type { AccessType } from '../type_flags.js';
import * as T from '../type_flags.js';
import type { BpfInsn } from '../verifier_ops.js';
import { verboseLinfo } from './btf_info.js';
import type { VerifierEnv } from './env.js';
import { pushJmpHistory } from './history.js';
import { markChainPrecision } from './precision.js';
import { tnumStr } from './print.js';
import { isPointer } from './reg_arg.js';
import { BPF_ADD_CONST, RegState } from './reg_state.js';
import * as S from './state.js';
import type { FuncState, StackSlot } from './state.js';
import { Word } from './word.js';

/** Variable offsets reach up to this. */
export const BPF_MAX_VAR_OFF = 1 << 29;
const MAX_VAR_OFF = Word.int(BPF_MAX_VAR_OFF);

/** The frame that a stack pointer points into. @models kernel/bpf/verifier.c func() */
export const frameOf = (env: VerifierEnv, reg: RegState): FuncState => env.curState.frame[reg.frameno]!;

/** A value that does not belong to others of its id any more. @models kernel/bpf/verifier.c clear_scalar_id() */
export function clearScalarId(reg: RegState): void {
  reg.id = 0;
  reg.off = 0;
}

/** Gives a scalar an id, so that its copy shares what is learned. @models kernel/bpf/verifier.c assign_scalar_id_before_mov() */
export function assignScalarId(env: VerifierEnv, reg: RegState): void {
  if (reg.type !== T.SCALAR_VALUE) return;
  if ((reg.id & BPF_ADD_CONST) !== 0) clearScalarId(reg);
  if (reg.id === 0 && !reg.varOff.isConst()) reg.id = ++env.idGen;
}

const spillable = new Set([
  ...[T.PTR_TO_MAP_VALUE, T.PTR_TO_STACK, T.PTR_TO_CTX, T.PTR_TO_PACKET, T.PTR_TO_PACKET_META, T.PTR_TO_PACKET_END],
  ...[T.PTR_TO_FLOW_KEYS, T.CONST_PTR_TO_MAP, T.PTR_TO_SOCKET, T.PTR_TO_SOCK_COMMON, T.PTR_TO_TCP_SOCK],
  ...[T.PTR_TO_XDP_SOCK, T.PTR_TO_BTF_ID, T.PTR_TO_BUF, T.PTR_TO_MEM, T.PTR_TO_FUNC, T.PTR_TO_MAP_KEY, T.PTR_TO_ARENA],
]);

const isSpillable = (type: number): boolean => spillable.has(T.baseType(type));

/** The access is not part of a spill around a call: such spills stay. @models kernel/bpf/verifier.c check_fastcall_stack_contract() */
function checkFastcallContract(env: VerifierEnv, frame: FuncState, insnIdx: number, off: number): void {
  const subprog = env.subprogs[frame.subprogno]!;
  if (subprog.fastcallStackOff <= off || env.aux[insnIdx]!.fastcallPattern) return;
  subprog.fastcallStackOff = -0x8000;
  const end = env.subprogs[frame.subprogno + 1]!.start;
  for (let i = subprog.start; i < end; i++) {
    env.aux[i]!.fastcallSpills = 0;
    env.aux[i]!.fastcallPattern = false;
  }
}

/** @models kernel/bpf/verifier.c grow_stack_state() */
function growStack(env: VerifierEnv, frame: FuncState, size: number): void {
  const slots = Math.ceil(size / S.BPF_REG_SIZE);
  while (frame.stack.length < slots) frame.stack.push(new S.StackSlot());
  const subprog = env.subprogs[frame.subprogno]!;
  const depth = slots * S.BPF_REG_SIZE;
  if (subprog.stackDepth < depth) subprog.stackDepth = depth;
}

function offsets(reg: RegState, off: number, size: number): { min: number; max: number } | undefined {
  if (reg.varOff.isConst()) {
    const min = reg.varOff.value.toNumber() + off;
    return { min, max: min + size };
  }
  if (!reg.smax.lts(MAX_VAR_OFF) || !Word.int(-BPF_MAX_VAR_OFF).lts(reg.smin)) return undefined;
  return { min: reg.smin.toNumber() + off, max: reg.smax.toNumber() + off + size };
}

function boundsError(
  env: VerifierEnv,
  frame: FuncState,
  min: number,
  max: number,
  size: number,
  t: AccessType,
): number {
  const lowest = t === T.BPF_WRITE || env.allowUninitStack ? -MAX_BPF_STACK : -frame.allocatedStack;
  if (min < lowest || min > -1) return EACCES;
  if (max > 0) return EINVAL;
  return size < 0 ? EFAULT : 0;
}

/** @models kernel/bpf/verifier.c check_stack_access_within_bounds() */
export function checkStackWithinBounds(
  env: VerifierEnv,
  regno: number,
  off: number,
  size: number,
  t: AccessType,
): void {
  const reg = env.regs[regno]!;
  const frame = frameOf(env, reg);
  const kind = t === T.BPF_READ ? ' read from' : ' write to';
  const range = offsets(reg, off, size);
  if (range === undefined) throw env.refuse(EACCES, `invalid unbounded variable-offset${kind} stack R${regno}`);
  const failed = boundsError(env, frame, range.min, range.max, size, t);
  if (failed === 0) {
    growStack(env, frame, -range.min);
    return;
  }
  if (reg.varOff.isConst()) throw env.refuse(failed, `invalid${kind} stack R${regno} off=${off} size=${size}`);
  const text = `invalid variable-offset${kind} stack R${regno} var_off=${tnumStr(reg.varOff)} off=${off} size=${size}`;
  throw env.refuse(failed, text);
}

const isStMem = ({ code }: BpfInsn): boolean => bpfClass(code) === C.BPF_ST && bpfMode(code) === C.BPF_MEM;

/** @models kernel/bpf/verifier.c save_register_state() */
function saveRegister(slot: StackSlot, reg: RegState, size: number): void {
  slot.reg.copy(reg);
  for (let byte = 0; byte < S.BPF_REG_SIZE; byte++) {
    if (byte >= S.BPF_REG_SIZE - size) slot.setType(byte, S.STACK_SPILL);
    else if (slot.typeOf(byte) !== S.STACK_ZERO && slot.typeOf(byte) !== S.STACK_INVALID)
      slot.setType(byte, S.STACK_MISC);
  }
}

/** A write that speculation could pass over: a barrier follows. */
function markNospec(env: VerifierEnv, slot: StackSlot, size: number, reg: RegState | undefined, insnIdx: number): void {
  let sanitize = reg !== undefined && isSpillable(reg.type);
  for (let i = 0; i < size && !sanitize; i++) {
    const type = slot.typeOf(i);
    sanitize = type !== S.STACK_MISC && type !== S.STACK_ZERO;
  }
  if (sanitize) env.aux[insnIdx]!.nospecResult = true;
}

/** Plain data, or zeros. */
function writeBytes(env: VerifierEnv, slot: StackSlot, off: number, size: number, value: number, insn: BpfInsn): void {
  const reg = value >= 0 ? env.regs[value]! : undefined;
  slot.reg.type = T.NOT_INIT;
  if (slot.isSpecial) slot.scrub();
  let type = S.STACK_MISC;
  if (reg === undefined ? isStMem(insn) && insn.imm === 0 : reg.isNull()) {
    markChainPrecision(env, value);
    type = S.STACK_ZERO;
  }
  const first = -off - 1;
  for (let i = 0; i < size; i++) slot.setType((first - i) % S.BPF_REG_SIZE, type);
}

function spillPointer(env: VerifierEnv, frame: FuncState, slot: StackSlot, reg: RegState, size: number): void {
  if (size !== S.BPF_REG_SIZE) {
    verboseLinfo(env, env.insnIdx, '; ');
    throw env.refuse(EACCES, 'invalid size of register spill');
  }
  if (frame !== env.curState.cur && reg.type === T.PTR_TO_STACK)
    throw env.refuse(EINVAL, 'cannot spill pointers to stack into stack frame of the caller');
  saveRegister(slot, reg, size);
}

/** True when a register (or a constant as if from one) was spilled. */
function spill(env: VerifierEnv, frame: FuncState, slot: StackSlot, off: number, size: number, value: number): boolean {
  const insn = env.insns[env.insnIdx]!;
  const reg = value >= 0 ? env.regs[value]! : undefined;
  const aligned = off % S.BPF_REG_SIZE === 0;
  if (reg !== undefined && aligned && reg.type === T.SCALAR_VALUE && env.bpfCapable) {
    const fits = reg.width <= 8 * size;
    if (fits) assignScalarId(env, reg);
    saveRegister(slot, reg, size);
    if (!fits) clearScalarId(slot.reg);
    return true;
  }
  if (reg === undefined && aligned && isStMem(insn) && env.bpfCapable) {
    const constant = new RegState();
    constant.markKnown(Word.int(insn.imm));
    constant.type = T.SCALAR_VALUE;
    saveRegister(slot, constant, size);
    return true;
  }
  if (reg === undefined || !isSpillable(reg.type)) {
    writeBytes(env, slot, off, size, value, insn);
    return false;
  }
  spillPointer(env, frame, slot, reg, size);
  return true;
}

/** @models kernel/bpf/verifier.c check_stack_write_fixed_off() */
function writeFixedOff(
  env: VerifierEnv,
  frame: FuncState,
  off: number,
  size: number,
  value: number,
  insnIdx: number,
): void {
  const spi = Math.floor((-off - 1) / S.BPF_REG_SIZE);
  const slot = frame.stack[spi]!;
  if (!env.allowPtrLeaks && slot.isSpilled && !slot.isSpilledScalar && size !== S.BPF_REG_SIZE)
    throw env.refuse(EACCES, 'attempt to corrupt spilled pointer on stack');
  if (!env.bypassSpecV4) markNospec(env, slot, size, value >= 0 ? env.regs[value] : undefined, insnIdx);
  if (off % S.BPF_REG_SIZE === 0 && size === S.BPF_REG_SIZE) env.liveness.markWrite(frame.frameno, spi);
  checkFastcallContract(env, frame, insnIdx, off);
  env.markSlotScratched(spi);
  if (spill(env, frame, slot, off, size, value))
    pushJmpHistory(env, env.curState, S.stackAccessFlags(frame.frameno, spi), undefined);
}

/** Whether zeros stay zeros under a write of zero somewhere. */
function writeVarByte(
  env: VerifierEnv,
  slot: StackSlot,
  at: number,
  zero: boolean,
  insnIdx: number,
  off: number,
): boolean {
  const type = slot.typeOf(at);
  if (!env.allowPtrLeaks && type !== S.STACK_MISC && type !== S.STACK_ZERO) {
    env.verbose(`spilled ptr in range of var-offset stack write; insn ${insnIdx}, ptr off: ${off}`);
    throw env.refuseQuietly(EINVAL);
  }
  if (zero && type === S.STACK_SPILL && slot.isSpilledScalar && slot.reg.varOff.equalsConst(Word.ZERO)) return true;
  if (slot.isSpecial) slot.scrub();
  slot.reg.type = T.NOT_INIT;
  const keeps = zero && slot.typeOf(at) === S.STACK_ZERO;
  if (type === S.STACK_INVALID && !env.allowUninitStack)
    throw env.refuse(
      EINVAL,
      `uninit stack in range of var-offset write prohibited for !root; insn ${insnIdx}, off: ${off}`,
    );
  slot.setType(at, keeps ? S.STACK_ZERO : S.STACK_MISC);
  return keeps;
}

/** Any byte in the range may be written. @models kernel/bpf/verifier.c check_stack_write_var_off() */
function writeVarOff(
  env: VerifierEnv,
  frame: FuncState,
  regno: number,
  off: number,
  size: number,
  value: number,
  insnIdx: number,
): void {
  const reg = env.regs[regno]!;
  const min = reg.smin.toNumber() + off;
  const max = reg.smax.toNumber() + off + size;
  const insn = env.insns[insnIdx]!;
  const zero = value >= 0 ? env.regs[value]!.isNull() : isStMem(insn) && insn.imm === 0;
  checkFastcallContract(env, frame, insnIdx, min);
  let zeroUsed = false;
  for (let i = min; i < max; i++) {
    const spi = Math.floor((-i - 1) / S.BPF_REG_SIZE);
    env.markSlotScratched(spi);
    if (writeVarByte(env, frame.stack[spi]!, (-i - 1) % S.BPF_REG_SIZE, zero, insnIdx, i)) zeroUsed = true;
  }
  if (zeroUsed) markChainPrecision(env, value);
}

/** R`value` (-1: something) goes to the stack. @models kernel/bpf/verifier.c check_stack_write() */
export function checkStackWrite(
  env: VerifierEnv,
  regno: number,
  off: number,
  size: number,
  value: number,
  insnIdx: number,
): void {
  const reg = env.regs[regno]!;
  const frame = frameOf(env, reg);
  if (reg.varOff.isConst()) writeFixedOff(env, frame, off + reg.varOff.value.lo, size, value, insnIdx);
  else writeVarOff(env, frame, regno, off, size, value, insnIdx);
}

/** The bytes make a scalar: 0 when all are zero. @models kernel/bpf/verifier.c mark_reg_stack_read() */
function markStackRead(env: VerifierEnv, frame: FuncState, min: number, max: number, dst: number): void {
  let zeros = 0;
  for (let i = min; i < max; i++) {
    const spi = Math.floor((-i - 1) / S.BPF_REG_SIZE);
    env.markSlotScratched(spi);
    if (frame.stack[spi]!.typeOf((-i - 1) % S.BPF_REG_SIZE) !== S.STACK_ZERO) break;
    zeros++;
  }
  const reg = env.regs[dst]!;
  if (zeros === max - min) reg.markConstZero(env.precise);
  else reg.markUnknown(env.precise);
}

function checkReadable(env: VerifierEnv, slot: StackSlot, off: number, size: number, spilled: boolean): void {
  const first = -off - 1;
  for (let i = 0; i < size; i++) {
    const type = slot.typeOf((first - i) % S.BPF_REG_SIZE);
    if (type === S.STACK_MISC || type === S.STACK_ZERO || (spilled && type === S.STACK_SPILL)) continue;
    if (type === S.STACK_INVALID && env.allowUninitStack) continue;
    throw env.refuse(EACCES, `invalid read from stack off ${off}+${i} size ${size}`);
  }
}

function countType(slot: StackSlot, off: number, size: number, type: number): number {
  const first = -off - 1;
  let count = 0;
  for (let i = 0; i < size; i++) if (slot.typeOf((first - i) % S.BPF_REG_SIZE) === type) count++;
  return count;
}

/** A part of a spilled scalar; whether it counts as a fill. */
function fillPart(
  env: VerifierEnv,
  slot: StackSlot,
  off: number,
  size: number,
  spillSize: number,
  dst: number,
): boolean {
  const { reg } = slot;
  const target = env.regs[dst]!;
  // The lowest bytes of what was spilled lie at the lowest address.
  if (size <= spillSize && off % S.BPF_REG_SIZE === 0) {
    const { subregDef } = target;
    if (env.bpfCapable && size === 4 && spillSize === 4 && reg.width <= 32) assignScalarId(env, reg);
    target.copy(reg);
    target.subregDef = subregDef;
    if (reg.width > size * 8) clearScalarId(target);
    return true;
  }
  checkReadable(env, slot, off, size, true);
  if (countType(slot, off, size, S.STACK_SPILL) === size && reg.varOff.equalsConst(Word.ZERO)) {
    target.markConstZero(env.precise);
    return true;
  }
  if (countType(slot, off, size, S.STACK_ZERO) === size) target.markConstZero(env.precise);
  else target.markUnknown(env.precise);
  return false;
}

/** Whether a spilled register was restored. */
function readSpilled(env: VerifierEnv, slot: StackSlot, off: number, size: number, dst: number): boolean {
  const { reg } = slot;
  let spillSize = 1;
  while (spillSize < S.BPF_REG_SIZE && slot.typeOf(S.BPF_REG_SIZE - 1 - spillSize) === S.STACK_SPILL) spillSize++;
  if (size !== S.BPF_REG_SIZE || spillSize !== S.BPF_REG_SIZE) {
    if (reg.type !== T.SCALAR_VALUE) {
      verboseLinfo(env, env.insnIdx, '; ');
      throw env.refuse(EACCES, 'invalid size of register fill');
    }
    return dst >= 0 && fillPart(env, slot, off, size, spillSize, dst);
  }
  if (dst >= 0) {
    if (env.bpfCapable) assignScalarId(env, reg);
    env.regs[dst]!.copy(reg);
  } else if (!env.allowPtrLeaks && isPointer(reg)) throw env.refuse(EACCES, `leaking pointer from stack off ${off}`);
  return true;
}

/** @models kernel/bpf/verifier.c check_stack_read_fixed_off() */
function readFixedOff(env: VerifierEnv, frame: FuncState, off: number, size: number, dst: number): void {
  const spi = Math.floor((-off - 1) / S.BPF_REG_SIZE);
  const slot = frame.stack[spi]!;
  env.markSlotScratched(spi);
  checkFastcallContract(env, env.curState.cur, env.insnIdx, off);
  env.liveness.markRead(frame.frameno, env.insnIdx, spi);
  if (slot.isSpilled) {
    if (readSpilled(env, slot, off, size, dst))
      pushJmpHistory(env, env.curState, S.stackAccessFlags(frame.frameno, spi), undefined);
    return;
  }
  checkReadable(env, slot, off, size, false);
  if (dst >= 0) markStackRead(env, frame, off, off + size, dst);
}

/** The stack goes to R`dst` (-1: nowhere). @models kernel/bpf/verifier.c check_stack_read() */
export function checkStackRead(env: VerifierEnv, regno: number, off: number, size: number, dst: number): void {
  const reg = env.regs[regno]!;
  const frame = frameOf(env, reg);
  if (reg.varOff.isConst()) {
    readFixedOff(env, frame, off + reg.varOff.value.lo, size, dst);
    return;
  }
  if (dst < 0)
    throw env.refuse(
      EACCES,
      `variable offset stack pointer cannot be passed into helper function; var_off=${tnumStr(reg.varOff)} off=${off} size=${size}`,
    );
  checkStackRangeInitialized(env, regno, off, size, false, T.BPF_READ, undefined);
  const min = reg.smin.toNumber() + off;
  const max = reg.smax.toNumber() + off;
  markStackRead(env, frame, min, max + size, dst);
  checkFastcallContract(env, frame, env.insnIdx, min);
}

/** What a helper is going to write and need not find initialised. */
export interface RawMode {
  rawMode: boolean;
  accessSize: number;
  regno: number;
}

/** Whether a byte may be read; a helper that may write it leaves plain data. */
function readByte(env: VerifierEnv, slot: StackSlot, at: number, clobber: boolean): boolean {
  const type = slot.typeOf(at);
  if (type === S.STACK_MISC) return true;
  if (type === S.STACK_ZERO || (type === S.STACK_INVALID && env.allowUninitStack)) {
    if (clobber) slot.setType(at, S.STACK_MISC);
    return true;
  }
  if (!slot.isSpilled || (slot.reg.type !== T.SCALAR_VALUE && !env.allowPtrLeaks)) return false;
  if (clobber) {
    slot.reg.markUnknown(env.precise);
    slot.scrub();
  }
  return true;
}

/** Every byte that may be accessed is initialised. @models kernel/bpf/verifier.c check_stack_range_initialized() */
export function checkStackRangeInitialized(
  env: VerifierEnv,
  regno: number,
  off: number,
  size: number,
  zeroSizeAllowed: boolean,
  t: AccessType,
  raw: RawMode | undefined,
): void {
  const reg = env.regs[regno]!;
  const frame = frameOf(env, reg);
  if (size === 0 && !zeroSizeAllowed) throw env.refuse(EACCES, 'invalid zero-sized read');
  checkStackWithinBounds(env, regno, off, size, t);
  const fixed = reg.varOff.isConst();
  if (!fixed && !env.bypassSpecV1)
    throw env.refuse(
      EACCES,
      `R${regno} variable offset stack access prohibited for !root, var_off=${tnumStr(reg.varOff)}`,
    );
  if (fixed && raw?.rawMode === true) {
    raw.accessSize = size;
    raw.regno = regno;
    return;
  }
  const min = fixed ? reg.varOff.value.lo + off : reg.smin.toNumber() + off;
  const max = fixed ? min : reg.smax.toNumber() + off;
  for (let i = min; i < max + size; i++) {
    const spi = Math.floor((-i - 1) / S.BPF_REG_SIZE);
    const slot = frame.stack[spi];
    if (slot === undefined) throw env.refuse(EFAULT, 'allocated_stack too small');
    if (!readByte(env, slot, (-i - 1) % S.BPF_REG_SIZE, t === T.BPF_WRITE))
      throw env.refuse(
        EACCES,
        fixed
          ? `invalid read from stack R${regno} off ${min}+${i - min} size ${size}`
          : `invalid read from stack R${regno} var_off ${tnumStr(reg.varOff)}+${i - min} size ${size}`,
      );
    env.liveness.markRead(reg.frameno, env.insnIdx, spi);
  }
}
