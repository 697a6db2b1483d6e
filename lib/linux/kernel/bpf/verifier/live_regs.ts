// kernel/bpf/verifier.c: which registers may still be read before each instruction, whatever path is taken; a classic
// backward data flow over the control flow graph. Comparing states looks at live registers alone.
import * as C from '../../../../uapi/linux/bpf_common.js';
import * as I from '../../../../uapi/linux/bpf_insn.js';
import { bpfClass, bpfMode, bpfOp, bpfSize, bpfSrc } from '../../../../vm/isa.js';
import type { BpfInsn } from '../verifier_ops.js';
import { isHelperCall, LD_IMM64 } from './call_kinds.js';
import type { VerifierEnv } from './env.js';
import { insnText } from './print.js';
import { successors } from './successors.js';

const ALL_CALLER_SAVED = 0x3f;

interface UseDef {
  readonly use: number;
  readonly def: number;
}

const unknown: UseDef = { use: 0xffff, def: 0 };

function atomicUseDef({ imm }: BpfInsn, dst: number, src: number): UseDef {
  if (imm === I.BPF_CMPXCHG) return { use: 1 | dst | src, def: 1 };
  if (imm === I.BPF_LOAD_ACQ) return { use: src, def: dst };
  if (imm === I.BPF_STORE_REL) return { use: dst | src, def: 0 };
  return { use: dst | src, def: (imm & I.BPF_FETCH) !== 0 ? src : 0 };
}

function aluUseDef({ code }: BpfInsn, dst: number, src: number): UseDef {
  const isReg = bpfSrc(code) === C.BPF_X;
  if (bpfOp(code) === I.BPF_END) return { use: dst, def: dst };
  if (bpfOp(code) === I.BPF_MOV) return { use: isReg ? src : 0, def: dst };
  return { use: isReg ? dst | src : dst, def: dst };
}

function callUseDef(env: VerifierEnv, insn: BpfInsn): UseDef {
  const proto = isHelperCall(insn) ? env.proto(insn.imm) : undefined;
  if (proto === undefined) return { use: ALL_CALLER_SAVED & ~1, def: ALL_CALLER_SAVED };
  return { use: (1 << (proto.args.length + 1)) - 2, def: ALL_CALLER_SAVED };
}

function jumpUseDef(env: VerifierEnv, insn: BpfInsn, dst: number, src: number): UseDef {
  switch (bpfOp(insn.code)) {
    case C.BPF_JA:
    case I.BPF_JCOND:
      return { use: 0, def: 0 };
    case I.BPF_EXIT:
      return { use: 1, def: 0 };
    case I.BPF_CALL:
      return callUseDef(env, insn);
    default:
      return { use: bpfSrc(insn.code) === C.BPF_X ? dst | src : dst, def: 0 };
  }
}

/** Registers read and written. @models kernel/bpf/verifier.c compute_insn_live_regs() */
function useDefOf(env: VerifierEnv, insn: BpfInsn): UseDef {
  const { code } = insn;
  const dst = 1 << insn.dst;
  const src = 1 << insn.src;
  const mode = bpfMode(code);
  switch (bpfClass(code)) {
    case C.BPF_LD:
      return mode === C.BPF_IMM && bpfSize(code) === I.BPF_DW ? { use: 0, def: dst } : unknown;
    case C.BPF_LDX:
      return mode === C.BPF_MEM || mode === I.BPF_MEMSX ? { use: src, def: dst } : unknown;
    case C.BPF_ST:
      return mode === C.BPF_MEM ? { use: dst, def: 0 } : unknown;
    case C.BPF_STX:
      if (mode === C.BPF_MEM) return { use: dst | src, def: 0 };
      return mode === I.BPF_ATOMIC ? atomicUseDef(insn, dst, src) : unknown;
    case C.BPF_ALU:
    case I.BPF_ALU64:
      return aluUseDef(insn, dst, src);
    default:
      return jumpUseDef(env, insn, dst, src);
  }
}

/** @models kernel/bpf/verifier.c compute_live_registers() */
export function computeLiveRegisters(env: VerifierEnv): void {
  const { insns, postorder } = env;
  const useDef = insns.map((insn) => useDefOf(env, insn));
  const before = new Int32Array(insns.length);
  const next = postorder.map((i) => successors(insns, i));
  let changed = true;
  while (changed) {
    changed = false;
    for (const [n, i] of postorder.entries()) {
      let out = 0;
      for (const successor of next[n]!) out |= before[successor]!;
      const { use, def } = useDef[i]!;
      const now = (out & ~def) | use;
      if (now === before[i]) continue;
      before[i] = now;
      changed = true;
    }
  }
  for (const [i, mask] of before.entries()) env.aux[i]!.liveRegsBefore = mask;
  if (env.tracingAll) logLiveRegs(env);
}

function logLiveRegs(env: VerifierEnv): void {
  env.verbose('Live regs before insn:\n');
  for (let i = 0; i < env.insns.length; i++) {
    const { scc, liveRegsBefore } = env.aux[i]!;
    let text = `${scc === 0 ? '    ' : `${String(scc).padStart(3)} `}${String(i).padStart(3)}: `;
    for (let r = 0; r < 10; r++) text += (liveRegsBefore & (1 << r)) !== 0 ? String(r) : '.';
    env.verbose(`${text} ${insnText(env, i)}`);
    if (env.insns[i]!.code === LD_IMM64) i++;
  }
}
