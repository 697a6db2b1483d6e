// kernel/bpf/syscall.c bpf_btf_load(): BPF_BTF_LOAD.
import { EINVAL, E2BIG, EPERM } from '../../../../uapi/asm-generic/errno.js';
import { BPF_F_TOKEN_FD } from '../../../../uapi/linux/bpf.js';
import { bpf_attr_btf_load } from '../../../../uapi/linux/bpf_attr.js';
import { errno, ModelGap } from '../../../errno.js';
import { BtfFile } from '../file.js';
import { VerifierLog } from '../log.js';
import type { BpfCall } from '../syscall/attr.js';
import { bpfCapable } from '../token.js';
import { BTF_MAX_SIZE, btfLoad } from './load.js';

const at = bpf_attr_btf_load.offsetof;

/** A failure to write the log goes before the verdict. */
function finishLog(call: BpfCall, log: VerifierLog): void {
  const { trueSize, failed } = log.finalize();
  if (call.machine.has('bpf-token') && call.size >= at.btf_log_true_size + 4)
    call.putU32(at.btf_log_true_size, trueSize);
  if (failed !== 0) throw errno(failed);
}

/** @models kernel/bpf/syscall.c bpf_btf_load() */
export function bpfBtfLoad(call: BpfCall): BtfFile {
  const flags = call.machine.has('bpf-token') ? call.u32(at.btf_flags) : 0;
  if ((flags & ~BPF_F_TOKEN_FD) !== 0) throw errno(EINVAL);
  if (flags !== 0) throw new ModelGap('tokens of bpf()');
  if (!bpfCapable(call.task)) throw errno(EPERM);
  const size = call.u32(at.btf_size);
  if (size > BTF_MAX_SIZE) throw errno(E2BIG);
  const log = new VerifierLog(
    { logLevel: call.u32(at.btf_log_level), logSize: call.u32(at.btf_log_size), logBuf: call.u64(at.btf_log_buf) },
    call.task.memory,
  );
  let btf;
  try {
    btf = btfLoad(call.machine, call.read(call.u64(at.btf), size), log, call);
  } catch (refused) {
    finishLog(call, log);
    throw refused;
  }
  try {
    finishLog(call, log);
    return new BtfFile(btf, call.task);
  } finally {
    btf.release(call);
  }
}
