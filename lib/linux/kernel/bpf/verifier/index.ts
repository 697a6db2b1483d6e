// kernel/bpf/verifier.c bpf_check(): proves that a program does no harm, and rewrites it into what runs.
import { EINVAL } from '../../../../uapi/asm-generic/errno.js';
import * as B from '../../../../uapi/linux/bpf.js';
import { encodeInsns } from '../../../../vm/insn.js';
import { errno, ModelGap } from '../../../errno.js';
import { verifierOpsOf } from '../../../net/core/filter/verifier_ops.js';
import type { Task } from '../../task.js';
import { checkBtfInfo, checkBtfInfoEarly, FUNC_INFO_SIZE, LINE_INFO_SIZE } from '../btf/prog_info.js';
import { ProgArrayMap } from '../fd_array.js';
import { BPF_LOG_STATS, VerifierLog } from '../log.js';
import type { BpfProg, ProgLoadAttr } from '../prog.js';
import * as T from '../type_flags.js';
import { isRefusal, ProgTypes } from './btf_info.js';
import { checkAttachBtfId } from './attach.js';
import { addSubprogs, checkCfg, checkSubprogs, computePostorder } from './cfg.js';
import { doCheck } from './check.js';
import { convertCtxAccesses } from './convert.js';
import { optimizeDeadCode, sanitizeDeadCode } from './dead_code.js';
import { VerifierEnv } from './env.js';
import { markFastcallPatterns, removeFastcallSpills } from './fastcall.js';
import { doMiscFixups, extendResults } from './fixups.js';
import { computeLiveRegisters } from './live_regs.js';
import { StackLiveness } from './liveness.js';
import { optimizeBpfLoop } from './loop_inline.js';
import { convertPseudoLdImm64, processFdArray, resolvePseudoLdimm64 } from './resolve.js';
import { SccTable } from './scc.js';
import { checkMaxStackDepth } from './stack_depth.js';
import { BPF_MAIN_FUNC, FuncState, VerifierState } from './state.js';
import { setSubprogArgs } from './subprog_args.js';
import { Word } from './word.js';

/** The main function's type says nothing reliable unless it takes the context alone. */
function checkMainType(env: VerifierEnv): void {
  const { types } = env;
  if (types?.hasFunctions !== true) return;
  try {
    const args = types.argsOf(env, 0);
    if (args.length === 1 && args[0]!.type === T.ARG_PTR_TO_CTX) return;
  } catch (refused) {
    if (!isRefusal(refused)) throw refused;
  }
  types.unreliable.add(0);
}

function setArguments(env: VerifierEnv, frame: FuncState, subprog: number): void {
  if (subprog === 0) {
    checkMainType(env);
    const r1 = frame.regs[1]!;
    r1.type = T.PTR_TO_CTX;
    r1.markKnown(Word.ZERO);
    return;
  }
  env.verbose(`Validating ${env.types!.nameOf(subprog)}() func#${subprog}...\n`);
  setSubprogArgs(env, frame.regs, env.types!.argsOf(env, subprog));
}

/** @models kernel/bpf/verifier.c do_check_common() */
function doCheckCommon(env: VerifierEnv, subprog: number): void {
  const state = new VerifierState();
  state.branches = 1;
  const frame = FuncState.entered(BPF_MAIN_FUNC, 0, subprog, env.precise);
  state.frame.push(frame);
  state.firstInsnIdx = env.subprogs[subprog]!.start;
  env.curState = state;
  env.types?.startLines();
  env.markAllScratched();
  setArguments(env, frame, subprog);
  doCheck(env);
  if (!env.tracingAll) env.log.reset(0);
  env.explored = [];
  env.scc.clear();
}

/** Global functions that something calls are walked by themselves. @models kernel/bpf/verifier.c do_check_subprogs() */
function doCheckSubprogs(env: VerifierEnv): void {
  const { types } = env;
  if (types?.hasFunctions !== true) return;
  for (let more = true; more;) {
    more = false;
    for (let i = 1; i < env.subprogCnt; i++) {
      if (!types.isGlobal(i) || !types.called.has(i) || types.verified.has(i)) continue;
      env.insnIdx = env.subprogs[i]!.start;
      doCheckCommon(env, i);
      if (env.tracing) env.verbose(`Func#${i} ('${types.nameOf(i)}') is safe for any args that match its prototype\n`);
      types.verified.add(i);
      more = true;
    }
  }
}

function setFlags(env: VerifierEnv, flags: number): void {
  env.strictAlignment = (flags & B.BPF_F_STRICT_ALIGNMENT) !== 0 && (flags & B.BPF_F_ANY_ALIGNMENT) === 0;
  env.testStateFreq = env.bpfCapable && (flags & B.BPF_F_TEST_STATE_FREQ) !== 0;
  env.testRegInvariants = (flags & B.BPF_F_TEST_REG_INVARIANTS) !== 0;
}

/** Kinds of programs that may sleep, if they ask for it and are made for functions of the kernel that do. */
const maySleep = new Set([B.BPF_PROG_TYPE_TRACING, B.BPF_PROG_TYPE_LSM, B.BPF_PROG_TYPE_KPROBE]);

/** @models kernel/bpf/verifier.c check_attach_btf_id() */
function checkSleepable(env: VerifierEnv, flags: number): void {
  const { type } = env.prog;
  if ((flags & B.BPF_F_SLEEPABLE) === 0 || maySleep.has(type)) return;
  if (type === B.BPF_PROG_TYPE_STRUCT_OPS || type === B.BPF_PROG_TYPE_SYSCALL) return;
  throw env.refuse(EINVAL, 'Only fentry/fexit/fmod_ret, lsm, iter, uprobe, and struct_ops programs can be sleepable');
}

