// kernel/bpf/verifier.c adjust_ptr_min_max_vals(): a pointer plus or minus a scalar. A constant goes into the fixed offset,
// anything else into the variable one; packet pointers begin a new origin then.
import { EACCES, EINVAL } from '../../../../uapi/asm-generic/errno.js';
import * as C from '../../../../uapi/linux/bpf_common.js';
import * as I from '../../../../uapi/linux/bpf_insn.js';
import { aluSigns, bpfClass, bpfOp } from '../../../../vm/isa.js';
import * as T from '../type_flags.js';
import type { BpfInsn } from '../verifier_ops.js';
import { regBoundsSync } from './bounds.js';
import type { VerifierEnv } from './env.js';
import { isPktPointer } from './memory.js';
import { regTypeStr } from './print.js';
import type { RegState } from './reg_state.js';
import { sanitizeCheckBounds, sanitizeErr, sanitizeNeeded, sanitizePtrAlu, type SanitizeInfo } from './sanitize.js';
import { BPF_MAX_VAR_OFF } from './stack.js';
import { Word } from './word.js';

const MAX_VAR_OFF = Word.int(BPF_MAX_VAR_OFF);
const MIN_VAR_OFF = Word.int(-BPF_MAX_VAR_OFF);

const isOutside = (n: Word): boolean => !n.lts(MAX_VAR_OFF) || !MIN_VAR_OFF.lts(n);

/** Offsets stay small enough to be computed with. @models kernel/bpf/verifier.c check_reg_sane_offset() */
function checkSane(env: VerifierEnv, reg: RegState, type: number): void {
  const name = regTypeStr(type);
  if (reg.varOff.isConst() && isOutside(reg.varOff.value))
    throw env.refuse(EINVAL, `math between ${name} pointer and ${reg.varOff.value.signed} is not allowed`);
  if (reg.off >= BPF_MAX_VAR_OFF || reg.off <= -BPF_MAX_VAR_OFF)
    throw env.refuse(EINVAL, `${name} pointer offset ${reg.off} is not allowed`);
  if (reg.smin.eq(Word.S64_MIN))
    throw env.refuse(EINVAL, `math between ${name} pointer and register with unbounded min value is not allowed`);
  if (isOutside(reg.smin)) throw env.refuse(EINVAL, `value ${reg.smin.signed} makes ${name} pointer be out of bounds`);
}

const movable = new Set([
  ...[T.PTR_TO_CTX, T.PTR_TO_MAP_VALUE, T.PTR_TO_MAP_KEY, T.PTR_TO_STACK, T.PTR_TO_PACKET_META, T.PTR_TO_PACKET],
  ...[T.PTR_TO_TP_BUFFER, T.PTR_TO_BTF_ID, T.PTR_TO_MEM, T.PTR_TO_BUF, T.PTR_TO_FUNC, T.CONST_PTR_TO_DYNPTR],
]);

function checkMovable(env: VerifierEnv, insn: BpfInsn, ptr: RegState, known: boolean, off: RegState): void {
  const base = T.baseType(ptr.type);
  if (movable.has(base) || (base === T.PTR_TO_FLOW_KEYS && known)) return;
  const addsZero = known && off.smin.isZero() && bpfOp(insn.code) === C.BPF_ADD;
  if ((base === T.PTR_TO_FLOW_KEYS || base === T.CONST_PTR_TO_MAP) && addsZero) return;
  throw env.refuse(EACCES, `R${insn.dst} pointer arithmetic on ${regTypeStr(ptr.type)} prohibited`);
}

/** The fixed offset moves; the rest is the pointer's. */
function moveFixed(dst: RegState, ptr: RegState, off: number): void {
  dst.smin = ptr.smin;
  dst.smax = ptr.smax;
  dst.umin = ptr.umin;
  dst.umax = ptr.umax;
  dst.varOff = ptr.varOff;
  dst.copyRaw(ptr);
  dst.off = off;
}

/** The sum of a fixed offset and a constant, when it fits. */
function fixedSum(ptr: RegState, by: Word): number | undefined {
  const sum = ptr.off + by.toNumber();
  return Number.isSafeInteger(sum) && sum === (sum | 0) ? sum : undefined;
}

function newOrigin(env: VerifierEnv, dst: RegState, ptr: RegState, forgetRange: boolean): void {
  dst.copyRaw(ptr);
  dst.off = ptr.off;
  if (!isPktPointer(ptr.type)) return;
  dst.id = ++env.idGen;
  if (forgetRange) dst.clearRaw();
}

function add(env: VerifierEnv, dst: RegState, ptr: RegState, off: RegState, known: boolean): void {
  const fixed = known ? fixedSum(ptr, off.smin) : undefined;
  if (fixed !== undefined) {
    moveFixed(dst, ptr, fixed);
    return;
  }
  const smin = ptr.smin.add(off.smin);
  const smax = ptr.smax.add(off.smax);
  const signed = !ptr.smin.addOverflows(off.smin, smin) && !ptr.smax.addOverflows(off.smax, smax);
  const umin = ptr.umin.add(off.umin);
  const umax = ptr.umax.add(off.umax);
  const unsigned = !umin.ltu(ptr.umin) && !umax.ltu(ptr.umax);
  const varOff = ptr.varOff.add(off.varOff);
  dst.smin = signed ? smin : Word.S64_MIN;
  dst.smax = signed ? smax : Word.S64_MAX;
  dst.umin = unsigned ? umin : Word.ZERO;
  dst.umax = unsigned ? umax : Word.U64_MAX;
  dst.varOff = varOff;
  newOrigin(env, dst, ptr, true);
}

