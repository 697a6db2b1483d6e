// kernel/bpf/verifier.c: pointer arithmetic of programs whose loader may not read arbitrary memory. A processor that guesses
// must not move a pointer out of its object: the offset is masked (fixups.ts), and what the mask does is walked, too.
import { EACCES, ENOMEM } from '../../../../uapi/asm-generic/errno.js';
import * as C from '../../../../uapi/linux/bpf_common.js';
import { MAX_BPF_STACK } from '../../../../uapi/linux/bpf_insn.js';
import { bpfOp, bpfSrc } from '../../../../vm/isa.js';
import type { Errno } from '../../../errno.js';
import { Errno as ErrnoClass } from '../../../errno.js';
import * as T from '../type_flags.js';
import type { BpfInsn } from '../verifier_ops.js';
import type { InsnAux, VerifierEnv } from './env.js';
import { checkMapAccess } from './memory.js';
import { pushStack } from './pending.js';
import { tnumStr } from './print.js';
import type { RegState } from './reg_state.js';

/** Bits of aluState. */
export const BPF_ALU_SANITIZE_SRC = 1;
export const BPF_ALU_SANITIZE_DST = 2;
export const BPF_ALU_NEG_VALUE = 4;
export const BPF_ALU_NON_POINTER = 8;
export const BPF_ALU_IMMEDIATE = 16;
export const BPF_ALU_SANITIZE = BPF_ALU_SANITIZE_SRC | BPF_ALU_SANITIZE_DST;

const REASON_BOUNDS = -1;
const REASON_TYPE = -2;
const REASON_PATHS = -3;
const REASON_LIMIT = -4;
const REASON_STACK = -5;

/** struct bpf_sanitize_info */
export interface SanitizeInfo {
  aluState: number;
  aluLimit: number;
  maskToLeft: boolean;
}

/** @models kernel/bpf/verifier.c sanitize_needed() */
export const sanitizeNeeded = (op: number): boolean => op === C.BPF_ADD || op === C.BPF_SUB;

const canSkip = (env: VerifierEnv, insn: BpfInsn): boolean =>
  env.bypassSpecV1 || bpfSrc(insn.code) === C.BPF_K || env.curAux.nospec;

function updateState(aux: Pick<InsnAux, 'aluState' | 'aluLimit'>, state: number, limit: number): number {
  if (aux.aluState !== 0 && (aux.aluState !== state || aux.aluLimit !== limit)) return REASON_PATHS;
  aux.aluState = state;
  aux.aluLimit = limit;
  return 0;
}

/** @models kernel/bpf/verifier.c sanitize_val_alu() */
export function sanitizeValAlu(env: VerifierEnv, insn: BpfInsn): number {
  return canSkip(env, insn) ? 0 : updateState(env.curAux, BPF_ALU_NON_POINTER, 0);
}

/** How far the pointer may be moved, or a negative reason. */
function pointerLimit(ptr: RegState, maskToLeft: boolean): number {
  let max: number;
  let limit: number;
  if (ptr.type === T.PTR_TO_STACK) {
    max = MAX_BPF_STACK + (maskToLeft ? 1 : 0);
    limit = -(ptr.varOff.value.lo + ptr.off) >>> 0;
  } else if (ptr.type === T.PTR_TO_MAP_VALUE) {
    max = ptr.map!.valueSize;
    limit = ((maskToLeft ? ptr.smin.lo : ptr.umax.lo) + ptr.off) >>> 0;
  } else return REASON_TYPE;
  return limit >= max ? REASON_LIMIT : limit;
}

/** A path that only a guess takes. @models kernel/bpf/verifier.c sanitize_speculative_path() */
export function sanitizeSpeculativePath(
  env: VerifierEnv,
  insn: BpfInsn | undefined,
  next: number,
  current: number,
): void {
  const { regs } = pushStack(env, next, current, true).cur;
  if (insn === undefined) return;
  regs[insn.dst]!.markUnknown(env.precise);
  if (bpfSrc(insn.code) === C.BPF_X) regs[insn.src]!.markUnknown(env.precise);
}

function simulate(env: VerifierEnv, ptr: RegState, dst: RegState): number {
  const saved = ptr === dst ? undefined : dst.clone();
  if (saved !== undefined) dst.copy(ptr);
  try {
    sanitizeSpeculativePath(env, undefined, env.insnIdx + 1, env.insnIdx);
  } catch (error) {
    if (error instanceof ErrnoClass) return REASON_STACK;
    throw error;
  }
  if (saved !== undefined) dst.copy(saved);
  return 0;
}

