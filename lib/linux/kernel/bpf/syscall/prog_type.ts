// kernel/bpf/syscall.c: what PROG_LOAD and attachments ask of a type of program: capabilities, places it may be attached
// to. Types that are not for packets in tc load and describe; what they could be attached to is not modelled.
import { EINVAL, ENOTSUPP } from '../../../../uapi/asm-generic/errno.js';
import * as B from '../../../../uapi/linux/bpf.js';
import { errno, ModelGap } from '../../../errno.js';
import type { Machine } from '../../../machine.js';
import { BtfFile, ProgFile } from '../file.js';
import type { ProgLoadAttr } from '../prog.js';
import type { BpfCall } from './attr.js';

/** Whether the kernel was built with the type. @models kernel/bpf/syscall.c find_prog_type() */
export function knownProgType(machine: Machine, type: number): boolean {
  if (!machine.has('bpf-objects')) return type === B.BPF_PROG_TYPE_SOCKET_FILTER || type === B.BPF_PROG_TYPE_SCHED_CLS;
  const last = machine.has('bpf-token') ? B.BPF_PROG_TYPE_NETFILTER : B.BPF_PROG_TYPE_SYSCALL;
  return type > 0 && type <= last && type !== B.BPF_PROG_TYPE_LIRC_MODE2;
}

const netAdminTypes: ReadonlySet<number> = new Set([
  B.BPF_PROG_TYPE_SCHED_CLS,
  B.BPF_PROG_TYPE_SCHED_ACT,
  B.BPF_PROG_TYPE_XDP,
  B.BPF_PROG_TYPE_LWT_IN,
  B.BPF_PROG_TYPE_LWT_OUT,
  B.BPF_PROG_TYPE_LWT_XMIT,
  B.BPF_PROG_TYPE_LWT_SEG6LOCAL,
  B.BPF_PROG_TYPE_SK_SKB,
  B.BPF_PROG_TYPE_SK_MSG,
  B.BPF_PROG_TYPE_FLOW_DISSECTOR,
  B.BPF_PROG_TYPE_CGROUP_DEVICE,
  B.BPF_PROG_TYPE_CGROUP_SOCK,
  B.BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
  B.BPF_PROG_TYPE_CGROUP_SOCKOPT,
  B.BPF_PROG_TYPE_CGROUP_SYSCTL,
  B.BPF_PROG_TYPE_SOCK_OPS,
  B.BPF_PROG_TYPE_EXT,
  B.BPF_PROG_TYPE_NETFILTER,
]);

const perfmonTypes: ReadonlySet<number> = new Set([
  B.BPF_PROG_TYPE_KPROBE,
  B.BPF_PROG_TYPE_TRACEPOINT,
  B.BPF_PROG_TYPE_PERF_EVENT,
  B.BPF_PROG_TYPE_RAW_TRACEPOINT,
  B.BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE,
  B.BPF_PROG_TYPE_TRACING,
  B.BPF_PROG_TYPE_LSM,
  B.BPF_PROG_TYPE_STRUCT_OPS,
  B.BPF_PROG_TYPE_EXT,
]);

/** @models kernel/bpf/syscall.c is_net_admin_prog_type() */
export const isNetAdminType = (type: number): boolean => netAdminTypes.has(type);

/** @models kernel/bpf/syscall.c is_perfmon_prog_type() */
export const isPerfmonType = (type: number): boolean => perfmonTypes.has(type);

/** What 0 stands for, where it stands for something. @models kernel/bpf/syscall.c bpf_prog_load_fixup_attach_type() */
export function loadAttachType(progType: number, attachType: number): number {
  if (attachType !== 0) return attachType;
  if (progType === B.BPF_PROG_TYPE_CGROUP_SOCK) return B.BPF_CGROUP_INET_SOCK_CREATE;
  return progType === B.BPF_PROG_TYPE_SK_REUSEPORT ? B.BPF_SK_REUSEPORT_SELECT : attachType;
}

