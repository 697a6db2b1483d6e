// kernel/bpf/verifier.c: memory that a program hands to a helper: a pointer with a size known from the helper, from the map
// or from the next argument.
import { EACCES } from '../../../../uapi/asm-generic/errno.js';
import * as T from '../type_flags.js';
import type { AccessType } from '../type_flags.js';
import type { VerifierEnv } from './env.js';
import { checkMapAccess, checkMapAccessType, checkMemRegion, checkPacketAccess } from './memory.js';
import { markChainPrecision } from './precision.js';
import { regTypeStr } from './print.js';
import type { RegState } from './reg_state.js';
import { checkStackRangeInitialized, type RawMode } from './stack.js';
import { Word } from './word.js';

const MAX_VAR_SIZE = Word.int(1 << 29);

function checkWritable(env: VerifierEnv, regno: number, reg: RegState, t: AccessType): void {
  if (t === T.BPF_WRITE) throw env.refuse(EACCES, `R${regno} cannot write into ${regTypeStr(reg.type)}`);
}

/** @models kernel/bpf/verifier.c check_helper_mem_access() */
export function checkHelperMemAccess(
  env: VerifierEnv,
  regno: number,
  size: number,
  t: AccessType,
  zero: boolean,
  raw: RawMode | undefined,
): void {
  const reg = env.regs[regno]!;
  switch (T.baseType(reg.type)) {
    case T.PTR_TO_PACKET:
    case T.PTR_TO_PACKET_META: {
      checkPacketAccess(env, regno, reg.off, size, zero);
      return;
    }
    case T.PTR_TO_MAP_KEY:
      checkWritable(env, regno, reg, t);
      {
        checkMemRegion(env, regno, reg.off, size, reg.map!.keySize, false);
        return;
      }
    case T.PTR_TO_MAP_VALUE:
      checkMapAccessType(env, reg.map!, reg.off, size, t);
      {
        checkMapAccess(env, regno, reg.off, size, zero, false);
        return;
      }
    case T.PTR_TO_MEM:
      if ((reg.type & T.MEM_RDONLY) !== 0) checkWritable(env, regno, reg, t);
      {
        checkMemRegion(env, regno, reg.off, size, reg.memSize, zero);
        return;
      }
    case T.PTR_TO_STACK: {
      checkStackRangeInitialized(env, regno, reg.off, size, zero, t, raw);
      return;
    }
    default:
      if (zero && size === 0 && reg.isNull()) return;
      throw env.refuse(EACCES, `R${regno} type=${regTypeStr(reg.type)} expected=fp`);
  }
}

/** What arguments before have told. */
export interface SizeMeta extends RawMode {
  /** Upper bound of the size: of what the helper returns, too. */
  sizeMax: Word;
}

/** R`regno` is the size of the memory at the register before. @models kernel/bpf/verifier.c check_mem_size_reg() */
export function checkMemSizeReg(env: VerifierEnv, regno: number, t: AccessType, zero: boolean, meta: SizeMeta): void {
  const reg = env.regs[regno]!;
  meta.sizeMax = reg.umax;
  const raw = reg.varOff.isConst() ? meta : undefined;
  if (reg.smin.isNegative())
    throw env.refuse(EACCES, `R${regno} min value is negative, either use unsigned or 'var &= const'`);
  if (reg.umin.isZero() && !zero)
    throw env.refuse(EACCES, `R${regno} invalid zero-sized read: u64=[${reg.umin.signed},${reg.umax.signed}]`);
  if (!reg.umax.ltu(MAX_VAR_SIZE))
    throw env.refuse(EACCES, `R${regno} unbounded memory access, use 'var &= const' or 'if (var < const)'`);
  checkHelperMemAccess(env, regno - 1, reg.umax.lo, t, zero, raw);
  markChainPrecision(env, regno);
}