/** Before the move (`commit` false) and after it. 0 or a negative reason. @models kernel/bpf/verifier.c sanitize_ptr_alu() */
export function sanitizePtrAlu(
  env: VerifierEnv,
  insn: BpfInsn,
  ptr: RegState,
  off: RegState,
  dst: RegState,
  info: SanitizeInfo,
  commit: boolean,
): number {
  if (canSkip(env, insn)) return 0;
  const isImm = off.varOff.isConst();
  const isNeg = off.smin.isNegative();
  if (!env.curState.speculative) {
    if (!commit) {
      if (!isImm && isNeg !== off.smax.isNegative()) return REASON_BOUNDS;
      info.maskToLeft = (bpfOp(insn.code) === C.BPF_ADD) === isNeg;
    }
    const limit = pointerLimit(ptr, info.maskToLeft);
    if (limit < 0) return limit;
    const reason = commit
      ? updateState(env.curAux, info.aluState, Math.abs(info.aluLimit - limit))
      : begin(env, info, isNeg, isImm, ptr === dst, limit);
    if (reason < 0) return reason;
  }
  return commit || isImm ? 0 : simulate(env, ptr, dst);
}

function begin(
  env: VerifierEnv,
  info: SanitizeInfo,
  isNeg: boolean,
  isImm: boolean,
  same: boolean,
  limit: number,
): number {
  const direction = same ? BPF_ALU_SANITIZE_SRC : BPF_ALU_SANITIZE_DST;
  if (!isImm) env.exploreAluLimits = true;
  return updateState(info, (isNeg ? BPF_ALU_NEG_VALUE : 0) | (isImm ? BPF_ALU_IMMEDIATE : 0) | direction, limit);
}

/** @models kernel/bpf/verifier.c sanitize_err() */
export function sanitizeErr(
  env: VerifierEnv,
  insn: BpfInsn,
  reason: number,
  off: RegState | undefined,
  dstReg: RegState | undefined,
): Errno {
  const why = 'pointer arithmetic with it prohibited for !root';
  const op = bpfOp(insn.code) === C.BPF_ADD ? 'add' : 'sub';
  const { dst, src } = insn;
  switch (reason) {
    case REASON_BOUNDS:
      return env.refuse(EACCES, `R${off === dstReg ? dst : src} has unknown scalar with mixed signed bounds, ${why}`);
    case REASON_TYPE:
      return env.refuse(EACCES, `R${off === dstReg ? src : dst} has pointer with unsupported alu operation, ${why}`);
    case REASON_PATHS:
      return env.refuse(EACCES, `R${dst} tried to ${op} from different maps, paths or scalars, ${why}`);
    case REASON_LIMIT:
      return env.refuse(EACCES, `R${dst} tried to ${op} beyond pointer bounds, ${why}`);
    default:
      return env.refuse(ENOMEM, `R${dst} could not be pushed for speculative verification, ${why}`);
  }
}

/** The moved pointer is inside its object. False for kinds that are not masked. @models kernel/bpf/verifier.c sanitize_check_bounds() */
export function sanitizeCheckBounds(env: VerifierEnv, insn: BpfInsn, dst: RegState): void {
  if (env.bypassSpecV1) return;
  const regno = insn.dst;
  if (dst.type === T.PTR_TO_STACK) {
    const off = dst.off + dst.varOff.value.toNumber();
    if (!dst.varOff.isConst())
      throw env.refuse(
        EACCES,
        `R${regno} variable stack access prohibited for !root, var_off=${tnumStr(dst.varOff)} off=${off}`,
      );
    if (off >= 0 || off < -MAX_BPF_STACK)
      throw env.refuse(
        EACCES,
        `R${regno} stack pointer arithmetic goes out of range, prohibited for !root; off=${off}`,
      );
  } else if (dst.type === T.PTR_TO_MAP_VALUE) {
    try {
      checkMapAccess(env, regno, dst.off, 1, false, false);
    } catch (error) {
      if (error instanceof ErrnoClass)
        env.verbose(`R${regno} pointer arithmetic of map value goes out of range, prohibited for !root\n`);
      throw error;
    }
  }
}
