// kernel/trace/bpf_trace.c: helpers that read memory by address: of the kernel, which is what lies in the linear memory, and
// of the task on whose behalf the program runs. What cannot be read gives zeros and -EFAULT.
import { EFAULT } from '../../../uapi/asm-generic/errno.js';
import * as F from '../../../uapi/linux/bpf_func_id.js';
import { setR0 } from '../../../vm/helper_call.js';
import type { Machine } from '../../machine.js';
import type { BpfFuncProto } from '../bpf/func_proto.js';

type Maker = NonNullable<BpfFuncProto['func']>;
/** `size` bytes at an address, or undefined. */
type Reader = (machine: Machine, low: number, high: number, size: number) => Uint8Array | undefined;

const TWO_32 = 0x1_0000_0000;
/** Nothing lies below: NULL and what is near it. */
const FIRST = 65536;

const ofKernel: Reader = ({ memory: { u8 } }, low, high, size) => {
  const at = low >>> 0;
  return high !== 0 || at < FIRST || at + size > u8.length ? undefined : u8.slice(at, at + size);
};

const ofUser: Reader = ({ softnet }, low, high, size) =>
  softnet.current?.memory.read((high >>> 0) * TWO_32 + (low >>> 0), size);

/** @models kernel/trace/bpf_trace.c bpf_probe_read_kernel_common() */
const probeRead =
  (read: Reader): Maker =>
  (machine) =>
  (regs) => {
    const [to, size] = [regs[2]! >>> 0, regs[4]!];
    const bytes = read(machine, regs[6]!, regs[7]!, size);
    const { u8 } = machine.memory;
    if (bytes === undefined) u8.fill(0, to, to + size);
    else u8.set(bytes, to);
    setR0(regs, bytes === undefined ? -EFAULT : 0);
  };

/** Text up to its NUL, cut to `size` bytes with one: the bytes, or undefined. */
function text(machine: Machine, read: Reader, low: number, high: number, size: number): number[] | undefined {
  const bytes: number[] = [];
  while (bytes.length < size) {
    const at = (high >>> 0) * TWO_32 + (low >>> 0) + bytes.length;
    const byte = read(machine, at | 0, Math.floor(at / TWO_32) | 0, 1)?.[0];
    if (byte === undefined) return undefined;
    bytes.push(byte);
    if (byte === 0) return bytes;
  }
  if (size > 0) bytes[size - 1] = 0;
  return bytes;
}

/** The length of what was read, its NUL included. @models kernel/trace/bpf_trace.c bpf_probe_read_kernel_str_common() */
const probeReadStr =
  (read: Reader): Maker =>
  (machine) =>
  (regs) => {
    const [to, size] = [regs[2]! >>> 0, regs[4]!];
    const bytes = text(machine, read, regs[6]!, regs[7]!, size);
    const { u8 } = machine.memory;
    if (bytes === undefined) u8.fill(0, to, to + size);
    else u8.set(bytes, to);
    setR0(regs, bytes?.length ?? -EFAULT);
  };

export const probeReadHelpers: readonly (readonly [id: number, maker: Maker])[] = [
  [F.BPF_FUNC_probe_read_kernel, probeRead(ofKernel)],
  [F.BPF_FUNC_probe_read_user, probeRead(ofUser)],
  [F.BPF_FUNC_probe_read_kernel_str, probeReadStr(ofKernel)],
  [F.BPF_FUNC_probe_read_user_str, probeReadStr(ofUser)],
];
