// kernel/bpf/verifier.c: what a function of the program is given, held against its type: for callers
// (btf_check_func_arg_match()), and as its first state when it is walked by itself.
import { EINVAL } from '../../../../uapi/asm-generic/errno.js';
import * as T from '../type_flags.js';
import { isRefusal, type SubprogArg } from './btf_info.js';
import type { VerifierEnv } from './env.js';
import { checkFuncArgRegOff } from './helper_args.js';
import { checkHelperMemAccess } from './helper_mem.js';
import { markPtrNotNull } from './null_check.js';
import type { RegState } from './reg_state.js';
import { Word } from './word.js';

/** The memory may be read and written. @models kernel/bpf/verifier.c check_mem_reg() */
function checkMemReg(env: VerifierEnv, reg: RegState, regno: number, size: number): void {
  if (reg.isNull()) return;
  const saved = (reg.type & T.PTR_MAYBE_NULL) !== 0 ? reg.clone() : undefined;
  if (saved !== undefined) markPtrNotNull(reg);
  try {
    checkHelperMemAccess(env, regno, size, T.BPF_READ, true, undefined);
    checkHelperMemAccess(env, regno, size, T.BPF_WRITE, true, undefined);
  } catch (refused) {
    throw isRefusal(refused) ? env.refuseQuietly(EINVAL) : refused;
  } finally {
    if (saved !== undefined) reg.copy(saved);
  }
}

function checkArg(env: VerifierEnv, { type, memSize }: SubprogArg, i: number): void {
  const regno = i + 1;
  const reg = env.regs[regno]!;
  if (type === T.ARG_ANYTHING) {
    if (reg.type !== T.SCALAR_VALUE) throw env.refuse(EINVAL, `R${regno} is not a scalar`);
    return;
  }
  checkFuncArgRegOff(env, reg, regno, T.ARG_DONTCARE);
  if (type === T.ARG_PTR_TO_CTX) {
    if (reg.type !== T.PTR_TO_CTX) throw env.refuse(EINVAL, `arg#${i} expects pointer to ctx`);
    return;
  }
  checkMemReg(env, reg, regno, memSize);
  if ((type & T.PTR_MAYBE_NULL) === 0 && (reg.type & T.PTR_MAYBE_NULL) !== 0)
    throw env.refuse(EINVAL, `arg#${i} is expected to be non-NULL`);
}

/** Holds the arguments of a call against what the function takes. @models kernel/bpf/verifier.c btf_check_func_arg_match() */
export function checkSubprogArgs(env: VerifierEnv, args: readonly SubprogArg[]): void {
  for (const [i, arg] of args.entries()) checkArg(env, arg, i);
}

/** The registers of a function that anybody may call. @models kernel/bpf/verifier.c do_check_common() */
export function setSubprogArgs(env: VerifierEnv, regs: readonly RegState[], args: readonly SubprogArg[]): void {
  for (const [i, { type, memSize }] of args.entries()) {
    const reg = regs[i + 1]!;
    if (type === T.ARG_ANYTHING) {
      reg.markUnknown(env.precise);
      continue;
    }
    reg.markKnown(Word.ZERO);
    reg.type = type === T.ARG_PTR_TO_CTX ? T.PTR_TO_CTX : T.PTR_TO_MEM | (type & T.PTR_MAYBE_NULL);
    if (type === T.ARG_PTR_TO_CTX) continue;
    reg.memSize = memSize;
    reg.id = ++env.idGen;
  }
}
