// kernel/bpf/verifier.c do_misc_fixups(): what the machine must not meet as it was written: divisions by zero, loads of the
// old kind, calls that are written out in place.
import { EINVAL } from '../../../../uapi/asm-generic/errno.js';
import * as C from '../../../../uapi/linux/bpf_common.js';
import * as F from '../../../../uapi/linux/bpf_func_id.js';
import * as I from '../../../../uapi/linux/bpf_insn.js';
import * as Build from '../../../../vm/build.js';
import { bpfClass, bpfMode, bpfOp, bpfSrc } from '../../../../vm/isa.js';
import { mapOpCall } from '../map_op_calls.js';
import { THIS_CPU } from '../percpu.js';
import type { BpfInsn } from '../verifier_ops.js';
import { isHelperCall, isMayGoto } from './call_kinds.js';
import type { InsnAux, SubprogInfo, VerifierEnv } from './env.js';
import { insnDefRegno } from './reg_arg.js';
import { rewrite } from './rewrite.js';
import * as Sanitize from './sanitize.js';

const AX = I.BPF_REG_AX;
/** How a helper that makes a storage allocates. */
const GFP_ATOMIC = 0x820;
/** Most rounds that may_goto allows. */
const BPF_MAX_LOOPS = 8 * 1024 * 1024;

const isDivision = ({ code }: BpfInsn): boolean => {
  const cls = bpfClass(code);
  const op = bpfOp(code);
  return (cls === C.BPF_ALU || cls === I.BPF_ALU64) && (op === C.BPF_DIV || op === C.BPF_MOD);
};

/** A signed division by a register: by 0 and by -1 beside. */
function signedDivision(insn: BpfInsn, wide: boolean): BpfInsn[] {
  const { dst, src } = insn;
  const alu = wide ? Build.alu64Imm : Build.alu32Imm;
  const jump = wide ? Build.jmpImm : Build.jmp32Imm;
  const isDiv = bpfOp(insn.code) === C.BPF_DIV;
  const plusOne = [Build.mov64Reg(AX, src), alu(C.BPF_ADD, AX, 1)];
  if (isDiv)
    return [
      ...plusOne,
      jump(C.BPF_JGT, AX, 1, 4),
      jump(C.BPF_JEQ, AX, 0, 1),
      alu(I.BPF_MOV, dst, 0),
      alu(C.BPF_NEG, dst, 0),
      Build.jmpA(1),
      insn,
    ];
  const end = wide ? [] : [Build.jmpA(1), Build.mov32Reg(dst, dst)];
  return [
    ...plusOne,
    jump(C.BPF_JGT, AX, 1, 3),
    jump(C.BPF_JEQ, AX, 1, wide ? 3 : 4),
    Build.mov32Imm(dst, 0),
    Build.jmpA(1),
    insn,
    ...end,
  ];
}

/** A division by a register: x / 0 = 0, x % 0 = x. */
function divisionByReg(insn: BpfInsn): BpfInsn[] {
  const wide = bpfClass(insn.code) === I.BPF_ALU64;
  if (insn.off === 1) return signedDivision(insn, wide);
  const { dst, src } = insn;
  const jump = wide ? Build.jmpImm : Build.jmp32Imm;
  if (bpfOp(insn.code) === C.BPF_DIV)
    return [jump(I.BPF_JNE, src, 0, 2), Build.alu32Reg(C.BPF_XOR, dst, dst), Build.jmpA(1), insn];
  const end = wide ? [] : [Build.jmpA(1), Build.mov32Reg(dst, dst)];
  return [jump(C.BPF_JEQ, src, 0, wide ? 1 : 2), insn, ...end];
}

/** A signed division by -1. */
function divisionByMinusOne(insn: BpfInsn): BpfInsn[] {
  const cls = bpfClass(insn.code);
  if (bpfOp(insn.code) === C.BPF_MOD) return [Build.mov32Imm(insn.dst, 0)];
  return [Build.raw(cls | C.BPF_NEG | C.BPF_K, insn.dst, 0, 0, 0)];
}

