// kernel/bpf/verifier.c: calls of functions of the program: a static function is walked with the caller's state, a global one
// is checked by itself and assumed good; callbacks of helpers are walked as if called from the helper.
import { E2BIG, EACCES, EINVAL } from '../../../../uapi/asm-generic/errno.js';
import * as T from '../type_flags.js';
import type { BpfInsn } from '../verifier_ops.js';
import { isRefusal } from './btf_info.js';
import { isAsyncCallbackCall } from './call_kinds.js';
import type { VerifierEnv } from './env.js';
import { markRegInvalid } from './locks.js';
import { isPktPointerAny } from './packet_range.js';
import { pushAsync, pushStack } from './pending.js';
import { markChainPrecision } from './precision.js';
import { printVerifierState } from './print.js';
import { findPrevEntry, widenImpreciseScalars } from './pruning.js';
import { clearCallerSavedRegs } from './reg_arg.js';
import { DEF_NOT_SUBREG, type RegState } from './reg_state.js';
import { checkSubprogArgs } from './subprog_args.js';
import { BPF_MAIN_FUNC, FuncState, type RetvalRange, VerifierState } from './state.js';
import { Word } from './word.js';

const MAX_CALL_FRAMES = 8;

/** Fills the registers of a function that is entered. */
export type SetCallee = (env: VerifierEnv, caller: FuncState, callee: FuncState, insnIdx: number) => void;

/** The packet may have moved: pointers into it are worthless. @models kernel/bpf/verifier.c clear_all_pkt_pointers() */
export function clearAllPktPointers(env: VerifierEnv): void {
  env.curState.forEachReg((reg) => {
    if (isPktPointerAny(reg)) markRegInvalid(env, reg);
  });
}

/** @models kernel/bpf/verifier.c setup_func_entry() */
function setupFuncEntry(
  env: VerifierEnv,
  subprog: number,
  callsite: number,
  setCallee: SetCallee,
  state: VerifierState,
): void {
  if (state.frame.length >= MAX_CALL_FRAMES)
    throw env.refuse(E2BIG, `the call stack of ${state.frame.length + 1} frames is too deep`);
  const caller = state.cur;
  const callee = FuncState.entered(callsite, state.frame.length, subprog, env.precise);
  env.markAllScratched();
  setCallee(env, caller, callee, callsite);
  state.frame.push(callee);
}

const copyArgs: SetCallee = (_env, caller, callee) => {
  for (let i = 1; i <= 5; i++) callee.regs[i]!.copy(caller.regs[i]!);
};

function callGlobal(env: VerifierEnv, subprog: number, failed: number): void {
  const { types } = env;
  const name = types!.nameOf(subprog);
  if (env.curState.activeLocks > 0)
    throw env.refuse(
      EINVAL,
      'global function calls are not allowed while holding a lock,\nuse static function instead',
    );
  if (env.subprogs[subprog]!.mightSleep)
    throw env.refuse(
      EINVAL,
      'global functions that may sleep are not allowed in non-sleepable context,\n' +
        'i.e., in a RCU/IRQ/preempt-disabled section, or in\na non-sleepable BPF program context',
    );
  if (failed !== 0) throw env.refuse(failed, `Caller passes invalid args into func#${subprog} ('${name}')`);
  if (env.tracing) env.verbose(`Func#${subprog} ('${name}') is global and assumed valid.\n`);
  if (env.subprogs[subprog]!.changesPktData) clearAllPktPointers(env);
  types!.called.add(subprog);
  const { regs } = env;
  clearCallerSavedRegs(env, regs);
  regs[0]!.markUnknown(env.precise);
  regs[0]!.subregDef = DEF_NOT_SUBREG;
}

/** Compares arguments with the type of the function: 0, or the errno that a global function's call ends in. */
function matchArgs(env: VerifierEnv, subprog: number): number {
  const { types } = env;
  if (types?.hasFunctions !== true || types.unreliable.has(subprog)) return EINVAL;
  try {
    checkSubprogArgs(env, types.argsOf(env, subprog));
    return 0;
  } catch (refused) {
    if (!isRefusal(refused)) throw refused;
    types.unreliable.add(subprog);
    return refused.errno;
  }
}

