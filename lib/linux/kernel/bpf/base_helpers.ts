// kernel/bpf/helpers.c: what the helpers of every kind of program do: time, randomness, the CPU,
// the current task, text. Arguments are the halves of R1 to R5, from regs[2] on.
import { E2BIG, EINVAL } from '../../../uapi/asm-generic/errno.js';
import * as F from '../../../uapi/linux/bpf_func_id.js';
import { setR0, setR0Unsigned } from '../../../vm/helper_call.js';
import { ModelGap } from '../../errno.js';
import type { Machine } from '../../machine.js';
import { tracePrintk, traceVprintk } from '../trace/bpf_trace.js';
import { arrayArgs, bprintf, formatAt } from './bprintf.js';
import type { BpfFuncProto } from './func_proto.js';
import { strtol, strtoul } from './strtox.js';

type Maker = NonNullable<BpfFuncProto['func']>;

const TWO_32 = 0x1_0000_0000;

/** R0 = a whole number below 2^53. */
function setR0Long(regs: Int32Array, value: number): void {
  regs[0] = value % TWO_32;
  regs[1] = value / TWO_32;
}

/** @models kernel/bpf/helpers.c bpf_ktime_get_ns() */
const ktime: Maker =
  ({ clock }) =>
  (regs) => {
    setR0Long(regs, clock.now());
  };

const TICK = 4_000_000;

/** The time of the last tick. @models kernel/bpf/helpers.c bpf_ktime_get_coarse_ns() */
const ktimeCoarse: Maker =
  ({ clock }) =>
  (regs) => {
    const now = clock.now();
    setR0Long(regs, now - (now % TICK));
  };

/** INITIAL_JIFFIES: the count wraps five minutes after boot; 250 a second. */
const INITIAL_JIFFIES = TWO_32 - 300 * 250;

/** @models kernel/bpf/helpers.c bpf_jiffies64() */
const jiffies64: Maker =
  ({ clock }) =>
  (regs) => {
    setR0Long(regs, INITIAL_JIFFIES + Math.floor(clock.now() / TICK));
  };

/** @models kernel/bpf/core.c bpf_user_rnd_u32() */
const prandom: Maker =
  ({ entropy }) =>
  (regs) => {
    setR0Unsigned(regs, entropy.u32());
  };

/** @models kernel/bpf/helpers.c bpf_get_smp_processor_id() */
const smpProcessorId: Maker =
  ({ softnet }) =>
  (regs) => {
    setR0Unsigned(regs, softnet.cpu);
  };

const zero: Maker = () => (regs) => {
  setR0(regs, 0);
};

/** @models kernel/bpf/helpers.c bpf_get_current_pid_tgid() */
const currentPidTgid: Maker =
  ({ softnet }) =>
  (regs) => {
    regs[0] = softnet.current?.pid ?? 0;
    regs[1] = softnet.current?.tgid ?? 0;
  };

/** @models kernel/bpf/helpers.c bpf_get_current_uid_gid() */
const currentUidGid: Maker =
  ({ softnet }) =>
  (regs) => {
    regs[0] = softnet.current?.uid ?? 0;
    regs[1] = softnet.current?.gid ?? 0;
  };

/** Where task_structs seem to lie: their high half, and how far apart they are. Nothing can be read there. */
const TASKS_HIGH = 0xffff8881 | 0;
const TASK_STRIDE = 0x2700;

/** @models kernel/trace/bpf_trace.c bpf_get_current_task() @differs an address that only tells tasks apart */
const currentTask: Maker =
  ({ softnet }) =>
  (regs) => {
    regs[0] = (1 + (softnet.current?.pid ?? 0)) * TASK_STRIDE;
    regs[1] = TASKS_HIGH;
  };

const IDLE = 'swapper/0';

function commOf({ softnet }: Machine): string {
  if (softnet.current === undefined) return IDLE;
  const { comm } = softnet.current;
  if (comm === undefined) throw new ModelGap('bpf_get_current_comm: the name of a task');
  return comm;
}

