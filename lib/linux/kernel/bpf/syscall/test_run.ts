// kernel/bpf/syscall.c bpf_prog_test_run(): BPF_PROG_TEST_RUN. By the program's type the call goes to the run over packets
// (lib/linux/net/bpf/test_run.ts) or is refused; what came out goes back into the attributes.
import { EINVAL, ENOTSUPP } from '../../../../uapi/asm-generic/errno.js';
import * as B from '../../../../uapi/linux/bpf.js';
import { bpf_attr_test } from '../../../../uapi/linux/bpf_attr.js';
import { errno, ModelGap } from '../../../errno.js';
import { testRunSkb } from '../../../net/bpf/test_run.js';
import type { BpfCall } from './attr.js';
import { progGet } from './fd.js';

const at = bpf_attr_test.offsetof;

/** Types that the kernel runs on packets as tc's, and those it runs in ways of their own. */
const overPackets: ReadonlySet<number> = new Set([
  B.BPF_PROG_TYPE_SOCKET_FILTER,
  B.BPF_PROG_TYPE_SCHED_CLS,
  B.BPF_PROG_TYPE_SCHED_ACT,
]);
const otherRuns: ReadonlySet<number> = new Set([
  B.BPF_PROG_TYPE_XDP,
  B.BPF_PROG_TYPE_CGROUP_SKB,
  B.BPF_PROG_TYPE_LWT_IN,
  B.BPF_PROG_TYPE_LWT_OUT,
  B.BPF_PROG_TYPE_LWT_XMIT,
  B.BPF_PROG_TYPE_LWT_SEG6LOCAL,
  B.BPF_PROG_TYPE_FLOW_DISSECTOR,
  B.BPF_PROG_TYPE_SK_LOOKUP,
  B.BPF_PROG_TYPE_RAW_TRACEPOINT,
  B.BPF_PROG_TYPE_TRACING,
  B.BPF_PROG_TYPE_SYSCALL,
  B.BPF_PROG_TYPE_STRUCT_OPS,
  B.BPF_PROG_TYPE_NETFILTER,
]);

/** A pointer without a size, or a size without a pointer, is refused. */
function checkPair(call: BpfCall, size: number, pointer: number): void {
  if ((call.u32(size) === 0) !== (call.u64(pointer) === 0)) throw errno(EINVAL);
}

/** BPF_PROG_TEST_RUN. @models kernel/bpf/syscall.c bpf_prog_test_run() */
export function progTestRun(call: BpfCall): number {
  checkPair(call, at.ctx_size_in, at.ctx_in);
  checkPair(call, at.ctx_size_out, at.ctx_out);
  const prog = progGet(call.task, call.u32(at.prog_fd));
  if (otherRuns.has(prog.type)) throw new ModelGap(`test runs of bpf programs of type ${prog.type}`);
  if (!overPackets.has(prog.type)) throw errno(ENOTSUPP);
  const result = testRunSkb(call.task, prog, {
    dataSizeIn: call.u32(at.data_size_in),
    dataSizeOut: call.u32(at.data_size_out),
    dataIn: call.u64(at.data_in),
    dataOut: call.u64(at.data_out),
    repeat: call.u32(at.repeat),
    ctxSizeIn: call.u32(at.ctx_size_in),
    ctxSizeOut: call.u32(at.ctx_size_out),
    ctxIn: call.u64(at.ctx_in),
    ctxOut: call.u64(at.ctx_out),
    flags: call.u32(at.flags),
    cpu: call.u32(at.cpu),
    batchSize: call.u32(at.batch_size),
  });
  call.putU32(at.data_size_out, result.dataSizeOut);
  call.putU32(at.retval, result.retval);
  call.putU32(at.duration, result.duration);
  if (result.ctxSizeOut !== undefined) call.putU32(at.ctx_size_out, result.ctxSizeOut);
  return 0 - result.errno;
}
