// kernel/bpf/verifier.c do_check(): the walk: instruction after instruction, branch after branch, until nothing is left.
import { E2BIG, EACCES, EAGAIN, EFAULT, EINVAL, EPERM } from '../../../../uapi/asm-generic/errno.js';
import * as C from '../../../../uapi/linux/bpf_common.js';
import { BPF_FUNC_spin_unlock } from '../../../../uapi/linux/bpf_func_id.js';
import * as I from '../../../../uapi/linux/bpf_insn.js';
import { bpfClass, bpfMode, bpfOp, bpfSrc } from '../../../../vm/isa.js';
import { Errno, errno } from '../../../errno.js';
import * as T from '../type_flags.js';
import type { BpfInsn } from '../verifier_ops.js';
import { checkAluOp } from './alu.js';
import { checkCondJmpOp } from './branch.js';
import { verboseLinfo } from './btf_info.js';
import { checkFuncCall, prepareFuncExit, verboseInvalidScalar } from './call.js';
import type { VerifierEnv } from './env.js';
import { checkHelperCall } from './helper_call.js';
import { pushJmpHistory } from './history.js';
import * as LoadStore from './load_store.js';
import { checkResourceLeak } from './locks.js';
import { popStack, updateBranchCounts } from './pending.js';
import { markChainPrecision } from './precision.js';
import { insnText, printInsnState, printVerifierState, regTypeStr } from './print.js';
import { isStateVisited } from './pruning.js';
import { checkRegArg, isPointerValue, SRC_OP } from './reg_arg.js';
import type { RegState } from './reg_state.js';
import { Word } from './word.js';

const COMPLEXITY_LIMIT_INSNS = 1000000;
/** Instructions between looks at the caller's signals. */
const SIGNAL_INTERVAL = 0x3fff;

/** R0 of a program whose type says what it may be. */
function checkReturnRange(env: VerifierEnv, reg: RegState): void {
  const allowed = env.ops.returnRange?.(env.prog);
  if (allowed === undefined) return;
  if (reg.type !== T.SCALAR_VALUE)
    throw env.refuse(EINVAL, `At program exit the register R0 is not a known value (${regTypeStr(reg.type)})`);
  markChainPrecision(env, 0);
  const [min, max] = allowed;
  if (!reg.smin.lts(Word.int(min)) && !Word.int(max).lts(reg.smax)) return;
  verboseInvalidScalar(env, reg, { min, max }, 'At program exit');
  throw env.refuseQuietly(EINVAL);
}

/** R0 at the end. @models kernel/bpf/verifier.c check_return_code() */
function checkReturnCode(env: VerifierEnv): void {
  checkRegArg(env, 0, SRC_OP);
  if (isPointerValue(env, 0)) throw env.refuse(EACCES, 'R0 leaks addr as return value');
  const frame = env.curState.frame[0]!;
  const reg = env.regs[0]!;
  if (frame.inAsyncCallbackFn) {
    if (reg.type !== T.SCALAR_VALUE)
      throw env.refuse(
        EINVAL,
        `At async callback return the register R0 is not a known value (${regTypeStr(reg.type)})`,
      );
    const { min, max } = frame.callbackRetRange;
    if (!reg.smin.lts(Word.int(min)) && !Word.int(max).lts(reg.smax)) return;
    verboseInvalidScalar(env, reg, frame.callbackRetRange, 'At async callback return');
    throw env.refuseQuietly(EINVAL);
  }
  if (frame.subprogno !== 0 && reg.type !== T.SCALAR_VALUE)
    throw env.refuse(EINVAL, `At subprogram exit the register R0 is not a scalar value (${regTypeStr(reg.type)})`);
  if (frame.subprogno === 0) checkReturnRange(env, reg);
}

/** True when the path ends here. @models kernel/bpf/verifier.c process_bpf_exit_full() */
function processExit(env: VerifierEnv): boolean {
  const outermost = env.curState.curframe === 0;
  checkResourceLeak(env, outermost, 'BPF_EXIT instruction in main prog');
  if (outermost) checkReturnCode(env);
  else prepareFuncExit(env);
  return outermost;
}

