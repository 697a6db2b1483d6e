// kernel/bpf/verifier.c: what the place a program is loaded for asks of it. Functions of the kernel as places are not
// modelled; what is left is which kinds of programs may sleep.
import { EINVAL } from '../../../../uapi/asm-generic/errno.js';
import * as B from '../../../../uapi/linux/bpf.js';
import type { VerifierEnv } from './env.js';

const sleepableTypes: ReadonlySet<number> = new Set([
  B.BPF_PROG_TYPE_LSM,
  B.BPF_PROG_TYPE_KPROBE,
  B.BPF_PROG_TYPE_STRUCT_OPS,
  B.BPF_PROG_TYPE_SYSCALL,
]);
const sleepableTracing: ReadonlySet<number> = new Set([
  B.BPF_TRACE_FENTRY,
  B.BPF_TRACE_FEXIT,
  B.BPF_MODIFY_RETURN,
  B.BPF_TRACE_ITER,
]);

/** EINVAL for a program that may not sleep and wants to, and for one that must. @models kernel/bpf/verifier.c check_attach_btf_id() */
export function checkAttachBtfId(env: VerifierEnv, progFlags: number): void {
  const { type, expectedAttachType } = env.prog;
  const sleepable = (progFlags & B.BPF_F_SLEEPABLE) !== 0;
  if (type === B.BPF_PROG_TYPE_SYSCALL && !sleepable)
    throw env.refuse(EINVAL, 'Syscall programs can only be sleepable');
  const may = type === B.BPF_PROG_TYPE_TRACING ? sleepableTracing.has(expectedAttachType) : sleepableTypes.has(type);
  if (sleepable && !may)
    throw env.refuse(EINVAL, 'Only fentry/fexit/fmod_ret, lsm, iter, uprobe, and struct_ops programs can be sleepable');
}
