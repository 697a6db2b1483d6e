// kernel/bpf/syscall.c __sys_bpf(): the entry of bpf(2). Copies the attributes in, refuses what the kernel does not know,
// and hands the call to the function of its command. Called by Machine.bpf(), for clients of the host and in-process alike.
import { E2BIG, EFAULT, EINVAL, EPERM } from '../../../../uapi/asm-generic/errno.js';
import * as B from '../../../../uapi/linux/bpf.js';
import { type BpfAttrTable, bpfAttr_4_1, bpfAttr_6_1, bpfAttr_6_18 } from '../../../../uapi/linux/bpf_attr.js';
import { CAP_SYS_ADMIN } from '../../../../uapi/linux/capability.js';
import { errnoOf, ModelGap } from '../../../errno.js';
import type { Machine } from '../../../machine.js';
import type { Task } from '../../task.js';
import { bpfCapable } from '../token.js';
import { BpfCall, type BpfResult } from './attr.js';

const PAGE_SIZE = 4096;

/** What a command does; the tail has been checked. */
type Handler = (call: BpfCall) => BpfResult;

const handlers: readonly (Handler | undefined)[] = [];

/** The attributes that the machine's kernel knows. */
function attrTable(machine: Machine): BpfAttrTable {
  if (!machine.has('bpf-objects')) return bpfAttr_4_1;
  return machine.has('bpf-token') ? bpfAttr_6_18 : bpfAttr_6_1;
}

/** EFAULT or E2BIG when something is set behind what the kernel knows. @models kernel/bpf/syscall.c bpf_check_uarg_tail_zero() */
function checkTailZero(task: Task, uattr: number, known: number, given: number): number {
  if (given > PAGE_SIZE) return -E2BIG;
  if (given <= known) return 0;
  const tail = task.memory.read(uattr + known, given - known);
  if (tail === undefined) return -EFAULT;
  return tail.every((byte) => byte === 0) ? 0 : -E2BIG;
}

function dispatch(call: BpfCall, cmd: number, end: number | undefined): BpfResult {
  const handler = handlers[cmd];
  if (end === undefined) return -EINVAL;
  if (handler === undefined) throw new ModelGap(`bpf() command ${cmd}`);
  call.checkTail(end);
  return handler(call);
}

/** Answers `run`; what it refuses becomes a negative errno. */
function answered(machine: Machine, run: () => BpfResult): BpfResult {
  try {
    return run();
  } catch (refusal) {
    if (refusal instanceof ModelGap) machine.gap(refusal.what);
    return -errnoOf(refusal);
  }
}

/** Whether the sysctl that is set (2: for good) or an old kernel keeps the caller out before anything is looked at. */
function refused(machine: Machine, task: Task, cmd: number): boolean {
  if (!machine.has('bpf-objects')) return !task.capable(CAP_SYS_ADMIN);
  if (machine.has('bpf-token')) return false;
  return (cmd === B.BPF_MAP_CREATE || cmd === B.BPF_PROG_LOAD) && !bpfCapable(task);
}

/**
 * bpf(2): a number that the caller gets as it is, or a file whose fd it gets. Never throws for a refusal.
 *
 * @models kernel/bpf/syscall.c __sys_bpf()
 */
export function sysBpf(machine: Machine, task: Task, cmd: number, uattr: number, size: number): BpfResult {
  const failed = machine.faults.active?.call('bpf') ?? 0;
  if (failed !== 0) return -failed;
  if (refused(machine, task, cmd)) return -EPERM;
  const table = attrTable(machine);
  const tail = checkTailZero(task, uattr, table.size, size);
  if (tail !== 0) return tail;
  const given = task.memory.read(uattr, Math.min(size, table.size));
  if (given === undefined) return -EFAULT;
  const attr = new Uint8Array(table.size);
  attr.set(given);
  const call = new BpfCall(machine, task, attr, uattr, Math.min(size, table.size));
  return answered(machine, () => dispatch(call, cmd, table.end[cmd]));
}
