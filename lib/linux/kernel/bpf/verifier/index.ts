// kernel/bpf/verifier.c bpf_check(): proves that a program does no harm, and rewrites it into what runs.
import * as B from '../../../../uapi/linux/bpf.js';
import { Errno, errno, ModelGap } from '../../../errno.js';
import { verifierOpsOf } from '../../../net/core/filter/verifier_ops.js';
import type { Task } from '../../task.js';
import { BPF_LOG_STATS, VerifierLog } from '../log.js';
import type { BpfProg, ProgLoadAttr } from '../prog.js';
import * as T from '../type_flags.js';
import { addSubprogs, checkCfg, checkSubprogs, computePostorder } from './cfg.js';
import { doCheck } from './check.js';
import { VerifierEnv } from './env.js';
import { computeLiveRegisters } from './live_regs.js';
import { StackLiveness } from './liveness.js';
import { processFdArray, resolvePseudoLdimm64 } from './resolve.js';
import { SccTable } from './scc.js';
import { BPF_MAIN_FUNC, FuncState, VerifierState } from './state.js';
import { Word } from './word.js';

/** @models kernel/bpf/verifier.c do_check_common() */
function doCheckCommon(env: VerifierEnv, subprog: number): void {
  const state = new VerifierState();
  state.branches = 1;
  const frame = FuncState.entered(BPF_MAIN_FUNC, 0, subprog, env.precise);
  state.frame.push(frame);
  state.firstInsnIdx = env.subprogs[subprog]!.start;
  env.curState = state;
  env.prevLine = -1;
  const r1 = frame.regs[1]!;
  r1.type = T.PTR_TO_CTX;
  r1.markKnown(Word.ZERO);
  doCheck(env);
  if (!env.tracingAll) env.log.reset(0);
  env.explored = [];
  env.scc.clear();
}

function setFlags(env: VerifierEnv, flags: number): void {
  env.strictAlignment = (flags & B.BPF_F_STRICT_ALIGNMENT) !== 0 && (flags & B.BPF_F_ANY_ALIGNMENT) === 0;
  env.testStateFreq = env.bpfCapable && (flags & B.BPF_F_TEST_STATE_FREQ) !== 0;
  env.testRegInvariants = (flags & B.BPF_F_TEST_REG_INVARIANTS) !== 0;
}

/** Everything up to the verdict. */
function verify(env: VerifierEnv, attr: ProgLoadAttr): void {
  processFdArray(env, attr);
  setFlags(env, attr.progFlags);
  addSubprogs(env);
  checkSubprogs(env);
  resolvePseudoLdimm64(env, attr.fdArray);
  checkCfg(env);
  computePostorder(env);
  env.liveness = new StackLiveness(env);
  env.scc = new SccTable(env);
  computeLiveRegisters(env);
  doCheckCommon(env, 0);
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
    return 0;
  } catch (refused) {
    if (refused instanceof ModelGap || !(refused instanceof Errno)) throw refused;
    return refused.errno;
  }
}

/**
 * Verifies a program that `task` loads; throws the errno when it is refused. Then its `insns` are what runs. The maps it uses
 * are held by it, also when it is refused.
 * @models kernel/bpf/verifier.c bpf_check()
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
}