function checkCall(env: VerifierEnv, insn: BpfInsn): void {
  const { code, src, dst, off, imm } = insn;
  const badSrc = src !== 0 && src !== 1 && src !== 2;
  if (bpfSrc(code) !== C.BPF_K || (src !== 2 && off !== 0) || badSrc || dst !== 0 || bpfClass(code) === I.BPF_JMP32)
    throw env.refuse(EINVAL, 'BPF_CALL uses reserved fields');
  if (env.curState.activeLocks > 0 && ((src === 0 && imm !== BPF_FUNC_spin_unlock) || src === 2))
    throw env.refuse(EINVAL, 'function calls are not allowed while holding a lock');
  if (src === 1) checkFuncCall(env, insn);
  else if (src === 2) throw env.refuse(EINVAL, 'calling invalid kernel function');
  else checkHelperCall(env, insn);
  env.markRegScratched(0);
}

function jumpAlways(env: VerifierEnv, { code, src, dst, off, imm }: BpfInsn): void {
  const wide = bpfClass(code) === C.BPF_JMP;
  if (bpfSrc(code) !== C.BPF_K || src !== 0 || dst !== 0 || (wide ? imm !== 0 : off !== 0))
    throw env.refuse(EINVAL, 'BPF_JA uses reserved fields');
  env.insnIdx += (wide ? off : imm) + 1;
}

/** What an instruction did to the walk. */
const NEXT = 0;
/** It has set the next instruction itself. */
const JUMPED = 1;
const PATH_ENDS = 2;
/** A return into the caller, who is shown again. */
const RETURNED = 3;
type Outcome = typeof NEXT | typeof JUMPED | typeof PATH_ENDS | typeof RETURNED;

function checkJump(env: VerifierEnv, insn: BpfInsn): Outcome {
  env.jmpsProcessed++;
  switch (bpfOp(insn.code)) {
    case I.BPF_CALL:
      checkCall(env, insn);
      return NEXT;
    case C.BPF_JA:
      jumpAlways(env, insn);
      return JUMPED;
    case I.BPF_EXIT:
      if (insn.code !== (C.BPF_JMP | I.BPF_EXIT) || insn.imm !== 0 || insn.src !== 0 || insn.dst !== 0)
        throw env.refuse(EINVAL, 'BPF_EXIT uses reserved fields');
      return processExit(env) ? PATH_ENDS : RETURNED;
    default:
      checkCondJmpOp(env, insn);
      return NEXT;
  }
}

function checkLd(env: VerifierEnv, insn: BpfInsn): void {
  const mode = bpfMode(insn.code);
  if (mode === C.BPF_ABS || mode === C.BPF_IND) {
    LoadStore.checkLdAbs(env, insn);
    return;
  }
  if (mode !== C.BPF_IMM) throw env.refuse(EINVAL, 'invalid BPF_LD mode');
  LoadStore.checkLdImm(env, insn);
  env.insnIdx++;
  if (!env.curState.speculative) env.curAux.seen = true;
}

function checkStx(env: VerifierEnv, insn: BpfInsn): void {
  const mode = bpfMode(insn.code);
  if (mode === I.BPF_ATOMIC) {
    LoadStore.checkAtomic(env, insn);
    return;
  }
  if (mode !== C.BPF_MEM || insn.imm !== 0) throw env.refuse(EINVAL, 'BPF_STX uses reserved fields');
  LoadStore.checkStoreReg(env, insn, false);
}

/** @models kernel/bpf/verifier.c do_check_insn() */
function doCheckInsn(env: VerifierEnv, insn: BpfInsn): Outcome {
  let outcome: Outcome = NEXT;
  switch (bpfClass(insn.code)) {
    case C.BPF_ALU:
    case I.BPF_ALU64:
      checkAluOp(env, insn);
      break;
    case C.BPF_LDX:
      LoadStore.checkLoad(env, insn, false, bpfMode(insn.code) === I.BPF_MEMSX, 'ldx');
      break;
    case C.BPF_STX:
      checkStx(env, insn);
      break;
    case C.BPF_ST:
      LoadStore.checkStoreImm(env, insn);
      break;
    case C.BPF_LD:
      checkLd(env, insn);
      break;
    default:
      outcome = checkJump(env, insn);
  }
  if (outcome === NEXT) env.insnIdx++;
  return outcome;
}