function sub(env: VerifierEnv, insn: BpfInsn, dst: RegState, ptr: RegState, off: RegState, known: boolean): void {
  if (dst === off) throw env.refuse(EACCES, `R${insn.dst} tried to subtract pointer from scalar`);
  if (ptr.type === T.PTR_TO_STACK) throw env.refuse(EACCES, `R${insn.dst} subtraction from stack pointer prohibited`);
  const fixed = known ? fixedSum(ptr, off.smin.neg()) : undefined;
  if (fixed !== undefined) {
    moveFixed(dst, ptr, fixed);
    return;
  }
  const smin = ptr.smin.sub(off.smax);
  const smax = ptr.smax.sub(off.smin);
  const signed = !ptr.smin.subOverflows(off.smax, smin) && !ptr.smax.subOverflows(off.smin, smax);
  const unsigned = !ptr.umin.ltu(off.umax);
  const umin = ptr.umin.sub(off.umax);
  const umax = ptr.umax.sub(off.umin);
  dst.smin = signed ? smin : Word.S64_MIN;
  dst.smax = signed ? smax : Word.S64_MAX;
  dst.umin = unsigned ? umin : Word.ZERO;
  dst.umax = unsigned ? umax : Word.U64_MAX;
  dst.varOff = ptr.varOff.sub(off.varOff);
  // Only a move to the right loses the range.
  newOrigin(env, dst, ptr, off.smin.isNegative());
}

function move(env: VerifierEnv, insn: BpfInsn, dst: RegState, ptr: RegState, off: RegState, known: boolean): void {
  const op = bpfOp(insn.code);
  switch (op) {
    case C.BPF_ADD: {
      add(env, dst, ptr, off, known);
      return;
    }
    case C.BPF_SUB: {
      sub(env, insn, dst, ptr, off, known);
      return;
    }
    case C.BPF_AND:
    case C.BPF_OR:
    case C.BPF_XOR:
      throw env.refuse(EACCES, `R${insn.dst} bitwise operator ${aluSigns[op >> 4]!} on pointer prohibited`);
    default:
      throw env.refuse(EACCES, `R${insn.dst} pointer arithmetic with ${aluSigns[op >> 4] ?? ''} operator prohibited`);
  }
}

const isContradiction = (off: RegState, known: boolean): boolean =>
  (known && (!off.smin.eq(off.smax) || !off.umin.eq(off.umax))) || off.smax.lts(off.smin) || off.umax.ltu(off.umin);

/** R[dst] = `ptr` op `off`, one of which it is. @models kernel/bpf/verifier.c adjust_ptr_min_max_vals() */
export function adjustPtr(env: VerifierEnv, insn: BpfInsn, ptr: RegState, off: RegState): void {
  const dst = env.regs[insn.dst]!;
  const op = bpfOp(insn.code);
  const known = off.varOff.isConst();
  if (isContradiction(off, known)) {
    dst.markUnknown(env.precise);
    return;
  }
  if (bpfClass(insn.code) !== I.BPF_ALU64) {
    if (op !== C.BPF_SUB || !env.allowPtrLeaks)
      throw env.refuse(EACCES, `R${insn.dst} 32-bit pointer arithmetic prohibited`);
    dst.markUnknown(env.precise);
    return;
  }
  if ((ptr.type & T.PTR_MAYBE_NULL) !== 0)
    throw env.refuse(
      EACCES,
      `R${insn.dst} pointer arithmetic on ${regTypeStr(ptr.type)} prohibited, null-check it first`,
    );
  if (T.baseType(ptr.type) === T.PTR_TO_MEM && (ptr.type & T.PTR_UNTRUSTED) !== 0) return;
  checkMovable(env, insn, ptr, known, off);
  adjustMovable(env, insn, dst, ptr, off, known);
}

function adjustMovable(
  env: VerifierEnv,
  insn: BpfInsn,
  dst: RegState,
  ptr: RegState,
  off: RegState,
  known: boolean,
): void {
  const needed = sanitizeNeeded(bpfOp(insn.code));
  dst.type = ptr.type;
  dst.id = ptr.id;
  checkSane(env, off, ptr.type);
  checkSane(env, ptr, ptr.type);
  dst.mark32Unbounded();
  const info: SanitizeInfo = { aluState: 0, aluLimit: 0, maskToLeft: false };
  if (needed) {
    const reason = sanitizePtrAlu(env, insn, ptr, off, dst, info, false);
    if (reason < 0) throw sanitizeErr(env, insn, reason, off, dst);
  }
  move(env, insn, dst, ptr, off, known);
  checkSane(env, dst, ptr.type);
  regBoundsSync(dst);
  sanitizeCheckBounds(env, insn, dst);
  if (!needed) return;
  const reason = sanitizePtrAlu(env, insn, dst, off, dst, info, true);
  if (reason < 0) throw sanitizeErr(env, insn, reason, off, dst);
}