function takeTypes(env: VerifierEnv): void {
  const { btf } = env.prog;
  if (btf === undefined) return;
  env.types = new ProgTypes(btf);
  const view = new DataView(btf.lineInfo.buffer, btf.lineInfo.byteOffset, btf.lineInfo.byteLength);
  const count = btf.lineInfo.length / LINE_INFO_SIZE;
  env.lines.set(Array.from({ length: count }, (_, i) => view.getUint32(i * LINE_INFO_SIZE, true)));
}

/** Everything up to the verdict. */
function verify(env: VerifierEnv, attr: ProgLoadAttr): void {
  const { prog, task, log } = env;
  const request = { attr, task, log };
  processFdArray(env, attr);
  setFlags(env, attr.progFlags);
  checkBtfInfoEarly(prog, request);
  addSubprogs(env);
  checkSubprogs(env);
  checkBtfInfo(prog, env.subprogs.slice(0, env.subprogCnt), request);
  takeTypes(env);
  resolvePseudoLdimm64(env, attr.fdArray);
  checkCfg(env);
  computePostorder(env);
  env.liveness = new StackLiveness(env);
  checkAttachBtfId(env, attr);
  checkSleepable(env, attr.progFlags);
  env.scc = new SccTable(env);
  computeLiveRegisters(env);
  markFastcallPatterns(env);
  doCheckCommon(env, 0);
  doCheckSubprogs(env);
}

/** From what was submitted to what runs. */
function rewriteProgram(env: VerifierEnv): void {
  removeFastcallSpills(env);
  checkMaxStackDepth(env);
  optimizeBpfLoop(env);
  if (env.bpfCapable) optimizeDeadCode(env);
  else sanitizeDeadCode(env);
  convertCtxAccesses(env);
  doMiscFixups(env);
  extendResults(env);
}

/** @models kernel/bpf/verifier.c print_verification_stats() */
function printStats(env: VerifierEnv, usec: number): void {
  if ((env.log.level & BPF_LOG_STATS) !== 0) {
    env.verbose(`verification time ${usec} usec\n`);
    const depths = env.subprogs.slice(0, env.subprogCnt).map(({ stackDepth }) => stackDepth);
    env.verbose(`stack depth ${depths.join('+')}\n`);
  }
  env.verbose(
    `processed ${env.insnProcessed} insns (limit 1000000) max_states_per_insn ${env.maxStatesPerInsn} ` +
      `total_states ${env.totalStates} peak_states ${env.peakStates} mark_read 0\n`,
  );
}

/** What the verifier refused with, or 0. */
function verdictOf(env: VerifierEnv, attr: ProgLoadAttr): number {
  try {
    verify(env, attr);
    rewriteProgram(env);
    return 0;
  } catch (refused) {
    if (!isRefusal(refused)) throw refused;
    return refused.errno;
  }
}

/** Functions and lines of source as they are after rewriting. @models kernel/bpf/verifier.c adjust_btf_func() */
function adjustTypes({ prog, lines, subprogs, subprogCnt }: VerifierEnv): void {
  if (prog.btf === undefined) return;
  const { btf } = prog;
  const funcInfo = btf.funcInfo.slice(0, subprogCnt * FUNC_INFO_SIZE);
  const functions = new DataView(funcInfo.buffer);
  for (let i = 0; i < funcInfo.length / FUNC_INFO_SIZE; i++)
    functions.setUint32(i * FUNC_INFO_SIZE, subprogs[i]!.start, true);
  const lineInfo = new Uint8Array(lines.records.length * LINE_INFO_SIZE);
  const view = new DataView(lineInfo.buffer);
  for (const [i, record] of lines.records.entries()) {
    lineInfo.set(btf.lineInfo.subarray(record * LINE_INFO_SIZE, (record + 1) * LINE_INFO_SIZE), i * LINE_INFO_SIZE);
    view.setUint32(i * LINE_INFO_SIZE, lines.starts[i]!, true);
  }
  prog.btf = { ...btf, funcInfo, lineInfo };
}

function publish(env: VerifierEnv): void {
  const { prog } = env;
  convertPseudoLdImm64(env);
  adjustTypes(env);
  prog.insns = encodeInsns(env.insns);
  prog.stackDepth = env.subprogs[0]!.stackDepth;
  prog.subprogStarts = env.subprogs.slice(0, env.subprogCnt).map(({ start }) => start);
}

/**
 * Verifies a program that `task` loads; throws the errno when it is refused. Then its `insns` are what runs. The maps and
 * types it uses are held by it, also when it is refused.
 * @models kernel/bpf/verifier.c bpf_check()
 * @differs older kernels judge by the rules of 6.18, too
 */
export function bpfCheck(prog: BpfProg, attr: ProgLoadAttr, task: Task): void {
  const ops = verifierOpsOf(prog.type);
  if (ops === undefined) throw new ModelGap(`bpf programs of type ${prog.type}`);
  const log = new VerifierLog(attr, task.memory);
  const env = new VerifierEnv(prog, ops, task, log);
  const verdict = verdictOf(env, attr);
  printStats(env, 0);
  prog.verifiedInsns = env.insnProcessed;
  const { trueSize, failed } = log.finalize();
  attr.putLogTrueSize(trueSize);
  if (failed !== 0) throw errno(failed);
  if (verdict !== 0) throw errno(verdict);
  publish(env);
  for (const map of prog.usedMaps) if (map instanceof ProgArrayMap && !map.compatible(prog)) throw errno(EINVAL);
}