/** Whether a barrier in front of the instruction makes up for it on a path that is only guessed. */
const isRecoverable = ({ errno: number }: Errno): boolean => number === EPERM || number === EACCES || number === EINVAL;

const guessed = (env: VerifierEnv): string => (env.curState.speculative ? ' (speculative execution)' : '');

class Walk {
  readonly #env: VerifierEnv;
  #printState = false;
  #prev = -1;

  constructor(env: VerifierEnv) {
    this.#env = env;
  }

  /** Until no branch is left. */
  run(): void {
    const env = this.#env;
    for (;;) {
      while (!this.#endsHere());
      env.markAllScratched();
      updateBranchCounts(env, env.curState);
      env.liveness.update();
      if (!popStack(env, !env.tracingAll)) return;
      this.#prev = env.prevInsnIdx;
      this.#printState = true;
    }
  }

  /** One instruction; true when the path ends with it. */
  #endsHere(): boolean {
    const env = this.#env;
    const state = env.curState;
    const { insnIdx } = env;
    env.curHistEnt = undefined;
    env.prevInsnIdx = this.#prev;
    if (insnIdx >= env.insns.length)
      throw env.refuse(EFAULT, `invalid insn idx ${insnIdx} insn_cnt ${env.insns.length}`);
    this.#count();
    const aux = env.aux[insnIdx]!;
    state.lastInsnIdx = env.prevInsnIdx;
    state.insnIdx = insnIdx;
    if (aux.prunePoint && isStateVisited(env, insnIdx)) {
      this.#logSafe();
      return true;
    }
    if (aux.jmpPoint) pushJmpHistory(env, state, 0, undefined);
    this.#logInsn();
    if (!state.speculative) aux.seen = true;
    this.#prev = insnIdx;
    if (state.speculative && aux.nospec) return true;
    return this.#check(env.insns[insnIdx]!);
  }

  #count(): void {
    const env = this.#env;
    if (++env.insnProcessed > COMPLEXITY_LIMIT_INSNS)
      throw env.refuse(E2BIG, `BPF program is too large. Processed ${env.insnProcessed} insn`);
    if ((env.insnProcessed & SIGNAL_INTERVAL) === 0 && env.task.signalPending?.() === true) throw errno(EAGAIN);
  }

  #check(insn: BpfInsn): boolean {
    const env = this.#env;
    const { speculative } = env.curState;
    const aux = env.curAux;
    env.liveness.resetWrites(env.insnIdx);
    let outcome: Outcome;
    try {
      outcome = doCheckInsn(env, insn);
    } catch (refused) {
      if (!(refused instanceof Errno) || !isRecoverable(refused)) throw refused;
      env.liveness.commitWrites();
      if (!speculative) throw refused;
      aux.nospec = true;
      aux.aluState = 0;
      return true;
    }
    env.liveness.commitWrites();
    if (outcome === RETURNED) this.#printState = true;
    return outcome === PATH_ENDS || (speculative && aux.nospecResult);
  }

  #logSafe(): void {
    const env = this.#env;
    if (!env.tracing) return;
    env.verbose(
      this.#printState
        ? `\nfrom ${env.prevInsnIdx} to ${env.insnIdx}${guessed(env)}: safe\n`
        : `${env.insnIdx}: safe\n`,
    );
  }

  #logInsn(): void {
    const env = this.#env;
    if (!env.tracing) return;
    const state = env.curState;
    if (env.tracingAll && this.#printState) {
      env.verbose(`\nfrom ${env.prevInsnIdx} to ${env.insnIdx}${guessed(env)}:`);
      printVerifierState(env, state, state.curframe, true);
      this.#printState = false;
    }
    if (env.isScratched) printInsnState(env, state, state.curframe);
    verboseLinfo(env, env.insnIdx, '; ');
    env.prevLogPos = env.log.endPos;
    env.verbose(`${env.insnIdx}: `);
    env.verbose(insnText(env, env.insnIdx));
    env.prevInsnPrintPos = env.log.endPos - env.prevLogPos;
    env.prevLogPos = env.log.endPos;
  }
}

/** Walks a function from its first instruction with the state that is set up. @models kernel/bpf/verifier.c do_check() */
export function doCheck(env: VerifierEnv): void {
  new Walk(env).run();
}