/** Pointer arithmetic whose offset is masked, so that no guess gets out of bounds. */
function maskedArithmetic(insn: BpfInsn, { aluState, aluLimit }: InsnAux): BpfInsn[] {
  const isNeg = (aluState & Sanitize.BPF_ALU_NEG_VALUE) !== 0;
  const isSrc = (aluState & Sanitize.BPF_ALU_SANITIZE) === Sanitize.BPF_ALU_SANITIZE_SRC;
  const isImm = (aluState & Sanitize.BPF_ALU_IMMEDIATE) !== 0;
  const off = isSrc ? insn.src : insn.dst;
  const negate = isNeg && !isImm ? [Build.alu64Imm(C.BPF_MUL, off, -1)] : [];
  const mask = isImm
    ? [Build.mov32Imm(AX, aluLimit | 0)]
    : [
        ...negate,
        Build.mov32Imm(AX, aluLimit | 0),
        Build.alu64Reg(C.BPF_SUB, AX, off),
        Build.alu64Reg(C.BPF_OR, AX, off),
        Build.alu64Imm(C.BPF_NEG, AX, 0),
        Build.alu64Imm(I.BPF_ARSH, AX, 63),
        Build.alu64Reg(C.BPF_AND, AX, off),
      ];
  const flipped = isNeg ? insn.code ^ C.BPF_ADD ^ C.BPF_SUB : insn.code;
  return [
    ...mask,
    ...(isSrc ? [] : [Build.mov64Reg(insn.dst, insn.src)]),
    { ...insn, code: flipped, src: AX },
    ...(isSrc ? negate : []),
  ];
}

/** Counts the rounds down in the stack, and leaves when they are used up. */
function mayGoto(insn: BpfInsn, stackOff: number): BpfInsn[] {
  return [
    Build.ldxMem(I.BPF_DW, AX, I.BPF_REG_FP, stackOff),
    Build.jmpImm(C.BPF_JEQ, AX, 0, insn.off >= 0 ? insn.off + 2 : insn.off - 1),
    Build.alu64Imm(C.BPF_SUB, AX, 1),
    Build.stxMem(I.BPF_DW, I.BPF_REG_FP, AX, stackOff),
  ];
}

function tailCall(env: VerifierEnv, aux: InsnAux): BpfInsn[] {
  const isOpen = env.bpfCapable && !aux.mapKeyPoisoned && !aux.mapPoisoned && !aux.mapUnpriv;
  if (!isOpen && aux.mapUnpriv && aux.mapPoisoned) throw env.refuse(EINVAL, 'tail_call abusing map_ptr');
  const call = Build.tailCall();
  if (isOpen || !aux.mapUnpriv) return [call];
  const { maxEntries } = aux.mapPtr!;
  const mask = maxEntries <= 1 ? 0 : 2 ** (32 - Math.clz32(maxEntries - 1)) - 1;
  return [Build.jmpImm(C.BPF_JGE, 3, maxEntries, 2), Build.alu32Imm(C.BPF_AND, 3, mask | 0), call];
}

/** The processor's number, in as many instructions as the kernel takes to read it. */
const thisCpu = (): BpfInsn[] => [Build.mov32Imm(0, THIS_CPU), Build.mov64Reg(0, 0), Build.mov32Reg(0, 0)];

/** A call of what this kind of map has for the helper. */
function mapOp(insn: BpfInsn, aux: InsnAux): BpfInsn[] | undefined {
  const imm = aux.mapPoisoned || aux.mapPtr === undefined ? undefined : mapOpCall(aux.mapPtr.mapType, insn.imm);
  return imm === undefined ? undefined : [{ ...insn, imm }];
}

