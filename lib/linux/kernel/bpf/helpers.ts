// kernel/bpf/helpers.c: the helpers that every kind of program has: which a program may call, by what its loader may do, and
// what runs. A kind looks in its own table first and asks here for the rest.
import { CAP_BPF, CAP_PERFMON, CAP_SYS_ADMIN } from '../../../uapi/linux/capability.js';
import type { Task } from '../task.js';
import { bpfCapableProtos, perfmonCapableProtos, unprivilegedProtos } from './base_protos.js';
import type { BpfFuncProto } from './func_proto.js';

export const bpfCapable = (task: Task): boolean => task.capable(CAP_BPF) || task.capable(CAP_SYS_ADMIN);
export const perfmonCapable = (task: Task): boolean => task.capable(CAP_PERFMON) || task.capable(CAP_SYS_ADMIN);

/** @models kernel/bpf/helpers.c bpf_base_func_proto() */
export function bpfBaseFuncProto(id: number, task: Task): BpfFuncProto | undefined {
  const proto = unprivilegedProtos.get(id);
  if (proto !== undefined || !bpfCapable(task)) return proto;
  return bpfCapableProtos.get(id) ?? (perfmonCapable(task) ? perfmonCapableProtos.get(id) : undefined);
}
