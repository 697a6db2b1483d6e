// A program that nothing is known of yet, for what asks only for one.
import { BpfProg } from '../../../../../lib/linux/kernel/bpf/prog.js';
import { Machine } from '../../../../../lib/linux/machine.js';
import { BPF_PROG_TYPE_SCHED_CLS } from '../../../../../lib/uapi/linux/bpf.js';

const machine = new Machine();

export function program(type = BPF_PROG_TYPE_SCHED_CLS, expectedAttachType = 0): BpfProg {
  const parts = {
    type,
    expectedAttachType,
    name: '',
    gplCompatible: true,
    uid: 0,
    insns: new Uint8Array(0),
  };
  return new BpfProg(machine, parts, machine);
}