/** @models kernel/bpf/helpers.c bpf_get_current_comm() */
const currentComm: Maker = (machine) => (regs) => {
  const { u8 } = machine.memory;
  const [to, size] = [regs[2]! >>> 0, regs[4]!];
  const name = Array.from(commOf(machine), (c) => c.charCodeAt(0)).slice(0, size - 1);
  u8.fill(0, to, to + size);
  u8.set(name, to);
  setR0(regs, 0);
};

/** @models kernel/bpf/helpers.c bpf_strncmp() */
const strncmp: Maker =
  ({ memory }) =>
  (regs) => {
    const [a, size, b] = [regs[2]! >>> 0, regs[4]!, regs[6]! >>> 0];
    const { u8 } = memory;
    let at = 0;
    while (at < size - 1 && u8[a + at] === u8[b + at] && u8[a + at] !== 0) at++;
    setR0(regs, Math.sign(u8[a + at]! - u8[b + at]!));
  };

/** What fits goes into the buffer, with a NUL; the result counts what there was. @models kernel/bpf/helpers.c bpf_snprintf() */
function snprintfTo(machine: Machine, regs: Int32Array): number {
  const args = arrayArgs(machine.memory, regs[8]! >>> 0, regs[10]!);
  if (args === undefined) return -EINVAL;
  const format = formatAt(machine.memory, regs[6]! >>> 0, Infinity);
  const text = format === undefined ? -EINVAL : bprintf(machine.memory, format, args);
  if (typeof text === 'number') return text;
  const [to, size] = [regs[2]! >>> 0, regs[4]! >>> 0];
  if (size !== 0) {
    const bytes = Array.from(text.slice(0, size - 1), (c) => c.charCodeAt(0));
    machine.memory.u8.set([...bytes, 0], to);
  }
  return text.length + 1;
}

const snprintf: Maker = (machine) => (regs) => {
  setR0(regs, snprintfTo(machine, regs));
};

const BPF_MAX_LOOPS = 8 << 20;

/** Calls a function of the program up to R1 times, until it returns 1. @models kernel/bpf/bpf_iter.c bpf_loop() */
const loop: Maker =
  ({ vm }) =>
  (regs) => {
    const [count, low, high] = [regs[2]! >>> 0, regs[4]!, regs[5]!];
    if (regs[8] !== 0 || regs[9] !== 0) {
      setR0(regs, -EINVAL);
      return;
    }
    if (count > BPF_MAX_LOOPS) {
      setR0(regs, -E2BIG);
      return;
    }
    const args = new Int32Array(10);
    [args[2], args[3]] = [regs[6]!, regs[7]!];
    let done = 0;
    let stop = false;
    while (done < count && !stop) {
      args[0] = done++;
      stop = vm.callback(low, high, args) !== 0 || vm.high !== 0;
    }
    setR0(regs, done);
  };

/** By number: what runs. */
export const baseHelpers: ReadonlyMap<number, Maker> = new Map([
  [F.BPF_FUNC_ktime_get_ns, ktime],
  [F.BPF_FUNC_ktime_get_boot_ns, ktime],
  [F.BPF_FUNC_ktime_get_coarse_ns, ktimeCoarse],
  [F.BPF_FUNC_jiffies64, jiffies64],
  [F.BPF_FUNC_get_prandom_u32, prandom],
  [F.BPF_FUNC_get_smp_processor_id, smpProcessorId],
  [F.BPF_FUNC_get_numa_node_id, zero],
  [F.BPF_FUNC_get_cgroup_classid, zero],
  [F.BPF_FUNC_get_current_pid_tgid, currentPidTgid],
  [F.BPF_FUNC_get_current_uid_gid, currentUidGid],
  [F.BPF_FUNC_get_current_comm, currentComm],
  [F.BPF_FUNC_get_current_task, currentTask],
  [F.BPF_FUNC_strncmp, strncmp],
  [F.BPF_FUNC_strtol, strtol],
  [F.BPF_FUNC_strtoul, strtoul],
  [F.BPF_FUNC_trace_printk, tracePrintk],
  [F.BPF_FUNC_trace_vprintk, traceVprintk],
  [F.BPF_FUNC_snprintf, snprintf],
  [F.BPF_FUNC_loop, loop],
]);