function helperCall(env: VerifierEnv, insn: BpfInsn, aux: InsnAux): readonly BpfInsn[] | undefined {
  switch (insn.imm) {
    case F.BPF_FUNC_tail_call:
      return tailCall(env, aux);
    case F.BPF_FUNC_map_lookup_elem:
      return aux.mapPoisoned ? undefined : (aux.mapPtr?.genLookup() ?? mapOp(insn, aux));
    case F.BPF_FUNC_map_update_elem:
    case F.BPF_FUNC_map_delete_elem:
    case F.BPF_FUNC_map_push_elem:
    case F.BPF_FUNC_map_pop_elem:
    case F.BPF_FUNC_map_peek_elem:
      return mapOp(insn, aux);
    case F.BPF_FUNC_get_smp_processor_id:
      return thisCpu();
    case F.BPF_FUNC_sk_storage_get:
    case F.BPF_FUNC_inode_storage_get:
    case F.BPF_FUNC_task_storage_get:
    case F.BPF_FUNC_cgrp_storage_get:
      return [Build.mov64Imm(5, GFP_ATOMIC), insn];
    default:
      return undefined;
  }
}

function fixup(env: VerifierEnv, insn: BpfInsn, aux: InsnAux, subprog: SubprogInfo): readonly BpfInsn[] | undefined {
  const { code } = insn;
  if (isDivision(insn)) {
    if (bpfSrc(code) === C.BPF_X) return divisionByReg(insn);
    return insn.off === 1 && insn.imm === -1 ? divisionByMinusOne(insn) : undefined;
  }
  const mode = bpfMode(code);
  if (bpfClass(code) === C.BPF_LD && (mode === C.BPF_ABS || mode === C.BPF_IND)) return env.ops.genLdAbs?.(insn);
  const isSum = code === (I.BPF_ALU64 | C.BPF_ADD | C.BPF_X) || code === (I.BPF_ALU64 | C.BPF_SUB | C.BPF_X);
  if (isSum) {
    const isMasked = aux.aluState !== 0 && aux.aluState !== Sanitize.BPF_ALU_NON_POINTER;
    return isMasked ? maskedArithmetic(insn, aux) : undefined;
  }
  if (isMayGoto(insn)) {
    subprog.stackExtra = 8;
    return mayGoto(insn, -subprog.stackDepth - 8);
  }
  return isHelperCall(insn) ? helperCall(env, insn, aux) : undefined;
}

/** Functions with may_goto begin with the number of rounds. */
function initRounds(env: VerifierEnv): void {
  for (let i = 0; i < env.subprogCnt; i++) {
    const subprog = env.subprogs[i]!;
    if (subprog.stackExtra === 0) continue;
    subprog.stackDepth += subprog.stackExtra;
    const { start } = subprog;
    const first = [Build.stMem(I.BPF_DW, I.BPF_REG_FP, -subprog.stackDepth, BPF_MAX_LOOPS), env.insns[start]!];
    rewrite(env, { make: (at) => (at === start ? first : undefined), entersAtLast: start });
  }
}

/** @models kernel/bpf/verifier.c do_misc_fixups() */
export function doMiscFixups(env: VerifierEnv): void {
  const { aux, subprogs } = env;
  let current = 0;
  rewrite(env, {
    make: (i, insn) => {
      if (current + 1 < env.subprogCnt && subprogs[current + 1]!.start === i) current++;
      return fixup(env, insn, aux[i]!, subprogs[current]!);
    },
  });
  initRounds(env);
}

/**
 * A 32-bit compare-and-exchange may leave R0 as it was; then its upper half is cleared.
 * @models kernel/bpf/verifier.c opt_subreg_zext_lo32_rnd_hi32()
 * @differs BPF_F_TEST_RND_HI32 changes nothing
 */
export function extendResults(env: VerifierEnv): void {
  const { aux } = env;
  const isExchange = ({ code, imm }: BpfInsn): boolean =>
    code === (C.BPF_STX | I.BPF_ATOMIC | C.BPF_W) && imm === I.BPF_CMPXCHG;
  rewrite(env, {
    make: (i, insn) => (isExchange(insn) && aux[i]!.zextDst ? [insn, Build.zextReg(insnDefRegno(insn))] : undefined),
  });
}
