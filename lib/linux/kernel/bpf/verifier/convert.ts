// kernel/bpf/verifier.c convert_ctx_accesses(): accesses to the context become accesses to what lies behind it, and barriers
// against speculation go where the walk wants them.
import { EINVAL } from '../../../../uapi/asm-generic/errno.js';
import * as C from '../../../../uapi/linux/bpf_common.js';
import * as I from '../../../../uapi/linux/bpf_insn.js';
import * as Build from '../../../../vm/build.js';
import { bpfClass, bpfMode, bpfSize } from '../../../../vm/isa.js';
import { sockConverterOf } from '../../../net/core/filter/sock_convert.js';
import * as T from '../type_flags.js';
import type { BpfInsn } from '../verifier_ops.js';
import type { InsnAux, VerifierEnv } from './env.js';
import { sizeToBytes } from './memory.js';
import { rewrite } from './rewrite.js';

/** How an instruction accesses memory, if it is one that is converted. */
function accessType({ code }: BpfInsn): T.AccessType | undefined {
  const mode = bpfMode(code);
  const cls = bpfClass(code);
  if (cls === C.BPF_LDX && (mode === C.BPF_MEM || mode === I.BPF_MEMSX)) return T.BPF_READ;
  return (cls === C.BPF_ST || cls === C.BPF_STX) && mode === C.BPF_MEM ? T.BPF_WRITE : undefined;
}

const sizeCode = (size: number): number => (size === 4 ? C.BPF_W : size === 8 ? I.BPF_DW : C.BPF_H);

/** What is done to a whole field of which only a part was asked for. */
function narrow(off: number, size: number, fieldSize: number, dst: number): BpfInsn[] {
  const shift = (off & (fieldSize - 1)) * 8;
  const shiftRight = fieldSize <= 4 ? Build.alu32Imm : Build.alu64Imm;
  const mask = size === 4 ? -1 : (1 << (size * 8)) - 1;
  return [...(shift === 0 ? [] : [shiftRight(C.BPF_RSH, dst, shift)]), Build.alu32Imm(C.BPF_AND, dst, mask)];
}

function convertOne(env: VerifierEnv, insn: BpfInsn, aux: InsnAux, type: T.AccessType): BpfInsn[] | undefined {
  const convertCtxAccess = aux.ptrType === T.PTR_TO_CTX ? env.ops.convertCtxAccess : sockConverterOf(aux.ptrType);
  if (convertCtxAccess === undefined) return undefined;
  const { ctxFieldSize } = aux;
  const size = sizeToBytes(bpfSize(insn.code));
  const isNarrow = size < ctxFieldSize;
  const whole = { ...insn };
  if (isNarrow) {
    if (type === T.BPF_WRITE) throw env.bug('narrow ctx access misconfigured');
    whole.off = insn.off & ~(ctxFieldSize - 1);
    whole.code = C.BPF_LDX | C.BPF_MEM | sizeCode(ctxFieldSize);
  }
  const { insns, targetSize } = convertCtxAccess(type, whole, env.prog);
  if (insns.length === 0 || (ctxFieldSize !== 0 && targetSize === 0))
    throw env.refuse(EINVAL, 'bpf verifier is misconfigured');
  const made = [...insns];
  if (isNarrow && size < targetSize) made.push(...narrow(insn.off, size, ctxFieldSize, insn.dst));
  if (bpfMode(insn.code) === I.BPF_MEMSX) made.push(Build.alu64Reg(I.BPF_MOV, insn.dst, insn.dst, size * 8));
  return made;
}

function replacement(env: VerifierEnv, insn: BpfInsn, aux: InsnAux): BpfInsn[] | undefined {
  const type = accessType(insn);
  const after = type === T.BPF_WRITE && aux.nospecResult ? [insn, Build.nospec()] : undefined;
  const made = after ?? (type === undefined ? undefined : convertOne(env, insn, aux, type));
  return aux.nospec ? [Build.nospec(), ...(made ?? [insn])] : made;
}

/** @models kernel/bpf/verifier.c convert_ctx_accesses() */
export function convertCtxAccesses(env: VerifierEnv): void {
  const { ops } = env;
  if (ops.genPrologue === undefined && env.seenDirectWrite) throw env.refuse(EINVAL, 'bpf verifier is misconfigured');
  const prologue = ops.genPrologue?.(env.seenDirectWrite, env.insns[0]!, env.prog);
  const { aux } = env;
  const start = prologue === undefined ? 0 : prologue.length - 1;
  if (prologue !== undefined) rewrite(env, { make: (i) => (i === 0 ? prologue : undefined), entersAtLast: 0 });
  rewrite(env, { make: (i, insn) => (i < start ? undefined : replacement(env, insn, aux[i - start]!)) });
}
