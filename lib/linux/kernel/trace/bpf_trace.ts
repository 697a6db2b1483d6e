// kernel/trace/bpf_trace.c: programs that print. The text goes to whoever listens to the machine's events, as it would to
// the trace pipe.
import { EINVAL } from '../../../uapi/asm-generic/errno.js';
import { setR0 } from '../../../vm/helper_call.js';
import type { Machine } from '../../machine.js';
import { arrayArgs, bprintf, formatAt, MAX_BPRINTF_BUF, type PrintArg } from '../bpf/bprintf.js';
import type { BpfFuncProto } from '../bpf/func_proto.js';

type Maker = NonNullable<BpfFuncProto['func']>;

const argument = (regs: Int32Array, r: number): PrintArg => ({ low: regs[r]!, high: regs[r + 1]! });

/** Length of the text, or a negative errno. */
function trace(machine: Machine, regs: Int32Array, args: readonly PrintArg[]): number {
  const format = formatAt(machine.memory, regs[2]! >>> 0, regs[4]!);
  if (format === undefined) return -EINVAL;
  const text = bprintf(machine.memory, format, args);
  if (typeof text === 'number') return text;
  if (machine.events.sink !== undefined)
    machine.events.emit({ type: 'trace-printk', text: text.slice(0, MAX_BPRINTF_BUF - 1) });
  return text.length;
}

/** @models kernel/trace/bpf_trace.c bpf_trace_printk() */
export const tracePrintk: Maker = (machine) => (regs) => {
  setR0(regs, trace(machine, regs, [argument(regs, 6), argument(regs, 8), argument(regs, 10)]));
};

/** @models kernel/trace/bpf_trace.c bpf_trace_vprintk() */
export const traceVprintk: Maker = (machine) => (regs) => {
  const args = arrayArgs(machine.memory, regs[6]! >>> 0, regs[8]!);
  setR0(regs, args === undefined ? -EINVAL : trace(machine, regs, args));
};
