// kernel/bpf/verifier.c: instructions that load and store: plain, sign-extending, atomic; and 64-bit constants.
import { EACCES, EINVAL } from '../../../../uapi/asm-generic/errno.js';
import * as B from '../../../../uapi/linux/bpf.js';
import * as C from '../../../../uapi/linux/bpf_common.js';
import * as I from '../../../../uapi/linux/bpf_insn.js';
import { bpfMode, bpfSize } from '../../../../vm/isa.js';
import * as T from '../type_flags.js';
import type { BpfInsn } from '../verifier_ops.js';
import { sanityCheck } from './alu.js';
import { prepareFuncExit } from './call.js';
import type { VerifierEnv } from './env.js';
import { checkResourceLeak } from './locks.js';
import { checkMemAccess, checkPtrOff, isPktPointer, isSkPointer, sizeToBytes } from './memory.js';
import { pushStack } from './pending.js';
import { regTypeStr } from './print.js';
import { checkRegArg, clearCallerSavedRegs, DST_OP, DST_OP_NO_MARK, isPointerValue, SRC_OP } from './reg_arg.js';
import { Word } from './word.js';

const fixedTypes = new Set([
  ...[T.PTR_TO_CTX, T.PTR_TO_SOCKET, T.PTR_TO_SOCK_COMMON, T.PTR_TO_TCP_SOCK, T.PTR_TO_XDP_SOCK],
  ...[T.PTR_TO_BTF_ID, T.PTR_TO_ARENA],
]);

const isMemOrBtf = (type: number): boolean => T.baseType(type) === T.PTR_TO_MEM || T.baseType(type) === T.PTR_TO_BTF_ID;

function merged(a: number, b: number): number {
  const isMem = T.baseType(a) === T.PTR_TO_MEM || T.baseType(b) === T.PTR_TO_MEM;
  return (isMem ? T.PTR_TO_MEM : T.PTR_TO_BTF_ID) | ((a | b) & (T.PTR_UNTRUSTED | T.MEM_RDONLY));
}

/** An instruction is rewritten for one kind of pointer. @models kernel/bpf/verifier.c save_aux_ptr_type() */
function saveAuxPtrType(env: VerifierEnv, type: number, allowMismatch: boolean): void {
  const aux = env.curAux;
  const before = aux.ptrType;
  if (before === T.NOT_INIT) {
    aux.ptrType = type;
    return;
  }
  if (type === before || (!fixedTypes.has(T.baseType(type)) && !fixedTypes.has(T.baseType(before)))) return;
  if (!allowMismatch || !isMemOrBtf(type) || !isMemOrBtf(before))
    throw env.refuse(EINVAL, 'same insn cannot be used with different pointers');
  aux.ptrType = merged(type, before);
}

/** @models kernel/bpf/verifier.c check_load_mem() */
export function checkLoad(env: VerifierEnv, insn: BpfInsn, strict: boolean, isLdsx: boolean, where: string): void {
  const { dst, src } = insn;
  checkRegArg(env, src, SRC_OP);
  checkRegArg(env, dst, DST_OP_NO_MARK);
  const { type } = env.regs[src]!;
  const size = sizeToBytes(bpfSize(insn.code));
  checkMemAccess(env, env.insnIdx, src, insn.off, size, T.BPF_READ, dst, strict, isLdsx);
  saveAuxPtrType(env, type, !strict);
  sanityCheck(env, env.regs[dst]!, where);
}

/** @models kernel/bpf/verifier.c check_store_reg() */
export function checkStoreReg(env: VerifierEnv, insn: BpfInsn, strict: boolean): void {
  const { dst, src } = insn;
  checkRegArg(env, src, SRC_OP);
  checkRegArg(env, dst, SRC_OP);
  const { type } = env.regs[dst]!;
  const size = sizeToBytes(bpfSize(insn.code));
  checkMemAccess(env, env.insnIdx, dst, insn.off, size, T.BPF_WRITE, src, strict, false);
  saveAuxPtrType(env, type, false);
}