/** Attach types that a type of program must be loaded for; types that are not here are not asked. */
const loadAttachTypes: ReadonlyMap<number, readonly number[]> = new Map([
  [
    B.BPF_PROG_TYPE_CGROUP_SOCK,
    [
      B.BPF_CGROUP_INET_SOCK_CREATE,
      B.BPF_CGROUP_INET_SOCK_RELEASE,
      B.BPF_CGROUP_INET4_POST_BIND,
      B.BPF_CGROUP_INET6_POST_BIND,
    ],
  ],
  [
    B.BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
    [
      B.BPF_CGROUP_INET4_BIND,
      B.BPF_CGROUP_INET6_BIND,
      B.BPF_CGROUP_INET4_CONNECT,
      B.BPF_CGROUP_INET6_CONNECT,
      B.BPF_CGROUP_UNIX_CONNECT,
      B.BPF_CGROUP_INET4_GETPEERNAME,
      B.BPF_CGROUP_INET6_GETPEERNAME,
      B.BPF_CGROUP_UNIX_GETPEERNAME,
      B.BPF_CGROUP_INET4_GETSOCKNAME,
      B.BPF_CGROUP_INET6_GETSOCKNAME,
      B.BPF_CGROUP_UNIX_GETSOCKNAME,
      B.BPF_CGROUP_UDP4_SENDMSG,
      B.BPF_CGROUP_UDP6_SENDMSG,
      B.BPF_CGROUP_UNIX_SENDMSG,
      B.BPF_CGROUP_UDP4_RECVMSG,
      B.BPF_CGROUP_UDP6_RECVMSG,
      B.BPF_CGROUP_UNIX_RECVMSG,
    ],
  ],
  [B.BPF_PROG_TYPE_CGROUP_SKB, [B.BPF_CGROUP_INET_INGRESS, B.BPF_CGROUP_INET_EGRESS]],
  [B.BPF_PROG_TYPE_CGROUP_SOCKOPT, [B.BPF_CGROUP_SETSOCKOPT, B.BPF_CGROUP_GETSOCKOPT]],
  [B.BPF_PROG_TYPE_SK_LOOKUP, [B.BPF_SK_LOOKUP]],
  [B.BPF_PROG_TYPE_SK_REUSEPORT, [B.BPF_SK_REUSEPORT_SELECT, B.BPF_SK_REUSEPORT_SELECT_OR_MIGRATE]],
  [B.BPF_PROG_TYPE_NETFILTER, [B.BPF_NETFILTER]],
  [B.BPF_PROG_TYPE_SYSCALL, [0]],
  [B.BPF_PROG_TYPE_EXT, [0]],
]);

const BTF_MAX_TYPE = 0x000fffff;

/** Types of programs that are attached to functions of the kernel, known by BTF. */
const btfTypes: ReadonlySet<number> = new Set([
  B.BPF_PROG_TYPE_TRACING,
  B.BPF_PROG_TYPE_LSM,
  B.BPF_PROG_TYPE_STRUCT_OPS,
  B.BPF_PROG_TYPE_EXT,
]);

/** What `fd` is, a program or the kernel's types; EINVAL for anything else, ENOTSUPP for types of a user. */
function loadTarget(call: BpfCall, fd: number): 'none' | 'program' | 'kernel' {
  if (fd === 0) return 'none';
  const file: unknown = call.task.fget(fd | 0);
  if (file instanceof ProgFile) return 'program';
  if (!(file instanceof BtfFile)) throw errno(EINVAL);
  if (!file.btf.kernelBtf) throw errno(ENOTSUPP);
  return 'kernel';
}

/** EINVAL for a type that is loaded for a wrong place. @models kernel/bpf/syscall.c bpf_prog_load_check_attach() */
export function checkLoadAttach(call: BpfCall, attr: ProgLoadAttr, attachProgFd: number): void {
  const target = loadTarget(call, attachProgFd);
  const { progType, attachBtfId } = attr;
  if (target === 'kernel' && attachBtfId === 0) throw errno(EINVAL);
  if (attachBtfId !== 0 && (attachBtfId > BTF_MAX_TYPE || !btfTypes.has(progType))) throw errno(EINVAL);
  if (target === 'program' && progType !== B.BPF_PROG_TYPE_TRACING && progType !== B.BPF_PROG_TYPE_EXT)
    throw errno(EINVAL);
  if (target !== 'none') throw new ModelGap('bpf programs for functions of programs and of the kernel');
  if (loadAttachTypes.get(progType)?.includes(attr.expectedAttachType) === false) throw errno(EINVAL);
}

