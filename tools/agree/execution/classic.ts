// A classic program on a datagram socket of AF_UNIX: attached as a filter, then messages are sent to it. Its packets have
// no device, no mark and no header; the filter's result is how much of the message may be received.
import { Bytes } from '../../../lib/codec/bytes.js';
import { Errno } from '../../../lib/linux/errno.js';
import type { Machine } from '../../../lib/linux/machine.js';
import { bpfCheckClassic } from '../../../lib/linux/net/core/filter/classic.js';
import { classicProgram, classicRun } from '../../../lib/linux/net/core/filter/run.js';
import { EINVAL, ENOMEM } from '../../../lib/uapi/asm-generic/errno.js';
import { BPF_INSN_SIZE } from '../../../lib/uapi/linux/bpf_insn.js';
import { ClassicError } from '../../../lib/vm/classic.js';
import type { Program } from '../../../lib/vm/program.js';
import type { ClassicRecord, ClassicTest, Received } from './record.js';

/** net.core.optmem_max of 6.18, and sizeof(struct bpf_prog): filters count against it. */
const OPTMEM_MAX = 131072;
const SIZEOF_BPF_PROG = 96;

/** The filter, or the errno that attaching it gives. */
function attach(machine: Machine, insns: Uint8Array): Program | number {
  const from = new Bytes(insns);
  const count = insns.length / BPF_INSN_SIZE;
  try {
    bpfCheckClassic(from.view, 0, count);
    const program = classicProgram(machine, from, 0, count);
    const size = SIZEOF_BPF_PROG + program.insns.length * BPF_INSN_SIZE;
    return size < OPTMEM_MAX ? program : ENOMEM;
  } catch (error) {
    if (error instanceof Errno) return error.errno;
    if (error instanceof ClassicError) return EINVAL;
    throw error;
  }
}

/** R0 for a message. */
function filter(machine: Machine, program: Program, message: Uint8Array): number {
  const { skbs } = machine.softnet;
  const skb = skbs.alloc(message.length);
  if (skb === undefined) throw new Error('no memory for a packet');
  try {
    machine.memory.u8.set(message, skb.put(message.length));
    return classicRun(machine, program, skb) >>> 0;
  } finally {
    skbs.free(skb);
  }
}

function compareTest(machine: Machine, program: Program, data: Uint8Array, test: ClassicTest): string[] {
  const message = new Uint8Array(test.size);
  message.set(data.subarray(0, test.size));
  const result = filter(machine, program, message);
  const where = `${test.size} bytes`;
  if (test.received === undefined)
    return result === test.result ? [] : [`${where}: result ${test.result}, model ${result}`];
  const got: Received = result === 0 ? 'dropped' : Math.min(test.size, result);
  return got === test.received ? [] : [`${where}: received ${test.received}, model ${got} (result ${result})`];
}

/** What differs. */
export function compareClassic(machine: Machine, { insns, data, attachErrno, tests }: ClassicRecord): string[] {
  const program = attach(machine, insns);
  const attached = typeof program === 'number' ? program : 0;
  if (attached !== attachErrno) return [`attached with errno ${attachErrno}, model ${attached}`];
  if (typeof program === 'number') return [];
  return tests.flatMap((test) => compareTest(machine, program, data, test));
}