/** A store of a constant. @models kernel/bpf/verifier.c do_check_insn() */
export function checkStoreImm(env: VerifierEnv, insn: BpfInsn): void {
  if (bpfMode(insn.code) !== C.BPF_MEM || insn.src !== 0) throw env.refuse(EINVAL, 'BPF_ST uses reserved fields');
  checkRegArg(env, insn.dst, SRC_OP);
  const { type } = env.regs[insn.dst]!;
  const size = sizeToBytes(bpfSize(insn.code));
  checkMemAccess(env, env.insnIdx, insn.dst, insn.off, size, T.BPF_WRITE, -1, false, false);
  saveAuxPtrType(env, type, false);
}

/** @models kernel/bpf/verifier.c atomic_ptr_type_ok() */
function isAtomicOk(env: VerifierEnv, regno: number): boolean {
  const { type } = env.regs[regno]!;
  return type !== T.PTR_TO_CTX && !isPktPointer(type) && type !== T.PTR_TO_FLOW_KEYS && !isSkPointer(type);
}

function checkNoLeak(env: VerifierEnv, regno: number): void {
  if (isPointerValue(env, regno)) throw env.refuse(EACCES, `R${regno} leaks addr into mem`);
}

function refuseAtomic(env: VerifierEnv, what: string, regno: number): void {
  if (!isAtomicOk(env, regno))
    throw env.refuse(EACCES, `BPF_ATOMIC ${what} R${regno} ${regTypeStr(env.regs[regno]!.type)} is not allowed`);
}

/** @models kernel/bpf/verifier.c check_atomic_rmw() */
function checkAtomicRmw(env: VerifierEnv, insn: BpfInsn): void {
  const { dst, src, off, imm } = insn;
  const bits = bpfSize(insn.code);
  if (bits !== C.BPF_W && bits !== I.BPF_DW) throw env.refuse(EINVAL, 'invalid atomic operand size');
  checkRegArg(env, src, SRC_OP);
  checkRegArg(env, dst, SRC_OP);
  if (imm === I.BPF_CMPXCHG) {
    checkRegArg(env, 0, SRC_OP);
    checkNoLeak(env, 0);
  }
  checkNoLeak(env, src);
  refuseAtomic(env, 'stores into', dst);
  const loaded = (imm & I.BPF_FETCH) === 0 ? -1 : imm === I.BPF_CMPXCHG ? 0 : src;
  if (loaded >= 0) checkRegArg(env, loaded, DST_OP);
  const size = sizeToBytes(bits);
  const access = (t: T.AccessType, value: number): void => {
    checkMemAccess(env, env.insnIdx, dst, off, size, t, value, true, false);
  };
  access(T.BPF_READ, -1);
  if (loaded >= 0) access(T.BPF_READ, loaded);
  saveAuxPtrType(env, env.regs[dst]!.type, false);
  access(T.BPF_WRITE, -1);
}

const rmwOps = new Set([C.BPF_ADD, C.BPF_AND, C.BPF_OR, C.BPF_XOR]);

/** @models kernel/bpf/verifier.c check_atomic() */
export function checkAtomic(env: VerifierEnv, insn: BpfInsn): void {
  const { imm } = insn;
  if (rmwOps.has(imm & ~I.BPF_FETCH) || imm === I.BPF_XCHG || imm === I.BPF_CMPXCHG) checkAtomicRmw(env, insn);
  else if (imm === I.BPF_LOAD_ACQ) {
    checkLoad(env, insn, true, false, 'atomic_load');
    refuseAtomic(env, 'loads from', insn.src);
  } else if (imm === I.BPF_STORE_REL) {
    checkStoreReg(env, insn, true);
    refuseAtomic(env, 'stores into', insn.dst);
  } else throw env.refuse(EINVAL, `BPF_ATOMIC uses invalid atomic opcode ${(imm >>> 0).toString(16).padStart(2, '0')}`);
}

