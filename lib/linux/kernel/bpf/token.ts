// include/linux/bpf.h and kernel/bpf/token.c: who may do what. Tokens, which delegate it, are not modelled.
import { CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON, CAP_SYS_ADMIN } from '../../../uapi/linux/capability.js';
import type { Task } from '../task.js';

/** @models include/linux/capability.h bpf_capable() */
export const bpfCapable = (task: Task): boolean => task.capable(CAP_BPF) || task.capable(CAP_SYS_ADMIN);

/** @models include/linux/capability.h perfmon_capable() */
export const perfmonCapable = (task: Task): boolean => task.capable(CAP_PERFMON) || task.capable(CAP_SYS_ADMIN);

/** @models kernel/bpf/token.c bpf_token_capable() */
export const netAdminCapable = (task: Task): boolean => task.capable(CAP_NET_ADMIN) || task.capable(CAP_SYS_ADMIN);
