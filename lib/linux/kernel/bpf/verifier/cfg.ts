// kernel/bpf/verifier.c: control flow before the walk: which functions there are (subprograms), whether jumps stay in
// theirs, whether every instruction can be reached, where states are worth keeping (prune points), and the postorder that
// the data flow analyses follow.
import { E2BIG, EINVAL, EPERM } from '../../../../uapi/asm-generic/errno.js';
import { BPF_FUNC_tail_call } from '../../../../uapi/linux/bpf_func_id.js';
import * as C from '../../../../uapi/linux/bpf_common.js';
import * as I from '../../../../uapi/linux/bpf_insn.js';
import { bpfClass, bpfMode, bpfOp, bpfSrc } from '../../../../vm/isa.js';
import { errno } from '../../../errno.js';
import type { BpfInsn } from '../verifier_ops.js';
import * as K from './call_kinds.js';
import { SubprogInfo, type VerifierEnv } from './env.js';
import { verboseLinfo } from './btf_info.js';
import { isJump, jmpOffset, successors } from './successors.js';

const BPF_MAX_SUBPROGS = 256;

function addSubprog(env: VerifierEnv, start: number): void {
  if (start < 0 || start >= env.insns.length) throw env.refuse(EINVAL, 'call to invalid destination');
  if (env.subprogs.some((subprog) => subprog.start === start)) return;
  if (env.subprogs.length >= BPF_MAX_SUBPROGS) throw env.refuse(E2BIG, 'too many subprograms');
  env.subprogs.push(new SubprogInfo(start));
  env.subprogs.sort((a, b) => a.start - b.start);
}

/** Finds the functions. @models kernel/bpf/verifier.c add_subprog_and_kfunc() */
export function addSubprogs(env: VerifierEnv): void {
  addSubprog(env, 0);
  for (const [i, insn] of env.insns.entries()) {
    const isCall = K.isPseudoCall(insn) || K.isPseudoFunc(insn);
    if (!isCall && !K.isKfuncCall(insn)) continue;
    if (!env.bpfCapable)
      throw env.refuse(
        EPERM,
        'loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN',
      );
    if (isCall) addSubprog(env, i + insn.imm + 1);
    else addKfuncCall(env, insn);
  }
  env.subprogCnt = env.subprogs.length;
  env.subprogs.push(new SubprogInfo(env.insns.length));
  if (env.tracingAll) for (let i = 0; i < env.subprogCnt; i++) env.verbose(`func#${i} @${env.subprogs[i]!.start}\n`);
}

/** Functions of the kernel are not modelled; a call of number 0 is refused later, when it is not dead. */
function addKfuncCall(env: VerifierEnv, { imm, off }: BpfInsn): void {
  if (!env.prog.gplCompatible) throw env.refuse(EINVAL, 'cannot call kernel function from non-GPL compatible program');
  if (imm === 0 && off === 0) return;
  throw env.refuse(EINVAL, `kernel btf_id ${imm >>> 0} is not a function`);
}

function noteKind(subprog: SubprogInfo, insn: BpfInsn): void {
  if (K.isHelperCall(insn) && insn.imm === BPF_FUNC_tail_call) {
    subprog.hasTailCall = true;
    subprog.tailCallReachable = true;
  }
  const mode = bpfMode(insn.code);
  if (bpfClass(insn.code) === C.BPF_LD && (mode === C.BPF_ABS || mode === C.BPF_IND)) subprog.hasLdAbs = true;
}

function endsFunction(code: number): boolean {
  return code === (C.BPF_JMP | I.BPF_EXIT) || code === (I.BPF_JMP32 | C.BPF_JA) || code === (C.BPF_JMP | C.BPF_JA);
}

/** Jumps stay in their function, which ends in an exit or jump. @models kernel/bpf/verifier.c check_subprogs() */
export function checkSubprogs(env: VerifierEnv): void {
  for (let s = 0; s < env.subprogCnt; s++) {
    const subprog = env.subprogs[s]!;
    const end = env.subprogs[s + 1]!.start;
    for (let i = subprog.start; i < end; i++) {
      const insn = env.insns[i]!;
      noteKind(subprog, insn);
      const op = bpfOp(insn.code);
      if (!isJump(insn.code) || op === I.BPF_CALL || op === I.BPF_EXIT) continue;
      const target = i + jmpOffset(insn) + 1;
      if (target < subprog.start || target >= end)
        throw env.refuse(EINVAL, `jump out of range from insn ${i} to ${target}`);
    }
    if (!endsFunction(env.insns[end - 1]!.code)) throw env.refuse(EINVAL, 'last insn is not an exit or jmp');
  }
}

/** States of the depth-first walk. */
const DISCOVERED = 0x10;
const EXPLORED = 0x20;
const FALLTHROUGH = 1;
const BRANCH = 2;

class CfgWalk {
  readonly #env: VerifierEnv;
  readonly state: Uint8Array;
  readonly #stack: number[] = [0];

  constructor(env: VerifierEnv) {
    this.#env = env;
    this.state = new Uint8Array(env.insns.length);
    this.state[0] = DISCOVERED;
  }