function loadFunction(env: VerifierEnv, insn: BpfInsn): void {
  const subprog = env.findSubprog(env.insnIdx + insn.imm + 1);
  if (env.types?.hasFunctions !== true) throw env.refuse(EINVAL, 'missing btf func_info');
  if (!env.types.isStatic(subprog)) throw env.refuse(EINVAL, 'callback function not static');
  if (subprog === 0) throw env.refuse(EINVAL, 'callback function cannot be the main program');
  const reg = env.regs[insn.dst]!;
  reg.type = T.PTR_TO_FUNC;
  reg.subprogno = subprog;
}

/** @models kernel/bpf/verifier.c check_ld_imm() */
export function checkLdImm(env: VerifierEnv, insn: BpfInsn): void {
  if (bpfSize(insn.code) !== I.BPF_DW) throw env.refuse(EINVAL, 'invalid BPF_LD_IMM insn');
  if (insn.off !== 0) throw env.refuse(EINVAL, 'BPF_LD_IMM64 uses reserved fields');
  checkRegArg(env, insn.dst, DST_OP);
  const reg = env.regs[insn.dst]!;
  if (insn.src === 0) {
    reg.type = T.SCALAR_VALUE;
    reg.markKnown(new Word(env.insns[env.insnIdx + 1]!.imm, insn.imm));
    return;
  }
  reg.markKnown(Word.ZERO);
  if (insn.src === B.BPF_PSEUDO_FUNC) {
    loadFunction(env, insn);
    return;
  }
  const { map, mapOff } = env.curAux;
  reg.map = map;
  const isValue = insn.src === B.BPF_PSEUDO_MAP_VALUE || insn.src === B.BPF_PSEUDO_MAP_IDX_VALUE;
  reg.type = isValue ? T.PTR_TO_MAP_VALUE : T.CONST_PTR_TO_MAP;
  if (isValue) reg.off = mapOff;
}

const seesSkb = new Set([B.BPF_PROG_TYPE_SOCKET_FILTER, B.BPF_PROG_TYPE_SCHED_CLS, B.BPF_PROG_TYPE_SCHED_ACT]);

function checkLdAbsPlace(env: VerifierEnv, insn: BpfInsn, isAbs: boolean): void {
  if (!seesSkb.has(env.prog.type))
    throw env.refuse(EINVAL, 'BPF_LD_[ABS|IND] instructions not allowed for this program type');
  if (env.curState.frame.some((frame, i) => i > 0 && frame.inCallbackFn))
    throw env.refuse(EINVAL, 'cannot use BPF_LD_[ABS|IND] within callback');
  if (insn.dst !== 0 || insn.off !== 0 || bpfSize(insn.code) === I.BPF_DW || (isAbs && insn.src !== 0))
    throw env.refuse(EINVAL, 'BPF_LD_[ABS|IND] uses reserved fields');
}

/** A load from the packet that ends the program when there is no such byte. @models kernel/bpf/verifier.c check_ld_abs() */
export function checkLdAbs(env: VerifierEnv, insn: BpfInsn): void {
  const isAbs = bpfMode(insn.code) === C.BPF_ABS;
  checkLdAbsPlace(env, insn, isAbs);
  checkRegArg(env, 6, SRC_OP);
  checkResourceLeak(env, true, 'BPF_LD_[ABS|IND]');
  const { regs } = env;
  if (regs[6]!.type !== T.PTR_TO_CTX) throw env.refuse(EINVAL, 'at the time of BPF_LD_ABS|IND R6 != pointer to skb');
  if (!isAbs) checkRegArg(env, insn.src, SRC_OP);
  checkPtrOff(env, regs[6]!, 6, false);
  clearCallerSavedRegs(env, regs);
  regs[0]!.markUnknown(env.precise);
  regs[0]!.subregDef = env.insnIdx + 1;
  if (env.curState.curframe === 0) return;
  // In a function, the program goes on in the caller with 0.
  env.markRegScratched(0);
  pushStack(env, env.insnIdx + 1, env.insnIdx, false);
  regs[0]!.type = T.SCALAR_VALUE;
  regs[0]!.markKnown(Word.ZERO);
  prepareFuncExit(env);
  env.insnIdx--;
}