/** Types of programs by the places they can be attached to. */
const progTypes: ReadonlyMap<number, number> = new Map(
  (
    [
      [B.BPF_PROG_TYPE_CGROUP_SKB, [B.BPF_CGROUP_INET_INGRESS, B.BPF_CGROUP_INET_EGRESS]],
      [B.BPF_PROG_TYPE_CGROUP_SOCK, loadAttachTypes.get(B.BPF_PROG_TYPE_CGROUP_SOCK)!],
      [B.BPF_PROG_TYPE_CGROUP_SOCK_ADDR, loadAttachTypes.get(B.BPF_PROG_TYPE_CGROUP_SOCK_ADDR)!],
      [B.BPF_PROG_TYPE_SOCK_OPS, [B.BPF_CGROUP_SOCK_OPS]],
      [B.BPF_PROG_TYPE_CGROUP_DEVICE, [B.BPF_CGROUP_DEVICE]],
      [B.BPF_PROG_TYPE_SK_MSG, [B.BPF_SK_MSG_VERDICT]],
      [B.BPF_PROG_TYPE_SK_SKB, [B.BPF_SK_SKB_STREAM_PARSER, B.BPF_SK_SKB_STREAM_VERDICT, B.BPF_SK_SKB_VERDICT]],
      [B.BPF_PROG_TYPE_LIRC_MODE2, [B.BPF_LIRC_MODE2]],
      [B.BPF_PROG_TYPE_FLOW_DISSECTOR, [B.BPF_FLOW_DISSECTOR]],
      [B.BPF_PROG_TYPE_CGROUP_SYSCTL, [B.BPF_CGROUP_SYSCTL]],
      [B.BPF_PROG_TYPE_CGROUP_SOCKOPT, [B.BPF_CGROUP_GETSOCKOPT, B.BPF_CGROUP_SETSOCKOPT]],
      [
        B.BPF_PROG_TYPE_TRACING,
        [B.BPF_TRACE_ITER, B.BPF_TRACE_RAW_TP, B.BPF_TRACE_FENTRY, B.BPF_TRACE_FEXIT, B.BPF_MODIFY_RETURN],
      ],
      [B.BPF_PROG_TYPE_LSM, [B.BPF_LSM_MAC, B.BPF_LSM_CGROUP]],
      [B.BPF_PROG_TYPE_SK_LOOKUP, [B.BPF_SK_LOOKUP]],
      [B.BPF_PROG_TYPE_XDP, [B.BPF_XDP]],
      [B.BPF_PROG_TYPE_SCHED_CLS, [B.BPF_TCX_INGRESS, B.BPF_TCX_EGRESS, B.BPF_NETKIT_PRIMARY, B.BPF_NETKIT_PEER]],
    ] as const
  ).flatMap(([type, places]) => places.map((place) => [place, type] as const)),
);

/** The type of program for a place; 0 for none. @models kernel/bpf/syscall.c attach_type_to_prog_type() */
export const progTypeOfAttachType = (attachType: number): number => progTypes.get(attachType) ?? 0;

const cgroupTypes: ReadonlySet<number> = new Set([
  B.BPF_PROG_TYPE_CGROUP_DEVICE,
  B.BPF_PROG_TYPE_CGROUP_SKB,
  B.BPF_PROG_TYPE_CGROUP_SOCK,
  B.BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
  B.BPF_PROG_TYPE_CGROUP_SOCKOPT,
  B.BPF_PROG_TYPE_CGROUP_SYSCTL,
  B.BPF_PROG_TYPE_SOCK_OPS,
]);

/** @models kernel/bpf/syscall.c is_cgroup_prog_type() */
export const isCgroupType = (type: number): boolean => cgroupTypes.has(type);