  run(): void {
    while (this.#stack.length > 0) {
      const insn = this.#stack[this.#stack.length - 1]!;
      if (this.#visit(insn)) continue;
      this.state[insn] = EXPLORED;
      this.#stack.pop();
    }
  }

  /** True when there is something to be explored first. @models kernel/bpf/verifier.c push_insn() */
  #push(t: number, w: number, edge: number): boolean {
    const env = this.#env;
    const { state } = this;
    if (state[t]! >= (DISCOVERED | edge)) return false;
    if (w < 0 || w >= env.insns.length) {
      verboseLinfo(env, t, `${t}: `);
      throw env.refuse(EINVAL, `jump out of range from insn ${t} to ${w}`);
    }
    if (edge === BRANCH) {
      env.aux[w]!.jumpTarget = true;
      env.aux[w]!.prunePoint = true;
      env.aux[w]!.jmpPoint = true;
    }
    if (state[w] === 0) {
      state[t] = DISCOVERED | edge;
      state[w] = DISCOVERED;
      if (this.#stack.length >= env.insns.length) throw errno(E2BIG);
      this.#stack.push(w);
      return true;
    }
    if ((state[w]! & 0xf0) === DISCOVERED) {
      if (env.bpfCapable) return false;
      verboseLinfo(env, t, `${t}: `);
      verboseLinfo(env, w, `${w}: `);
      throw env.refuse(EINVAL, `back-edge from insn ${t} to ${w}`);
    }
    state[t] = DISCOVERED | edge;
    return false;
  }

  /** @models kernel/bpf/verifier.c visit_func_call_insn() */
  #call(t: number, visitCallee: boolean): boolean {
    const env = this.#env;
    const insn = env.insns[t]!;
    const next = t + (insn.code === K.LD_IMM64 ? 2 : 1);
    if (this.#push(t, next, FALLTHROUGH)) return true;
    env.aux[next]!.prunePoint = true;
    env.aux[next]!.jmpPoint = true;
    if (!visitCallee) return false;
    const w = t + insn.imm + 1;
    env.aux[t]!.prunePoint = true;
    this.#mergeEffects(t, w);
    return this.#push(t, w, BRANCH);
  }

  #mergeEffects(t: number, w: number): void {
    const caller = this.#env.containingSubprog(t);
    const callee = this.#env.containingSubprog(w);
    caller.changesPktData ||= callee.changesPktData;
    caller.mightSleep ||= callee.mightSleep;
  }

  #noteHelper(t: number, insn: BpfInsn): void {
    const env = this.#env;
    const aux = env.aux[t]!;
    if (K.isAsyncCallbackCall(insn)) aux.prunePoint = true;
    if (K.isSyncCallbackCall(insn)) {
      aux.callsCallback = true;
      aux.forceCheckpoint = true;
      aux.prunePoint = true;
      aux.jmpPoint = true;
    }
    if (!K.isHelperCall(insn)) return;
    if (env.proto(insn.imm)?.mightSleep === true) env.containingSubprog(t).mightSleep = true;
    if (K.changesPktData(insn.imm)) env.containingSubprog(t).changesPktData = true;
  }

  /** @models kernel/bpf/verifier.c visit_insn() */
  #visit(t: number): boolean {
    const env = this.#env;
    const insn = env.insns[t]!;
    const { code } = insn;
    if (K.isPseudoFunc(insn)) return this.#call(t, true);
    if (!isJump(code)) return this.#push(t, t + (code === K.LD_IMM64 ? 2 : 1), FALLTHROUGH);
    switch (bpfOp(code)) {
      case I.BPF_EXIT:
        return false;
      case I.BPF_CALL:
        this.#noteHelper(t, insn);
        return this.#call(t, insn.src === 1);
      case C.BPF_JA:
        return this.#jump(t, insn);
      default:
        env.aux[t]!.prunePoint = true;
        if (K.isMayGoto(insn)) env.aux[t]!.forceCheckpoint = true;
        return this.#push(t, t + 1, FALLTHROUGH) || this.#push(t, t + insn.off + 1, BRANCH);
    }
  }

  #jump(t: number, insn: BpfInsn): boolean {
    if (bpfSrc(insn.code) !== C.BPF_K) throw errno(EINVAL);
    const target = t + jmpOffset(insn) + 1;
    if (this.#push(t, target, FALLTHROUGH)) return true;
    this.#env.aux[target]!.prunePoint = true;
    this.#env.aux[target]!.jmpPoint = true;
    this.#env.aux[target]!.jumpTarget = true;
    return false;
  }
}

/** Every instruction can be reached, and none by way of another's middle. @models kernel/bpf/verifier.c check_cfg() */
export function checkCfg(env: VerifierEnv): void {
  const walk = new CfgWalk(env);
  walk.run();
  for (let i = 0; i < env.insns.length; i++) {
    if (walk.state[i] !== EXPLORED) throw env.refuse(EINVAL, `unreachable insn ${i}`);
    if (env.insns[i]!.code !== K.LD_IMM64) continue;
    if (walk.state[i + 1] !== 0) throw env.refuse(EINVAL, `jump into the middle of ldimm64 insn ${i}`);
    i++;
  }
  env.prog.changesPktData = env.subprogs[0]!.changesPktData;
}

/** The instructions of one function, what follows before what goes before. */
function postorderOf(env: VerifierEnv, start: number, state: Uint8Array): void {
  const stack = [start];
  while (stack.length > 0) {
    const top = stack[stack.length - 1]!;
    state[top]! |= DISCOVERED;
    if ((state[top]! & EXPLORED) !== 0) {
      env.postorder.push(top);
      stack.pop();
      continue;
    }
    for (const next of successors(env.insns, top)) {
      if (state[next] !== 0) continue;
      stack.push(next);
      state[next] = DISCOVERED;
    }
    state[top]! |= EXPLORED;
  }
}

/** @models kernel/bpf/verifier.c compute_postorder() */
export function computePostorder(env: VerifierEnv): void {
  const state = new Uint8Array(env.insns.length);
  for (let i = 0; i < env.subprogCnt; i++) {
    env.subprogs[i]!.postorderStart = env.postorder.length;
    postorderOf(env, env.subprogs[i]!.start, state);
  }
  env.subprogs[env.subprogCnt]!.postorderStart = env.postorder.length;
}
