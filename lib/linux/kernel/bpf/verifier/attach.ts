// kernel/bpf/verifier.c: what the place a program is loaded for asks of it. Functions of the kernel as places are not
// modelled; what is left is which kinds of programs may sleep.
import { EINVAL, ENOTSUPP } from '../../../../uapi/asm-generic/errno.js';
import * as B from '../../../../uapi/linux/bpf.js';
import { ModelGap } from '../../../errno.js';
import type { ProgLoadAttr } from '../prog.js';
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

/** Types that run at functions of the kernel, or in their place. */
const byFunction: ReadonlySet<number> = new Set([B.BPF_PROG_TYPE_TRACING, B.BPF_PROG_TYPE_LSM, B.BPF_PROG_TYPE_EXT]);

function checkSleepable(env: VerifierEnv, sleepable: boolean): void {
  const { type, expectedAttachType } = env.prog;
  if (type === B.BPF_PROG_TYPE_SYSCALL && !sleepable)
    throw env.refuse(EINVAL, 'Syscall programs can only be sleepable');
  const may = type === B.BPF_PROG_TYPE_TRACING ? sleepableTracing.has(expectedAttachType) : sleepableTypes.has(type);
  if (sleepable && !may)
    throw env.refuse(EINVAL, 'Only fentry/fexit/fmod_ret, lsm, iter, uprobe, and struct_ops programs can be sleepable');
}

/** @models kernel/bpf/verifier.c check_struct_ops_btf_id() */
function checkStructOps(env: VerifierEnv, attachBtfId: number): void {
  if (!env.prog.gplCompatible) throw env.refuse(EINVAL, 'struct ops programs must have a GPL compatible license');
  if (attachBtfId === 0) throw env.refuseQuietly(ENOTSUPP);
  throw new ModelGap('bpf programs for struct_ops');
}

/**
 * Refuses a program that may not sleep and wants to, and one that does not say for which function it is.
 *
 * @models kernel/bpf/verifier.c check_attach_btf_id()
 */
export function checkAttachBtfId(env: VerifierEnv, { progFlags, attachBtfId }: ProgLoadAttr): void {
  checkSleepable(env, (progFlags & B.BPF_F_SLEEPABLE) !== 0);
  if (env.prog.type === B.BPF_PROG_TYPE_STRUCT_OPS) checkStructOps(env, attachBtfId);
  if (!byFunction.has(env.prog.type)) return;
  if (attachBtfId === 0) throw env.refuse(EINVAL, 'Tracing programs must provide btf_id');
  throw new ModelGap('bpf programs for functions of the kernel');
}