/** @models kernel/bpf/verifier.c check_func_call() */
export function checkFuncCall(env: VerifierEnv, insn: BpfInsn): void {
  const target = env.insnIdx + insn.imm + 1;
  const subprog = env.findSubprog(target);
  if (subprog < 0) throw env.bug(`no program starts at insn ${target}`);
  const failed = matchArgs(env, subprog);
  if (env.types?.isGlobal(subprog) === true) {
    callGlobal(env, subprog, failed);
    return;
  }
  const state = env.curState;
  const caller = state.cur;
  setupFuncEntry(env, subprog, env.insnIdx, copyArgs, state);
  clearCallerSavedRegs(env, caller.regs);
  env.insnIdx = env.subprogs[subprog]!.start - 1;
  env.liveness.resetCallchain();
  if (!env.tracing) return;
  env.verbose('caller:\n');
  printVerifierState(env, state, caller.frameno, true);
  env.verbose('callee:\n');
  printVerifierState(env, state, state.curframe, true);
}

/** @models kernel/bpf/verifier.c push_async_cb() */
function pushAsyncCallback(env: VerifierEnv, subprog: number, insnIdx: number, setCallee: SetCallee): void {
  env.subprogs[subprog]!.isAsyncCb = true;
  const caller = env.curState.cur;
  const state = new VerifierState();
  const callee = FuncState.entered(BPF_MAIN_FUNC, 0, subprog, env.precise);
  state.frame.push(callee);
  env.markAllScratched();
  state.branches = 1;
  callee.asyncEntryCnt = caller.asyncEntryCnt + 1;
  pushAsync(env, state, env.subprogs[subprog]!.start, insnIdx);
  setCallee(env, caller, callee, insnIdx);
}

/** @models kernel/bpf/verifier.c push_callback_call() */
export function pushCallbackCall(env: VerifierEnv, insn: BpfInsn, subprog: number, setCallee: SetCallee): void {
  const { insnIdx } = env;
  matchArgs(env, subprog);
  env.subprogs[subprog]!.isCb = true;
  if (isAsyncCallbackCall(insn)) {
    pushAsyncCallback(env, subprog, insnIdx, setCallee);
    return;
  }
  const caller = env.curState.cur;
  const state = pushStack(env, env.subprogs[subprog]!.start, insnIdx, false);
  setupFuncEntry(env, subprog, insnIdx, setCallee, state);
  state.callbackUnrollDepth++;
  state.frame[state.curframe - 1]!.callbackDepth++;
  caller.callbackDepth = 0;
}

const bound = (n: Word): string => n.signed.toString();

/** @models kernel/bpf/verifier.c verbose_invalid_scalar() */
export function verboseInvalidScalar(env: VerifierEnv, reg: RegState, range: RetvalRange, where: string): void {
  const known = reg.smin.eq(Word.S64_MIN) ? '' : ` smin=${bound(reg.smin)}`;
  const max = reg.smax.eq(Word.S64_MAX) ? '' : ` smax=${bound(reg.smax)}`;
  const unknown = known === '' && max === '' ? ' unknown scalar value' : '';
  env.verbose(
    `${where} the register R0 has${known}${max}${unknown} should have been in [${range.min}, ${range.max}]\n`,
  );
}

const within = ({ min, max }: RetvalRange, reg: RegState): boolean =>
  !reg.smin.lts(Word.int(min)) && !Word.int(max).lts(reg.smax);

function leaveCallback(env: VerifierEnv, callee: FuncState): void {
  const r0 = callee.regs[0]!;
  if (r0.type !== T.SCALAR_VALUE) throw env.refuse(EACCES, 'R0 not a scalar value');
  markChainPrecision(env, 0);
  if (within(callee.callbackRetRange, r0)) return;
  verboseInvalidScalar(env, r0, callee.callbackRetRange, 'At callback return');
  throw env.refuseQuietly(EINVAL);
}

function logReturn(env: VerifierEnv, callee: FuncState, to: number): void {
  if (!env.tracing) return;
  const state = env.curState;
  env.verbose('returning from callee:\n');
  printVerifierState(env, state, callee.frameno, true);
  env.verbose(`to caller at ${to}:\n`);
  printVerifierState(env, state, callee.frameno - 1, true);
}

/** Back in the caller. @models kernel/bpf/verifier.c prepare_func_exit() */
export function prepareFuncExit(env: VerifierEnv): void {
  env.liveness.update();
  const state = env.curState;
  const callee = state.cur;
  const r0 = callee.regs[0]!;
  if (r0.type === T.PTR_TO_STACK) throw env.refuse(EINVAL, 'cannot return stack pointer to the caller');
  const caller = state.frame[state.curframe - 1]!;
  if (callee.inCallbackFn) leaveCallback(env, callee);
  else caller.regs[0]!.copy(r0);
  env.insnIdx = callee.inCallbackFn ? callee.callsite : callee.callsite + 1;
  logReturn(env, callee, env.insnIdx);
  state.frame.pop();
  const previous = callee.inCallbackFn ? findPrevEntry(env, state, env.insnIdx) : undefined;
  if (previous !== undefined) widenImpreciseScalars(env, previous, state);
}
